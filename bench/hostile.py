"""Hostile requests over every route and, signed as the carrier signs, at every state of the flow, ordering states too.

Three parts, each with counts by route and status, and an exit code of 1 if anything was found:

- anybody's requests to the whole application, with settings that take local requests, unsigned ones, or neither;
- at each question and each redirect that the call scripts come to: requests about that very call, unsigned and signed;
- broken HTTP by plain sockets to `ivr serve`.

No answer may be a 5xx, no traceback be logged, nothing be written for a request that is not the carrier's, and a signed
one may write what its own call's turn writes: an order only by the key that confirms, once, and no charge without one.
What may be: a wrong staff password is counted (`staff_guess`), and waitress has 501 for codings it does not know.

    python bench/hostile.py [--requests 100000] [--sockets 3000]
    python bench/hostile.py --requests 5000 --plant crash     # or row, order, charge: found, or the bench is of no use
"""

from __future__ import annotations

import argparse
import io
import itertools
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from flask import Flask, request
from sqlalchemy import Connection, insert, text
from werkzeug.wrappers import Request

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from hostile import Answered, answer, digests, environment, send, sign
from hostile_sockets import over_http

from ivr import logs
from ivr.errors import Report
from ivr.line.tables import lock_out
from ivr.pages.app import make_app
from ivr.phone.transport import Form, Headers, Reply, Transport
from ivr.qa.replay.player import play
from ivr.qa.scripts.names import vocabulary_of
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.script import Script
from ivr.secret import Secret
from ivr.settings import Settings
from ivr.simulator.holdings import ALL_TABLES
from ivr.simulator.scenario import Scenario, ScenarioSnapshot, driver
from ivr.simulator.simulator import PERSON, Simulator
from ivr.simulator.world import Row

CALLS = Path(__file__).parent.parent / "tests" / "calls"
TOKEN = Secret("a token that strangers do not know")
PASSWORD = Secret("a password of staff")
SIGNED = Settings(twilio_auth_tokens=(TOKEN,), staff_password=PASSWORD, person_number=PERSON)
KINDS_OF_LINE = {
    "local": Settings(),
    "open": Settings(unsigned=True, staff_password=PASSWORD, person_number=PERSON),
    "signed": SIGNED,
}
AT_STATES = 0.6
"""The share of the requests that are sent at the states of calls."""
MANY, FEW, ENOUGH = 30, 3, 300
"""How many requests are sent at each visit of a state, and how many once that state has had enough."""
COUNTED_TRIES = {"staff_guess"}
"""What a request that is not the carrier's may write: a wrong staff password is counted."""
LIVE = ("authorized", "captured")


@dataclass
class Tally:
    """What was sent, what came back, and what was wrong."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def note(self, answered: Answered) -> None:
        """Count an answer, and keep what is wrong with it."""
        self.answers[route(answered.path), answered.status] += 1
        self.faults += answered.faults

    def tell(self, what: str) -> None:
        """Print the counts."""
        print(f"\n{what}: {sum(self.answers.values()):,} requests")
        for name, counts in itertools.groupby(sorted(self.answers.items()), lambda item: item[0][0]):
            print(f"  {name:22}", ", ".join(f"{status}: {count:,}" for (_, status), count in counts))
        if self.states:
            print(f"  at {len(self.states)} states, {min(self.states.values())} to {max(self.states.values())} at each")
        if self.written:
            print("  rows more, by what calls' own turns wrote:", dict(self.written.most_common()))


ROUTES = (
    *(
        "/voice/turn",
        "/voice/status",
        "/voice/fallback",
        "/voice",
        "/studio/words",
        "/studio/flows",
        "/studio/versions",
    ),
    *("/studio/publish", "/studio/find", "/studio/static", "/studio", "/audio", "/healthz", "/readyz", "/metrics"),
)


def route(path: str) -> str:
    """Return the part of the application that a path is for, as far as it can be told."""
    path = f"/{path.lstrip('/')}/"
    return next((name for name in ROUTES if path.startswith(f"{name}/")), "elsewhere")


# Faults that are planted, to see that they are found

Plant = Callable[[Flask, Scenario], Flask]
"""Puts a fault into an application."""


def nothing(app: Flask, _: Scenario) -> Flask:
    return app


def without_probe(app: Flask) -> Flask:
    """Have `/readyz` ask no database: it does so in a thread, and a database in memory has one connection for all."""
    app.view_functions["status.ready"] = lambda: "asked of the line that runs, by plain sockets"
    return app


def crash(app: Flask, _: Scenario) -> Flask:
    """Have a view fail."""
    app.before_request(lambda: {}[request.path] if request.path == "/healthz" else None)
    return app


def row(app: Flask, scenario: Scenario) -> Flask:
    """Write a row for requests without a signature."""

    def write() -> None:
        if "X-Twilio-Signature" not in request.headers:
            with scenario.database.begin() as connection:
                subject = f"{connection.execute(text('SELECT count(*) FROM lock_out')).scalar()}"
                connection.execute(insert(lock_out).values(subject=subject, since=scenario.clock.now))

    app.before_request(write)
    return app


def order(app: Flask, scenario: Scenario) -> Flask:
    """Place an order for whoever keys nothing."""
    number = itertools.count()

    def place() -> None:
        if request.form.get("Digits") == "" and "X-Twilio-Signature" in request.headers:
            with scenario.database.begin() as connection:
                connection.execute(
                    text(
                        "INSERT INTO refill_order (order_number, member_id, channel, status, ship_to_id, total_cents, "
                        "placed_at, request_key) SELECT :number, member_id, 'phone', 'placed', id, 0, :now, :number "
                        "FROM address LIMIT 1"
                    ),
                    {"number": f"planted {next(number)}", "now": "2026-03-02 12:00:00"},
                )

    app.before_request(place)
    return app


def charge(app: Flask, scenario: Scenario) -> Flask:
    """Charge a card that belongs to no order."""
    number = itertools.count()

    def take() -> None:
        if request.form.get("Digits") == "" and "X-Twilio-Signature" in request.headers:
            scenario.gateway.authorize(Secret("tok_visa"), 100, f"planted {next(number)}", "a charge")

    app.before_request(take)
    return app


PLANTS = {"crash": crash, "row": row, "order": order, "charge": charge}


# Anybody's requests


def from_anybody(simulator: Simulator, count: int, chance: random.Random, plant: Plant) -> Tally:
    """Send requests to the whole application."""
    tally = Tally()
    for kind, settings in KINDS_OF_LINE.items():
        with simulator.open(datetime(2026, 3, 2, 12)) as scenario:  # noqa: DTZ001 - the pharmacy's own time
            app = plant(without_probe(make_app(scenario.services, settings)), scenario)
            before, writes = Rows(scenario), kind != "signed"
            for answered in send(app, chance, count // len(KINDS_OF_LINE)):
                tally.note(answered)
                if not writes and (changed := before.changed() - COUNTED_TRIES):
                    tally.faults.append(f"{kind}: {answered.path[:80]!r} wrote {changed}")
                    before = Rows(scenario)
            tally.faults += [f"{kind}: wrote {changed}" for changed in before.changed() & {"refill_order", "payment"}]
    return tally


class Rows:
    """The rows of a scenario's database at a moment, to tell what has changed since; quick while nothing has."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._changes = self._count_changes()
        self._rows = digests(scenario.database)

    def changed(self) -> set[str]:
        """Return the names of the tables that differ."""
        if self._count_changes() == self._changes:
            return set()
        now = digests(self._scenario.database)
        return {name for name in now if now[name] != self._rows[name]}

    def restored(self) -> None:
        """Take note that the database is again as it was."""
        self._changes = self._count_changes()

    def _count_changes(self) -> int:
        with driver(self._scenario.database) as connection:
            return int(connection.total_changes)


# At the states of calls


class Besieged(Simulator):
    """A simulator on whose line each call is besieged: hostile requests come at each of its turns."""

    def __init__(self, count: int, chance: random.Random, plant: Plant) -> None:
        super().__init__(Settings())
        self.left = count
        self.chance = chance
        self.plant = plant
        self.tally = Tally()
        self._apps: dict[bool, Flask] = {}

    @contextmanager
    def open(self, at: datetime, given: Sequence[Row] = (), *, has_person: bool = True) -> Iterator[Scenario]:
        """Open a scenario whose telephone sends hostile requests before each of its own."""
        with super().open(at, given, has_person=has_person) as scenario:
            if has_person not in self._apps:
                app = without_probe(make_app(scenario.services, SIGNED))
                self._apps[has_person] = self.plant(app, scenario)
            post = scenario.post
            scenario.post = self._besieging(scenario, self._apps[has_person], post)
            try:
                yield scenario
            finally:
                scenario.post = post

    def _besieging(self, scenario: Scenario, app: Flask, post: Transport) -> Transport:
        def besieged(url: str, form: Form | None, headers: Headers) -> Reply:
            path = url.removeprefix("http://localhost")
            if form and path.startswith("/voice/turn") and scenario.turns and scenario.faults.now == "nothing":
                siege = Siege(scenario, app, self.chance, self.tally, path, form["CallSid"])
                count = MANY if self.tally.states[siege.name] < ENOUGH else FEW
                self.left -= sum(siege.attack() for _ in range(min(count, self.left)))
            return post(url, form, headers)

        return besieged


class Siege:
    """Hostile requests at one moment of one call, each to the line as it is then."""

    def __init__(
        self, scenario: Scenario, app: Flask, chance: random.Random, tally: Tally, path: str, sid: str
    ) -> None:
        self._scenario = scenario
        self._app = app
        self._chance = chance
        self._tally = tally
        self._path = path
        self._sid = sid
        self._before: ScenarioSnapshot = scenario.save()
        self._rows = Rows(scenario)
        self._counts = self._count()
        call = scenario.turns[-1].call
        self._state = scenario.services.versions.current.flows.state(call.top.flow, call.top.state)
        self.name = f"{call.top.flow}.{call.top.state}"

    def attack(self) -> int:
        """Send a request, a signed one that changes something twice; return how many were sent."""
        environ = environment(self._chance, self._sid, self._path)
        signed = self._chance.random() < 0.7 and sign(environ, TOKEN)
        answered = self._send(environ)
        if not (changed := self._rows.changed()):
            return 1
        if not signed:
            wrong = changed - COUNTED_TRIES if answered.path.startswith("/studio") else changed
            self._fault(environ, f"not signed, and wrote {wrong}" if wrong else "")
            self._restore()
            return 1
        self._tally.written.update({name: more for name, more in self._more().items() if more > 0})
        self._judge(environ)
        self._repeat(environ, answered)
        self._restore()
        return 2

    def _send(self, environ: dict[str, object]) -> Answered:
        self._tally.states[self.name] += 1
        answered = answer(self._app, environ)
        self._tally.note(replace(answered, faults=tuple(f"{self.name}: {fault}" for fault in answered.faults)))
        return answered

    def _judge(self, environ: dict[str, object]) -> None:
        """Look for orders that nobody confirmed, and for charges that belong to no order, or twice to one."""
        confirming = {key for key, target in self._state.keys.items() if target.confirms}
        keyed = _digits(environ)
        if self._more()["refill_order"] > 0 and keyed[:1] not in confirming:
            self._fault(environ, f"an order by the keys {keyed!r}, which confirm nothing")
        charged = [charge for charge in self._scenario.gateway.charges.values() if charge.status in LIVE]
        orders = [self._order_of(charge.request_key) for charge in charged]
        for charge, order in zip(charged, orders, strict=True):
            if order is None and charge not in self._before.charges:
                self._fault(environ, "a charge of no order")
            elif orders.count(order) > 1 and order:
                self._fault(environ, f"order {order} is charged twice")

    def _repeat(self, environ: dict[str, object], first: Answered) -> None:
        """Send a request once more, which must be answered alike and change nothing."""
        rows, charges = Rows(self._scenario), self._scenario.gateway.charges
        environ["wsgi.input"].seek(0)  # type: ignore[attr-defined]
        again = self._send(environ)
        changed = rows.changed() - COUNTED_TRIES
        if changed or self._scenario.gateway.charges != charges:
            self._fault(environ, f"sent twice, and changed {changed or 'charges'} the second time")
        if again.body != first.body:
            self._fault(environ, "sent twice, and answered otherwise the second time")

    def _order_of(self, request_key: str) -> str | None:
        query = "SELECT order_id FROM payment WHERE request_key = :key"
        with self._scenario.database.connect() as connection:
            found = connection.execute(text(query), {"key": request_key}).scalar()
            return None if found is None else str(found)

    def _more(self) -> Mapping[str, int]:
        """Return how many rows there are more than at first, by table."""
        return {name: now - self._counts[name] for name, now in self._count().items()}

    def _count(self) -> Mapping[str, int]:
        with self._scenario.database.connect() as connection:
            return {table.name: _count(connection, table.name) for table in ALL_TABLES}

    def _restore(self) -> None:
        self._scenario.restore(self._before)
        self._rows.restored()

    def _fault(self, environ: Mapping[str, object], what: str) -> None:
        if what:
            asked = f"{environ['REQUEST_METHOD']} {str(environ['PATH_INFO'])[:60]!r}"
            self._tally.faults.append(f"{self.name}: {asked}: {what}")


def _count(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def _digits(environ: Mapping[str, object]) -> str:
    environ["wsgi.input"].seek(0)  # type: ignore[attr-defined]
    form = Request(dict(environ)).form
    return "".join(key for key in form.get("Digits", "") if key in "0123456789*#")


def scripts(simulator: Simulator) -> list[Script]:
    """Return the call scripts."""
    report, vocabulary = Report(), vocabulary_of(simulator.catalogues)
    files = sorted(CALLS.glob("*.yaml"))
    return [
        script
        for file in files
        for script in read_scripts(str(file), file.read_text(encoding="utf-8"), report, vocabulary)
    ]


def at_states(count: int, chance: random.Random, plant: Plant) -> Tally:
    """Play the call scripts again and again, with hostile requests at each turn."""
    besieged = Besieged(count, chance, plant)
    played = scripts(besieged)
    while besieged.left > 0:
        chance.shuffle(played)
        for script in played:
            language = chance.choice([*script.languages(besieged.catalogues.languages)])
            if not (result := play(script, besieged, language)).passed:
                besieged.tally.faults.append(f"{script.name}: does not hold any more: {result.problems[0]}")
            if besieged.left <= 0:
                break
    if missed := waiting_states(besieged) - set(besieged.tally.states):
        print(f"too few requests to come to {len(missed)} states where a call waits: {', '.join(sorted(missed))}")
    return besieged.tally


def waiting_states(simulator: Simulator) -> set[str]:
    """Return the states at which a request of a call can come."""
    return {
        f"{flow.name}.{state.name}"
        for flow in simulator.flows.flows.values()
        for state in flow.states.values()
        if state.ends_turn and not (state.ending and not state.ends_on)  # goodbye waits for nothing
    }


def main() -> None:
    """Send, tell, and exit with 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100_000, help="in this process")
    parser.add_argument("--sockets", type=int, default=3_000, help="by plain sockets to a line that runs")
    parser.add_argument("--seed", type=int, default=7979)
    parser.add_argument("--plant", choices=PLANTS, help="put a fault in, to see that it is found")
    chosen = parser.parse_args()
    chance, plant = random.Random(chosen.seed), PLANTS.get(chosen.plant, nothing)
    logs.configure(io.StringIO())  # what scripts break on purpose; what hostile requests log is looked at
    faults: list[str] = []
    at = round(AT_STATES * chosen.requests)
    for what, work in (
        ("anybody's requests", lambda: from_anybody(Simulator(Settings()), chosen.requests - at, chance, plant)),
        ("at the states of calls", lambda: at_states(at, chance, plant)),
        ("by plain sockets", lambda: by_sockets(chosen.sockets, chance)),
    ):
        tally = work()
        tally.tell(what)
        faults += tally.faults
    print(f"\n{len(faults)} faults")
    for fault, count in Counter(faults).most_common(30):
        print(f"{count:6} {fault[:400]}")
    sys.exit(bool(faults))


def by_sockets(count: int, chance: random.Random) -> Tally:
    """Send broken HTTP to a line that runs."""
    tally = Tally()
    for case, status in over_http(count, chance, tally.faults):
        tally.answers[case, status] += 1
    return tally


if __name__ == "__main__":
    main()
