"""Looking after the database as a whole: giving up what was erased, and choosing the one process that does so."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.pool import PoolProxiedConnection

SWEEP_LOCK = 7979_247
"""The key of a PostgreSQL advisory lock: one process at a time sweeps. Migrations have another (`database`)."""
LONGEST_LEAD_MS = 600_000
"""How long PostgreSQL keeps the lock of a process that it hears nothing of, as when that one's host is gone."""


def vacuum(engine: Engine, *tables: str) -> bool:
    """Make the database erase deleted and changed rows of tables from its files.

    Return False if it could not: another process is vacuuming, or holds a lock. SQLite rewrites the whole database file
    and empties the write-ahead log.
    """
    quoted = ", ".join(map(engine.dialect.identifier_preparer.quote, tables))
    work = _vacuum_sqlite if engine.dialect.name == "sqlite" else partial(_vacuum_postgresql, tables=quoted)
    connection = engine.raw_connection()  # VACUUM cannot run in a transaction, which SQLAlchemy would begin
    try:
        return work(connection)
    except engine.dialect.loaded_dbapi.OperationalError:
        return False
    finally:
        connection.close()


def _vacuum_sqlite(connection: PoolProxiedConnection) -> bool:
    cursor = connection.cursor()
    cursor.execute("VACUUM")
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    is_busy, *_ = cursor.fetchone() or (0,)
    return not is_busy


def _vacuum_postgresql(connection: PoolProxiedConnection, tables: str) -> bool:
    driver: Any = connection.driver_connection
    warnings: list[object] = []
    driver.add_notice_handler(warnings.append)
    driver.execute(f"VACUUM (SKIP_LOCKED) {tables}")  # with a warning, if it may not or another one is at it
    driver.remove_notice_handler(warnings.append)
    return not warnings


@contextmanager
def leading(engine: Engine) -> Iterator[bool]:
    """Give True within a `with` block if no other process is within one, else False. Nobody waits for another.

    Whoever ends or is killed leads no longer. On PostgreSQL this is an advisory lock of a transaction that stays open
    within the block, as behind pgbouncer a lock of the session would be left to whoever has that session next. On
    SQLite, whose processes are all on one machine, it is a lock of a file beside the database.
    """
    lead = _leading_sqlite if engine.dialect.name == "sqlite" else _leading_postgresql
    with lead(engine) as is_leader:
        yield is_leader


@contextmanager
def _leading_postgresql(engine: Engine) -> Iterator[bool]:
    with engine.begin() as connection:
        connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = {LONGEST_LEAD_MS}"))
        yield bool(connection.scalar(text(f"SELECT pg_try_advisory_xact_lock({SWEEP_LOCK})")))


@contextmanager
def _leading_sqlite(engine: Engine) -> Iterator[bool]:
    if engine.url.database in (None, "", ":memory:"):  # which no other process can see
        yield True
        return
    with open(f"{engine.url.database}.sweep", "ab", opener=partial(os.open, mode=0o600)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
