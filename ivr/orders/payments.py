"""Payment rows: what is owed for an order, and what became of it. Asking the processor is `authorize`'s work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, exists, or_, select, text

from ivr.orders.cards import KeptCard
from ivr.orders.find import OrderFacts
from ivr.orders.statuses import move_payment
from ivr.pharmacy.statements import columns, fetch_all, fetch_one, insert_or_none
from ivr.pharmacy.tables import AUTHORIZED_PAYMENT, STANDING, OrderStatus, Payment, PaymentStatus, RefillOrder


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment's row; `reference` is the processor's name for it."""

    id: int
    order_id: int
    gateway: str
    reference: str | None
    brand: str
    last4: str
    amount_cents: int
    status: PaymentStatus
    request_key: str
    created_at: datetime


_PAYMENT = columns(Payment, PaymentFacts)
_AUTHORIZED = text(AUTHORIZED_PAYMENT)  # worded as in the index, or SQLite would not see that the index serves
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


def begin_payment(
    connection: Connection, order: OrderFacts, card: KeptCard, gateway: str, key: str, now: datetime
) -> PaymentFacts:
    """Write a pending payment of an order's total and return it, or the one that stands in its way.

    A repeated request key returns its own row, whatever became of it; another key, while the order has a payment that
    is pending or made, returns that one. So the caller compares keys to know whether the processor is to be asked.
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


def record_payment(
    connection: Connection, payment_id: int, status: PaymentStatus, reference: str | None = None
) -> bool:
    """Write what became of a payment; False when it is in a state that does not lead there."""
    values = {} if reference is None else {"reference": reference}
    return move_payment(connection, payment_id, status, **values)


def payment_for(connection: Connection, order_id: int) -> PaymentFacts | None:
    """Return the order's payment that is pending or made, else its last attempt."""
    return fetch_one(connection, _STANDING_OR_LAST, PaymentFacts, order_id=order_id)


def authorized_in_vain(connection: Connection, gateway: str) -> tuple[PaymentFacts, ...]:
    """Return what a processor has still set aside on cards for orders that were cancelled, by whatever channel."""
    return fetch_all(connection, _IN_VAIN, PaymentFacts, gateway=gateway)
