"""Authorizes an order's payment: has the card processor set the amount aside on the card.

This is done in three steps: `claim` takes the payment for this worker, `ask` sends the request while no transaction is
open, and `finish` records the answer. Nothing else authorizes: a call's payment turn, the sweep and shipping all come
here. Each payment has a request key of its own, so that asking again never charges twice, and a lease keeps two workers
from asking at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row

from ivr.orders import lease
from ivr.orders.cards import forget_order_card, note_declined, save_card, saved_card, usable_card, use_card
from ivr.orders.desk import Desk
from ivr.orders.events import Actor, Happened, record_event
from ivr.orders.faults import is_our_fault
from ivr.orders.find import OrderFacts, order_by_id
from ivr.orders.hold import hold_order
from ivr.orders.judge import judge_order
from ivr.orders.keys import request_key
from ivr.orders.payments import PaymentFacts, begin_payment, payment_for
from ivr.orders.statuses import move_order, move_payment
from ivr.payment.gateway import (
    REQUEST_REASONS,
    SHOWN_AFTER,
    Authorized,
    Gateway,
    NotFound,
    Reason,
    Refused,
    Token,
    Unavailable,
)
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.members import is_for_tests
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import STANDING, HeldReason, OrderStatus, PaymentStatus
from ivr.secret import Secret

KEY_LIFETIME = timedelta(hours=20)
"""How long a request key may be sent again, since a processor may forget it after 24 hours. Later, the payment is only
retrieved."""

UNPAID = (OrderStatus.PENDING, OrderStatus.SCHEDULED)


class Progress(StrEnum):
    """The state of an order's payment, as a caller or the sweep sees it."""

    PAID = "paid"
    DECLINED = "declined"
    """Not paid: the card was declined, or could not be charged just now."""
    WAITING = "waiting"
    """Not known yet; ask again."""
    HELD = "held"
    """The order is held, and staff have to look at it."""
    CANCELLED = "cancelled"
    """Another program cancelled the order meanwhile; the sweep finds out what became of the payment, and voids it."""


@dataclass(frozen=True, slots=True)
class Request:
    """A claimed payment: everything needed to ask the processor without the database."""

    order_id: int
    order_number: str
    payment: PaymentFacts
    token: Secret
    keep_card: bool
    unattended: bool
    """No caller is waiting, so a declined card holds the order."""
    retrieve_only: bool
    """The request key is too old to be sent again, or the order is cancelled: only ask what became of the payment."""
    asked_before: bool
    """An earlier try got no answer, so the amount may be set aside already."""


ProcessorAnswer = Authorized | Refused | NotFound | Unavailable


# Beginning a payment: note the card, and insert the payment as pending


def pay_with_card(
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
    """Charge an order to a card: note the card and, if the order is due now, begin its payment.

    `card` is the id of a stored card, or the token of a new one. With `keep_card` a new card goes on file: once the
    order is paid if it is due now, else at once. `sid` and `turn` of the call make the request key.
    """
    due = order.status is OrderStatus.PENDING
    if order.saved_card_id is not None:
        forget_order_card(connection, order.id)
    if isinstance(card, Token):
        only_for = order.id if due or not keep_card else None
        card = save_card(connection, order.member_id, gateway.name, card, now, only_for)
    use_card(connection, order.id, card)
    if due and (stored_card := saved_card(connection, card)):
        lease.add(connection, order.id, sid, now, keep_card=keep_card)
        begin_payment(connection, order, stored_card, gateway.name, request_key(sid, turn, order.id), now)


def reopen(connection: Connection, order: OrderFacts, now: datetime, today: date, rules: Rules) -> OrderFacts | None:
    """Return an order as it is to be charged to another card: scheduled, or pending, also if it was held for its payment.

    Return None, and change nothing, if it may not be charged: its payment is under way or unknown, the order has
    changed, or one of its prescriptions cannot be filled any more. A scheduled one is judged on its day.
    """
    lease.lock_row(connection, order.id, now)
    current, payment = order_by_id(connection, order.id), payment_for(connection, order.id)
    if current is None or (payment is not None and payment.status in STANDING):
        return None
    if current.status is not OrderStatus.SCHEDULED and not judge_order(connection, current, today, rules).may_be_filled:
        return None
    if current.status is OrderStatus.HELD and current.held_reason is HeldReason.PAYMENT:
        values = {"held_reason": None, "ship_on": None, "expected_by": arrival(today, rules.mail_business_days)}
        move_order(connection, order.id, OrderStatus.PENDING, now, Actor.PHONE, **values)
        return order_by_id(connection, order.id)
    return current if current.status in UNPAID else None


def begin_next_payment(
    connection: Connection,
    gateway: Gateway,
    order: OrderFacts,
    last_payment: PaymentFacts | None,
    now: datetime,
    today: date,
) -> PaymentFacts | None:
    """Begin and return an order's next payment without a caller; None when its card is gone or has expired.

    The processor is not asked to charge an expired card.
    """
    card = usable_card(connection, order.saved_card_id, today)
    key = request_key("order", order.order_number, last_payment.id if last_payment else 0)
    return begin_payment(connection, order, card, gateway.name, key, now) if card else None


# Claim, ask, finish


def claim(connection: Connection, gateway: Gateway, order_id: int, now: datetime) -> Request | Progress:
    """Claim an order's payment for this worker and return the request to send.

    When there is nothing to ask, return the payment's progress instead. An order that cannot be charged is held: its
    card is gone, another processor began the payment, or a test member's card would be charged for real. Of one that
    another program cancelled, it is only asked what became of its payment, if that was ever asked for.
    """
    row = lease.lock_row(connection, order_id, now)
    order, payment = order_by_id(connection, order_id), payment_for(connection, order_id)
    if order is None or payment is None or not _is_due(order, payment):
        if not _has_more_to_come(order, payment, row):
            lease.remove(connection, order_id)
        return _progress(order, payment)
    is_cancelled = order.status is OrderStatus.CANCELLED
    if row.lease_until is not None and row.lease_until > now:
        return Progress.CANCELLED if is_cancelled else Progress.WAITING
    card = saved_card(connection, order.saved_card_id) if order.saved_card_id else None
    is_test_on_live_processor = gateway.live and is_for_tests(connection, order.member_id)
    may_be_asked = row.tries > 0 if is_cancelled else card is not None and not is_test_on_live_processor
    if payment.gateway != gateway.name or not may_be_asked:
        return _give_up(connection, order_id, payment, row, now)
    lease.start_lease(connection, row, now)
    return Request(
        order_id,
        order.order_number,
        payment,
        card.token if card else Secret(""),
        keep_card=row.keep_card,
        unattended=order.status is not OrderStatus.PENDING,
        retrieve_only=is_cancelled or now - payment.created_at > KEY_LIFETIME,
        asked_before=row.tries > 0,
    )


def ask(gateway: Gateway, request: Request) -> ProcessorAnswer:
    """Send the request to the processor; takes no longer than its time-out. Call it with no transaction open."""
    payment = request.payment
    if request.retrieve_only:
        answer = gateway.retrieve(payment.request_key)
    else:
        answer = gateway.authorize(
            request.token, payment.amount_cents, payment.request_key, f"Order {request.order_number}"
        )
    is_our_fault(answer, request.order_number)
    return answer


def finish(connection: Connection, request: Request, answer: ProcessorAnswer, now: datetime) -> Progress:
    """Record the processor's answer and return the progress; what another worker has recorded already stays."""
    order_id, payment = request.order_id, request.payment
    match answer:
        case Authorized():
            if move_payment(connection, payment.id, PaymentStatus.AUTHORIZED, now, reference=answer.reference):
                move_order(connection, order_id, OrderStatus.PLACED, now, Actor.LINE)
                _put_card_on_file(connection, request, now)
                note_declined(connection, order_id, None)
            lease.remove(connection, order_id)
            return _progress(order_by_id(connection, order_id), payment)
        case Refused(reason) if reason in REQUEST_REASONS and not _is_nothing_set_aside(request, reason):
            return _hold(connection, order_id, HeldReason.PAYMENT_UNKNOWN, now)
        case Refused(reason) if reason in REQUEST_REASONS:
            move_payment(connection, payment.id, PaymentStatus.FAILED, now, decline_reason=reason.value)
            return _hold(connection, order_id, None, now)
        case Refused(reason):
            is_declined = reason is not Reason.PROCESSING_ERROR  # else the card is not to blame, and may work later
            status = PaymentStatus.DECLINED if is_declined else PaymentStatus.FAILED
            if move_payment(connection, payment.id, status, now, decline_reason=reason.value) and is_declined:
                record_event(connection, order_id, Happened.DECLINED, now, Actor.LINE)
                note_declined(connection, order_id, now)
            lease.end_lease(connection, order_id)
            if request.unattended:
                return _hold(connection, order_id, HeldReason.PAYMENT, now)
            return _progress(order_by_id(connection, order_id), payment_for(connection, order_id))
        case NotFound():
            progress = _hold(connection, order_id, HeldReason.PAYMENT_UNKNOWN, now)
            if progress is Progress.CANCELLED and now - payment.created_at > SHOWN_AFTER:
                move_payment(connection, payment.id, PaymentStatus.FAILED, now)
            return progress
        case Unavailable():
            lease.end_lease(connection, order_id)
            if request.retrieve_only:
                return _hold(connection, order_id, HeldReason.PAYMENT_UNKNOWN, now)
            return Progress.WAITING


def authorize(desk: Desk, order_id: int) -> tuple[Progress, ProcessorAnswer | None]:
    """Claim, ask and finish without a caller; return the progress, and the processor's answer if it was asked."""
    claim_result = desk.commit(lambda connection: claim(connection, desk.gateway, order_id, desk.clock()))
    if not isinstance(claim_result, Request):
        return claim_result, None
    answer = ask(desk.gateway, claim_result)
    return desk.commit(lambda connection: finish(connection, claim_result, answer, desk.clock())), answer


def _is_nothing_set_aside(request: Request, reason: Reason) -> bool:
    """Return whether nothing is set aside, as the request itself was refused.

    An earlier try that got no answer may have been carried out all the same, as when its card was renewed meanwhile and
    its key is refused for that. A decline is no such case: under one key, it is the answer to the first try too.
    """
    may_be_set_aside = request.asked_before or request.retrieve_only
    return reason is Reason.ALREADY_VOIDED or not may_be_set_aside


def _is_due(order: OrderFacts, payment: PaymentFacts | None) -> bool:
    """Return whether the processor is to be asked.

    This can be so for a placed order too, whose authorization is renewed before it ships; and for one that another
    program cancelled while its payment was under way.
    """
    may_have_payment = order.status in (*UNPAID, OrderStatus.PLACED, OrderStatus.CANCELLED)
    return may_have_payment and payment is not None and payment.status is PaymentStatus.PENDING


def _has_more_to_come(order: OrderFacts | None, payment: PaymentFacts | None, row: Row[Any]) -> bool:
    """Return whether an order's row is still needed though its payment is not due now.

    A pending order may get another card. Another program may hold an order whose payment is under way, and release it.
    """
    if order is None or payment is None:
        return order is not None and order.status is OrderStatus.PENDING
    is_under_way = payment.status is PaymentStatus.PENDING and order.held_reason is not HeldReason.PAYMENT_UNKNOWN
    return order.status is OrderStatus.PENDING or is_under_way or lease.is_capturing(row, payment.status)


def _progress(order: OrderFacts | None, payment: PaymentFacts | None) -> Progress:
    status = order.status if order else None
    if status in (OrderStatus.PLACED, OrderStatus.SHIPPED, OrderStatus.DELIVERED):
        return Progress.PAID
    if status is OrderStatus.HELD:
        return Progress.HELD
    if status is OrderStatus.CANCELLED:
        return Progress.CANCELLED
    return Progress.WAITING if payment and payment.status is PaymentStatus.PENDING else Progress.DECLINED


def _give_up(connection: Connection, order_id: int, payment: PaymentFacts, row: Row[Any], now: datetime) -> Progress:
    """Hold an order that cannot be charged; if the processor may have been asked already, its payment is unknown."""
    if row.tries:
        return _hold(connection, order_id, HeldReason.PAYMENT_UNKNOWN, now)
    move_payment(connection, payment.id, PaymentStatus.FAILED, now)
    return _hold(connection, order_id, HeldReason.PAYMENT, now)


def _hold(connection: Connection, order_id: int, reason: HeldReason | None, now: datetime) -> Progress:
    """Hold an order, for no reason of its own where the fault is ours: it waits for staff, and no card is to blame.

    The row of one that was cancelled meanwhile stays, so that the next sweep sees its payment through.
    """
    if hold_order(connection, order_id, reason, now, Actor.LINE):
        lease.remove(connection, order_id)
    else:
        lease.end_lease(connection, order_id)
    return _progress(order_by_id(connection, order_id), payment_for(connection, order_id))


def _put_card_on_file(connection: Connection, request: Request, now: datetime) -> None:
    """Put the order's new card on file if the caller wants it kept.

    Otherwise it stays stored for this order alone, until the order has shipped or is cancelled.
    """
    order = order_by_id(connection, request.order_id)
    card = saved_card(connection, order.saved_card_id) if order and order.saved_card_id else None
    if order is None or card is None or card.only_for_order_id is None or not request.keep_card:
        return
    on_file = save_card(connection, order.member_id, card.gateway, card, now)
    use_card(connection, request.order_id, on_file)
    forget_order_card(connection, request.order_id)
