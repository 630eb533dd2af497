"""The line of one scenario: its time goes on with the caller's, what is drawn is drawn alike each time."""

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
from ivr.line.service import Services, TurnTaken
from ivr.line.sweep import sweep
from ivr.line.tables import wrong_try
from ivr.orders.ship import ship
from ivr.payment.sandbox import Charge, Sandbox
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

Turn = TurnTaken
"""One turn as the flow saw it: what the caller did, the way through the flow, and what ended the turn."""

KnownRows = Mapping[str, frozenset[object]]
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
class ScenarioSnapshot:
    """A moment of a scenario."""

    database: Image
    now: datetime
    trouble: Trouble
    turns: tuple[Turn, ...]
    random: tuple[Any, ...]
    given: KnownRows
    charges: tuple[Charge, ...]


class Log:
    """What the line writes to its log while calls are made."""

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


class Scenario:
    """A line on a database, with a clock, a card processor and chance of its own; may begin again and again."""

    url = URL

    def __init__(
        self,
        services: Services,
        application: Callable[[Services], WSGIApplication],
        *,
        retention: timedelta = RETENTION,
        log: Log | None = None,
    ) -> None:
        """`application` puts the line behind its webhooks. `begin` comes before the first call."""
        self.clock = MovingClock(services.clock())
        self.database = services.database
        self.faults = Faults(services.database, self.clock.pass_seconds)
        self.gateway = Sandbox(self.faults.on_processor)
        self.turns: list[Turn] = []
        self.today: date
        self._log = log or Log()
        self._retention = retention
        self._base = b""
        self._given: dict[str, set[object]] = {}
        self._random = random.Random()  # noqa: S311 - alike each time is what is wanted here
        self.services = replace(
            services,
            clock=self.clock,
            watch=self._watch,
            gateway=self.gateway,
            random_number=lambda: self._random.randrange(ORDER_NUMBERS),
        )
        self.post: Transport = wsgi_post(application(self.services))

    def begin(self, at: datetime, given: KnownRows) -> None:
        """Begin on a database that is as it is to be found: nothing of an earlier scenario is left."""
        self.clock.now = at.astimezone(UTC)
        self.faults.begin("nothing")
        self._given = {table: set(ids) for table, ids in given.items()}
        self._base = b""
        self.turns = []  # the last scenario's may still be looked at
        self.today = self.services.today(self.clock.now)
        self.gateway.rewind(())
        self._random.seed(at.isoformat())

    # What happens around calls

    def passes(self, seconds: float) -> None:
        """Let time go on."""
        self.clock.pass_seconds(seconds)

    def later(self, span: timedelta) -> None:
        """Let time pass; the line sweeps meanwhile as it would have."""
        begin = self.clock.now
        in_memory = self.database.url.database in (None, "", ":memory:")
        Sweeping(self._sweep_at, self._would_sweep if in_memory else None).run(begin, span)
        self._not_before(begin + span)

    def _sweep_at(self, moment: datetime) -> bool:
        """Sweep at a time; say whether that changed anything, as far as the database tells."""
        self._not_before(moment)
        if self.database.dialect.name != "sqlite":
            self.sweeps()
            return True
        with driver(self.database) as connection:
            before: int = connection.total_changes
            self.sweeps()
            after: int = connection.total_changes
        return after != before

    def _not_before(self, moment: datetime) -> None:
        self.clock.now = max(self.clock.now, moment)

    def _would_sweep(self, moment: datetime) -> bool:
        """Sweep, and go back to where we were."""
        kept, logged = self.save(), self._log.shown()
        changed = self._sweep_at(moment)
        self.clock.now = kept.now
        if changed:
            self.restore(kept)
        self._log.rewind(logged)
        return changed

    def sweeps(self) -> None:
        """Let the line finish what calls left behind; a fault of one turn waits for its turn."""
        with self.faults.but_processor():
            sweep(self.services, self._retention)

    def ships(self, order_number: str) -> str:
        """Let staff ship an order, or the newest; return why it was not shipped, nothing when it was."""
        with self.faults.none():
            number = pharmacy_rows.order_number(self.database, order_number)
        with self.faults.but_processor():
            shipped = ship(self.services.desk, number)
        return "" if shipped.done else shipped.words

    def processor(self, state: Processor) -> None:
        """Make the card processor be so from here on."""
        self.faults.begin(STATES[state])

    def breaks(self, fault: Fault) -> None:
        """Make something fail: a turn of the line or its database once, a processor until told otherwise."""
        if fault == "guessing":
            self._guess()
        else:
            self.faults.begin(fault)

    def _guess(self) -> None:
        """Let as many strangers guess wrongly, each about somebody else, as put the line under attack for a minute."""
        tries = [
            {"phone": f"a stranger {n}", "member": f"a member {n}", "at": self.clock.now}
            for n in range(MOST_ON_LINE + 1)
        ]
        with self.faults.none(), self.database.begin() as connection:
            connection.execute(insert(wrong_try), tries)

    # What lies in the database

    def change(self, rows: Sequence[Row]) -> None:
        """Add rows or change them, RefusedRowError when the loader refuses one; none of them is one that calls wrote."""
        if not rows:
            return
        before = {table: self._ids(table) for table in self._given.keys() & {row.table for row in rows}}
        with self.faults.none():
            pharmacy_rows.change(self.database, rows, self.today)
        for table, ids in before.items():
            self._given[table] |= self._ids(table) - ids

    def _ids(self, table: str) -> set[object]:
        with self.faults.none():
            return pharmacy_rows.ids(self.database, table)

    def table(self, name: str) -> Sequence[Found]:
        """Return a table's rows by the loader's column names; the lines of an order stand in its column `lines`."""
        with self.faults.none():
            if name in line_rows.COLUMNS:
                return line_rows.LineRows(self.database, self.services.vault, self.clock.now).rows(name)
            return pharmacy_rows.rows(self.database, name)

    def new_rows(self, table: str) -> Sequence[Found]:
        """Return the rows that calls have written; the line itself keeps nothing before the first of them."""
        if table in line_rows.COLUMNS:
            return self.table(table)
        with self.faults.none():
            return pharmacy_rows.rows(self.database, table, but=self._given[table])

    def holdings(self) -> Iterator[Holding]:
        """Yield what lies in the database and in the log."""
        with self.faults.none():
            yield from holdings(self.services)
        yield Holding("log", self._log.shown())

    def log(self) -> str:
        """Return what was logged since the last time."""
        return self._log.taken()

    # Going back

    def save(self) -> ScenarioSnapshot:
        """Keep everything as it is now."""
        with driver(self.database) as connection:
            content: bytes = connection.serialize()
        self._base = self._base or content
        charges = tuple(self.gateway.charges.values())
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

    def restore(self, kept: ScenarioSnapshot) -> None:
        """Go back to what was kept."""
        with driver(self.database) as connection:
            connection.deserialize(kept.database.content())
        self.clock.now = kept.now
        self.faults.begin(kept.trouble)
        self.turns[:] = kept.turns
        self._random.setstate(kept.random)
        self.gateway.rewind(kept.charges)
        self._given = {table: set(ids) for table, ids in kept.given.items()}

    def _watch(self, turn: Turn) -> None:
        self.faults.on_turn()
        self.turns.append(turn)
