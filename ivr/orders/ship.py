"""Ships orders for the pharmacy's staff: captures the payment with no transaction open, then updates the rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from ivr.orders import authorize, lease
from ivr.orders.authorize import Progress
from ivr.orders.cards import forget_order_card
from ivr.orders.desk import Desk, Outcome
from ivr.orders.events import Actor
from ivr.orders.find import OrderFacts, order_by_number
from ivr.orders.hold import hold_order
from ivr.orders.lines import close_lines, take_prescriptions
from ivr.orders.payments import PaymentFacts, payment_for
from ivr.orders.statuses import move_order, move_payment
from ivr.payment.gateway import REQUEST_REASONS, Captured, Reason, Refused, Unavailable, Voided
from ivr.pharmacy.members import is_for_tests
from ivr.pharmacy.statements import update_where
from ivr.pharmacy.tables import HeldReason, OrderStatus, PaymentStatus, Prescription, RefillOrder

AUTHORIZED_FOR = timedelta(days=5)
"""The age at which an authorization may have lapsed: an older one is voided and replaced before the capture."""


_LOCKED_STATUS = select(RefillOrder.status).where(RefillOrder.id == bindparam("order")).with_for_update()
"""The lock makes this wait for another program that is just cancelling the order."""


def ship_order(
    connection: Connection, order_id: int, now: datetime, today: date, tracking_number: str | None = None
) -> bool:
    """Mark a placed order as shipped; return False when it is not placed.

    Its lines are closed, its prescriptions count as filled today, and a card stored for it alone is deleted.
    """
    lease.lock_row(connection, order_id, now)
    take_prescriptions(connection, order_id)
    columns = {"tracking_number": tracking_number, "shipped_at": now}
    if not move_order(connection, order_id, OrderStatus.SHIPPED, now, Actor.STAFF, **columns):
        return False
    lease.remove(connection, order_id)
    for prescription_id, days, _ in close_lines(connection, order_id):
        connection.execute(
            update_where(Prescription, Prescription.id == prescription_id).values(
                first_filled_on=func.coalesce(Prescription.first_filled_on, today),
                last_filled_on=today,
                last_days_supply=days,
                days_supplied=Prescription.days_supplied + days,
            )
        )
    forget_order_card(connection, order_id)
    return True


def ship(desk: Desk, order_number: str, tracking_number: str | None = None) -> Outcome:
    """Capture an order's payment, then mark it as shipped; its prescriptions count as filled today."""
    now = desk.clock()
    order, payment, for_tests = desk.commit(partial(_facts, order_number=order_number))
    if order is None:
        return Outcome(False, f"there is no order {order_number}")
    if for_tests and desk.gateway.live:
        return Outcome(
            False, f"order {order_number} is a test member's: this line charges real cards and never ships it"
        )
    if order.status is not OrderStatus.PLACED:
        return Outcome(False, f"order {order_number} is {order.status}; only a placed order can be shipped")
    if order.total_cents and payment is None:
        return Outcome(False, f"order {order_number} has no payment to capture")
    if payment and payment.status is not PaymentStatus.CAPTURED:
        refusal = _capture(desk, order, payment, now)
        if refusal:
            return refusal
    shipped = desk.commit(lambda connection: ship_order(connection, order.id, now, desk.today(now), tracking_number))
    return Outcome(
        shipped, f"order {order_number} is shipped" if shipped else f"order {order_number} changed meanwhile"
    )


def _facts(connection: Connection, order_number: str) -> tuple[OrderFacts | None, PaymentFacts | None, bool]:
    """Return an order, its payment, and whether it is a test member's."""
    order = order_by_number(connection, order_number)
    if order is None:
        return None, None, False
    return order, payment_for(connection, order.id), is_for_tests(connection, order.member_id)


def _capture(desk: Desk, order: OrderFacts, payment: PaymentFacts, now: datetime) -> Outcome | None:
    if payment.status is PaymentStatus.AUTHORIZED and now - payment.created_at > AUTHORIZED_FOR:
        renewed = _renew_authorization(desk, order, payment)
        if isinstance(renewed, Outcome):
            return renewed
        payment = renewed
    if payment.status is PaymentStatus.CAPTURED:
        return None
    if payment.status is PaymentStatus.PENDING:  # begun just now, or by an earlier try that got no answer
        authorized = _authorize(desk, order)
        if isinstance(authorized, Outcome):
            return authorized
        payment = authorized
    if payment.status is not PaymentStatus.AUTHORIZED or payment.reference is None:
        return Outcome(False, f"the payment of order {order.order_number} is {payment.status}, not authorized")
    if isinstance(claimed := desk.commit(lambda connection: _claim(connection, order, desk.clock())), Outcome):
        return claimed
    match desk.gateway.capture(payment.reference, payment.amount_cents, payment.request_key):
        case Captured(reference):
            captured = PaymentStatus.CAPTURED
            desk.commit(lambda at: move_payment(at, payment.id, captured, desk.clock(), reference=reference))
            return None
        case Refused(reason):
            desk.commit(lambda connection: lease.remove(connection, order.id))
            return Outcome(False, f"the card processor refused to capture order {order.order_number}: {reason.value}")
        case Unavailable():  # the lease stays, as the money may have been taken
            return _no_answer(order)


def _claim(connection: Connection, order: OrderFacts, now: datetime) -> Row[Any] | Outcome:
    """Take the lease of an order, so that nobody cancels it while its payment is captured or renewed.

    Return its row as it was before, or why that fails.
    """
    row = lease.lock_row(connection, order.id, now)
    if connection.scalar(_LOCKED_STATUS, {"order": order.id}) is not OrderStatus.PLACED:
        lease.remove(connection, order.id)
        return Outcome(False, f"order {order.order_number} changed meanwhile")
    if row.lease_until is not None and row.lease_until > now:
        return Outcome(False, f"order {order.order_number} is just being shipped by somebody else")
    lease.start_lease(connection, row, now)
    return row


def _renew_authorization(desk: Desk, order: OrderFacts, old_payment: PaymentFacts) -> PaymentFacts | Outcome:
    """Void an authorization that may have lapsed, and begin a new payment in its place; return it.

    Nothing new is begun unless the old one is voided. Whoever is killed in between voids it again, which changes nothing.
    An order whose card is gone or has expired is held.
    """
    claimed = desk.commit(lambda connection: _claim(connection, order, desk.clock()))
    if isinstance(claimed, Outcome):
        return claimed
    match old_payment.reference and desk.gateway.void(old_payment.reference, old_payment.request_key):
        case Voided():
            return desk.commit(lambda connection: _begin_in_place_of(connection, desk, order, old_payment))
        case Refused(Reason.ALREADY_CAPTURED):  # by an earlier try that got no answer
            desk.commit(lambda at: move_payment(at, old_payment.id, PaymentStatus.CAPTURED, desk.clock()))
            return replace(old_payment, status=PaymentStatus.CAPTURED)
        case _:
            if claimed.lease_until is None:  # else an earlier try to capture it got no answer
                desk.commit(lambda connection: lease.remove(connection, order.id))
            return Outcome(False, f"the old authorization of order {order.order_number} could not be voided; try again")


def _begin_in_place_of(
    connection: Connection, desk: Desk, order: OrderFacts, old_payment: PaymentFacts
) -> PaymentFacts | Outcome:
    now = desk.clock()
    lease.lock_row(connection, order.id, now)
    if not move_payment(connection, old_payment.id, PaymentStatus.VOIDED, now):
        return Outcome(False, f"order {order.order_number} changed meanwhile")
    lease.add(connection, order.id, None, now, keep_card=False)
    payment = authorize.begin_next_payment(connection, desk.gateway, order, old_payment, now, desk.today(now))
    if payment is None:
        lease.remove(connection, order.id)
        hold_order(connection, order.id, HeldReason.PAYMENT, now, Actor.LINE)
    return payment or Outcome(False, f"order {order.order_number} is held: its card is gone or has expired")


def _authorize(desk: Desk, order: OrderFacts) -> PaymentFacts | Outcome:
    """Authorize a pending payment and return it, or return why that failed; without an answer it stays pending."""
    progress, answer = authorize.authorize(desk, order.id)
    if progress is Progress.WAITING:
        return _no_answer(order)
    payment = desk.commit(partial(payment_for, order_id=order.id))
    if progress is Progress.PAID and payment:
        return payment
    match answer:
        case _ if payment and payment.status is PaymentStatus.PENDING:
            why = "nobody knows what became of its payment"
        case Refused(reason) if reason in REQUEST_REASONS:
            why = f"the card processor refused what was asked: {reason.value}"
        case Refused(Reason.PROCESSING_ERROR):
            why = "the processor or the card's issuer had an error"
        case Refused():
            why = "its card was declined"
        case _:
            why = "its card cannot be charged"
    return Outcome(False, f"order {order.order_number} is held: {why}")


def _no_answer(order: OrderFacts) -> Outcome:
    return Outcome(False, f"the card processor does not answer for order {order.order_number}; try again")
