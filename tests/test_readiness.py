"""`/readyz` tells the truth: whether the database takes what a turn writes, and in a few words why not."""

from __future__ import annotations

import errno
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest
from demo_line import DemoLine
from sqlalchemy import Engine, event, text
from structlog.testing import capture_logs

from ivr.line import readiness
from ivr.line.readiness import Readiness
from ivr.pharmacy.database import open_database

LACKS_TABLES = "it lacks tables of this release; ivr db upgrade makes them"


def told(database: Engine) -> str:
    return Readiness(database).problem()


def run(database: Engine, *statements: str) -> None:
    with database.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_database_that_takes_calls_is_ready_and_stays_as_it_was(database: Engine) -> None:
    with database.connect() as connection:
        before = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.rollback()
        assert told(database) == ""
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == before


@pytest.mark.parametrize(
    "statement",
    ["UPDATE alembic_version SET version_num = '0012'", "ALTER TABLE call RENAME TO gone"],
    ids=["an older backup", "no table"],
)
def test_a_missing_migration_is_told(database: Engine, statement: str) -> None:
    run(database, statement)
    assert told(database) == LACKS_TABLES


def test_tables_of_a_newer_release_are_ready(database: Engine) -> None:
    run(database, "UPDATE alembic_version SET version_num = '9999'")
    assert told(database) == ""


@contextmanager
def read_only(database: Engine) -> Iterator[None]:
    """Let no new connection write."""
    database.dispose()
    if database.dialect.name == "sqlite":
        event.listen(database, "connect", lambda driver, _: driver.execute("PRAGMA query_only = ON"))
        yield
        return
    name = database.url.database
    run(database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    database.dispose()
    try:
        yield
    finally:
        with database.begin() as connection:
            connection.execute(text("SET TRANSACTION READ WRITE"))
            connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))


def test_a_read_only_database_is_told(database: Engine) -> None:
    with read_only(database):
        assert told(database) == "it is read-only"


def test_a_full_disk_is_told(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    if database.dialect.name == "sqlite":
        monkeypatch.setattr(tempfile, "TemporaryFile", no_room)
    else:
        raises = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END"
        run(
            database,
            f"CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ {raises} $$",
            "CREATE TRIGGER no_room BEFORE UPDATE ON alembic_version EXECUTE FUNCTION no_room()",
        )
    assert told(database) == "its disk is full"


def no_room(**_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


@contextmanager
def locked(database: Engine) -> Iterator[None]:
    with database.connect() as connection:
        connection.execute(text("SELECT 1" if database.dialect.name == "sqlite" else "LOCK TABLE call"))
        yield


def test_a_locked_database_is_told_soon_and_asked_by_one_probe_only(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "LIMIT_SECONDS", 0.1)
    asked: list[object] = []
    line = Readiness(database)
    with locked(database):
        event.listen(database, "checkout", lambda *_: asked.append(1))
        late = "no answer within 0.1 seconds: it is locked, or hangs"
        assert [line.problem() for _ in range(3)] == [late] * 3
        assert len(asked) == 1
    monkeypatch.setattr(readiness, "LIMIT_SECONDS", 20)
    assert line.problem() == ""


def test_however_many_ask_the_database_is_asked_once_a_second(database: Engine) -> None:
    asked: list[object] = []
    event.listen(database, "checkout", lambda *_: asked.append(1))
    times = iter((0.0, 0.5, 0.9, 1.0, 1.5))
    line = Readiness(database, lambda: next(times))
    assert [line.problem() for _ in range(5)] == [""] * 5
    assert len(asked) == 2


def test_a_database_that_is_away_is_logged_once_and_strangers_learn_nothing_of_it() -> None:
    ticks: Callable[[], float] = iter(range(0, 100, 10)).__next__
    line = Readiness(open_database("postgresql://me:geheim@127.0.0.1:1/refills"), ticks)
    with capture_logs() as logged:
        assert [line.problem() for _ in range(3)] == ["it does not answer"] * 3
    assert [entry["event"] for entry in logged] == ["not_ready"]
    assert "127.0.0.1:1" in logged[0]["reason"]
    assert "geheim" not in str(logged)


def test_the_page_tells_it_and_the_process_is_alive_all_the_same(demo_line: DemoLine) -> None:
    client = demo_line.app.test_client()
    demo_line.run("UPDATE alembic_version SET version_num = '0012'")
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert json.loads(reply.data) == {"ready": False, "reason": f"the database: {LACKS_TABLES}"}
    assert client.get("/healthz").status_code == 200
