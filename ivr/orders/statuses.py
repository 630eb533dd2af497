"""What an order and its payment may become: one table of each, and the only two statements that change a status.

A step names where it leads to; where it may come from is in the table, and the database holds it: the update finds
the row in one of those statuses, or nothing happens. So of two people who do the same thing only one does.
`python tests/documents.py` draws the table of orders into `docs/operations.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, bindparam

from ivr.pharmacy.statements import changed, update_where
from ivr.pharmacy.tables import OrderStatus, Payment, PaymentStatus, RefillOrder

Status = TypeVar("Status", OrderStatus, PaymentStatus)

ORDER_BEGINS = (OrderStatus.PENDING, OrderStatus.SCHEDULED, OrderStatus.HELD, OrderStatus.PLACED)
"""How an order may be placed: money is due, its day is to come, staff have to look, or nothing is due."""

ORDER_CHANGES: Mapping[OrderStatus, tuple[OrderStatus, ...]] = {
    OrderStatus.PENDING: (OrderStatus.PLACED, OrderStatus.HELD, OrderStatus.CANCELLED),
    OrderStatus.SCHEDULED: (OrderStatus.PLACED, OrderStatus.HELD, OrderStatus.CANCELLED),
    OrderStatus.HELD: (OrderStatus.SCHEDULED, OrderStatus.CANCELLED),
    OrderStatus.PLACED: (OrderStatus.SHIPPED, OrderStatus.HELD, OrderStatus.CANCELLED),
    OrderStatus.SHIPPED: (OrderStatus.DELIVERED,),
    OrderStatus.DELIVERED: (),
    OrderStatus.CANCELLED: (),
}
"""A held order that is released is scheduled; one that is paid for and due is placed at once, in the same transaction."""

PAYMENT_CHANGES: Mapping[PaymentStatus, tuple[PaymentStatus, ...]] = {
    PaymentStatus.PENDING: (
        PaymentStatus.AUTHORIZED,
        PaymentStatus.CAPTURED,
        PaymentStatus.DECLINED,
        PaymentStatus.FAILED,
        PaymentStatus.VOIDED,
        PaymentStatus.EXPIRED,
    ),
    PaymentStatus.AUTHORIZED: (PaymentStatus.CAPTURED, PaymentStatus.VOIDED, PaymentStatus.EXPIRED),
    PaymentStatus.CAPTURED: (),
    PaymentStatus.VOIDED: (),
    PaymentStatus.DECLINED: (),
    PaymentStatus.EXPIRED: (),
    PaymentStatus.FAILED: (),
}


def _sources(changes: Mapping[Status, tuple[Status, ...]]) -> Mapping[Status, tuple[Status, ...]]:
    return {to: tuple(status for status, after in changes.items() if to in after) for to in changes}


_ORDER_SOURCES, _PAYMENT_SOURCES = _sources(ORDER_CHANGES), _sources(PAYMENT_CHANGES)
_SOURCES: BindParameter[Any] = bindparam("sources", expanding=True)
_MOVE_ORDER = update_where(RefillOrder, RefillOrder.id == bindparam("order"), RefillOrder.status.in_(_SOURCES))
_MOVE_PAYMENT = update_where(Payment, Payment.id == bindparam("payment"), Payment.status.in_(_SOURCES))


def move_order(connection: Connection, order_id: int, to: OrderStatus, **values: object) -> bool:
    """Change an order's status, and other columns with it; False when it stands where no step leads there."""
    return changed(connection, _MOVE_ORDER, order=order_id, sources=_ORDER_SOURCES[to], status=to, **values)


def move_payment(connection: Connection, payment_id: int, to: PaymentStatus, **values: object) -> bool:
    """Change a payment's status, and other columns with it; False when it stands where no step leads there."""
    return changed(connection, _MOVE_PAYMENT, payment=payment_id, sources=_PAYMENT_SOURCES[to], status=to, **values)
