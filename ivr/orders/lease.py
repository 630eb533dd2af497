"""Orders whose payment is still to be authorized, and leases: until when one worker alone may ask the processor.

A worker locks the order's row here before it decides anything about the payment. So no two workers ask the card
processor at the same time, and nobody cancels an order or pays it anew while another worker is asking.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    SmallInteger,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    update,
)

from ivr.pharmacy.columns import Instant, line_tables
from ivr.pharmacy.statements import insert_unless_there, upsert
from ivr.pharmacy.tables import Payment, PaymentStatus

LEASE = timedelta(seconds=6)
"""How long a lease lasts; a request to the processor times out after 4 s."""

payment_lease = Table(
    "settlement",
    line_tables,
    Column("order_id", Integer, primary_key=True),
    Column("call_sid", Text),
    Column("keep_card", Boolean, nullable=False),
    Column("lease_until", Instant),
    Column("tries", SmallInteger, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Index("ix_settlement_begun_at", "begun_at"),
)
"""Orders whose payment is still to be authorized.

`call_sid` is the call that began the payment, NULL without one. `keep_card` puts the order's card on file once it is
paid. `lease_until` is set while a worker asks the processor, and `tries` counts how often one did.
"""

_OF_ORDER = payment_lease.c.order_id == bindparam("order")
_ROW = select(payment_lease).where(_OF_ORDER)
_TAKE = _ROW.with_for_update()
_CHANGE = update(payment_lease).where(_OF_ORDER)
_DROP = delete(payment_lease).where(_OF_ORDER)
_OF_CALL = select(payment_lease.c.order_id).where(payment_lease.c.call_sid == bindparam("sid"))
_UNRESOLVED = (
    select(func.count(), func.min(payment_lease.c.begun_at))
    .select_from(payment_lease)
    .join(Payment, Payment.order_id == payment_lease.c.order_id)
    .where(Payment.status == PaymentStatus.PENDING)
)
_BEGUN = (
    select(payment_lease.c.order_id)
    .where(payment_lease.c.begun_at <= bindparam("moment"))
    .order_by(payment_lease.c.begun_at)
)


def add(connection: Connection, order_id: int, sid: str | None, now: datetime, *, keep_card: bool) -> None:
    """Note that an order's payment is to be authorized; `sid` is the call that pays, None for the sweep."""
    row = {"order_id": order_id, "call_sid": sid, "keep_card": keep_card}
    upsert(connection, payment_lease, {**row, "lease_until": None, "tries": 0, "begun_at": now})


def lock_row(connection: Connection, order_id: int, now: datetime) -> Row[Any]:
    """Lock and return an order's row until the transaction ends.

    The row is inserted if a crash or another program left none, or if whoever had locked it has just deleted it.
    """
    row = {"order_id": order_id, "keep_card": False, "tries": 0, "begun_at": now}
    while True:
        insert_unless_there(connection, payment_lease, row)
        if locked_row := connection.execute(_TAKE, {"order": order_id}).first():
            return locked_row


def start_lease(connection: Connection, row: Row[Any], now: datetime) -> None:
    """Give this worker the lease: for `LEASE`, no other one asks the processor. `row` is the locked row."""
    connection.execute(_CHANGE, {"order": row.order_id, "lease_until": now + LEASE, "tries": row.tries + 1})


def end_lease(connection: Connection, order_id: int) -> None:
    """End the lease, so that any worker may ask again."""
    connection.execute(_CHANGE, {"order": order_id, "lease_until": None})


def remove(connection: Connection, order_id: int) -> None:
    """Delete an order's row: there is nothing left to authorize."""
    connection.execute(_DROP, {"order": order_id})


def is_capturing(row: Row[Any], status: PaymentStatus | None) -> bool:
    """Return whether a worker captures, or began to capture, the order's payment; `status` is that of the payment.

    Its lease stays when it got no answer, so that nobody cancels an order whose money may have been taken.
    """
    return row.lease_until is not None and status is PaymentStatus.AUTHORIZED


def find_row(connection: Connection, order_id: int) -> Row[Any] | None:
    """Return an order's row without locking it, or None when nothing is to be authorized."""
    return connection.execute(_ROW, {"order": order_id}).first()


def orders_of_call(connection: Connection, sid: str) -> Sequence[int]:
    """Return the ids of the orders here whose payment a call began."""
    return connection.scalars(_OF_CALL, {"sid": sid}).all()


def unresolved_payments(connection: Connection) -> tuple[int, datetime | None]:
    """Return how many payments the processor has not answered for yet, and when the oldest of them was begun."""
    count, oldest = connection.execute(_UNRESOLVED).one()
    return count, oldest


def begun_before(connection: Connection, moment: datetime) -> Sequence[int]:
    """Return the ids of the orders here whose payment began at `moment` or before, oldest first."""
    return connection.scalars(_BEGUN, {"moment": moment}).all()
