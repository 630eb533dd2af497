"""A line in this process that call scripts are played on: each gets its own demo pharmacy, clock and processor.

The database lies in memory. What a script's day makes of the demo pharmacy is kept as bytes, so that the next script
of that day has its own copy in less than a millisecond.
"""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from ivr.cli import pharmacy_rows
from ivr.clock import system_clock
from ivr.flow.definition import Flows
from ivr.line import build
from ivr.line.actions import SPECS
from ivr.line.service import Line, TurnTaken
from ivr.line.versions import Files, Versions, load, read_files
from ivr.payment import sandbox
from ivr.payment.vault import Vault
from ivr.pharmacy.database import open_database, upgrade
from ivr.pharmacy.demo import load_demo
from ivr.phone.post import Post, wsgi_post
from ivr.prompts import Catalogues
from ivr.qa.patterns import Found
from ivr.qa.script import Fault, Row, Script
from ivr.qa.vocabulary import Vocabulary
from ivr.recordings.folder import Folder
from ivr.secret import Secret
from ivr.settings import Settings
from ivr.web.app import voice_app
from ivr.web.guard import Guard

URL = "http://localhost/voice"
PERSON = "+18005550199"
ORDER_NUMBERS = 10**9
PROCESSOR_SECONDS = 4
"""Passed while a processor that is away or slow is waited for."""

_KEY = Secret(base64.urlsafe_b64encode(b"a rehearsal's key, not a secret.").decode())
_FAULTS = {
    "processor": sandbox.Fault.DOWN,
    "processor_once": sandbox.Fault.DOWN,
    "slow_processor": sandbox.Fault.SLOW,
    "slow_processor_once": sandbox.Fault.SLOW,
}


class RehearsalError(RuntimeError):
    """What a script made go wrong, on purpose."""


Given = Mapping[str, frozenset[object]]
"""The ids of the rows that calls find, by table."""


@dataclass(frozen=True, slots=True)
class _Template:
    """The demo pharmacy as it is on a day."""

    database: bytes
    given: Given


class Rehearsal:
    """The stage in this process. `files` are the flows and prompts; without any, those the settings name."""

    in_process = True
    may_write = True

    def __init__(
        self,
        settings: Settings,
        files: Files | None = None,
        *,
        log: io.StringIO | None = None,
        fresh: Callable[[], Engine] | None = None,
    ) -> None:
        """`log` is where the line's log goes; `fresh` makes an empty database for a script, in place of one in memory."""
        self.settings = replace(settings, database_url="sqlite://", secret_keys=(_KEY,), twilio_auth_tokens=())
        self.settings = replace(self.settings, public_url=None, gateway="sandbox", stripe_api_key=None, now=None)
        version = load(files or read_files(settings.flows, settings.prompts), SPECS)
        self.recorded = Folder(settings.prompts, lambda: 0.0)  # as it was when the rehearsal began
        self._log = log or io.StringIO()
        self._fresh = fresh
        self._memory = open_database("sqlite://", durable=False)
        self._templates: dict[date, _Template] = {}
        self._line = Line(
            database=self._memory,
            versions=Versions(version, SPECS),
            vault=Vault((_KEY,)),
            gateway=sandbox.Sandbox(),
            clock=system_clock,
            timezone=settings.timezone,
            rules=build.rules(settings),
            has_person=True,
            draw=lambda: 0,
        )

    @property
    def flows(self) -> Flows:
        """The flows that are rehearsed."""
        return self._line.versions.current.flows

    @property
    def catalogues(self) -> Catalogues:
        """The prompts that are rehearsed."""
        return self._line.versions.current.catalogues

    @property
    def vocabulary(self) -> Vocabulary:
        """The names that scripts may use."""
        return Vocabulary(self.catalogues.names, pharmacy_rows.COLUMNS, self.catalogues.languages)

    @contextmanager
    def open(self, script: Script) -> Iterator[Staged]:
        """Load the pharmacy as it is on the script's day, with the rows it gives, and put a line before it."""
        at = script.at if script.at.tzinfo else script.at.replace(tzinfo=self.settings.timezone)
        today = at.astimezone(self.settings.timezone).date()
        person = None if script.person == "nobody" else PERSON
        settings = replace(self.settings, person_number=person)
        self.log()
        with self._database(today, at) as (database, given):
            line = replace(self._line, database=database, has_person=bool(person))
            scene = Staged(self, line, settings, at, given)
            try:
                scene.change(script.given)
                yield scene
            finally:
                scene.close()

    @contextmanager
    def _database(self, today: date, at: datetime) -> Iterator[tuple[Engine, Given]]:
        if self._fresh:
            database = self._fresh()
            try:
                yield database, self._fill(database, today, at)
            finally:
                database.dispose()
            return
        if today not in self._templates:
            with _driver(self._memory) as connection:
                connection.deserialize(_empty())
            given = self._fill(self._memory, today, at)
            with _driver(self._memory) as connection:
                self._templates[today] = _Template(connection.serialize(), given)
        template = self._templates[today]
        with _driver(self._memory) as connection:
            connection.deserialize(template.database)
        yield self._memory, template.given

    def _fill(self, database: Engine, today: date, at: datetime) -> Given:
        upgrade(database)
        load_demo(database, today)
        build.publish(replace(self._line, database=database, clock=lambda: at.astimezone(UTC)), database)
        return {table: frozenset(pharmacy_rows.ids(database, table)) for table in pharmacy_rows.WRITTEN}

    def logged(self) -> str:
        """Return what was logged in this scene."""
        return self._log.getvalue()

    def log(self) -> str:
        """Return what was logged since the last time."""
        text = self._log.getvalue()
        self._log.seek(0)
        self._log.truncate()
        return text


@contextmanager
def _driver(engine: Engine) -> Iterator[Any]:
    """Lend SQLite's own connection, for what SQLAlchemy has no word for."""
    connection = engine.raw_connection()
    try:
        yield connection.driver_connection
    finally:
        connection.close()


def _empty() -> bytes:
    empty = open_database("sqlite://", durable=False)
    with _driver(empty) as connection:
        connection.execute("CREATE TABLE made (id INTEGER)")  # a database without any table has no bytes
        connection.execute("DROP TABLE made")
        content: bytes = connection.serialize()
    empty.dispose()
    return content


@dataclass(frozen=True, slots=True)
class Kept:
    """A moment of a scene."""

    database: bytes
    now: datetime
    fault: Fault
    turns: tuple[TurnTaken, ...]
    random: tuple[Any, ...]


class Staged:
    """One script's line: its time goes on with the caller's, what is drawn is drawn alike each time."""

    url = URL

    def __init__(self, rehearsal: Rehearsal, line: Line, settings: Settings, at: datetime, given: Given) -> None:
        self._rehearsal = rehearsal
        self._now = at.astimezone(UTC)
        self._fault: Fault = "nothing"
        self.turns: list[TurnTaken] = []
        self.database = line.database
        self.today = line.today(self._now)
        self.gateway = sandbox.Sandbox(self._processor_fault)
        self._random = random.Random(at.isoformat())  # noqa: S311 - alike each time is what is wanted here
        self.line = replace(
            line,
            clock=lambda: self._now,
            watch=self._watch,
            gateway=self.gateway,
            draw=lambda: self._random.randrange(ORDER_NUMBERS),
        )
        self.post: Post = wsgi_post(voice_app(self.line, settings, rehearsal.recorded, Guard(settings)))
        self._given = {table: set(ids) for table, ids in given.items()}
        event.listen(self.database, "begin", self._begin)

    def close(self) -> None:
        """Leave the database as others use it."""
        event.remove(self.database, "begin", self._begin)

    def passes(self, seconds: float) -> None:
        """Let time go on."""
        self._now += timedelta(seconds=seconds)

    def change(self, rows: Sequence[Row]) -> None:
        """Add or change rows; what stands there before a call is none of what it wrote."""
        if not rows:
            return
        before = {table: self._ids(table) for table in self._given}
        with self._unbroken():
            pharmacy_rows.change(self.database, rows, self.today)
        for table, ids in before.items():
            self._given[table] |= self._ids(table) - ids

    def _ids(self, table: str) -> set[object]:
        with self._unbroken():
            return pharmacy_rows.ids(self.database, table)

    @contextmanager
    def _unbroken(self) -> Iterator[None]:
        """Look at the database ourselves: what is to fail is the line."""
        fault, self._fault = self._fault, "nothing"
        try:
            yield
        finally:
            self._fault = fault

    def breaks(self, fault: Fault) -> None:
        """Make something fail: a turn of the line or its database once, a processor until told otherwise."""
        self._fault = fault

    def rows(self, table: str) -> Sequence[Found]:
        """Return a table's rows."""
        with self._unbroken():
            return [row for _, row in pharmacy_rows.rows(self.database, table)]

    def new_rows(self, table: str) -> Sequence[Found]:
        """Return the rows that calls have written."""
        given = self._given[table]
        with self._unbroken():
            return [row for row_id, row in pharmacy_rows.rows(self.database, table) if row_id not in given]

    def save(self) -> Kept:
        """Keep everything as it is now; the processor's ledger may go on, as its keys never come twice."""
        with _driver(self.database) as connection:
            content = connection.serialize()
        return Kept(content, self._now, self._fault, (*self.turns,), self._random.getstate())

    def restore(self, kept: object) -> None:
        """Go back to what was kept."""
        if not isinstance(kept, Kept):
            raise TypeError("only what this scene kept can be gone back to")
        with _driver(self.database) as connection:
            connection.deserialize(kept.database)
        self._now, self._fault = kept.now, kept.fault
        self.turns[:] = kept.turns
        self._random.setstate(kept.random)

    def holds(self, text: str) -> bool:
        """Say whether a text lies in the database's bytes or in the log."""
        with _driver(self.database) as connection:
            return text.encode() in connection.serialize() or text in self._rehearsal.logged()

    def log(self) -> str:
        """Return what was logged since the last time."""
        return self._rehearsal.log()

    def _watch(self, turn: TurnTaken) -> None:
        if self._fault == "line":
            self._fault = "nothing"
            raise RehearsalError("a turn failed because the script says so")
        self.turns.append(turn)

    def _begin(self, _: object) -> None:
        if self._fault == "database":
            self._fault = "nothing"
            raise OperationalError("a script", {}, RehearsalError("the database is away because the script says so"))

    def _processor_fault(self, _: str) -> sandbox.Fault | None:
        fault = _FAULTS.get(self._fault)
        if fault:
            self.passes(PROCESSOR_SECONDS)
            if self._fault.endswith("_once"):
                self._fault = "nothing"
        return fault
