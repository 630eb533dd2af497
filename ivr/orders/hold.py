"""Releases held orders for the pharmacy's staff: an address they have made sure of, a medicine that is back in stock."""

from __future__ import annotations

from ivr.orders.desk import Desk, Outcome
from ivr.orders.find import order_by_number
from ivr.orders.payments import payment_for
from ivr.orders.states import release_order
from ivr.pharmacy.addresses import verify_address
from ivr.pharmacy.notices import note_changed_address


def release(desk: Desk, order_number: str) -> Outcome:
    """Let a held order go on; its address counts as verified then, and what is due is charged by the next sweep.

    An address that the member meant to keep takes the place of the one on file, and the member is to hear of it.
    """
    now = desk.clock()
    with desk.database.begin() as connection:
        order = order_by_number(connection, order_number)
        if order is None:
            return Outcome(False, f"there is no order {order_number}")
        if order.status != "held":
            return Outcome(False, f"order {order_number} is {order.status}; only a held order can be released")
        if order.held_reason == "address":
            moved = verify_address(connection, order.ship_to_id, now)
            if moved:
                note_changed_address(connection, moved, order.ship_to_id, now)
        payment = payment_for(connection, order.id)
        paid = not order.total_cents or (payment is not None and payment.status in ("authorized", "captured"))
        if not release_order(connection, order.id, desk.today(now), desk.rules, paid=paid):
            return Outcome(False, f"order {order_number} changed meanwhile")
    words = f"order {order_number} is released"
    return Outcome(True, words if paid else f"{words}; its card is charged on the day it ships")
