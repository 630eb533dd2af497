"""The line of one scenario, with a clock that moves with the calls, and random numbers that are the same each time."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from wsgiref.types import WSGIApplication

from sqlalchemy import Engine, insert

from ivr.line.lockout import MOST_ON_LINE
from ivr.line.sandbox_ledger import loaded_charges
from ivr.line.service import Services, TurnTaken
from ivr.line.sweep import Pace, sweep
from ivr.line.tables import wrong_try
from ivr.orders.ship import ship
from ivr.payment.sandbox import Charge, MemoryLedger, Sandbox
from ivr.phone.transport import Transport, wsgi_post
from ivr.simulator import line_rows, pharmacy_rows
from ivr.simulator.clock import MovingClock
from ivr.simulator.faults import STATES, Faults, Trouble
from ivr.simulator.holdings import Holding, holdings
from ivr.simulator.images import Image
from ivr.simulator.sweeping import Sweeping
from ivr.simulator.world import Fault, Found, Processor, Row

URL = "http://localhost/voice"
ORDER_NUMBERS = 10**9
RETENTION = timedelta(days=90)
IN_ORDER = Pace(begin_at=lambda _: 0)
"""The pace of sweeps that do the same each time."""

Turn = TurnTaken
"""One turn: what the caller did, the trace through the flow, and how the turn ended."""

KnownRows = Mapping[str, frozenset[object]]
"""The ids of the rows that existed before calls, by table."""


@contextmanager
def driver(engine: Engine) -> Iterator[Any]:
    """Give the driver's own SQLite connection, for methods that SQLAlchemy does not have."""
    connection = engine.raw_connection()
    try:
        yield connection.driver_connection
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class ScenarioSnapshot:
    """The whole state of a scenario at a moment, to return to."""

    database: Image
    now: datetime
    trouble: Trouble
    turns: tuple[Turn, ...]
    random: tuple[Any, ...]
    given: KnownRows
    charges: tuple[Charge, ...]


class Log:
    """The line's log during calls."""

    def __init__(self, stream: io.StringIO | None = None) -> None:
        """Read the log from the stream that it is written to. Without a stream it stays empty."""
        self._stream = stream or io.StringIO()

    def content(self) -> str:
        """Return what was written since `take` was called last."""
        return self._stream.getvalue()

    def rewind(self, content: str) -> None:
        """Remove what was written after `content` had returned this text."""
        self._stream.seek(len(content))
        self._stream.truncate()

    def take(self) -> str:
        """Return what was written, and empty the log."""
        text = self._stream.getvalue()
        self._stream.seek(0)
        self._stream.truncate()
        return text


class Scenario:
    """A line on a database, with its own clock, card processor and random numbers. It can be begun many times."""

    url = URL

    def __init__(
        self,
        services: Services,
        application: Callable[[Services], WSGIApplication],
        *,
        retention: timedelta = RETENTION,
        log: Log | None = None,
    ) -> None:
        """Make the line; `application` returns its web application. Call `begin` before the first call."""
        self.clock = MovingClock(services.clock())
        self.database = services.database
        self.faults = Faults(services.database, self.clock.pass_seconds)
        self._ledger = MemoryLedger()
        self.gateway = Sandbox(self.faults.on_processor, self._ledger)
        self.turns: list[Turn] = []
        self.today: date
        self._log = log or Log()
        self._retention = retention
        self._base = b""
        self._given: dict[str, set[object]] = {}
        self._random = random.Random()  # noqa: S311 - has to give the same numbers each time
        self.services = replace(
            services,
            clock=self.clock,
            watch=self._watch,
            gateway=self.gateway,
            random_number=lambda: self._random.randrange(ORDER_NUMBERS),
        )
        self.post: Transport = wsgi_post(application(self.services))

    def begin(self, at: datetime, given: KnownRows) -> None:
        """Begin a scenario on a prepared database, with the ids of its rows; forget any earlier scenario."""
        self.clock.now = at.astimezone(UTC)
        self.faults.begin("nothing")
        self._given = {table: set(ids) for table, ids in given.items()}
        self._base = b""
        self.turns = []  # a new list: the last scenario's turns may still be in use
        self.today = self.services.today(self.clock.now)
        self._ledger.rewind(())
        self._charge_loaded()
        self._random.seed(at.isoformat())

    # Events between calls

    def passes(self, seconds: float) -> None:
        """Move the clock on."""
        self.clock.pass_seconds(seconds)

    def later(self, span: timedelta) -> None:
        """Move the clock on, running the line's sweeps (its regular work between calls) that fall into that time."""
        begin = self.clock.now
        in_memory = self.database.url.database in (None, "", ":memory:")
        Sweeping(self._sweep_at, self._would_sweep if in_memory else None).run(begin, span)
        self._not_before(begin + span)

    def _sweep_at(self, moment: datetime) -> bool:
        """Sweep at a time; return whether that changed the database, always true if the database cannot tell."""
        self._not_before(moment)
        if self.database.dialect.name != "sqlite":
            self.sweeps()
            return True
        with driver(self.database) as connection:
            changes_before: int = connection.total_changes
            self.sweeps()
            changes_after: int = connection.total_changes
        return changes_after != changes_before

    def _not_before(self, moment: datetime) -> None:
        self.clock.now = max(self.clock.now, moment)

    def _would_sweep(self, moment: datetime) -> bool:
        """Return whether a sweep at a time would change anything; the scenario stays as it is."""
        snapshot, logged = self.save(), self._log.content()
        changed = self._sweep_at(moment)
        self.clock.now = snapshot.now
        if changed:
            self.restore(snapshot)
        self._log.rewind(logged)
        return changed

    def sweeps(self) -> None:
        """Run the line's sweep, which finishes what calls left open. A fault of the next turn stays for that turn.

        Raises RuntimeError if a part of it failed; the log has the traceback.
        """
        with self.faults.but_processor():
            swept = sweep(self.services, self._retention, IN_ORDER)
        if swept.failed:
            raise RuntimeError(f"the sweep failed: {', '.join(swept.failed)}")

    def ships(self, order_number: str) -> str:
        """Ship an order, or with NEWEST the one placed last, as staff do; return why it was not shipped, or ""."""
        with self.faults.none():
            number = pharmacy_rows.order_number(self.database, order_number)
        with self.faults.but_processor():
            shipped = ship(self.services.desk, number)
        return "" if shipped.done else shipped.words

    def processor(self, state: Processor) -> None:
        """Set the state of the card processor from now on."""
        self.faults.begin(STATES[state])

    def breaks(self, fault: Fault) -> None:
        """Simulate a fault: a turn of the line or its database fails once, a processor until it works again."""
        if fault == "guessing":
            self._guess()
        else:
            self.faults.begin(fault)

    def _guess(self) -> None:
        """Add as many wrong tries of strangers, about different members, as make the line count as under attack."""
        tries = [
            {"phone": f"a stranger {n}", "member": f"a member {n}", "at": self.clock.now}
            for n in range(MOST_ON_LINE + 1)
        ]
        with self.faults.none(), self.database.begin() as connection:
            connection.execute(insert(wrong_try), tries)

    # Rows of the database

    def change(self, rows: Sequence[Row]) -> None:
        """Add or change rows, which do not count as written by calls; raise RefusedRowError if one is refused."""
        if not rows:
            return
        ids_before = {table: self._ids(table) for table in self._given.keys() & {row.table for row in rows}}
        with self.faults.none():
            pharmacy_rows.change(self.database, rows, self.today)
        for table, ids in ids_before.items():
            self._given[table] |= self._ids(table) - ids
        self._charge_loaded()

    def _charge_loaded(self) -> None:
        """Tell the processor of the payments that came by rows, which it was never asked for."""
        with self.faults.none(), self.database.begin() as connection:
            charges = loaded_charges(connection)
        for charge in charges:
            self._ledger.add(charge)

    def _ids(self, table: str) -> set[object]:
        with self.faults.none():
            return pharmacy_rows.ids(self.database, table)

    def table(self, name: str) -> Sequence[Found]:
        """Return a table's rows with the loader's column names; an order has its lines in the column `lines`."""
        with self.faults.none():
            if name in line_rows.COLUMNS:
                return line_rows.LineRows(self.database, self.services.digest, self.clock.now).rows(name)
            return pharmacy_rows.rows(self.database, name)

    def new_rows(self, table: str) -> Sequence[Found]:
        """Return the rows that calls have written; all rows of the line's own tables, which calls alone write."""
        if table in line_rows.COLUMNS:
            return self.table(table)
        with self.faults.none():
            return pharmacy_rows.rows(self.database, table, but=self._given[table])

    def holdings(self) -> Iterator[Holding]:
        """Yield all data in the database and in the log."""
        with self.faults.none():
            yield from holdings(self.services)
        yield Holding("log", self._log.content())

    def log(self) -> str:
        """Return what was logged since this was called last."""
        return self._log.take()

    # Saving and restoring

    def save(self) -> ScenarioSnapshot:
        """Return a snapshot of the whole scenario."""
        with driver(self.database) as connection:
            content: bytes = connection.serialize()
        self._base = self._base or content
        charges = self._ledger.charges()
        given = {table: frozenset(ids) for table, ids in self._given.items()}
        return ScenarioSnapshot(
            Image.of(content, self._base),
            self.clock.now,
            self.faults.now,
            (*self.turns,),
            self._random.getstate(),
            given,
            charges,
        )

    def restore(self, snapshot: ScenarioSnapshot) -> None:
        """Return to a snapshot."""
        with driver(self.database) as connection:
            connection.deserialize(snapshot.database.content())
        self.clock.now = snapshot.now
        self.faults.begin(snapshot.trouble)
        self.turns[:] = snapshot.turns
        self._random.setstate(snapshot.random)
        self._ledger.rewind(snapshot.charges)
        self._given = {table: set(ids) for table, ids in snapshot.given.items()}

    def _watch(self, turn: Turn) -> None:
        self.faults.on_turn()
        self.turns.append(turn)
