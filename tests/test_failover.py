"""What the line makes of a database that fails: by its SQLSTATE, which says whether to wait, to connect anew, to retry."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from databases import Databases
from demo_line import IDENTIFIED, DemoLine, fill_demo, open_demo_line
from hearing import hears
from psycopg import errors
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.testing import capture_logs

from ivr.pharmacy.database import open_database, retried
from ivr.pharmacy.database_errors import code_of, is_away, reason_of
from ivr.settings import load_settings

AWAY = (
    "08006", "08P01", "25006", "25P03", "28P01", "3D000", "40001", "40P01", "42501", "42P01", "53100", "53200",
    "53300", "55P03", "57014", "57P01", "57P02", "57P03", "57P05", "58030",
)  # fmt: skip
BUGS = ("22001", "23505", "25P02", "42601", "42703", "XX000")


def raised(code: str) -> DBAPIError:
    """Return what SQLAlchemy raises for an error of this SQLSTATE; the class says nothing of it."""
    return ProgrammingError("a statement", {}, errors.lookup(code)("of the server\nDETAIL: a row"))


@pytest.mark.parametrize("code", AWAY)
def test_away_is_told_by_the_sqlstate(code: str) -> None:
    assert is_away(raised(code))
    assert (code_of(raised(code)), reason_of(raised(code))) == (code, "of the server")


@pytest.mark.parametrize("code", BUGS)
def test_a_bug_is_none(code: str) -> None:
    assert not is_away(raised(code))


@pytest.mark.parametrize(
    ("error", "code", "away"),
    [
        (OperationalError("", {}, psycopg.OperationalError("server closed the connection unexpectedly")), "", True),
        (OperationalError("", {}, psycopg.OperationalError('FATAL:  database "x" does not exist')), "3D000", True),
        (OperationalError("", {}, psycopg.OperationalError("FATAL:  sorry, too many clients already")), "53300", True),
        (OperationalError("", {}, psycopg.OperationalError("FATAL:  the database system is starting up")), "57P03", True),
        (PoolTimeout("QueuePool limit"), "", True),
        (ProgrammingError("", {}, sqlite3.ProgrammingError("Cannot operate on a closed database.")), "", False),
        (ValueError("the database system is starting up"), "57P03", False),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, Exception) else str(given),
)  # fmt: skip
def test_without_a_code_the_words_or_the_class_tell(error: Exception, code: str, away: bool) -> None:
    assert (code_of(error), is_away(error)) == (code, away)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT * FROM nowhere", "42P01"),
        ("SELECT nothing", "SQLITE_ERROR"),
        ("PRAGMA query_only = ON; CREATE TABLE one (id)", "SQLITE_READONLY"),
        ("PRAGMA max_page_count = 1; CREATE TABLE one (id)", "SQLITE_FULL"),
    ],
)
def test_sqlite_has_names_for_it(statement: str, code: str) -> None:
    with closing(sqlite3.connect(":memory:")) as driver, pytest.raises(sqlite3.Error) as caught:
        driver.executescript(statement)
    assert code_of(caught.value) == code
    assert is_away(OperationalError("", {}, caught.value)) is (code != "SQLITE_ERROR")


# On a server


@pytest.fixture
def line(databases: Databases) -> Iterator[DemoLine]:
    """A line on PostgreSQL; an embedded database has no connection to lose."""
    if databases.missing:
        pytest.skip(databases.missing)
    with databases.fresh("postgresql", fill_demo) as url:
        made = open_demo_line(url)
        yield made
        made.services.database.dispose()


@contextmanager
def administration(database: Engine) -> Iterator[psycopg.Connection]:
    """Connect beside the line."""
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def end_connection(database: Engine) -> None:
    """End the line's connection, as a server does that is shut down."""
    with database.connect() as connection:
        own = {"pid": connection.scalar(text("SELECT pg_backend_pid()"))}
    with administration(database) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%(pid)s)", own)
        while administrator.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %(pid)s", own).fetchone():
            pass


@contextmanager
def read_only(database: Engine) -> Iterator[None]:
    """Have new connections read only, as those of a standby do."""
    name = database.url.database
    with administration(database) as administrator:
        administrator.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        try:
            yield
        finally:
            administrator.execute("SET default_transaction_read_only = off")
            administrator.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())


def test_callers_notice_nothing_of_a_connection_that_was_ended(line: DemoLine) -> None:
    phone, _ = line.call(IDENTIFIED)
    with capture_logs() as logged:
        end_connection(line.services.database)
        assert hears(phone.press("1").text, "checkout.confirm")
    assert phone.errors == []
    assert [entry["event"] for entry in logged] == ["connection_lost"]
    assert logged[0]["sqlstate"] in ("57P01", "")  # what the server says is lost if a request is on its way already


def turn(line: DemoLine, url: str, digits: str = "") -> str:
    """Take one turn by a bare request, which does not come back by itself as a telephone does; return the TwiML."""
    form = {"CallSid": "CA" + "f" * 32, "From": "+15105550123", "To": "+18002457979", "Digits": digits}
    return line.app.test_client().post(url, data=form).get_data(as_text=True)


def test_a_server_that_may_only_read_is_left_with_the_first_turn_after_the_failover(line: DemoLine) -> None:
    menu = re.findall(r'action="([^"]+)"', turn(line, "/voice"))[0].replace("&amp;", "&")
    line.services.database.dispose()
    with read_only(line.services.database), capture_logs() as logged:
        assert hears(turn(line, menu, "1"), "away.retry")
    away = next(entry for entry in logged if entry["event"] == "database_away")
    assert away["sqlstate"] == "25006"
    assert away["reason"].endswith("in a read-only transaction")
    with capture_logs() as logged:
        assert hears(turn(line, menu, "1"), "main.menu")
    assert logged == []


def test_a_read_only_connection_that_is_left_over_is_not_noticed_either(line: DemoLine) -> None:
    phone, _ = line.call(IDENTIFIED)
    line.services.database.dispose()
    with read_only(line.services.database), line.services.database.connect() as connection:
        assert connection.scalar(text("SHOW transaction_read_only")) == "on"
    with capture_logs() as logged:
        assert hears(phone.press("1").text, "checkout.confirm")
    assert [(entry["event"], entry["sqlstate"]) for entry in logged] == [("connection_lost", "25006")]


def test_a_hang_up_that_cannot_be_written_down_is_one_line_of_the_log(line: DemoLine) -> None:
    form = {"CallSid": "CA" + "f" * 32, "CallStatus": "completed"}
    line.services.database.dispose()
    with read_only(line.services.database), capture_logs() as logged:
        assert line.app.test_client().post("/voice/status", data=form).status_code == 204
    assert [(entry["event"], entry["sqlstate"]) for entry in logged] == [("database_away", "25006")]


@pytest.mark.parametrize(
    ("code", "own_goes", "others_go"),
    [
        ("23505", False, False),
        ("40P01", False, False),
        ("53100", False, False),
        ("55P03", False, False),
        ("25P03", True, False),
        ("25006", True, True),
        ("57P01", True, True),
        ("08006", True, True),
    ],
)
def test_which_connections_are_thrown_away_is_told_by_the_sqlstate(
    databases: Databases, code: str, own_goes: bool, others_go: bool
) -> None:
    if databases.missing:
        pytest.skip(databases.missing)
    database = databases.shared("postgresql")
    with database.connect() as own:
        with database.connect() as other:
            of_other, of_own = process_id(other), process_id(own)
        with pytest.raises(DBAPIError) as caught:
            own.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '{code}'; END $$"))
        assert caught.value.connection_invalidated is own_goes
    with database.connect() as first, database.connect() as second:
        left = {process_id(first), process_id(second)}
    assert (of_own in left, of_other in left) == (not own_goes, not others_go)


def process_id(connection: Connection) -> object:
    return connection.scalar(text("SELECT pg_backend_pid()"))


def test_who_idles_in_a_transaction_is_away_for_that_turn(line: DemoLine) -> None:
    database = line.services.database
    with database.connect() as other, database.connect() as connection:
        doomed = process_id(connection)
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 1"))
        while other.execute(text("SELECT 1 FROM pg_stat_activity WHERE pid = :pid"), {"pid": doomed}).first():
            other.rollback()
        with pytest.raises(DBAPIError) as caught:
            connection.execute(text("SELECT 1"))
    assert (is_away(caught.value), caught.value.connection_invalidated) == (True, True)


def test_of_several_hosts_the_one_that_may_write_is_taken(line: DemoLine) -> None:
    url = line.services.database.url
    one, port = f"{url.host}:1", url.port or 5432
    value = f"postgresql://{url.username}@{one},{url.host}:{port}/{url.database}?target_session_attrs=read-write"
    database = open_database(load_settings({"DATABASE_URL": value}).database_url)
    with database.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM member"))
    database.dispose()


def test_work_that_may_be_done_twice_is_done_again_once_its_connection_is_lost() -> None:
    lost = raised("57P01")
    lost.connection_invalidated = True
    to_come: list[DBAPIError] = []

    def work() -> str:
        if to_come:
            raise to_come.pop(0)
        return "done"

    to_come[:] = [lost]
    assert retried(work, repeatable=True) == "done"
    for repeatable, errors_to_come in ((False, [lost]), (True, [lost, lost]), (True, [raised("53100")])):
        to_come[:] = errors_to_come
        with pytest.raises(DBAPIError):
            retried(work, repeatable=repeatable)
