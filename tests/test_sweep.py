"""The sweep as a whole: in batches between which calls go on, each part by itself, and one process at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner
from databases import Databases
from demo_line import IDENTIFIED, NOON, DemoLine, fill_demo
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from ivr.cli import main
from ivr.line.sweep import REST_SECONDS, Pace, sweep
from ivr.line.sweeper import EVERY, GRACE, LONGEST_EVERY, Sweeper, last_finished
from ivr.payment.gateway import Voided
from ivr.payment.sandbox import Sandbox
from ivr.pharmacy.database import open_database
from ivr.pharmacy.upkeep import leading

RETENTION = timedelta(days=90)
START_SECONDS = 60


def fill_journal(demo_line: DemoLine, rows: int) -> None:
    """Add turns of long ago, one a second."""
    numbers = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :rows)"
    at = {
        "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', '2025-03-02', n || ' seconds')",
        "postgresql": "timestamptz '2025-03-02' + n * interval '1 second'",
    }[demo_line.database.dialect.name]
    columns = "INSERT INTO journal (call_sid, turn, at, event, trail, said)"
    demo_line.run(f"{columns} {numbers} SELECT 'CA1', n, {at}, 'started', '[]', '[]' FROM number", rows=rows)  # noqa: S608


def journal(demo_line: DemoLine) -> int:
    """Return how many turns of long ago are in the journal."""
    return int(str(demo_line.rows("SELECT count(*) FROM journal WHERE call_sid = 'CA1'")[0][0]))


# Batches


def test_old_rows_go_in_batches_between_which_calls_go_on(demo_line: DemoLine) -> None:
    fill_journal(demo_line, 25)
    left: list[int] = []

    def rest(seconds: float) -> None:
        assert seconds == REST_SECONDS
        left.append(journal(demo_line))
        demo_line.call(IDENTIFIED)[0].hang_up()

    swept = sweep(demo_line.services, RETENTION, Pace(batch=10, rest=rest))
    assert left == [15, 5]
    assert (swept.done["journal"], swept.more, journal(demo_line)) == (25, False, 0)
    assert demo_line.rows("SELECT count(*) > 0 FROM journal") == [(True,)], "what is not old stays"


def test_a_batch_is_no_larger_when_the_database_believes_the_table_to_be_small(demo_line: DemoLine) -> None:
    fill_journal(demo_line, 1)
    demo_line.run("ANALYZE journal")  # PostgreSQL then looks the batch up again for each row of the table
    demo_line.run("DELETE FROM journal")
    fill_journal(demo_line, 25)
    left: list[int] = []
    sweep(demo_line.services, RETENTION, Pace(batch=10, rest=lambda _: left.append(journal(demo_line))))
    assert left == [15, 5]


def test_a_kind_of_rows_that_takes_too_long_leaves_the_rest_for_the_next_sweep_and_the_others_go_on(
    demo_line: DemoLine,
) -> None:
    fill_journal(demo_line, 25)
    demo_line.call(IDENTIFIED)[0].hang_up()
    demo_line.run("UPDATE call SET heard_at = :long_ago", long_ago=NOON - timedelta(days=91))
    hasty = Pace(batch=10, seconds=0)
    swept = [sweep(demo_line.services, RETENTION, hasty) for _ in range(3)]
    assert [one.done["journal"] for one in swept] == [10, 10, 5]
    assert [one.more for one in swept] == [True, True, False]
    assert swept[0].done["calls"] == 1


def test_thousands_of_rows_go(demo_line: DemoLine) -> None:
    fill_journal(demo_line, 12_345)
    assert sweep(demo_line.services, RETENTION, Pace(rest=lambda _: None)).done["journal"] == 12_345


def test_sealed_states_are_dropped_in_batches(demo_line: DemoLine) -> None:
    for number in range(5):
        demo_line.call(IDENTIFIED, from_number=f"+1510555010{number}")[0].hang_up()
    demo_line.clock.pass_seconds(16 * 60)
    pauses: list[float] = []
    swept = sweep(demo_line.services, RETENTION, Pace(batch=2, rest=pauses.append))
    assert (swept.done["replies"], len(pauses)) == (5, 2)
    assert demo_line.rows("SELECT count(*) FROM call WHERE sealed_reply IS NOT NULL") == [(0,)]


def test_a_sweep_that_is_to_end_ends_after_the_batch_under_way(demo_line: DemoLine) -> None:
    fill_journal(demo_line, 25)
    stopping = Event()
    swept = sweep(
        demo_line.services, RETENTION, Pace(batch=10, rest=lambda _: stopping.set(), stopping=stopping.is_set)
    )
    assert (swept.done["journal"], swept.more) == (20, True)
    assert "calls" not in swept.parts


# Each by itself


def test_a_part_that_fails_is_named_and_the_others_go_on(demo_line: DemoLine) -> None:
    fill_journal(demo_line, 3)
    demo_line.run("ALTER TABLE wrong_try RENAME TO wrong_try_gone")
    with capture_logs() as logged:
        swept = sweep(demo_line.services, RETENTION)
    demo_line.run("ALTER TABLE wrong_try_gone RENAME TO wrong_try")
    assert [line["part"] for line in logged if line["event"] == "sweep_failed"] == ["wrong_tries"]
    assert (swept.failed, journal(demo_line)) == (("wrong_tries",), 0)


class VoidsAllButOne(Sandbox):
    """A processor that breaks at the first payment it is to void."""

    first: str | None = None

    def void(self, reference: str, request_key: str) -> Voided:  # noqa: ARG002 - as in its base
        self.first = self.first or reference
        if reference == self.first:
            raise RuntimeError("this one breaks")
        return Voided(reference)


def test_an_order_that_fails_stops_no_other(demo_line: DemoLine) -> None:
    for phone, caller in (("+15105550101", IDENTIFIED), ("+15105550102", "11" + "41200702#" + "93230")):
        demo_line.call(caller + "17", from_number=phone)[0].hang_up()
    demo_line.run("UPDATE refill_order SET status = 'cancelled' WHERE request_key LIKE 'CA%'")
    broken = replace(demo_line.services, gateway=VoidsAllButOne())
    with capture_logs() as logged:
        swept = sweep(broken, RETENTION)
    [failure] = [line for line in logged if line["event"] == "sweep_failed"]
    failed, done = swept.parts["payments_voided"].failed, swept.parts["payments_voided"].done
    assert (failure["part"], failed, done) == ("payments_voided", 1, 1)
    ours = "SELECT p.status FROM payment p JOIN refill_order o ON o.id = p.order_id WHERE o.request_key LIKE 'CA%'"
    assert sorted(demo_line.rows(ours)) == [("authorized",), ("voided",)]
    assert demo_line.rows(
        "SELECT 1 FROM payment WHERE order_id = :failed AND status = 'authorized'", failed=failure["order_id"]
    )


# One process at a time


class Time:
    """A machine's clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def test_while_one_sweeps_no_other_does(demo_line: DemoLine) -> None:
    other = Sweeper(demo_line.services, RETENTION, only_if_due=False)
    with leading(demo_line.database) as is_leader, ThreadPoolExecutor(1) as pool:
        assert is_leader
        assert pool.submit(other.sweep).result() is None
    assert other.sweep() is not None


HOLD = """
import sys, time
from ivr.pharmacy.database import open_database
from ivr.pharmacy.upkeep import leading
with leading(open_database(sys.argv[1])) as is_leader:
    print(is_leader, flush=True)
    time.sleep(600)
"""


def test_a_process_that_is_killed_leads_no_longer(demo_line: DemoLine) -> None:
    url = demo_line.database.url.render_as_string(hide_password=False)
    with subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        with leading(demo_line.database) as is_leader:
            assert not is_leader
        process.kill()
    wait_until(lambda: leads(demo_line))


def leads(demo_line: DemoLine) -> bool:
    with leading(demo_line.database) as is_leader:
        return is_leader


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + START_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_worker_sweeps_again_and_again_and_another_takes_over_when_it_is_late(demo_line: DemoLine) -> None:
    clock = Time()
    one, other = (Sweeper(demo_line.services, RETENTION, clock=clock) for _ in range(2))
    assert one.sweep(), "the first to come"
    for _ in range(3):
        clock.now += EVERY - SECOND
        assert not one.sweep(), "not due yet"
        clock.now += SECOND
        assert not other.sweep(), "on time for the one"
        assert one.sweep()
    clock.now += EVERY + GRACE - SECOND
    assert not other.sweep(), "not late enough"
    clock.now += SECOND
    assert other.sweep()
    assert not one.sweep(), "the other is now the one that sweeps"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_workers_stand_by_while_a_unit_sweeps_and_take_over_when_it_ends(demo_line: DemoLine) -> None:
    clock, every = Time(), timedelta(minutes=5)
    worker = Sweeper(demo_line.services, RETENTION, clock=clock)
    unit = Sweeper(demo_line.services, RETENTION, every, only_if_due=False, clock=clock)
    assert worker.sweep()
    assert unit.sweep(), "at once"
    clock.now += every
    assert not worker.sweep()
    assert unit.sweep()
    ended = Event()
    ended.set()
    unit.run(ended)
    assert worker.sweep(), "at once"


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_clock_that_was_far_ahead_holds_nobody_up(demo_line: DemoLine) -> None:
    clock = Time()
    wrong, right = (Sweeper(demo_line.services, RETENTION, clock=clock) for _ in range(2))
    clock.now += timedelta(days=365)
    assert wrong.sweep()
    clock.now = NOON
    assert right.sweep()


def test_it_is_known_when_a_sweep_last_finished_without_a_failure(demo_line: DemoLine) -> None:
    clock = Time()
    sweeper = Sweeper(demo_line.services, RETENTION, clock=clock)

    def finished() -> datetime | None:
        with demo_line.database.connect() as connection:
            return last_finished(connection)

    assert finished() is None
    assert sweeper.sweep()
    assert finished() == NOON
    demo_line.run("ALTER TABLE wrong_try RENAME TO wrong_try_gone")
    clock.now += EVERY
    with capture_logs():
        assert sweeper.sweep()
    demo_line.run("ALTER TABLE wrong_try_gone RENAME TO wrong_try")
    assert finished() == NOON


def test_a_sweep_that_did_something_is_one_line(demo_line: DemoLine) -> None:
    fill_journal(demo_line, 3)
    sweeper = Sweeper(demo_line.services, RETENTION, only_if_due=False)
    with capture_logs() as logged:
        sweeper.sweep()
        sweeper.sweep()
    [line] = [line for line in logged if line["event"] == "swept"]
    assert (line["journal"], line["more"]) == (3, False)


def test_an_error_of_any_kind_ends_no_sweeper(demo_line: DemoLine) -> None:
    """The first sweep finds no table of sweeps; then the table is back."""
    demo_line.run("ALTER TABLE sweep RENAME TO sweep_gone")
    stopping = Event()
    sweeper = Sweeper(demo_line.services, RETENTION, timedelta(seconds=0.05), only_if_due=False)
    with capture_logs() as logged, ThreadPoolExecutor(1) as pool:
        running = pool.submit(sweeper.run, stopping)
        wait_until(lambda: any(line["event"] == "sweep_failed" for line in logged))
        demo_line.run("ALTER TABLE sweep_gone RENAME TO sweep")
        wait_until(lambda: demo_line.rows("SELECT finished_at IS NOT NULL FROM sweep") == [(True,)])
        stopping.set()
        running.result()
    assert demo_line.rows("SELECT due_at FROM sweep") == [(None,)]


# The command


@contextmanager
def unit(url: str, folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], Callable[[], list[str]]]]:
    """Run `ivr sweep --every` as a unit of the system does; lend its process and the events of its log."""
    log = folder / "log"

    def events() -> list[str]:
        return [json.loads(line)["event"] for line in log.read_text().splitlines() if line.startswith("{")]

    settings = {name: value for name, value in os.environ.items() if not name.startswith(("IVR_", "TWILIO_"))}
    with log.open("w") as out:
        command = [str(Path(sys.executable).parent / "ivr"), "sweep", *options]
        with subprocess.Popen(command, env={**settings, "DATABASE_URL": url}, stderr=out, text=True) as process:
            try:
                yield process, events
            finally:
                process.kill()


def test_a_unit_sweeps_until_it_is_told_to_end(databases: Databases, tmp_path: Path) -> None:
    with databases.fresh("sqlite", fill_demo) as url, unit(url, tmp_path, "--every", "5s") as (process, _):
        database = open_database(url)

        def row() -> tuple[datetime | None, datetime | None]:
            with database.connect() as connection:
                finished_at, due_at = connection.execute(text("SELECT finished_at, due_at FROM sweep")).one()
                return finished_at, due_at

        wait_until(lambda: row()[0] is not None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(START_SECONDS) == 0
        assert row()[1] is None, "another process may take over at once"
        database.dispose()


def test_a_sweep_ends_where_no_connection_can_be_made(demo_line: DemoLine) -> None:
    away = open_database("postgresql://ivr:hush@127.0.0.1:9/pharmacy")
    with capture_logs() as logged, pytest.raises(DBAPIError):
        sweep(replace(demo_line.services, database=away), RETENTION)
    assert logged == [], "not a traceback for each part that was left"


def test_a_unit_waits_for_a_database_that_is_away_and_says_so(tmp_path: Path) -> None:
    away = "postgresql://ivr:hush@127.0.0.1:9/pharmacy"
    with unit(away, tmp_path, "--every", "1m") as (process, events):
        wait_until(lambda: "sweep_failed" in events())
        process.send_signal(signal.SIGTERM)
        assert process.wait(START_SECONDS) == 0
    assert "hush" not in (tmp_path / "log").read_text()


def test_the_longest_time_between_sweeps_is_told() -> None:
    for wrong in ("1s", "11m", "60", "often", "-5s"):
        result = CliRunner().invoke(main, ["sweep", f"--every={wrong}"])
        assert result.exit_code == 2
        assert f'expected a time such as 60s or 2m, from 5s to 600s, found "{wrong}"' in " ".join(result.stderr.split())
    assert timedelta(minutes=10) == LONGEST_EVERY
