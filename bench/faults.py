"""Calls under fire, and an audit of them that knows nothing of the line's program.

Two servers on one PostgreSQL answer a hundred callers at once, each a member of their own. Meanwhile workers are killed, the
database crashes, requests are lost, doubled and late, the card processor is slow, away or declines, the website orders
and cancels, staff ship, and sweeps run by two and are killed. Then the sweeps are let finish, and three books are
compared: what callers confirmed and heard, the processor's ledger, and the shared tables (`faults_audit`). What was keyed
is searched for in the tables, in the database's files and in the logs.

    python bench/faults.py --calls 10000 [--callers 100] [--seed 1]
    python bench/faults.py --calls 100 --plant second-charge

It exits with 1 when there is any problem. `--plant` damages the data before the audit, to see it complain.
"""

from __future__ import annotations

import argparse
import csv
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from fault_backstage import Backstage
from fault_callers import TOKENS, ZIP, FaultyCaller, Member
from fault_network import PUBLIC, BadNetwork
from fault_plants import PLANTS, plant
from fault_secrets import Searched, search
from fault_stripe import UnreliableStripe, unreliable_stripe
from faults_audit import PROBLEMS, Note, audit
from money_audit import Booked, Problem, refills, sandbox_books
from own_postgres import OwnPostgres
from servers import PROGRAMS, environment, running
from sqlalchemy import Connection, Engine, NullPool, create_engine, text

from ivr.line.build import build_line
from ivr.phone.transport import http_post
from ivr.secret import Secret
from ivr.settings import load_settings

CAPTURES, WORKERS = ("keypad", "pay"), 2
"""How each server takes cards, and how many workers it has. A call's requests go to either."""
SWITCH_SECONDS = 0.1
"""With so many threads Python's usual 5 ms take up more of the processor than all that the callers do."""
TOKEN = "a-token-for-a-bench"
MOST_WAIT_SECONDS = 15
EVERY = {"kill": 2.0, "crash": 20.0, "sweep": 15.0, "ship": 5.0, "order_online": 0.3, "cancel_online": 1.0}
"""How many seconds lie between two of each, on an average."""
AFTERWARDS = (timedelta(minutes=2), timedelta(minutes=35))
"""When the last sweeps are made, after the calls: pending payments are finished, then what was declined is held."""


# Before


def write_pharmacy(folder: Path, members: int) -> None:
    """Write members with three prescriptions each, all due, and a third of them with a card on file."""
    folder.mkdir()
    people = [Member.of(index) for index in range(members)]
    tables: Mapping[str, Iterator[Mapping[str, object]]] = {
        "member": (
            {"member_number": one.number, "first_name": "Ana", "last_name": "Ruiz",
             "birth_date": f"{one.born[4:]}-{one.born[:2]}-{one.born[2:4]}"} for one in people
        ),
        "address": (
            {"member_number": one.number, "house_number": "1", "street": "Main Street", "zip": ZIP, "created_at": "-100d"}
            for one in people
        ),
        "prescription": (
            {"rx_number": rx, "member_number": one.number, "drug_name": "Metformin", "written_on": "-100d",
             "first_filled_on": "-80d", "last_filled_on": "-80d", "refills_left": 3, "days_supply": 90,
             "max_days_supply": 90, "quantity": 90, "price_cents": cents, "prescriber_name": "Dr. Lee"}
            for one in people for rx, cents in one.rx.items()
        ),
        "saved_card": (
            {"member_number": one.number, "gateway": "sandbox", "token": "tok_visa", "brand": "visa", "last4": "4242",
             "exp_month": 8, "exp_year": "+3y"} for one in people if one.on_file
        ),
    }  # fmt: skip
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            first = next(rows)
            writer = csv.DictWriter(file, list(first))
            writer.writeheader()
            writer.writerow(first)
            writer.writerows(rows)


@dataclass(frozen=True)
class Run:
    """One run: its database, the settings of its line, and its scratch folder."""

    database: OwnPostgres
    settings: Mapping[str, str]
    folder: Path
    stripe: UnreliableStripe | None
    """The card processor in place of the sandbox."""

    @property
    def log(self) -> Path:
        """The log of commands."""
        return self.folder / "commands.log"

    @property
    def logs(self) -> Sequence[Path]:
        """What the servers, the commands and the database logged."""
        return [*self.folder.glob("*.log"), self.database.log]

    def ivr(self, *words: str, now: datetime | None = None, check: bool = True) -> None:
        """Run a command of the line, whose processor answers."""
        clock = {"IVR_NOW": now.isoformat()} if now else {}
        with self.log.open("a") as out:
            subprocess.run(
                [PROGRAMS / "ivr", *words],
                env=environment({**self.settings, **clock}), stdout=out, stderr=out, check=check,
            )  # fmt: skip

    def books(self, connection: Connection) -> list[Booked]:
        """Return the processor's books."""
        return self.stripe.books() if self.stripe else sandbox_books(connection)

    def engine(self) -> Engine:
        return create_engine(self.settings["DATABASE_URL"], poolclass=NullPool)


@contextmanager
def prepared(members: int, *, with_stripe: bool) -> Iterator[Run]:
    """Start a database of its own with a pharmacy in it, and end it whatever happens."""
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        database = OwnPostgres(folder / "postgres")
        stack.callback(database.stop)
        stripe = stack.enter_context(unreliable_stripe()) if with_stripe else None
        settings = {
            "DATABASE_URL": database.url.replace("postgresql:", "postgresql+psycopg:"),
            "TWILIO_AUTH_TOKEN": TOKEN,
            "IVR_PUBLIC_URL": PUBLIC,
            "IVR_SECRET_KEY": "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtMTI=",
            **(stripe.settings if stripe else {}),
        }
        run = Run(database, settings, folder, stripe)
        write_pharmacy(folder / "pharmacy", members)
        run.ivr("pharmacy", "load", str(folder / "pharmacy"))
        yield run


# During


@dataclass(frozen=True)
class Called:
    """What was heard and done while all members called, and how long that took."""

    callers: Sequence[FaultyCaller]
    backstage: Backstage
    seconds: float

    @property
    def notes(self) -> Sequence[Note]:
        return [*self.backstage.notes, *(note for caller in self.callers for note in caller.notes)]


def call_all(run: Run, calls: int, at_once: int, seed: int) -> Called:
    """Serve the line by two servers, and have members call until so many calls are made, so many of them at once."""

    with ExitStack() as serving:
        lines = [
            serving.enter_context(running(server, {**run.settings, "IVR_CARD_CAPTURE": capture}, run.folder))
            for capture in CAPTURES
        ]
        hosts, made = [line.url for line in lines], 0

        def call(index: int) -> FaultyCaller | None:
            nonlocal made
            if made >= calls:
                return None
            chance = random.Random(f"{seed} {index}")
            network = BadNetwork(http_post(MOST_WAIT_SECONDS), hosts, chance)
            caller = FaultyCaller(
                index, network, Secret(TOKEN), chance, run.stripe.token if run.stripe else TOKENS.__getitem__
            )
            for _ in caller.calls():
                made += 1
            return caller

        backstage = Backstage(lines, run.database, run.settings, calls, run.log, random.Random(seed))
        backstage.begin(
            {name: seconds for name, seconds in EVERY.items() if not (run.stripe and name == "order_online")}
        )
        serving.callback(backstage.end)
        begun = time.monotonic()
        with ThreadPoolExecutor(at_once) as pool:
            callers = [caller for caller in pool.map(call, range(calls)) if caller]
        seconds = time.monotonic() - begun
    return Called(callers, backstage, seconds)


def server(port: int) -> list[str]:
    """Return the words that start a server whose sandbox fails at random."""
    program = str(Path(__file__).parent / "unreliable_ivr.py")
    return ["python", program, "serve", "--port", str(port), "--workers", str(WORKERS)]


# Afterwards


def settle(run: Run, to_ship: Set[str]) -> None:
    """Let the line finish what calls left, and staff what they had begun; the processor answers now."""
    ended = datetime.now(UTC)
    if run.stripe:
        run.stripe.is_calm = True
    run.ivr("sweep", now=ended + AFTERWARDS[0])
    with run.engine().connect() as connection:
        placed = set(connection.scalars(text("SELECT order_number FROM refill_order WHERE status = 'placed'")))
    for number in sorted(to_ship & placed):
        run.ivr("pharmacy", "ship", number, now=ended + AFTERWARDS[0])
    run.ivr("sweep", now=ended + AFTERWARDS[1])


def told_to_stand(notes: Iterable[Note]) -> Iterator[str]:
    """Yield the numbers of orders that callers were told stand."""
    return (note.order_number for note in notes if note.what == "stands" and note.order_number)


ORDERS = "SELECT channel || ' ' || status FROM refill_order"


def tracebacks(log: Path) -> Iterator[str]:
    """Yield the last line of each traceback in a log, where it stands as text or within a line of JSON."""
    for after in log.read_text(errors="replace").replace("\\n", "\n").split("Traceback (most recent call last)")[1:]:
        yield next((line[:100] for line in after.splitlines()[1:] if line and not line.startswith(" ")), "")


def listed(counter: Mapping[str, int]) -> str:
    """Return counts as words, the highest first."""
    return ", ".join(f"{count:,} {name}" for name, count in Counter(counter).most_common()) or "0"


def report(
    called: Called, counted: Mapping[str, Counter[str]], problems: Sequence[Problem], searched: Searched
) -> None:
    """Print the run as a table, and each problem."""
    calls = sum(caller.made for caller in called.callers)
    faults = sum((caller.network.faults for caller in called.callers), called.backstage.faults)
    kinds = Counter(problem.kind for problem in problems)
    rows = {
        "calls": f"{calls:,}, of {len(called.callers):,} members, in {called.seconds:.0f} s",
        "how calls and callers ended": listed(sum((caller.heard for caller in called.callers), Counter())),
        "confirmed and heard": listed(Counter(f"{note.what} by {note.channel}" for note in called.notes)),
        "faults and what went on beside": listed(faults),
        **{name: listed(count) for name, count in counted.items()},
        "problems": "; ".join(f"{kind}: {kinds[kind]}" for kind in PROBLEMS),
        "searched for secrets": f"{searched.size:,} bytes; found: {listed(searched.found)}",
    }
    print("| what | came to |\n|---|---|")
    for name, came_to in rows.items():
        print(f"| {name} | {came_to} |")
    for problem in problems:
        print(f"{problem.kind}: {problem.about}")


def main() -> None:
    """Run, settle, audit, and print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=300, help="how many calls are made, and members there are")
    parser.add_argument("--callers", type=int, default=100, help="how many members call at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", choices=PLANTS, help="damage the data before the audit")
    parser.add_argument("--stripe", action="store_true", help="localstripe in place of the sandbox")
    chosen = parser.parse_args()
    sys.setswitchinterval(SWITCH_SECONDS)
    if chosen.stripe and chosen.plant:
        parser.error("--plant damages the sandbox's books, which --stripe does without")
    with prepared(chosen.calls, with_stripe=chosen.stripe) as run:
        engine = run.engine()
        with engine.connect() as connection:
            before = refills(connection)
        called = call_all(run, chosen.calls, chosen.callers, chosen.seed)
        settle(run, called.backstage.to_ship)
        with engine.begin() as connection:
            if chosen.plant:
                print(f"{chosen.plant}: order {plant(connection, chosen.plant, told_to_stand(called.notes))}")
            books = run.books(connection)
            problems = audit(connection, books, called.notes, before)
            counted = {
                "orders": Counter(connection.scalars(text(ORDERS))),
                "charges at the processor": Counter(charge.status for charge in books),
            }
        searched = search(build_line(load_settings(run.settings)), chosen.calls, run.logs, run.database)
        counted["tracebacks in the logs"] = Counter(name for log in run.logs for name in tracebacks(log))
    report(called, counted, problems, searched)
    sys.exit(1 if problems or searched.found or counted["tracebacks in the logs"] else 0)


if __name__ == "__main__":
    main()
