"""The sweep, which the line makes again and again: finishes the orders calls left behind, and deletes old rows.

It is made of parts, each by itself: one that fails is logged, and the others go on. Orders come first. Old rows are
deleted in batches, each a short transaction, between which calls get the database; a part that is not through after a
few seconds leaves the rest to the next sweep, which then begins at once.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Column, Connection, bindparam, delete, select
from sqlalchemy.sql.dml import ReturningDelete

from ivr import logs
from ivr.line import digests, lockout, sessions, tables
from ivr.line.service import Services
from ivr.orders import sweep as orders
from ivr.orders.sweep import Tally
from ivr.pharmacy.database import is_connection_lost

BATCH = 1000
"""How many rows are deleted in one transaction, which takes some tens of milliseconds."""
REST_SECONDS = 0.05
"""The pause between two batches, in which calls get the database: who waits for SQLite looks that often."""
SHARE_SECONDS = 5.0
"""How long a sweep goes on deleting rows of one kind, so that orders never wait long for the next sweep."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _oldest(key: Column[Any], at: Column[datetime]) -> ReturningDelete[datetime]:
    """Return the statement that deletes a table's oldest rows, but for those that a turn has locked just now.

    It looks from `since` on, as a database is slow to pass by what was deleted before. Which rows they are stands in a
    WITH, which PostgreSQL looks up once: a subquery with LIMIT it may look up for each row of the table, and so delete all.
    """
    old = select(key).where(at >= bindparam("since"), at <= bindparam("before")).order_by(at).limit(bindparam("most"))
    batch = old.with_for_update(skip_locked=True).cte("batch")
    return delete(key.table).where(key.in_(select(batch))).returning(at)


_CARD_ENTRY, _JOURNAL, _CALL = tables.card_entry.c, tables.journal.c, tables.call.c
_TRY, _LOCK_OUT = tables.wrong_try.c, tables.lock_out.c
_EARLIER, _HAND_OVER = tables.earlier_member.c, tables.hand_over.c
OLD_ROWS: Mapping[str, tuple[ReturningDelete[datetime], timedelta | None]] = {
    "card_entries": (_oldest(_CARD_ENTRY.call_sid, _CARD_ENTRY.expires_at), timedelta()),
    "wrong_tries": (_oldest(_TRY.id, _TRY.at), lockout.COUNTS_FOR),
    "lock_outs": (_oldest(_LOCK_OUT.subject, _LOCK_OUT.since), lockout.ROW_KEPT),
    "journal": (_oldest(_JOURNAL.id, _JOURNAL.at), None),
    "earlier_members": (_oldest(_EARLIER.call_sid, _EARLIER.until), None),
    "hand_overs": (_oldest(_HAND_OVER.id, _HAND_OVER.noted_at), None),
    "calls": (_oldest(_CALL.sid, _CALL.heard_at), None),
}
"""Rows that are deleted when they are old -> the statement for it, and their age; None for the operator's retention."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How old rows are deleted: how many in one transaction, how long in all, and with which pauses.

    `stopping` returns true once the sweep is to end, at the next step. `begin_at` returns with which of so many orders to
    begin, for a second sweep at the same time.
    """

    batch: int = BATCH
    seconds: float = SHARE_SECONDS
    rest: Callable[[float], None] = time.sleep
    stopping: Callable[[], bool] = lambda: False
    begin_at: Callable[[int], int] = secrets.randbelow


USUAL_PACE = Pace()


@dataclass(frozen=True, slots=True)
class Swept:
    """How a sweep went, part by part; a part that broke off counts as one failure."""

    parts: Mapping[str, Tally]

    @property
    def done(self) -> Mapping[str, int]:
        """How many orders, payments or rows each part saw through; parts with nothing to do are left out."""
        return {name: tally.done for name, tally in self.parts.items() if tally.done}

    @property
    def failed(self) -> tuple[str, ...]:
        """The parts that failed, as a whole or for some of their orders."""
        return tuple(name for name, tally in self.parts.items() if tally.failed)

    @property
    def more(self) -> bool:
        """Whether there is more than there was time for, so that the next sweep should begin at once."""
        return any(tally.more for tally in self.parts.values())


def sweep(services: Services, retention: timedelta, pace: Pace = USUAL_PACE) -> Swept:
    """Sweep the orders, then delete what is too old; `retention` is how long calls and their journal are kept.

    Raises DBAPIError when the database goes away meanwhile.
    """
    now, tallies = services.clock(), {}
    for name, run in _parts_of_sweep(services, retention, pace, now):
        if pace.stopping():
            break
        try:
            tallies[name] = run()
        except Exception as error:
            if is_connection_lost(error):
                raise
            logs.get_logger().exception("sweep_failed", part=name)
            tallies[name] = Tally(failed=1)
    return Swept(tallies)


def _parts_of_sweep(
    services: Services, retention: timedelta, pace: Pace, now: datetime
) -> Iterator[tuple[str, Callable[[], Tally]]]:
    """Yield the name of each part, and what runs it."""
    for name in orders.PARTS:
        yield name, partial(orders.see_through, services.desk, name, now, pace.stopping, pace.begin_at)
    for name, (statement, age) in OLD_ROWS.items():
        before = now - (retention if age is None else age)
        yield name, partial(_in_batches, services, pace, _deletion(statement, before))
    yield "states", partial(_in_batches, services, pace, partial(sessions.forget_states, now))
    yield "digest_key", partial(_in_batches, services, pace, partial(digests.reseal_key, services.vault, now))
    yield "replies", partial(_in_batches, services, pace, partial(sessions.forget_replies, services, now))


DeleteSome = Callable[[Connection, int], int]
"""Deletes so many rows at most; returns how many they were."""


def _deletion(statement: ReturningDelete[datetime], before: datetime) -> DeleteSome:
    since = LONG_AGO

    def delete_some(connection: Connection, most: int) -> int:
        nonlocal since
        times = connection.scalars(statement, {"since": since, "before": before, "most": most}).all()
        since = max(times, default=since)
        return len(times)

    return delete_some


def _in_batches(services: Services, pace: Pace, delete_some: DeleteSome) -> Tally:
    """Delete rows until none is left, the time is up, or the sweep is to end."""
    end, done = services.monotonic() + pace.seconds, 0
    while True:
        deleted = services.desk.commit(lambda connection: delete_some(connection, pace.batch))
        done += deleted
        if deleted < pace.batch:
            return Tally(done)
        if services.monotonic() >= end or pace.stopping():
            return Tally(done, more=True)
        pace.rest(REST_SECONDS)
