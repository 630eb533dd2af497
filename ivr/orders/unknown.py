"""Finds out what became of a payment that is unknown here: staff say it, and the card processor is asked whether it is so.

Staff are never believed alone. With another payment's reference, cancelling one order would void the other's money, and
with a mistyped one nothing could be captured or voided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from ivr.orders import lease
from ivr.orders.desk import Desk, Outcome
from ivr.orders.faults import is_our_fault
from ivr.orders.find import order_by_number
from ivr.orders.payments import PaymentFacts, order_with_reference, payment_for
from ivr.orders.statuses import move_payment
from ivr.payment.gateway import REQUEST_REASONS, SHOWN_AFTER, Authorized, NotFound, Reason, Refused
from ivr.pharmacy.tables import HeldReason, OrderStatus, PaymentStatus


@dataclass(frozen=True, slots=True)
class PaymentFound:
    """What staff found at the processor about a payment that is unknown here."""

    payment_reference: str | None
    never_charged: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """What became of an unknown payment, as staff and the processor both say."""

    payment: PaymentFacts
    reference: str | None
    """The processor's id for it; None when nothing is set aside for it."""


def unknown_payment(connection: Connection, order_number: str) -> PaymentFacts | None:
    """Return the pending payment of an order that is held because nobody knows what became of it, or None."""
    order = order_by_number(connection, order_number)
    is_held = order is not None and order.status is OrderStatus.HELD
    if order is None or not is_held or order.held_reason is not HeldReason.PAYMENT_UNKNOWN:
        return None
    payment = payment_for(connection, order.id)
    return payment if payment and payment.status is PaymentStatus.PENDING else None


def check(desk: Desk, order_number: str, payment: PaymentFacts, found: PaymentFound) -> Resolved | Outcome:
    """Ask the processor whether it is as staff found; return why not if it differs. Call it with no transaction open."""
    if payment.gateway != desk.gateway.name:
        words = f"is with {payment.gateway}, and this line can only ask {desk.gateway.name}"
        return Outcome(False, f"the payment of order {order_number} {words}")
    answer = desk.gateway.retrieve(payment.request_key)
    if answer != Refused(Reason.ALREADY_VOIDED):  # on the processor's own pages, say
        is_our_fault(answer, order_number)
    shows = f"the card processor shows {answer.reference}" if isinstance(answer, Authorized) else None
    if not found.payment_reference and not found.never_charged:
        see = f"{shows}; look there" if shows else "look at the card processor"
        words = f"{see}, then say --payment-reference or --never-charged"
        return Outcome(False, f"nobody knows what became of the payment of order {order_number}: {words}")
    match answer:
        case Authorized(reference) if reference == found.payment_reference:
            return Resolved(payment, reference)
        case Authorized(reference):
            words = f"{shows} for order {order_number}: release it with --payment-reference {reference}"
        case NotFound() | Refused() if _holds_nothing(answer):
            if found.payment_reference:
                words = f"the card processor shows no such authorization for order {order_number}"
            elif isinstance(answer, NotFound) and desk.clock() - payment.created_at < SHOWN_AFTER:
                words = f"the card processor may not show the payment of order {order_number} yet; try again in an hour"
            else:
                return Resolved(payment, None)
        case _:
            words = f"the card processor does not answer what became of the payment of order {order_number}; try again"
    return Outcome(False, words)


def _holds_nothing(answer: NotFound | Refused) -> bool:
    """Return whether nothing is set aside; a refusal of the question itself does not tell."""
    return isinstance(answer, NotFound) or answer.reason not in REQUEST_REASONS - {Reason.ALREADY_VOIDED}


def resolve(connection: Connection, order_number: str, resolved: Resolved, now: datetime) -> Outcome | None:
    """Record what became of a payment, under its order's lock; return why not if something changed meanwhile."""
    payment, reference = resolved.payment, resolved.reference
    lease.lock_row(connection, payment.order_id, now)
    if unknown_payment(connection, order_number) != payment:
        return Outcome(False, f"order {order_number} changed meanwhile")
    if reference is None:
        move_payment(connection, payment.id, PaymentStatus.FAILED, now)
        return None
    if other_number := order_with_reference(connection, payment, reference):
        return Outcome(False, f"order {order_number} cannot take payment {reference}: order {other_number} has it")
    move_payment(connection, payment.id, PaymentStatus.AUTHORIZED, now, reference=reference)
    return None
