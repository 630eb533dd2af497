"""Whether the database does what turns ask of it, found out by writing to it."""

from __future__ import annotations

import errno
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from sqlalchemy import Connection, Engine, select, text

from ivr import logs
from ivr.errors import UnreachableError
from ivr.line import tables
from ivr.pharmacy.database import answering, is_behind
from ivr.pharmacy.database_errors import DISK_FULL, NO_TABLE, READ_ONLY, summary_of

FRESH_SECONDS = 1
"""For how long an answer is given again without asking the database."""
LIMIT_SECONDS = 2
"""How long an answer of the database is waited for."""
ROOM_BYTES = 150_000
"""How much has to fit on the disk; PostgreSQL's temporary file is as large."""

_WRITE = text("UPDATE alembic_version SET version_num = version_num RETURNING version_num")
"""Writes the one row that every database has, with what it holds: all that a commit needs is needed, and nothing grows."""
_LOCK_CALL = select(tables.call.c.sid).where(tables.call.c.sid == "").with_for_update()
"""Waits, though no call has this sid, while somebody holds the table of calls."""
_SPILL = text("SELECT count(*) FROM generate_series(1, 10000)")
"""Has PostgreSQL put rows into a temporary file, since they are more than `work_mem`."""


class Readiness:
    """Tells whether turns can be taken. However many ask, one of them asks the database, and once a second.

    A probe that gets no answer goes on in its thread; nobody waits for it longer than `LIMIT_SECONDS`, and until it
    ends no other one is begun.
    """

    def __init__(self, database: Engine, seconds: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._seconds = seconds
        self._lock = threading.Lock()
        self._probe: Future[str] | None = None
        self._began = 0.0
        self._logged = ""

    def problem(self) -> str:
        """Return in a few words why turns cannot be taken, "" if they can. It names nothing confidential."""
        with self._lock:
            now = self._seconds()
            if self._probe is None or (self._probe.done() and now - self._began >= FRESH_SECONDS):
                self._probe, self._began = Future(), now
                threading.Thread(target=self._run, args=(self._probe,), daemon=True).start()
            probe, wait = self._probe, max(0.0, self._began + LIMIT_SECONDS - now)
        try:
            return probe.result(timeout=wait)
        except TimeoutError:
            return f"no answer within {LIMIT_SECONDS} seconds: it is locked, or hangs"

    def _run(self, probe: Future[str]) -> None:
        try:
            probe.set_result(self._look())
        except Exception as error:  # a bug, which those who ask are told of as well
            probe.set_exception(error)

    def _look(self) -> str:
        try:
            with answering(self._database):
                _try_disk(self._database)
                with self._database.begin() as connection:
                    _try_write(connection)
        except UnreachableError as error:
            problem = summary_of(error.code)
            if problem != self._logged:
                logs.get_logger().error("not_ready", sqlstate=error.code, reason=str(error))
        else:
            problem = ""
        self._logged = problem
        return problem


def _try_write(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL work_mem = 64"))  # kB, the least
        connection.execute(_SPILL)
    connection.execute(_LOCK_CALL)
    if is_behind(str(connection.execute(_WRITE).scalar_one())):
        raise UnreachableError("the database lacks tables of this release; ivr db upgrade makes them", NO_TABLE)


def _try_disk(database: Engine) -> None:
    """Write a file beside an embedded database and remove it. Raises UnreachableError if there is no room for it."""
    path = database.url.database
    if database.dialect.name != "sqlite" or path in (None, "", ":memory:"):
        return
    try:
        with tempfile.TemporaryFile(dir=Path(str(path)).absolute().parent) as file:
            file.write(bytes(ROOM_BYTES))
    except OSError as error:
        code = DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else READ_ONLY
        raise UnreachableError(f"the folder of the database {path}: {error.strerror}", code) from None
