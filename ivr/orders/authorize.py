"""Asks the card processor to pay an order: claim it, ask while nothing is held, write down what came of it.

Used by a call's settle turns and by `ivr sweep` alike. The request key is the payment's own, so that asking again
never charges twice; a lease keeps two workers from asking at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from ivr import logs
from ivr.orders import lease
from ivr.orders.cards import forget_order_card, save_card, saved_card
from ivr.orders.desk import Desk
from ivr.orders.find import order_by_id
from ivr.orders.payments import PaymentFacts, payment_for, record_payment
from ivr.orders.states import hold_order, mark_placed, use_card
from ivr.payment.gateway import REQUEST_REASONS, Authorized, Gateway, NotFound, Refused, Unavailable, Voided
from ivr.pharmacy.members import is_for_tests
from ivr.secret import Secret

KEYS_LAST = timedelta(hours=20)
"""For how long the same key may be sent again: a processor may forget keys after 24 hours."""


UNPAID = ("pending", "scheduled")


class Settled(StrEnum):
    """What has become of an order's payment."""

    PAID = "paid"
    DECLINED = "declined"
    WAITING = "waiting"
    """Nobody knows yet; ask again."""
    HELD = "held"
    """Staff have to look at it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the processor is to be asked, with nothing held."""

    order_id: int
    order_number: str
    payment: PaymentFacts
    token: Secret
    keep_card: bool
    scheduled: bool
    """Nobody is on the line: a card that is declined now holds the order."""
    look_up_only: bool


ProcessorAnswer = Authorized | Refused | NotFound | Unavailable


def claim(connection: Connection, gateway: Gateway, order_id: int, now: datetime) -> Request | Settled:
    """Take an order's payment for this worker, or say what has become of it already."""
    order = order_by_id(connection, order_id)
    if order is None or order.status not in UNPAID:
        lease.drop(connection, order_id)
        return _standing(order.status if order else "", None)
    row = lease.take(connection, order_id, now)
    order, payment = order_by_id(connection, order_id), payment_for(connection, order_id)  # as they are under the lock
    if order is None or order.status not in UNPAID or payment is None or payment.status != "pending":
        return _standing(order.status if order else "", payment)
    if row.lease_until is not None and row.lease_until > now:
        return Settled.WAITING
    card = saved_card(connection, order.saved_card_id) if order.saved_card_id else None
    never = gateway.live and is_for_tests(connection, order.member_id)
    if card is None or payment.gateway != gateway.name or never:
        return _hold(connection, order_id)
    lease.hold(connection, row, now)
    old = now - payment.created_at > KEYS_LAST
    return Request(order_id, order.order_number, payment, card.token, row.keep_card, order.status == "scheduled", old)


def standing(connection: Connection, order_id: int, now: datetime) -> Settled:
    """Say what has become of an order's payment, taking it for this transaction: nobody asks for it meanwhile."""
    lease.take(connection, order_id, now)
    order = order_by_id(connection, order_id)
    return _standing(order.status if order else "", payment_for(connection, order_id))


def _standing(order_status: str, payment: PaymentFacts | None) -> Settled:
    if order_status in ("placed", "shipped", "delivered"):
        return Settled.PAID
    if order_status == "held":
        return Settled.HELD
    return Settled.WAITING if payment and payment.status == "pending" else Settled.DECLINED


def _hold(connection: Connection, order_id: int) -> Settled:
    hold_order(connection, order_id, "payment")
    lease.drop(connection, order_id)
    return Settled.HELD


def ask(gateway: Gateway, request: Request) -> ProcessorAnswer:
    """Ask the processor; holds no transaction and takes at most its time-out."""
    payment = request.payment
    if request.look_up_only:
        answer = gateway.look_up(payment.request_key)
    else:
        answer = gateway.authorize(
            request.token, payment.amount_cents, payment.request_key, f"Order {request.order_number}"
        )
    is_our_fault(answer, request.order_number)
    return answer


def is_our_fault(answer: object, order_number: str | None) -> bool:
    """Say whether the processor refused a request of ours whatever the card; that, and no answer, are logged."""
    match answer:
        case Refused(reason) if reason in REQUEST_REASONS:
            logs.get_logger().error("processor_refused_request", order=order_number, reason=reason.value)
            return True
        case Unavailable(why):
            logs.get_logger().warning("processor_away", order=order_number, reason=why)
    return False


def finish(connection: Connection, request: Request, answer: ProcessorAnswer) -> Settled:
    """Write down what the processor said; what was written down before by another worker stands."""
    order_id, payment = request.order_id, request.payment
    match answer:
        case Authorized():
            if record_payment(connection, payment.id, "authorized", answer.reference):
                mark_placed(connection, order_id)
                _keep_or_forget_card(connection, request)
            lease.drop(connection, order_id)
            order = order_by_id(connection, order_id)
            return _standing(order.status if order else "", payment)
        case Refused(reason) if reason in REQUEST_REASONS:
            record_payment(connection, payment.id, "failed", None)
            return _hold(connection, order_id)
        case Refused():
            record_payment(connection, payment.id, "declined", None)
            lease.let_go(connection, order_id)
            return _hold(connection, order_id) if request.scheduled else Settled.DECLINED
        case NotFound():
            return _hold(connection, order_id)
        case Unavailable():
            lease.let_go(connection, order_id)
            return _hold(connection, order_id) if request.look_up_only else Settled.WAITING


def _keep_or_forget_card(connection: Connection, request: Request) -> None:
    """Put a new card on file if the caller said so. One kept for this order alone stays until the order is captured."""
    order = order_by_id(connection, request.order_id)
    card = saved_card(connection, order.saved_card_id) if order and order.saved_card_id else None
    if order is None or card is None or card.only_for_order_id is None or not request.keep_card:
        return
    on_file = save_card(
        connection,
        order.member_id,
        gateway=card.gateway,
        token=card.token,
        brand=card.brand,
        last4=card.last4,
        exp_month=card.exp_month,
        exp_year=card.exp_year,
    )
    use_card(connection, request.order_id, on_file)
    forget_order_card(connection, request.order_id)


def void(desk: Desk, payment: PaymentFacts) -> bool:
    """Give back what was authorized for an order that is cancelled; False when the processor did not do it now."""
    if payment.reference is None or not isinstance(desk.gateway.void(payment.reference, payment.request_key), Voided):
        return False
    return desk.commit(lambda connection: record_payment(connection, payment.id, "voided", None))
