"""Asks the card processor to pay an order: claim it, ask while nothing is held, write down what came of it.

The one way to an authorization, for a call's payment turn, the sweep and an order that is about to ship. The request
key is the payment's own, so that asking again never charges twice; a lease keeps two workers from asking at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from ivr import logs
from ivr.orders import lease
from ivr.orders.cards import forget_order_card, save_card, saved_card, use_card
from ivr.orders.desk import Desk
from ivr.orders.find import OrderFacts, order_by_id
from ivr.orders.hold import hold_order
from ivr.orders.keys import request_key
from ivr.orders.payments import PaymentFacts, begin_payment, payment_for, record_payment
from ivr.orders.statuses import move_order
from ivr.payment.gateway import REQUEST_REASONS, Authorized, Gateway, NotFound, Refused, Token, Unavailable
from ivr.pharmacy.members import is_for_tests
from ivr.pharmacy.tables import HeldReason, OrderStatus, PaymentStatus
from ivr.secret import Secret

KEYS_LAST = timedelta(hours=20)
"""For how long the same key may be sent again: a processor may forget keys after 24 hours."""

UNPAID = (OrderStatus.PENDING, OrderStatus.SCHEDULED)


class Progress(StrEnum):
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
    unattended: bool
    """Nobody is on the line: a card that is declined now holds the order."""
    retrieve_only: bool


ProcessorAnswer = Authorized | Refused | NotFound | Unavailable


# Beginning: the card is noted, and the payment written down as pending


def charge_to(
    connection: Connection,
    gateway: Gateway,
    order: OrderFacts,
    card: int | Token,
    *,
    sid: str,
    turn: int,
    now: datetime,
    keep_card: bool,
) -> None:
    """Note the card that a call's turn gives for an order, and begin the payment if it is due now.

    A card is the row of one on file, or the token of a new one. A new one that is to be kept goes on file once it is
    paid with; at once where that is not now.
    """
    due = order.status is OrderStatus.PENDING
    if order.saved_card_id is not None:
        forget_order_card(connection, order.id)
    if isinstance(card, Token):
        only_for = order.id if due or not keep_card else None
        card = save_card(connection, order.member_id, gateway.name, card, only_for)
    use_card(connection, order.id, card)
    if due and (kept := saved_card(connection, card)):
        lease.begin(connection, order.id, sid, now, keep_card=keep_card)
        begin_payment(connection, order, kept, gateway.name, request_key(sid, turn, order.id), now)


def begin_again(
    connection: Connection, gateway: Gateway, order: OrderFacts, last: PaymentFacts | None, now: datetime
) -> PaymentFacts | None:
    """Begin a payment after the last one, with nobody on the line; None when the order's card is gone."""
    card = saved_card(connection, order.saved_card_id) if order.saved_card_id else None
    key = request_key("order", order.order_number, last.id if last else 0)
    return begin_payment(connection, order, card, gateway.name, key, now) if card else None


# Claim, ask, finish


def claim(connection: Connection, gateway: Gateway, order_id: int, now: datetime) -> Request | Progress:
    """Take an order's payment for this worker, or say what has become of it already."""
    order = order_by_id(connection, order_id)
    if order is None or (order.status not in UNPAID and not _is_due(order, payment_for(connection, order_id))):
        lease.drop(connection, order_id)
        return _progress(order, None)
    row = lease.take(connection, order_id, now)
    order, payment = order_by_id(connection, order_id), payment_for(connection, order_id)  # as they are under the lock
    if order is None or payment is None or not _is_due(order, payment):
        return _progress(order, payment)
    if row.lease_until is not None and row.lease_until > now:
        return Progress.WAITING
    card = saved_card(connection, order.saved_card_id) if order.saved_card_id else None
    never = gateway.live and is_for_tests(connection, order.member_id)
    if card is None or payment.gateway != gateway.name or never:
        return _hold(connection, order_id)
    lease.grant(connection, row, now)
    unattended, old = order.status is not OrderStatus.PENDING, now - payment.created_at > KEYS_LAST
    return Request(order_id, order.order_number, payment, card.token, row.keep_card, unattended, old)


def ask(gateway: Gateway, request: Request) -> ProcessorAnswer:
    """Ask the processor; holds no transaction and takes at most its time-out."""
    payment = request.payment
    if request.retrieve_only:
        answer = gateway.retrieve(payment.request_key)
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


def finish(connection: Connection, request: Request, answer: ProcessorAnswer) -> Progress:
    """Write down what the processor said; what was written down before by another worker stands."""
    order_id, payment = request.order_id, request.payment
    match answer:
        case Authorized():
            if record_payment(connection, payment.id, PaymentStatus.AUTHORIZED, answer.reference):
                move_order(connection, order_id, OrderStatus.PLACED)
                _keep_or_forget_card(connection, request)
            lease.drop(connection, order_id)
            return _progress(order_by_id(connection, order_id), payment)
        case Refused(reason) if reason in REQUEST_REASONS:
            record_payment(connection, payment.id, PaymentStatus.FAILED)
            return _hold(connection, order_id)
        case Refused():
            record_payment(connection, payment.id, PaymentStatus.DECLINED)
            lease.let_go(connection, order_id)
            return _hold(connection, order_id) if request.unattended else Progress.DECLINED
        case NotFound():
            return _hold(connection, order_id)
        case Unavailable():
            lease.let_go(connection, order_id)
            return _hold(connection, order_id) if request.retrieve_only else Progress.WAITING


def authorize(desk: Desk, order_id: int) -> tuple[Progress, ProcessorAnswer | None]:
    """Do all three with nobody on the line; return what has become of the payment, and what was said if it was asked for."""
    claimed = desk.commit(lambda connection: claim(connection, desk.gateway, order_id, desk.clock()))
    if not isinstance(claimed, Request):
        return claimed, None
    answer = ask(desk.gateway, claimed)
    return desk.commit(lambda connection: finish(connection, claimed, answer)), answer


def progress(connection: Connection, order_id: int, now: datetime) -> Progress:
    """Say what has become of an order's payment, taking it for this transaction: nobody asks for it meanwhile."""
    lease.take(connection, order_id, now)
    return _progress(order_by_id(connection, order_id), payment_for(connection, order_id))


def _is_due(order: OrderFacts, payment: PaymentFacts | None) -> bool:
    """Say whether the processor is to be asked; of a placed order, whose authorization is made anew before it ships."""
    is_open = order.status in (*UNPAID, OrderStatus.PLACED)
    return is_open and payment is not None and payment.status is PaymentStatus.PENDING


def _progress(order: OrderFacts | None, payment: PaymentFacts | None) -> Progress:
    status = order.status if order else None
    if status in (OrderStatus.PLACED, OrderStatus.SHIPPED, OrderStatus.DELIVERED):
        return Progress.PAID
    if status is OrderStatus.HELD:
        return Progress.HELD
    return Progress.WAITING if payment and payment.status is PaymentStatus.PENDING else Progress.DECLINED


def _hold(connection: Connection, order_id: int) -> Progress:
    hold_order(connection, order_id, HeldReason.PAYMENT)
    lease.drop(connection, order_id)
    return Progress.HELD


def _keep_or_forget_card(connection: Connection, request: Request) -> None:
    """Put a new card on file if the caller said so. One kept for this order alone stays until the order is captured."""
    order = order_by_id(connection, request.order_id)
    card = saved_card(connection, order.saved_card_id) if order and order.saved_card_id else None
    if order is None or card is None or card.only_for_order_id is None or not request.keep_card:
        return
    on_file = save_card(connection, order.member_id, card.gateway, card)
    use_card(connection, request.order_id, on_file)
    forget_order_card(connection, request.order_id)
