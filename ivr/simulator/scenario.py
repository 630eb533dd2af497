"""The line that scripts are played to: its time goes on with the caller's, what is drawn is drawn alike each time."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Engine, event, insert
from sqlalchemy.exc import OperationalError

from ivr.line.lockout import MOST_ON_LINE
from ivr.line.service import Line, TurnTaken
from ivr.line.sweep import sweep
from ivr.line.tables import wrong_try
from ivr.orders.ship import ship
from ivr.payment import sandbox
from ivr.payment.gateway import Reason
from ivr.phone.post import Post, wsgi_post
from ivr.prompts.recordings.folder import Folder
from ivr.qa.scripts.patterns import Found
from ivr.qa.scripts.script import Fault, Processor, Row
from ivr.settings import Settings
from ivr.simulator import line_rows, pharmacy_rows
from ivr.simulator.holdings import Holding, holdings
from ivr.simulator.sweeping import Sweeping
from ivr.web.app import voice_app
from ivr.web.guard import Guard

URL = "http://localhost/voice"
ORDER_NUMBERS = 10**9
PROCESSOR_SECONDS = 4
"""Passed while a processor that is away or slow is waited for."""

_Trouble = Fault | Literal["declining_processor"]
"""What is wrong now: whatever a script breaks, and a processor that declines."""

_STATES: Mapping[Processor, _Trouble] = {
    "away": "processor",
    "slow": "slow_processor",
    "declines": "declining_processor",
    "works": "nothing",
}
_FAULTS: Mapping[_Trouble, sandbox.Fault | Reason] = {
    "processor": sandbox.Fault.DOWN,
    "declining_processor": Reason.DECLINED,
    "processor_once": sandbox.Fault.DOWN,
    "slow_processor": sandbox.Fault.SLOW,
    "slow_processor_once": sandbox.Fault.SLOW,
}


class RehearsalError(RuntimeError):
    """What a script made go wrong, on purpose."""


Given = Mapping[str, frozenset[object]]
"""The ids of the rows that calls find, by table."""


@contextmanager
def driver(engine: Engine) -> Iterator[Any]:
    """Lend SQLite's own connection, for what SQLAlchemy has no word for."""
    connection = engine.raw_connection()
    try:
        yield connection.driver_connection
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Kept:
    """A moment of a scene."""

    database: bytes
    now: datetime
    fault: _Trouble
    turns: tuple[TurnTaken, ...]
    random: tuple[Any, ...]
    given: Given
    charges: tuple[sandbox.Charge, ...]


class Log:
    """What the line writes to its log while scripts are played."""

    def __init__(self, stream: io.StringIO | None = None) -> None:
        """Without a stream it stays empty: the log goes elsewhere."""
        self._stream = stream or io.StringIO()

    def shown(self) -> str:
        """Return what was written since it was taken last."""
        return self._stream.getvalue()

    def rewind(self, shown: str) -> None:
        """Go back to what was shown then."""
        self._stream.seek(len(shown))
        self._stream.truncate()

    def taken(self) -> str:
        """Return it, and begin anew."""
        text = self._stream.getvalue()
        self._stream.seek(0)
        self._stream.truncate()
        return text


class Staged:
    """The line of one script, and then of the next: each begins on a database of its own."""

    url = URL

    def __init__(self, line: Line, settings: Settings, recorded: Folder, log: Log) -> None:
        """Put the line behind its webhooks; `begin` comes before each script."""
        self._log = log
        self._now: datetime
        self._retention = timedelta(days=settings.retention_days)
        self._fault: _Trouble = "nothing"
        self._given: dict[str, set[object]] = {}
        self.today: date
        self.turns: list[TurnTaken] = []
        self.database = line.database
        self.gateway = sandbox.Sandbox(self._processor_fault)
        self._random = random.Random()  # noqa: S311 - alike each time is what is wanted here
        self.line = replace(
            line,
            clock=lambda: self._now,
            watch=self._watch,
            gateway=self.gateway,
            draw=lambda: self._random.randrange(ORDER_NUMBERS),
        )
        self.post: Post = wsgi_post(voice_app(self.line, settings, recorded, Guard(settings)))

    def begin(self, at: datetime, given: Given) -> None:
        """Begin a script on a database that is as it is to be found: nothing of an earlier script is left."""
        self._now, self._fault = at.astimezone(UTC), "nothing"
        self._given = {table: set(ids) for table, ids in given.items()}
        self.turns = []  # the last script's may still be looked at
        self.today = self.line.today(self._now)
        self.gateway.rewind(())
        self._random.seed(at.isoformat())

    def close(self) -> None:
        """Leave the database as others use it."""
        if event.contains(self.database, "begin", self._begin):
            event.remove(self.database, "begin", self._begin)

    @property
    def now(self) -> datetime:
        """The line's time."""
        return self._now

    def passes(self, seconds: float) -> None:
        """Let time go on."""
        self._now += timedelta(seconds=seconds)

    def later(self, span: timedelta) -> None:
        """Let time pass; the line sweeps meanwhile as it would have."""
        until = self._now + span
        in_memory = self.database.url.database in (None, "", ":memory:")
        Sweeping(self._sweep_at, self._would_sweep if in_memory else None).run(self._now, span)
        self._now = max(self._now, until)

    def _sweep_at(self, moment: datetime) -> None:
        self._now = max(self._now, moment)
        self.sweeps()

    def _would_sweep(self, moment: datetime) -> bool:
        """Sweep, and go back to where we were if that changed anything."""
        kept, logged = self.save(), self._log.shown()
        with driver(self.database) as connection:
            before = connection.total_changes
            self._sweep_at(moment)
            changed: bool = connection.total_changes != before
        self._now = kept.now
        if changed:
            self.restore(kept)
        self._log.rewind(logged)
        return changed

    def sweeps(self) -> None:
        """Let the line finish what calls left behind; a fault of one turn waits for its turn."""
        with nullcontext() if self._fault in _FAULTS else self._unbroken():
            sweep(self.line, self._retention)

    def ships(self, order_number: str) -> str:
        """Ship an order."""
        with self._unbroken():
            number = pharmacy_rows.order_number(self.database, order_number)
        with nullcontext() if self._fault in _FAULTS else self._unbroken():
            shipped = ship(self.line.desk, number)
        return "" if shipped.done else shipped.words

    def processor(self, state: Processor) -> None:
        """Make the card processor be so from here on."""
        self._fault = _STATES[state]

    def change(self, rows: Sequence[Row]) -> None:
        """Add or change rows; what stands there before a call is none of what it wrote."""
        if not rows:
            return
        before = {table: self._ids(table) for table in self._given.keys() & {row.table for row in rows}}
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
        if fault == "guessing":
            self._guess()
            return
        self._break(fault)

    def _break(self, fault: _Trouble) -> None:
        self._fault = fault
        if fault == "database" and not event.contains(self.database, "begin", self._begin):
            event.listen(self.database, "begin", self._begin)  # only now: each event costs every statement its time

    def _guess(self) -> None:
        """Let as many strangers guess wrongly, each about somebody else, as put the line under attack for a minute."""
        tries = [
            {"phone": f"a stranger {n}", "member": f"a member {n}", "at": self._now} for n in range(MOST_ON_LINE + 1)
        ]
        with self._unbroken(), self.database.begin() as connection:
            connection.execute(insert(wrong_try), tries)

    def rows(self, table: str) -> Sequence[Found]:
        """Return a table's rows."""
        with self._unbroken():
            if table in line_rows.COLUMNS:
                return line_rows.LineRows(self.database, self.line.vault, self._now).rows(table)
            return pharmacy_rows.rows(self.database, table)

    def new_rows(self, table: str) -> Sequence[Found]:
        """Return the rows that calls have written; the line itself keeps nothing before the first of them."""
        if table in line_rows.COLUMNS:
            return self.rows(table)
        with self._unbroken():
            return pharmacy_rows.rows(self.database, table, but=self._given[table])

    def save(self) -> Kept:
        """Keep everything as it is now."""
        with driver(self.database) as connection:
            content = connection.serialize()
        charges = tuple(self.gateway.charges.values())
        given = {table: frozenset(ids) for table, ids in self._given.items()}
        return Kept(content, self._now, self._fault, (*self.turns,), self._random.getstate(), given, charges)

    def restore(self, kept: object) -> None:
        """Go back to what was kept."""
        if not isinstance(kept, Kept):
            raise TypeError("only what this scene kept can be gone back to")
        with driver(self.database) as connection:
            connection.deserialize(kept.database)
        self._now = kept.now
        self._break(kept.fault)
        self.turns[:] = kept.turns
        self._random.setstate(kept.random)
        self.gateway.rewind(kept.charges)
        self._given = {table: set(ids) for table, ids in kept.given.items()}

    def holdings(self) -> Iterator[Holding]:
        """Yield what lies in the database and in the log."""
        with self._unbroken():
            yield from holdings(self.line)
        yield Holding("log", self._log.shown())

    def log(self) -> str:
        """Return what was logged since the last time."""
        return self._log.taken()

    def _watch(self, turn: TurnTaken) -> None:
        if self._fault == "line":
            self._fault = "nothing"
            raise RehearsalError("a turn failed because the script says so")
        self.turns.append(turn)

    def _begin(self, _: object) -> None:
        if self._fault == "database":
            self._fault = "nothing"
            raise OperationalError("a script", {}, RehearsalError("the database is away because the script says so"))

    def _processor_fault(self, _: str) -> sandbox.Fault | Reason | None:
        fault = _FAULTS.get(self._fault)
        if isinstance(fault, sandbox.Fault):
            self.passes(PROCESSOR_SECONDS)
            if self._fault.endswith("_once"):
                self._fault = "nothing"
        return fault
