"""What each worker answers new calls with, as rows of the database that the workers keep up to date.

Their times are the machine's, not the line's own, which may stand still.
"""

from __future__ import annotations

import os
import socket
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version as release_of
from uuid import uuid4

from sqlalchemy import Connection, Engine, delete, select

from ivr.clock import Clock, system_clock
from ivr.line import tables
from ivr.line.versions import Versions
from ivr.pharmacy.statements import upsert

REFRESHED_EVERY = timedelta(seconds=10)
GONE_AFTER = timedelta(seconds=30)
"""How old a row may be before its worker counts as gone."""


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """What one worker answers new calls with: the hash of a version, and since when it does."""

    id: str
    host: str
    pid: int
    release: str
    """The version number of its program."""
    version: str
    since: datetime
    problem: str
    """Why it cannot use the published version, or ""."""
    seen_at: datetime


def worker_statuses(connection: Connection, now: datetime) -> tuple[WorkerStatus, ...]:
    """Return the status of every worker that is alive, by host and process id."""
    alive = select(tables.worker).where(tables.worker.c.seen_at > now - GONE_AFTER)
    rows = connection.execute(alive.order_by(tables.worker.c.host, tables.worker.c.pid)).mappings()
    return tuple(WorkerStatus(**row) for row in rows)


def count_served_versions(connection: Connection, now: datetime) -> int:
    """Return how many versions answer new calls: 1 when all workers agree, 0 when none is alive."""
    return len({status.version for status in worker_statuses(connection, now)})


class WorkerReporter:
    """Keeps the row of the worker that this process is."""

    def __init__(self, database: Engine, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock
        self._status: WorkerStatus | None = None

    def report(self, versions: Versions) -> None:
        """Write the row if it says something else than before, or has not been refreshed for a while."""
        now, version = self._clock(), versions.current.hash
        before = self._status or self._begin(now)
        problem = str(versions.not_taken.problems[0]) if versions.not_taken else ""
        if (before.version, before.problem) == (version, problem) and now - before.seen_at < REFRESHED_EVERY:
            return
        since = before.since if before.version == version else now
        status = replace(before, version=version, problem=problem, since=since, seen_at=now)
        with self._database.begin() as connection:
            upsert(connection, tables.worker, asdict(status))
        self._status = status

    def _begin(self, now: datetime) -> WorkerStatus:
        """Return the status of a worker that answers with nothing yet; forget those that are gone."""
        with self._database.begin() as connection:
            connection.execute(delete(tables.worker).where(tables.worker.c.seen_at <= now - GONE_AFTER))
        return WorkerStatus(
            uuid4().hex, socket.gethostname(), os.getpid(), release_of("ivr"), "", since=now, problem="", seen_at=now
        )
