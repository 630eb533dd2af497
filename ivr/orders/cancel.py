"""Cancels orders that have not shipped, and voids what was authorized for them.

The void asks the processor, so it comes after the cancellation has been committed: `claim_void`, `ask_void` with no
transaction open, and `finish_void`. One that fails is made again by the sweep.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case

from ivr.orders import lease
from ivr.orders.authorize import UNPAID
from ivr.orders.cards import forget_order_card
from ivr.orders.desk import Desk, Outcome
from ivr.orders.events import Actor, Happened, record_event, who_last
from ivr.orders.faults import is_our_fault
from ivr.orders.find import OrderFacts, order_by_id, order_by_number
from ivr.orders.lines import close_lines, take_prescriptions
from ivr.orders.payments import PaymentFacts, payment_for
from ivr.orders.statuses import move_order, move_payment
from ivr.payment.gateway import Gateway, Reason, Refused, Unavailable, Voided
from ivr.pharmacy.statements import update_where
from ivr.pharmacy.tables import UNFINISHED, HeldReason, OrderStatus, PaymentStatus, Prescription


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The order is cancelled; the payment that was authorized for it, if any, is still to be voided."""

    authorized: PaymentFacts | None


class NotCancelled(Enum):
    """Why an order was not cancelled."""

    ASKED_FOR = "its payment is still being asked for"
    UNKNOWN = "nobody knows what became of its payment"
    SHIPPING = "its money was taken, or is about to be, and it ships"
    STANDS = "it is no unpaid order"
    FINISHED = "it has shipped, or was cancelled"


def why_not(order: OrderFacts | None, payment: PaymentFacts | None, row: Row[Any] | None) -> NotCancelled | None:
    """Return why an order cannot be cancelled, or None if it can; `row` is its row in `lease`, if it has one."""
    if order is None or order.status not in UNFINISHED:
        return NotCancelled.FINISHED
    if order.held_reason is HeldReason.PAYMENT_UNKNOWN:
        return NotCancelled.UNKNOWN
    status = payment.status if payment else None
    if status is PaymentStatus.PENDING:
        return NotCancelled.ASKED_FOR
    if status is PaymentStatus.CAPTURED or (row is not None and lease.is_capturing(row, status)):
        return NotCancelled.SHIPPING
    return None


def cancel_order(
    connection: Connection, order_id: int, now: datetime, by: Actor, reason: str | None = None, *, unpaid: bool = False
) -> Cancelled | NotCancelled:
    """Cancel an order that has not shipped: give back its refills, close its lines, delete a card kept only for it.

    The lock on its lease row keeps others from asking for its payment meanwhile. `reason` is in words for staff. With
    `unpaid`, an order that is paid for or held for something else is not cancelled.
    """
    row = lease.lock_row(connection, order_id, now)
    order, payment = order_by_id(connection, order_id), payment_for(connection, order_id)
    if order is None or (unpaid and not _is_unpaid(order)):
        return NotCancelled.STANDS
    if not_cancelled := why_not(order, payment, row):
        return not_cancelled
    lease.remove(connection, order_id)
    take_prescriptions(connection, order_id)
    told_at = now if by is Actor.PHONE else None
    columns = {"cancelled_at": now, "cancelled_by": by, "cancel_reason": reason, "told_at": told_at}
    if not move_order(connection, order_id, OrderStatus.CANCELLED, now, by, **columns):
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


def _is_unpaid(order: OrderFacts) -> bool:
    return order.status in UNPAID or order.held_reason is HeldReason.PAYMENT


def _refills_back(days: int) -> ColumnElement[int]:
    """Return the refills that a line took: its days' supply divided by the usual one, at most those used so far."""
    refills_taken = days // Prescription.days_supply
    return case((refills_taken > Prescription.refills_used, Prescription.refills_used), else_=refills_taken)


def claim_void(connection: Connection, gateway: Gateway, order_id: int) -> PaymentFacts | None:
    """Return the authorization of a cancelled order that is still to be voided by this processor, or None."""
    order, payment = order_by_id(connection, order_id), payment_for(connection, order_id)
    is_cancelled = order is not None and order.status is OrderStatus.CANCELLED
    if not is_cancelled or payment is None or payment.status is not PaymentStatus.AUTHORIZED:
        return None
    return payment if payment.gateway == gateway.name else None


def ask_void(gateway: Gateway, payment: PaymentFacts) -> bool:
    """Have the processor void an authorization; return whether it did. Call it with no transaction open."""
    return isinstance(_answer_to_void(gateway, payment), Voided)


def _answer_to_void(gateway: Gateway, payment: PaymentFacts) -> Voided | Refused | Unavailable:
    if payment.reference is None:
        return Refused(Reason.UNKNOWN_REFERENCE)
    return gateway.void(payment.reference, payment.request_key)


def finish_void(connection: Connection, payment: PaymentFacts, now: datetime) -> bool:
    """Record that a cancelled order's authorization is voided; return False if somebody else has recorded it."""
    if not move_payment(connection, payment.id, PaymentStatus.VOIDED, now):
        return False
    record_event(connection, payment.order_id, Happened.VOIDED, now, Actor.LINE)
    return True


def void(desk: Desk, payment: PaymentFacts) -> bool:
    """Void a cancelled order's authorization without a caller; return False when the processor did not do it now.

    A refusal is logged the first time, since the sweep tries again and again.
    """
    answer = _answer_to_void(desk.gateway, payment)
    if isinstance(answer, Voided):
        return desk.commit(lambda connection: finish_void(connection, payment, desk.clock()))
    number, refused_before = desk.commit(partial(_note_not_voided, payment=payment, answer=answer, now=desk.clock()))
    if not refused_before:
        is_our_fault(answer, number)
    return False


def _note_not_voided(
    connection: Connection, payment: PaymentFacts, answer: Refused | Unavailable, now: datetime
) -> tuple[str | None, bool]:
    """Record a first refusal to void; return the order's number, and whether there was a refusal before."""
    order = order_by_id(connection, payment.order_id)
    refused_before = who_last(connection, payment.order_id, Happened.VOID_REFUSED) is not None
    if isinstance(answer, Refused) and not refused_before:
        record_event(connection, payment.order_id, Happened.VOID_REFUSED, now, Actor.LINE)
    return order.order_number if order else None, refused_before


def cancel(desk: Desk, order_number: str, reason: str | None = None) -> Outcome:
    """Cancel an order for staff, paid or not, and void its authorization; its member is told on their next call."""
    now = desk.clock()
    order = desk.commit(partial(order_by_number, order_number=order_number))
    if order is None:
        return Outcome(False, f"there is no order {order_number}")
    match desk.commit(lambda connection: cancel_order(connection, order.id, now, Actor.STAFF, reason)):
        case NotCancelled.ASKED_FOR:
            words = f"the payment of order {order_number} is still being asked for; try again in a minute"
            return Outcome(False, words)
        case NotCancelled.UNKNOWN:
            words = f"nobody knows what became of the payment of order {order_number}: release it with what you find"
            return Outcome(False, words)
        case NotCancelled.SHIPPING:
            return Outcome(False, f"order {order_number} is being shipped: its payment is captured, or about to be")
        case NotCancelled():
            is_cancelled = order.status is OrderStatus.CANCELLED
            words = "is cancelled already" if is_cancelled else f"is {order.status} and cannot be cancelled"
            return Outcome(False, f"order {order_number} {words}")
        case Cancelled(PaymentFacts() as payment):
            if payment.gateway != desk.gateway.name:
                voided = f"; have its payment voided at {payment.gateway}, which this line does not ask"
            elif void(desk, payment):
                voided = " and its payment voided"
            else:
                voided = "; its payment will be voided by the next sweep"
            return Outcome(True, f"order {order_number} is cancelled{voided}")
        case Cancelled():
            return Outcome(True, f"order {order_number} is cancelled")
