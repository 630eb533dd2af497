"""What is under way on the whole line at this moment, as the database tells: for those who watch the line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from ivr.clock import system_clock
from ivr.line import publications, tables
from ivr.line.sweeper import last_finished
from ivr.orders.find import waiting_orders
from ivr.orders.lease import unresolved_payments
from ivr.pharmacy.tables import HeldReason, OrderStatus

_CALL = tables.call.c
_IN_PROGRESS = (
    select(func.count())
    .select_from(tables.call)
    .where(_CALL.ended_at.is_(None), _CALL.heard_at > bindparam("since", type_=_CALL.heard_at.type))
)


@dataclass(frozen=True, slots=True)
class Overview:
    """What is under way. Each number is of the whole line, on however many hosts it runs."""

    calls: int
    """Calls in progress."""
    orders: Mapping[tuple[OrderStatus, HeldReason | None], int]
    """Orders that wait, by their status and why they are held."""
    payments: int
    """Payments that the card processor has not answered for yet."""
    oldest_payment: timedelta
    """How long the oldest of them has waited."""
    since_sweep: timedelta | None
    """The time since a sweep last finished; None before the first one."""
    published: str
    """The hash of the version that answers new calls; "" if none is published."""


def look_over(connection: Connection, now: datetime) -> Overview:
    """Return what is under way now."""
    payments, oldest = unresolved_payments(connection)
    swept, newest = last_finished(connection), publications.latest(connection)
    return Overview(
        calls=connection.scalar(_IN_PROGRESS, {"since": now - publications.COUNTS_AS_IN_PROGRESS}) or 0,
        orders=waiting_orders(connection),
        payments=payments,
        oldest_payment=now - oldest if oldest else timedelta(0),
        since_sweep=system_clock() - swept if swept else None,
        published=newest.hash if newest else "",
    )
