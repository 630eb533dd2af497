"""Which orders' payments are still to be asked for, and until when somebody is asking just now.

The row of an order is taken before anything is decided about its payment: it keeps two workers from asking at the same
time, and nobody cancels or pays anew what somebody is asking for.
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
    MetaData,
    Row,
    SmallInteger,
    Table,
    Text,
    bindparam,
    delete,
    select,
    update,
)

from ivr.pharmacy.columns import Instant
from ivr.pharmacy.statements import insert_unless_there, upsert

LEASE = timedelta(seconds=6)
"""How long one worker has for asking; the processor's own time-out is 4 s."""

payment_lease = Table(
    "settlement",
    MetaData(),
    Column("order_id", Integer, primary_key=True),
    Column("call_sid", Text),
    Column("keep_card", Boolean, nullable=False),
    Column("lease_until", Instant),
    Column("tries", SmallInteger, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Index("ix_settlement_begun_at", "begun_at"),
)
"""An order whose payment is still to be asked for; `keep_card` puts its card on file once it is paid."""

_OF_ORDER = payment_lease.c.order_id == bindparam("order")
_ROW = select(payment_lease).where(_OF_ORDER)
_TAKE = _ROW.with_for_update()
_CHANGE = update(payment_lease).where(_OF_ORDER)
_DROP = delete(payment_lease).where(_OF_ORDER)
_OF_CALL = select(payment_lease.c.order_id).where(payment_lease.c.call_sid == bindparam("sid"))
_BEGUN = (
    select(payment_lease.c.order_id)
    .where(payment_lease.c.begun_at <= bindparam("moment"))
    .order_by(payment_lease.c.begun_at)
)


def begin(connection: Connection, order_id: int, sid: str | None, now: datetime, *, keep_card: bool) -> None:
    """Note that an order's payment is to be asked for, by a call or by the sweep."""
    row = {"order_id": order_id, "call_sid": sid, "keep_card": keep_card}
    upsert(connection, payment_lease, {**row, "lease_until": None, "tries": 0, "begun_at": now})


def take(connection: Connection, order_id: int, now: datetime) -> Row[Any]:
    """Take an order's row for this transaction, making it where a crash or another program left none."""
    row = {"order_id": order_id, "keep_card": False, "tries": 0, "begun_at": now}
    insert_unless_there(connection, payment_lease, row)
    return connection.execute(_TAKE, {"order": order_id}).one()


def grant(connection: Connection, row: Row[Any], now: datetime) -> None:
    """Keep others from asking while this worker does."""
    connection.execute(_CHANGE, {"order": row.order_id, "lease_until": now + LEASE, "tries": row.tries + 1})


def let_go(connection: Connection, order_id: int) -> None:
    """Let others ask, or ask again."""
    connection.execute(_CHANGE, {"order": order_id, "lease_until": None})


def drop(connection: Connection, order_id: int) -> None:
    """Note that there is nothing to ask for any more."""
    connection.execute(_DROP, {"order": order_id})


def find(connection: Connection, order_id: int) -> Row[Any] | None:
    """Return an order's row without taking it; None when nothing is to be asked for."""
    return connection.execute(_ROW, {"order": order_id}).first()


def orders_of_call(connection: Connection, sid: str) -> Sequence[int]:
    """Return the orders whose payment a call began."""
    return connection.scalars(_OF_CALL, {"sid": sid}).all()


def begun_before(connection: Connection, moment: datetime) -> Sequence[int]:
    """Return the orders whose payment was begun by a moment, the first first."""
    return connection.scalars(_BEGUN, {"moment": moment}).all()
