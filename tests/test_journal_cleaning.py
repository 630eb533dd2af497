"""Journals that an earlier release wrote are cleaned: in batches, by whoever comes, and for good."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from databases import Databases
from demo_line import NOON, DemoLine
from sqlalchemy import Connection, Engine, insert, make_url, select, text

from ivr.line import journal_cleaning, tables
from ivr.line.journal_cleaning import Cleaned, clean_journal
from ivr.pharmacy.database import open_database, upgrade
from ivr.pharmacy.migrate import MIGRATIONS
from ivr.secret import DOT

CARD = "6011000990139424"
CODE = "987"
RX = "7304112"

NO_REST: Callable[[float], None] = lambda _: None  # noqa: E731

Row = tuple[str, list[list[str]]]
OLD_CALL: tuple[Row, ...] = (
    ("started", [["main", "language", ""]]),
    ("keys 1", [["main", "language", "1"], ["main", "menu", ""]]),
    ("keys 8", [["main", "menu", "wrong"], ["main", "menu", ""]]),
    ("keys ••••••••", [["identify", "member_number", "next"], ["identify", "zip", ""]]),
    (f"keys {RX}", [["refill", "number", "next"], ["prescription", "supply", ""]]),
    ("keys 2", [["prescription", "supply", "choice"], ["refill", "more", ""]]),
    (f"keys {CODE}", [["card", "code", "next"], ["card", "keep", ""]]),
    ("silence", [["card", "keep", "silence"], ["card", "keep", ""]]),
    (f"keys {CARD}", [["main", "menu", "wrong"], ["main", "menu", ""]]),
    *((f"keys {digit}", [["main", "menu", digit], ["main", "menu", ""]]) for digit in CARD),
    ("keys 0", [["refill", "number", "0"], ["person", "connect", ""]]),
)
CLEAN = [
    "started", "keys 1", "keys •", "keys ••••••••", "keys •••••••", "keys 2", "keys •••", "silence",
    f"keys {DOT * 16}", "keys 6", "keys 0", "keys 1", "keys 1", "keys 0", *["keys •"] * 11, "keys 0",
]  # fmt: skip


def write(connection: Connection, calls: int, first: int = 0) -> None:
    """Write calls as an earlier release did, the turns of each two mixed."""
    rows = [
        {"call_sid": f"CA{call}", "turn": turn, "at": NOON, "event": event, "trail": json.dumps(trail), "said": "[]"}
        for pair in range(first, first + calls, 2)
        for turn, (event, trail) in enumerate(OLD_CALL)
        for call in range(pair, min(pair + 2, first + calls))
    ]
    connection.execute(insert(tables.journal), rows)


def old_database(url: str, calls: int) -> Engine:
    """Return a database as the release before this one left it."""
    engine = open_database(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        write(connection, calls)
    return engine


def events(engine: Engine, sid: str) -> list[str]:
    journal = tables.journal.c
    with engine.connect() as connection:
        return list(connection.scalars(select(journal.event).where(journal.call_sid == sid).order_by(journal.turn)))


def is_clean(engine: Engine, calls: int) -> bool:
    return all(events(engine, f"CA{call}") == CLEAN for call in range(calls))


def bytes_of(url: str) -> bytes:
    """Return all that SQLite keeps of a database."""
    path = Path(str(make_url(url).database))
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


def test_an_old_journal_is_cleaned(kind: str, databases: Databases) -> None:
    with databases.bare(kind) as url:
        engine = old_database(url, 3)
        upgrade(engine)
        found = clean_journal(engine)
        assert (found.vacuumed, is_clean(engine, 3)) == (True, True)
        with engine.connect() as connection:
            trails = [json.loads(trail) for trail in connection.scalars(select(tables.journal.c.trail))]
        assert sum(trail[0][2].isdigit() for trail in trails if trail) == 3 * 7
        assert trails.count([]) == 3 * 11
        assert clean_journal(engine, anew=True) == Cleaned(0, True), "what is clean stays as it is"
        engine.dispose()


def test_nothing_of_it_stays_in_the_files(databases: Databases) -> None:
    with databases.bare("sqlite") as url:
        engine = old_database(url, 50)
        assert RX.encode() in bytes_of(url)
        upgrade(engine)
        clean_journal(engine)
        assert not [number for number in (CARD, RX, f"keys {CODE}") if number.encode() in bytes_of(url)]
        engine.dispose()


@pytest.mark.parametrize("batch", [1, 7, 40])
def test_who_is_stopped_half_way_is_followed_by_the_next(
    kind: str, databases: Databases, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with databases.bare(kind) as url:
        engine = old_database(url, 4)
        upgrade(engine)
        real, calls = journal_cleaning._clean_call, iter(range(1000))

        def stops(connection: Connection, sid: str) -> int:
            if next(calls) == 3:
                raise KeyboardInterrupt
            return real(connection, sid)

        monkeypatch.setattr(journal_cleaning, "_clean_call", stops)
        with pytest.raises(KeyboardInterrupt):
            clean_journal(engine, batch=batch, rest=NO_REST)
        assert not is_clean(engine, 4)
        monkeypatch.undo()
        assert clean_journal(engine, batch=batch, rest=NO_REST).vacuumed
        assert is_clean(engine, 4)
        engine.dispose()


def test_several_workers_may_clean_at_once(kind: str, databases: Databases) -> None:
    with databases.bare(kind) as url:
        old_database(url, 20).dispose()

        def begin(_: int) -> None:
            engine = open_database(url)
            upgrade(engine)
            clean_journal(engine, batch=5, rest=NO_REST)
            engine.dispose()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(begin, range(4)))
        engine = open_database(url)
        assert is_clean(engine, 20)
        assert clean_journal(engine) == Cleaned(0, True)
        engine.dispose()


def test_what_an_old_worker_still_writes_is_cleaned_when_asked_for(kind: str, databases: Databases) -> None:
    with databases.bare(kind) as url:
        engine = old_database(url, 1)
        upgrade(engine)
        clean_journal(engine)
        with engine.begin() as connection:
            write(connection, 1, first=1)
        assert clean_journal(engine) == Cleaned(0, True), "a worker that starts does not look at it all again"
        assert clean_journal(engine, anew=True).rows > 0
        assert is_clean(engine, 2)
        engine.dispose()


def test_a_call_written_by_this_release_is_clean_already(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call("1")
    phone.press("54545454545454541118*0#")
    assert clean_journal(demo_line.services.database, anew=True).rows == 0


def test_an_upgrade_that_is_killed_goes_on(databases: Databases) -> None:
    with databases.bare("sqlite") as url:
        old_database(url, 400).dispose()
        environment = {**os.environ, "DATABASE_URL": url}
        ivr = [str(Path(sys.executable).with_name("ivr")), "db", "upgrade"]
        engine = open_database(url)
        upgrade(engine)
        killed = subprocess.Popen(ivr, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not 0 < done(engine) < 400 * len(OLD_CALL):
            assert killed.poll() is None, "it was done before it could be killed"
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert done(engine) < 400 * len(OLD_CALL)
        again = subprocess.run(ivr, env=environment, capture_output=True, text=True, check=True)
        assert again.stdout.endswith(
            "rows of the journal were cleaned of what callers keyed\nthe database is up to date\n"
        )
        with engine.connect() as connection:
            left = connection.execute(
                text("SELECT count(*) FROM journal WHERE event LIKE 'keys ___%' AND event NOT LIKE '%•%'")
            )
            assert left.scalar_one() == 0
        engine.dispose()


def done(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(tables.journal_cleaning.c.done)).scalar_one())


# Files of ours alone


def modes(path: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob(f"{path.name}*")}


@pytest.mark.parametrize("there", [True, False], ids=["there already", "new"])
def test_nobody_else_can_read_the_database(tmp_path: Path, there: bool) -> None:
    path = tmp_path / "ivr.db"
    if there:
        path.touch(0o644)
    engine = open_database(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect():
        assert modes(path) == {"ivr.db": 0o600, "ivr.db-wal": 0o600, "ivr.db-shm": 0o600}
    engine.dispose()


def test_files_that_others_could_read_are_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "ivr.db"
    first, second = open_database(f"sqlite:///{path}"), open_database(f"sqlite:///{path}")
    upgrade(first)
    for file in tmp_path.iterdir():
        file.chmod(0o644)
    with second.connect():
        assert set(modes(path).values()) == {0o600}
    first.dispose()
    second.dispose()
