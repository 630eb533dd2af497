"""The statuses that an order and a payment may change to, and the only two statements that change them.

A step names the new status. The statuses it may come from are in the tables here, and the update itself checks them:
it changes the row only if it is in one of those. So when two people do the same thing at once, only one of them does.
`python tests/documents.py` draws the table of orders into `docs/operations.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, bindparam

from ivr.orders.events import Actor, record_event
from ivr.pharmacy.statements import changed, update_where
from ivr.pharmacy.tables import OrderStatus, Payment, PaymentStatus, RefillOrder

Status = TypeVar("Status", OrderStatus, PaymentStatus)

ORDER_BEGINS = (OrderStatus.PENDING, OrderStatus.SCHEDULED, OrderStatus.HELD, OrderStatus.PLACED)
"""The statuses an order may begin with: money is due, its ship day is to come, staff must look, or nothing is due."""

ORDER_CHANGES: Mapping[OrderStatus, tuple[OrderStatus, ...]] = {
    OrderStatus.PENDING: (OrderStatus.PLACED, OrderStatus.HELD, OrderStatus.CANCELLED),
    OrderStatus.SCHEDULED: (OrderStatus.PLACED, OrderStatus.HELD, OrderStatus.CANCELLED),
    OrderStatus.HELD: (OrderStatus.PENDING, OrderStatus.SCHEDULED, OrderStatus.CANCELLED),
    OrderStatus.PLACED: (OrderStatus.SHIPPED, OrderStatus.HELD, OrderStatus.CANCELLED),
    OrderStatus.SHIPPED: (OrderStatus.DELIVERED,),
    OrderStatus.DELIVERED: (),
    OrderStatus.CANCELLED: (),
}
"""Status -> those it may change to. A held order that its member pays with another card is pending again. A released
order is scheduled first; if it is paid for and due, it is placed in the same transaction."""

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


def move_order(
    connection: Connection, order_id: int, to: OrderStatus, now: datetime, by: Actor, **values: object
) -> bool:
    """Change an order's status, and other columns with it; return False when its present status does not allow it.

    The change is recorded as an event, a hold with its reason.
    """
    if not changed(connection, _MOVE_ORDER, order=order_id, sources=_ORDER_SOURCES[to], status=to, **values):
        return False
    reason = values.get("held_reason")
    record_event(connection, order_id, f"{to}_{reason}" if reason else to, now, by)
    return True


def move_payment(connection: Connection, payment_id: int, to: PaymentStatus, now: datetime, **values: object) -> bool:
    """Change a payment's status, and other columns with it; return False when its present status does not allow it."""
    sources = _PAYMENT_SOURCES[to]
    return changed(connection, _MOVE_PAYMENT, payment=payment_id, sources=sources, status=to, updated_at=now, **values)
