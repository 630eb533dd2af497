"""Payment rows: what is owed for an order, and what became of it. `authorize` is what asks the processor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select, text

from ivr.orders import lease
from ivr.orders.cards import KeptCard
from ivr.orders.find import OrderFacts
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.statements import columns, fetch_all, fetch_one, insert_or_none
from ivr.pharmacy.tables import (
    AUTHORIZED_PAYMENT,
    STANDING,
    HeldReason,
    OrderEvent,
    OrderStatus,
    Payment,
    PaymentStatus,
    RefillOrder,
    SavedCard,
)


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment's row; `reference` is the processor's id for it, None until it answers.

    `decline_reason` is why the processor refused it, for staff.
    """

    id: int
    order_id: int
    gateway: str
    reference: str | None
    brand: str
    last4: str
    amount_cents: int
    status: PaymentStatus
    decline_reason: str | None
    request_key: str
    created_at: datetime


OWN_CHANNEL = "phone"

MADE = (PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED)

_PAYMENT = columns(Payment, PaymentFacts)
_AUTHORIZED = text(AUTHORIZED_PAYMENT)  # worded as in the index, or SQLite would not use the index
_STANDS = Payment.status.in_(STANDING)
_OF_ORDER = Payment.order_id == bindparam("order_id")
_SAME_REQUEST = Payment.request_key == bindparam("request_key")
_OF_REQUEST_OR_STANDING = (
    select(*_PAYMENT).where(or_(_SAME_REQUEST, and_(_OF_ORDER, _STANDS))).order_by(_SAME_REQUEST.desc()).limit(1)
)
_STANDING_OR_LAST = select(*_PAYMENT).where(_OF_ORDER).order_by(_STANDS.desc(), Payment.id.desc()).limit(1)
_CANCELLED = exists().where(RefillOrder.id == Payment.order_id, RefillOrder.status == OrderStatus.CANCELLED)
_IN_VAIN = (
    select(*_PAYMENT).where(_AUTHORIZED, Payment.gateway == bindparam("gateway"), _CANCELLED).order_by(Payment.id)
)
_OTHERS_NUMBER = (
    select(RefillOrder.order_number)
    .join(Payment, Payment.order_id == RefillOrder.id)
    .where(Payment.gateway == bindparam("gateway"), Payment.reference == bindparam("of"), Payment.id != bindparam("id"))
    .limit(1)
)
_ITS_EVENTS = OrderEvent.order_id == bindparam("order_id")
_LAST_PLACED = (
    select(func.coalesce(func.max(OrderEvent.id), 0))
    .where(_ITS_EVENTS, OrderEvent.what == OrderStatus.PLACED)
    .scalar_subquery()
)
_HELD_AT = select(func.min(OrderEvent.at)).where(
    _ITS_EVENTS, OrderEvent.what == f"{OrderStatus.HELD}_{HeldReason.PAYMENT}", OrderEvent.id > _LAST_PLACED
)
_ON_FILE_BEFORE = exists().where(
    SavedCard.member_id == RefillOrder.member_id,
    SavedCard.only_for_order_id.is_(None),
    SavedCard.brand == Payment.brand,
    SavedCard.last4 == Payment.last4,
    or_(SavedCard.consented_at.is_(None), SavedCard.consented_at <= bindparam("since")),
)
_NEW_CARDS_DECLINED = (
    select(func.count())
    .select_from(Payment)
    .join(RefillOrder, RefillOrder.id == Payment.order_id)
    .where(
        RefillOrder.member_id == bindparam("member"),
        Payment.status == PaymentStatus.DECLINED,
        Payment.created_at > bindparam("since"),
        ~_ON_FILE_BEFORE,
    )
)


def begin_payment(
    connection: Connection, order: OrderFacts, card: KeptCard, gateway: str, key: str, now: datetime
) -> PaymentFacts:
    """Insert a pending payment of an order's total and return it, or return the payment that prevents that.

    A repeated request key returns its own row, whatever became of it. Another key returns the order's pending or made
    payment, if there is one: compare keys to learn whether this request was the one that made it.
    """
    row = {
        "order_id": order.id,
        "gateway": gateway,
        "brand": card.brand,
        "last4": card.last4,
        "amount_cents": order.total_cents,
        "status": PaymentStatus.PENDING,
        "request_key": key,
        "created_at": now,
    }
    insert_or_none(connection, Payment, row)
    payment = fetch_one(connection, _OF_REQUEST_OR_STANDING, PaymentFacts, order_id=order.id, request_key=key)
    if payment is None:
        raise LookupError(f"the payment for order {order.order_number} was neither written nor found")
    return payment


def payment_for(connection: Connection, order_id: int) -> PaymentFacts | None:
    """Return the order's pending or made payment, or else its last attempt; None when there was none."""
    return fetch_one(connection, _STANDING_OR_LAST, PaymentFacts, order_id=order_id)


def new_cards_declined(connection: Connection, member_id: int, since: datetime) -> int:
    """Return how many of a member's payments since then were declined on a card that was not on file before."""
    return connection.execute(_NEW_CARDS_DECLINED, {"member": member_id, "since": since}).scalar_one()


def kept_until(connection: Connection, order: OrderFacts, rules: Rules, now: datetime) -> datetime | None:
    """Return until when an order that was not paid for is kept: so long after it was first held for that.

    One that is not held yet, or was held by another program, is kept at least so long from now. Return None for an order
    that the line leaves to its own channel, which keeps it as long as it will.
    """
    if order.status is OrderStatus.PENDING and not is_for_sweep(connection, order):
        return None
    return (unpaid_since(connection, order.id) or now) + timedelta(days=rules.unpaid_days)


def is_for_sweep(connection: Connection, order: OrderFacts) -> bool:
    """Return whether the sweep holds and later cancels a pending order that nobody pays.

    Those are the orders of this channel, and others that were to be paid on a call: the website and the app see to
    their own.
    """
    return order.channel == OWN_CHANNEL or lease.find_row(connection, order.id) is not None


def unpaid_since(connection: Connection, order_id: int) -> datetime | None:
    """Return when an order was first held because it was not paid for, since it was paid last, if ever; None if nobody
    recorded that.
    """
    return connection.scalar(_HELD_AT, {"order_id": order_id})


def is_paid(order: OrderFacts, payment: PaymentFacts | None) -> bool:
    """Return whether the money of an order is set aside or taken, or none is due."""
    return not order.total_cents or (payment is not None and payment.status in MADE)


def order_with_reference(connection: Connection, payment: PaymentFacts, reference: str) -> str | None:
    """Return the number of the order whose payment, another than this one, has this reference already; None if none."""
    names = {"gateway": payment.gateway, "of": reference, "id": payment.id}
    return connection.scalar(_OTHERS_NUMBER, names)


def authorized_in_vain(connection: Connection, gateway: str) -> tuple[PaymentFacts, ...]:
    """Return the payments still authorized at a processor for cancelled orders, of every channel."""
    return fetch_all(connection, _IN_VAIN, PaymentFacts, gateway=gateway)
