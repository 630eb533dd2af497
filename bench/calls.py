"""How many calls at once a line holds, with 99 of 100 turns answered within 200 ms, and what memory its workers take.

Callers key something about every four seconds. `ivr serve` and the hand-written handler of `turn.py`, answered by the
same server with as many workers, are measured in turns on the same machine, which also runs the database and the
telephones. The number of calls is raised or lowered by 5 % until it is the most that is held.

    python bench/calls.py [--kind postgresql] [--workers 2] [--connections shared] [--mix own]
    python bench/calls.py --plot docs/pictures/calls.svg
    python bench/calls.py --turns 100000
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import resource
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from calls_plot import MOST_MS, plot
from databases import KINDS, Databases
from growth import FIRST, filled
from servers import PROJECT, Command, Line, children, ivr, running
from telephones import CONNECTIONS, LATE_SECONDS, MOST_LATE, MOST_TURNS, Measured, Telephones
from turn import MIXES, TOKEN

from ivr.pharmacy.database import open_database

Result = TypeVar("Result")

THINK_SECONDS = 4.0
MEMBERS = 1_000
TO_REACH = 0.9
WARM_TURNS = 2_000
FIRST_SHARE = 0.75
"""A first guess at the calls at once: of the turns a second that are answered when nobody thinks."""
STEP = 1.05
"""The search goes upwards or downwards by this factor."""
CALLS_IN_PROGRESS = 2_000
PLOTTED = (*range(200, 2_801, 200),)
TELEPHONE_FILES = 8192
"""How many connections the telephones may have open."""
OWN, ORDERING = MIXES.values()


def ordering(member: int) -> list[str]:
    """Return the keys of an ordering call by one of the members."""
    return [str(FIRST + member) if keys == "41200017" else keys for keys in ORDERING]


CALLERS = {"own": [OWN], "ordering": [ordering(member) for member in range(1, MEMBERS + 1)]}
"""What the telephones key, each one of these: turns of the line's own, or of ordering calls."""


def hand(workers: int) -> Command:
    script = str(PROJECT / "bench" / "hand_served.py")
    return lambda port: ["python", script, "--port", str(port), "--workers", str(workers)]


SIDES = {"ours": ivr, "hand-written": hand}


@dataclass
class Side:
    """A line that runs, and the telephones that call it."""

    line: Line
    database: str
    """Its URL."""
    telephones: Telephones

    def measure(self, calls: int, seconds: float, *, to_the_end: bool = False) -> Measured:
        """Have so many calls at once for some seconds."""
        return self._run(self.telephones.measure(calls, seconds, THINK_SECONDS, to_the_end=to_the_end))

    def bring(self, calls: int) -> None:
        """Begin so many calls, each as far as it may be at any moment."""
        self._run(self.telephones.bring(calls))

    def hurry(self, turns: int) -> float:
        """Take so many turns without thinking, and return how many a second were answered."""
        began = time.monotonic()
        self._run(self.telephones.hurry(turns))
        return turns / (time.monotonic() - began)

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        async def run() -> Result:
            try:
                return await work
            finally:
                self.telephones.close()

        return asyncio.run(run())

    @property
    def memory(self) -> list[float]:
        """The megabytes that each worker has, its share of what they have in common included."""
        return [_proportional_kilobytes(worker) / 1024 for worker in children(self.line.process.pid)]


def _proportional_kilobytes(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")))


class Search:
    """Finds the most calls at once that a side holds: from a first guess upwards or downwards in small steps."""

    def __init__(self, side: Side, seconds: float) -> None:
        self._side = side
        self._seconds = seconds
        side.hurry(WARM_TURNS)
        rate = side.hurry(WARM_TURNS)
        self._next = round(rate * THINK_SECONDS * FIRST_SHARE)
        self.best: Measured | None = None
        self._failed: Measured | None = None
        print(f"    {rate:.0f} turns a second when nobody thinks", flush=True)

    @property
    def is_done(self) -> bool:
        return self.best is not None and self._failed is not None

    def step(self) -> Measured:
        """Try the next number; one that does not hold is tried again, since it may have been the machine."""
        measured = self._side.measure(self._next, self._seconds)
        if not measured.holds:
            measured = self._side.measure(self._next, self._seconds)
        if measured.holds:
            self.best = measured
        else:
            self._failed = measured
        self._next = round(self._next * (STEP if measured.holds else 1 / STEP))
        return measured


@contextmanager
def serving(kind: str, side: str, workers: int, connections: str, mix: str, databases: Databases) -> Iterator[Side]:
    """Run one side on a database of its own with a thousand members."""
    folder = Path(tempfile.mkdtemp())
    with databases.bare(kind) as url:
        filled(url, MEMBERS)
        settings = {
            "DATABASE_URL": url, "TWILIO_AUTH_TOKEN": TOKEN.reveal(), "IVR_PUBLISH": "saved",
            "IVR_SECRET_KEY": "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtMTI=",
        }  # fmt: skip
        with running(SIDES[side](workers), settings, folder) as line:
            carriers = CONNECTIONS[connections](int(line.url.rpartition(":")[2]))
            yield Side(line, url, Telephones(carriers, TOKEN, CALLERS[mix]))
            if "Traceback" in line.log.read_text():
                raise SystemExit(f"a traceback in {line.log}")


@contextmanager
def both(*how: Any) -> Iterator[dict[str, Side]]:
    """Run ours and the hand-written handler beside each other."""
    kind, *rest = how
    with ExitStack() as stack:
        yield {side: stack.enter_context(serving(kind, side, *rest)) for side in SIDES}


def told(side: str, measured: Measured) -> str:
    """Return a line about a step."""
    return (
        f"    {side:12} {measured.calls:5} calls at once, {len(measured.waits):6} turns: median "
        f"{measured.within(0.5) * 1e3:.0f} ms, p99 {measured.within(0.99) * 1e3:.0f} ms; sent late by "
        f"{statistics.quantiles(measured.lateness, n=100)[98] * 1e3:.0f} ms at p99"
        f"{'' if measured.holds else ': too slow'}{''.join(f' ({what})' for what in measured.failures[:1])}"
    )


def find_most(sides: Mapping[str, Side], seconds: float) -> dict[str, int]:
    """Return how many calls at once each side holds, its steps taken in turns with the other's."""
    searches = {name: Search(side, seconds) for name, side in sides.items()}
    while not all(search.is_done for search in searches.values()):
        for name, search in searches.items():
            if not search.is_done:
                print(told(name, search.step()), flush=True)
    return {name: search.best.calls if search.best else 0 for name, search in searches.items()}


def compare(chosen: argparse.Namespace, databases: Databases) -> None:
    """Print how many calls each side holds, for each way of serving them."""
    rows = []
    ways = itertools.product(
        chosen.kind or KINDS, chosen.workers or (1, 2), chosen.connections or CONNECTIONS, chosen.mix or CALLERS
    )
    for kind, workers, connections, mix in ways:
        print(f"{kind}, {workers} workers, {connections} connections, {mix}", flush=True)
        with both(kind, workers, connections, mix, databases) as sides:
            most = find_most(sides, chosen.seconds)
        ours, hand_written = most.values()
        rows.append((kind, workers, connections, mix, f"{ours:,}", f"{hand_written:,}", f"{ours / hand_written:.2f}"))
        print(f"    ours {ours:,}, hand-written {hand_written:,}: {ours / hand_written:.2f} (to reach: {TO_REACH})")
    print_table(("database", "workers", "connections", "calls", "ours", "hand-written", "ratio"), rows)


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table as documents have it."""
    for row in (head, ["---"] * len(head), *rows):
        print("|", " | ".join(map(str, row)), "|")


def draw(chosen: argparse.Namespace, databases: Databases) -> None:
    """Measure from few calls to too many, print that as a table and draw it."""
    points: dict[str, dict[int, float]] = {side: {} for side in SIDES}
    with both("postgresql", 2, "shared", "own", databases) as sides:
        for calls in PLOTTED:
            for name, side in sides.items():
                if max(points[name].values(), default=0) < MOST_MS:
                    measured = side.measure(calls, chosen.seconds, to_the_end=True)
                    points[name][calls] = measured.within(1 - MOST_LATE) * 1e3
                    print(told(name, measured), flush=True)
    chosen.plot.write_text(plot(points, LATE_SECONDS * 1e3))
    last = max(calls for line in points.values() for calls in line)
    rows = [
        (f"{calls:,}", *(f"{line[calls]:.0f} ms" if calls in line else "" for line in points.values()))
        for calls in PLOTTED
        if calls <= last
    ]
    print_table(("calls at once", *SIDES), rows)


def watch_memory(chosen: argparse.Namespace, databases: Databases) -> None:
    """Print what memory each worker has over many turns, and what calls in progress add to it and to the database."""
    kind, workers, mix = (chosen.kind or KINDS)[-1], (chosen.workers or [2])[-1], (chosen.mix or [*CALLERS])[-1]
    marks = sorted({0, 1_000, *range(chosen.turns // 10, chosen.turns + 1, chosen.turns // 10)})
    rows = []
    with serving(kind, "ours", workers, (chosen.connections or ["shared"])[-1], mix, databases) as side:
        for before, mark in itertools.pairwise((0, *marks)):
            if mark > before:
                side.hurry(mark - before)
            rows.append((f"{mark:,}", *(f"{megabytes:.1f}" for megabytes in side.memory)))
            print(*rows[-1], flush=True)
        memory, stored = sum(side.memory), database_bytes(side.database)
        side.bring(CALLS_IN_PROGRESS)
        memory, stored = sum(side.memory) - memory, database_bytes(side.database) - stored
        side.measure(CALLS_IN_PROGRESS // 4, 10)
        connections = database_connections(side.database)
    print_table(("turns", *(f"worker {number + 1}, MB" for number in range(workers))), rows)
    print(
        f"{CALLS_IN_PROGRESS:,} calls in progress, {MOST_TURNS / 2:.0f} turns each: {memory:.1f} MB more in the workers, "
        f"{stored / CALLS_IN_PROGRESS / 1024:.1f} kB a call in the database; "
        f"{connections} connections to the database with {CALLS_IN_PROGRESS // 4} calls at once"
    )


def database_bytes(url: str) -> int:
    """Return how large a database is."""
    return _number(
        url,
        sqlite="SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        postgresql="SELECT pg_database_size(current_database())",
    )


def database_connections(url: str) -> int:
    """Return how many connections a line has to a server's database; 0 for a file."""
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return _number(url, sqlite="SELECT 0", postgresql=count)


def _number(url: str, **queries: str) -> int:
    engine = open_database(url)
    with engine.connect() as connection:
        number = int(connection.execute(text(queries[engine.dialect.name])).scalar_one())
    engine.dispose()
    return number


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=KINDS, action="append", help="both unless given")
    parser.add_argument("--workers", type=int, action="append", help="one and two unless given")
    parser.add_argument("--connections", choices=CONNECTIONS, action="append", help="all unless given")
    parser.add_argument("--mix", choices=CALLERS, action="append", help="both unless given")
    parser.add_argument("--seconds", type=float, default=10, help="how long each step is measured")
    parser.add_argument("--plot", type=Path, help="draw the waits of more and more calls to this file instead")
    parser.add_argument("--turns", type=int, help="take so many turns and tell the workers' memory instead")
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (TELEPHONE_FILES, TELEPHONE_FILES))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))  # and so the lines that run are stopped, too
    gc.disable()  # a pause of ours would look like one of the line's
    databases = Databases(Path(tempfile.mkdtemp()))
    do = draw if chosen.plot else watch_memory if chosen.turns else compare
    do(chosen, databases)
    databases.close()


if __name__ == "__main__":
    main()
