"""Holds orders for the pharmacy's staff and releases them, as when an address is verified or a medicine in stock."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, select

from ivr.orders.desk import Desk, Outcome
from ivr.orders.find import order_by_number
from ivr.orders.payments import payment_for
from ivr.orders.statuses import move_order
from ivr.pharmacy.addresses import verify_address
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.notices import note_changed_address
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import HeldReason, OrderStatus, PaymentStatus, RefillOrder


def hold_order(connection: Connection, order_id: int, reason: HeldReason) -> bool:
    """Hold an order for staff; return False when its status does not allow it."""
    return move_order(connection, order_id, OrderStatus.HELD, held_reason=reason)


def release_order(connection: Connection, order_id: int, today: date, rules: Rules, *, paid: bool = True) -> bool:
    """Release a held order to ship on its day, or today if that has passed, and set its expected arrival anew.

    The order becomes scheduled, and is charged as it ships; one that is paid and due becomes placed at once. Return
    False when the order is not held.
    """
    wanted_ship_day = connection.scalar(select(RefillOrder.ship_on).where(RefillOrder.id == order_id))
    ship_on = max(wanted_ship_day or today, today)
    expected_by = arrival(ship_on, rules.mail_business_days)
    values = {"ship_on": ship_on, "held_reason": None, "expected_by": expected_by}
    released = move_order(connection, order_id, OrderStatus.SCHEDULED, **values)
    if released and paid and ship_on <= today:
        move_order(connection, order_id, OrderStatus.PLACED, ship_on=wanted_ship_day)
    return released


def release(desk: Desk, order_number: str) -> Outcome:
    """Release a held order for staff; the next sweep charges what is due.

    If it was held for its address, the address becomes verified. An address that the member meant to keep replaces the
    one on file, and the member is sent a notice of that.
    """
    now = desk.clock()
    return desk.commit(lambda connection: _release(connection, desk, order_number, now))


def _release(connection: Connection, desk: Desk, order_number: str, now: datetime) -> Outcome:
    order = order_by_number(connection, order_number)
    if order is None:
        return Outcome(False, f"there is no order {order_number}")
    if order.status is not OrderStatus.HELD:
        return Outcome(False, f"order {order_number} is {order.status}; only a held order can be released")
    if order.held_reason is HeldReason.ADDRESS:
        moved_member_id = verify_address(connection, order.ship_to_id, now)
        if moved_member_id:
            note_changed_address(connection, moved_member_id, order.ship_to_id, now)
    payment = payment_for(connection, order.id)
    has_money = payment is not None and payment.status in (PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED)
    paid = not order.total_cents or has_money
    if not release_order(connection, order.id, desk.today(now), desk.rules, paid=paid):
        return Outcome(False, f"order {order_number} changed meanwhile")
    words = f"order {order_number} is released"
    return Outcome(True, words if paid else f"{words}; its card is charged on the day it ships")
