"""Kills a worker at every point of what it does: around each transaction that writes, and around each request to the
card processor.

The points of a path are found by going it once without a fault. A transaction has three: before it begins, before its
commit, and after it. A request to the processor has two: before it is sent, and once it was done and its answer is on
its way. Then the path is gone anew for each point, with a kill there: what was open is undone, and a new process goes
on with nothing but the database and the processor's ledger.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from demo_line import DemoLine, open_demo_line
from money_audit import Booked
from postgres_snapshot import PostgresSnapshot
from sqlalchemy import event, make_url

from ivr.orders import sweep as orders_sweep
from ivr.orders.desk import Desk, Outcome
from ivr.pages.app import make_app
from ivr.payment.sandbox import Fault, MemoryLedger, Sandbox
from ivr.phone.handset import Ended, Handset, Heard, Paying
from ivr.phone.transport import NO_ANSWER, Form, Headers, Reply, wsgi_post
from ivr.settings import Settings
from ivr.simulator.scenario import URL

Result = TypeVar("Result")

TURN = ("call", "journal")
"""The tables that every turn writes."""
_WRITES = re.compile(r"(?<!FOR )(?<!DO )\b(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")


class KilledError(BaseException):
    """The worker is gone: nothing that is written to expect an Exception may see it."""


@dataclass(frozen=True)
class Point:
    """A point at which a worker can die: the transaction or request by its place in the path, and where in it."""

    step: int
    where: str


@dataclass
class Watch:
    """Counts what a worker does, by its signature: the tables that a transaction writes, or what the processor is asked.

    `kills_at` is where it dies.
    """

    kills_at: Point | None = None
    steps: list[str] = field(default_factory=list)
    _written: set[str] = field(default_factory=set)

    def begins(self, signature: str = "") -> None:
        """Note that a transaction or a request begins."""
        self.steps.append(signature)
        self._written.clear()
        self.reaches("before")

    def writes(self, statement: str) -> None:
        """Note the tables that a statement writes."""
        self._written.update(_WRITES.findall(statement))

    def commits(self) -> None:
        """Note that the transaction is about to commit."""
        written = self._written
        rest = sorted(written - {*TURN}) if written >= {*TURN} else sorted(written)
        self.steps[-1] = " ".join(["turn", *rest] if written >= {*TURN} else rest)
        self.reaches("within")

    def reaches(self, where: str) -> None:
        """Die if this is the point to die at."""
        if self.kills_at == Point(len(self.steps) - 1, where):
            self.kills_at = None
            raise KilledError(where)


class WatchedSandbox(Sandbox):
    """The card processor, which outlives every worker."""

    def __init__(self) -> None:
        self.memory = MemoryLedger()
        super().__init__(lambda _: Fault.DOWN if self.is_down else None, self.memory)
        self.is_down = False
        self.watch = Watch()

    def _asked(self, what: str, work: Callable[[], Result]) -> Result:
        self.watch.begins(f"ask {what}")
        answer = work()
        self.watch.reaches("answered")
        return answer

    def tokenize(self, *args: Any, **more: Any) -> Any:
        return self._asked("tokenize", lambda: super(WatchedSandbox, self).tokenize(*args, **more))

    def attach(self, *args: Any, **more: Any) -> Any:
        return self._asked("attach", lambda: super(WatchedSandbox, self).attach(*args, **more))

    def authorize(self, *args: Any, **more: Any) -> Any:
        return self._asked("authorize", lambda: super(WatchedSandbox, self).authorize(*args, **more))

    def capture(self, *args: Any, **more: Any) -> Any:
        return self._asked("capture", lambda: super(WatchedSandbox, self).capture(*args, **more))

    def void(self, *args: Any, **more: Any) -> Any:
        return self._asked("void", lambda: super(WatchedSandbox, self).void(*args, **more))

    def retrieve(self, *args: Any, **more: Any) -> Any:
        return self._asked("retrieve", lambda: super(WatchedSandbox, self).retrieve(*args, **more))

    @property
    def books(self) -> list[Booked]:
        """All that it was asked to set aside, by its own account."""
        return [
            Booked(each.reference, each.description, each.status, each.amount_cents, each.captured_cents)
            for each in self.charges.values()
        ]


class Host:
    """A line on one database whose worker can die, and is started anew then.

    `carrier` says what the carrier does with a request that the worker died of: it sends it `again`, asks the
    `fallback`, or the caller `hangs_up` meanwhile. `cut_off_after` is how many more requests of a call get through.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.sandbox = WatchedSandbox()
        self.carrier = "fallback"
        self.card_capture = "keypad"
        self.cut_off_after: int | None = None
        self.line = open_demo_line(url, self.sandbox)
        self._engine = self.line.services.database
        self._listen()
        self._calls = itertools.count()

    @property
    def watch(self) -> Watch:
        """What counts the points."""
        return self.sandbox.watch

    def start(self) -> None:
        """Start a new worker, with nothing of the one before; what was heard is known to the caller."""
        now, turns = self.line.clock.now, self.line.turns
        self._engine.dispose()  # the engine itself holds nothing but compiled statements, which are slow to make
        self.line = DemoLine(self._engine, Settings(), self.sandbox)
        self.line.clock.now, self.line.turns = now, turns
        if self.card_capture == "pay":
            services = replace(self.line.services, card_capture="pay")
            self.line = self.line.copy_with(services=services, app=make_app(services, Settings()))

    def _listen(self) -> None:
        """Have the watch count the transactions of the database."""
        begin, commit = self._engine.dialect.do_begin, self._engine.dialect.do_commit

        def do_begin(connection: Any) -> None:
            self.watch.begins()
            begin(connection)

        def do_commit(connection: Any) -> None:
            self.watch.commits()
            commit(connection)
            self.watch.reaches("after")

        self._engine.dialect.do_begin, self._engine.dialect.do_commit = do_begin, do_commit  # type: ignore[assignment, method-assign]
        event.listen(self._engine, "before_cursor_execute", lambda _, __, statement, *___: self.watch.writes(statement))

    def post(self, url: str, form: Form | None, headers: Headers) -> Reply:
        """Send a request of the carrier; one that the worker dies of is not answered."""
        if self.cut_off_after is not None:
            if not self.cut_off_after:
                raise KilledError("the call is cut off")
            self.cut_off_after -= 1
        try:
            return wsgi_post(self.line.app)(url, form, headers)
        except KilledError:
            self.start()
            if self.carrier == "hangs_up":
                raise
            return self.post(url, form, headers) if self.carrier == "again" else Reply(NO_ANSWER, "", "killed")

    def dial(self) -> tuple[Handset, Heard]:
        """Call the line; return the telephone, and what is heard first."""
        sid = f"CA{next(self._calls):02x}{'f1' * 15}"
        phone = Handset(self.post, URL, "+15105550123", "+18002457979", sid, passes=lambda s: self.line.passes(s))
        return phone, phone.dial()

    def answer(
        self, phone: Handset, heard: Heard, answers: Mapping[str, str], until: str = "", card: str = ""
    ) -> Heard:
        """Press what `answers` say at each question, until there is none for it or `until` is asked.

        `card` is keyed for the carrier as often as that takes one.
        """
        for _ in range(60):
            if isinstance(heard.waiting, Paying):
                if not card:
                    break
                heard = phone.pay(card, "1230", "123")
                continue
            asked = self.line.last_prompts
            keys = next((answers[prompt] for prompt in reversed(asked) if prompt in answers), None)
            if isinstance(heard.waiting, Ended) or keys is None or until in asked:
                break
            heard = phone.press(keys)
        return heard

    def desk(self, work: Callable[[Desk], Outcome]) -> None:
        """Have staff do something, and again if the worker died of it: at once and a little later, or after all else."""
        try:
            work(self.line.services.desk)
        except KilledError:
            self.start()
            if self.carrier == "hangs_up":
                self.settle()
            if not work(self.line.services.desk).done:  # a lease may say that somebody else is at it
                self.line.clock.pass_seconds(10)
                work(self.line.services.desk)

    def sweep(self, *parts: str) -> None:
        """Sweep the orders; who dies of it is followed by the next sweep."""
        try:
            for part in parts or orders_sweep.PARTS:
                orders_sweep.see_through(self.line.services.desk, part, self.line.clock.now)
        except KilledError:
            self.start()

    def settle(self) -> None:
        """Let time pass and the sweeps run, until nothing is left to do."""
        for minutes in (2, 2, 35, 4 * 24 * 60):
            self.line.clock.pass_seconds(60 * minutes)
            self.sweep()
        self.line.sweeps()


class Moment:
    """All that outlives a worker, as it was when this was made: the way back to it."""

    def __init__(self, host: Host) -> None:
        host.line.services.database.dispose()
        url = make_url(host.url)
        self._file = Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
        self._content = self._file.read_bytes() if self._file else b""
        self._postgres = (
            None if self._file else PostgresSnapshot(url.set(drivername="postgresql").render_as_string(False))
        )
        self._now, self._turns = host.line.clock.now, tuple(host.line.turns)
        self._charges = tuple(host.sandbox.charges.values())

    def back(self, host: Host) -> None:
        """Go back."""
        host.line.services.database.dispose()
        if self._file:
            for suffix in ("-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            self._file.write_bytes(self._content)
        elif self._postgres:
            assert self._postgres.restore(), "the tables are others than before"
        host.sandbox.memory.rewind(self._charges)
        host.sandbox.watch = Watch()
        host.line.clock.now, host.line.turns[:] = self._now, self._turns

    def close(self) -> None:
        """Give up what it needed."""
        if self._postgres:
            self._postgres.close()
