"""Holds orders for the pharmacy's staff and releases them, as when an address is verified or a medicine in stock."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

from sqlalchemy import Connection, bindparam, select

from ivr.orders.desk import Desk, Outcome
from ivr.orders.events import Actor, Happened, record_event
from ivr.orders.find import OrderFacts, order_by_number
from ivr.orders.payments import is_paid, payment_for
from ivr.orders.statuses import move_order
from ivr.orders.unknown import PaymentFound, Resolved, check, resolve, unknown_payment
from ivr.pharmacy.addresses import verify_address
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.notices import note_changed_address
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.statements import changed, update_where
from ivr.pharmacy.tables import Address, HeldReason, OrderStatus, RefillOrder

_GIVE_ADDRESS = update_where(
    RefillOrder,
    RefillOrder.id == bindparam("order"),
    RefillOrder.status == OrderStatus.HELD,
    RefillOrder.held_reason == HeldReason.ADDRESS,
)


def hold_order(connection: Connection, order_id: int, reason: HeldReason | None, now: datetime, by: Actor) -> bool:
    """Hold an order; return False when its status does not allow it. Without a reason, only staff can end it."""
    return move_order(connection, order_id, OrderStatus.HELD, now, by, held_reason=reason)


def release_order(
    connection: Connection, order_id: int, today: date, rules: Rules, now: datetime, by: Actor, *, paid: bool = True
) -> bool:
    """Release a held order to ship on its day, or today if that has passed, and set its expected arrival anew.

    The order becomes scheduled, and is charged as it ships; one that is paid and due becomes placed at once. Return
    False when the order is not held.
    """
    wanted_ship_day = connection.scalar(select(RefillOrder.ship_on).where(RefillOrder.id == order_id))
    ship_on = max(wanted_ship_day or today, today)
    expected_by = arrival(ship_on, rules.mail_business_days)
    values = {"ship_on": ship_on, "held_reason": None, "expected_by": expected_by}
    released = move_order(connection, order_id, OrderStatus.SCHEDULED, now, by, **values)
    if released and paid and ship_on <= today:
        move_order(connection, order_id, OrderStatus.PLACED, now, by, ship_on=wanted_ship_day)
    return released


def give_address(
    connection: Connection, order: OrderFacts, address_id: int, now: datetime, today: date, rules: Rules, by: Actor
) -> bool:
    """Send an order that is held for its address to another address of its member; False if it is not held for that.

    To a verified address the order is released; otherwise it waits for staff as before.
    """
    is_verified = connection.scalar(
        select(Address.verified).where(Address.id == address_id, Address.member_id == order.member_id)
    )
    if is_verified is None:
        raise ValueError("an order's address must be its member's own")
    if not changed(connection, _GIVE_ADDRESS, order=order.id, ship_to_id=address_id):
        return False
    record_event(connection, order.id, Happened.ADDRESS_CHANGED, now, by)
    if is_verified:
        paid = is_paid(order, payment_for(connection, order.id))
        release_order(connection, order.id, today, rules, now, by, paid=paid)
    return True


def release(
    desk: Desk, order_number: str, *, payment_reference: str | None = None, never_charged: bool = False
) -> Outcome:
    """Release a held order for staff; the next sweep charges what is due.

    If it was held for its address, the address becomes verified. An address that the member meant to keep replaces the
    one on file, and the member is sent a notice of that. If what became of its payment is unknown, staff say what the
    processor shows, the payment's reference or that nothing was charged, and the processor is asked whether that is so.
    About any other payment nothing can be said, and what staff say is refused.
    """
    found = PaymentFound(payment_reference, never_charged)
    unknown = desk.commit(partial(unknown_payment, order_number=order_number))
    if unknown is None and (payment_reference or never_charged):
        return desk.commit(partial(_nothing_to_say, order_number=order_number))
    resolved = check(desk, order_number, unknown, found) if unknown else None
    if isinstance(resolved, Outcome):
        return resolved
    now = desk.clock()
    return desk.commit(lambda connection: _release(connection, desk, order_number, resolved, now))


def _nothing_to_say(connection: Connection, order_number: str) -> Outcome:
    """Return why nothing can be said of an order's payment: it is known here, or there is none."""
    order = order_by_number(connection, order_number)
    if order is None:
        return Outcome(False, f"there is no order {order_number}")
    payment = payment_for(connection, order.id)
    known = f"its payment is {payment.status}" if payment else "it has no payment"
    words = "only of one held for payment_unknown can --payment-reference or --never-charged be said"
    return Outcome(False, f"order {order_number} is {order.status}, and {known}: {words}")


def _release(
    connection: Connection, desk: Desk, order_number: str, resolved: Resolved | None, now: datetime
) -> Outcome:
    if resolved and (refusal := resolve(connection, order_number, resolved, now)):
        return refusal
    order = order_by_number(connection, order_number)
    if order is None:
        return Outcome(False, f"there is no order {order_number}")
    if order.status is not OrderStatus.HELD:
        return Outcome(False, f"order {order_number} is {order.status}; only a held order can be released")
    if order.held_reason is HeldReason.ADDRESS:
        moved_member_id = verify_address(connection, order.ship_to_id, now)
        if moved_member_id:
            note_changed_address(connection, moved_member_id, order.ship_to_id, now)
    paid = is_paid(order, payment_for(connection, order.id))
    is_unknown = unknown_payment(connection, order_number) is not None  # only just, or it would have been asked about
    if is_unknown or not release_order(connection, order.id, desk.today(now), desk.rules, now, Actor.STAFF, paid=paid):
        return Outcome(False, f"order {order_number} changed meanwhile")
    words = f"order {order_number} is released"
    return Outcome(True, words if paid else f"{words}; its card is charged on the day it ships")
