"""Cancels orders: for callers and the sweep those that were never paid, for staff any that has not shipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial

from sqlalchemy import ColumnElement, Connection, case

from ivr.orders import lease
from ivr.orders.authorize import UNPAID
from ivr.orders.cards import forget_order_card
from ivr.orders.desk import Desk, Outcome
from ivr.orders.find import order_by_id, order_by_number
from ivr.orders.lines import close_lines, take_prescriptions
from ivr.orders.payments import PaymentFacts, payment_for, record_payment
from ivr.orders.statuses import move_order
from ivr.payment.gateway import Gateway, Voided
from ivr.pharmacy.statements import update_where
from ivr.pharmacy.tables import HeldReason, OrderStatus, PaymentStatus, Prescription


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The order is cancelled; the payment that was authorized for it, if any, is still to be voided."""

    authorized: PaymentFacts | None


class NotCancelled(Enum):
    """Why an order was not cancelled."""

    ASKED_FOR = "its payment is still being asked for"
    STANDS = "it is no unpaid order"
    UNKNOWN = "nobody knows what became of its payment"
    SHIPPING = "its money was taken, and it is about to ship"
    FINISHED = "it has shipped, or was cancelled"


def cancel_order(
    connection: Connection, order_id: int, now: datetime, *, by: str, reason: str = "", only_unpaid: bool = False
) -> Cancelled | NotCancelled:
    """Cancel an order that has not shipped: give back its refills, close its lines, delete a card kept only for it.

    The lock on its lease row keeps others from asking for its payment meanwhile. With `only_unpaid`, an order that is
    paid for or held for staff is not cancelled.
    """
    lease.lock_row(connection, order_id, now)
    order, payment = order_by_id(connection, order_id), payment_for(connection, order_id)
    if order is None or (only_unpaid and order.status not in (*UNPAID, OrderStatus.CANCELLED)):
        return NotCancelled.STANDS
    if payment and payment.status is PaymentStatus.PENDING:
        return NotCancelled.ASKED_FOR
    if order.held_reason is HeldReason.PAYMENT_UNKNOWN:
        return NotCancelled.UNKNOWN
    if payment and payment.status is PaymentStatus.CAPTURED and order.status is OrderStatus.PLACED:
        return NotCancelled.SHIPPING
    lease.remove(connection, order_id)
    take_prescriptions(connection, order_id)
    if not move_order(
        connection, order_id, OrderStatus.CANCELLED, cancelled_at=now, cancelled_by=by, cancel_reason=reason
    ):
        return NotCancelled.FINISHED
    for prescription_id, days, refills_short in close_lines(connection, order_id):
        given_back = _refills_back(days)
        connection.execute(
            update_where(Prescription, Prescription.id == prescription_id).values(
                refills_left=Prescription.refills_left
                + case((given_back > refills_short, given_back - refills_short), else_=0),
                refills_used=Prescription.refills_used - given_back,
            )
        )
    forget_order_card(connection, order_id)
    return Cancelled(payment if payment and payment.status is PaymentStatus.AUTHORIZED else None)


def _refills_back(days: int) -> ColumnElement[int]:
    """Return the refills that a line took: its days' supply divided by the usual one, at most those used so far."""
    refills_taken = days // Prescription.days_supply
    return case((refills_taken > Prescription.refills_used, Prescription.refills_used), else_=refills_taken)


def void(desk: Desk, payment: PaymentFacts) -> bool:
    """Void a cancelled order's authorization; return False when the processor did not do it now."""
    if payment.reference is None or not isinstance(desk.gateway.void(payment.reference, payment.request_key), Voided):
        return False
    return desk.commit(lambda connection: record_payment(connection, payment.id, PaymentStatus.VOIDED))


def claim_void(connection: Connection, gateway: Gateway, order_id: int) -> PaymentFacts | None:
    """Shim."""
    payment = payment_for(connection, order_id)
    return payment if payment and payment.status is PaymentStatus.AUTHORIZED else None


def ask_void(gateway: Gateway, payment: PaymentFacts) -> bool:
    """Shim."""
    return payment.reference is not None and isinstance(gateway.void(payment.reference, payment.request_key), Voided)


def finish_void(connection: Connection, payment: PaymentFacts, voided: bool) -> bool:
    """Shim."""
    return voided and record_payment(connection, payment.id, PaymentStatus.VOIDED)


def cancel(desk: Desk, order_number: str) -> Outcome:
    """Cancel an order for staff, paid or not, and void its authorization."""
    now = desk.clock()
    order = desk.commit(partial(order_by_number, order_number=order_number))
    if order is None:
        return Outcome(False, f"there is no order {order_number}")
    match desk.commit(lambda connection: cancel_order(connection, order.id, now, by="staff")):
        case NotCancelled.ASKED_FOR:
            words = f"the payment of order {order_number} is still being asked for; try again in a minute"
            return Outcome(False, words)
        case NotCancelled.SHIPPING:
            return Outcome(False, f"order {order_number} is being shipped: its payment is captured")
        case NotCancelled():
            return Outcome(False, f"order {order_number} is {order.status} and cannot be cancelled")
        case Cancelled(PaymentFacts() as payment):
            voided = (
                " and its payment voided" if void(desk, payment) else "; its payment will be voided by the next sweep"
            )
            return Outcome(True, f"order {order_number} is cancelled{voided}")
        case Cancelled():
            return Outcome(True, f"order {order_number} is cancelled")
