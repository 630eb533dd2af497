"""The sweep, which each worker runs again and again: finishes the orders calls left behind, and deletes old rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from ivr.line import lockout, sessions, tables
from ivr.line.service import Services
from ivr.orders import sweep as orders
from ivr.orders.sweep import Swept

EVERY = timedelta(seconds=30)
"""How often each worker sweeps."""


def sweep(services: Services, retention: timedelta) -> Swept:
    """Sweep the orders, then delete what is too old; `retention` is how long calls and their journal are kept."""
    now = services.clock()
    swept = orders.sweep(services.desk, now)
    services.desk.commit(lambda connection: _forget(connection, services, now, retention))
    return swept


def _forget(connection: Connection, services: Services, now: datetime, retention: timedelta) -> None:
    connection.execute(delete(tables.card_entry).where(tables.card_entry.c.expires_at < now))
    connection.execute(delete(tables.journal).where(tables.journal.c.at < now - retention))
    connection.execute(delete(tables.call).where(tables.call.c.heard_at < now - retention))
    sessions.forget_sealed(connection, services, now)
    lockout.forget(connection, now)
