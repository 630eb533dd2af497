"""The line behind a pgbouncer that has only its defaults, in session and in transaction mode: calls go as without it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from databases import SERVER, Databases
from demo_line import IDENTIFIED, DemoLine, fill_demo, open_demo_line
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from ivr.pharmacy.database import check_connection, lift_time_limits, open_database, upgrade
from ivr.pharmacy.upkeep import leading, vacuum
from ivr.phone.handset import Handset

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
START_SECONDS = 20


@pytest.fixture(scope="module", params=["session", "transaction"])
def pgbouncer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[int]:
    """The port of a pgbouncer before the server for tests."""
    if PGBOUNCER is None or databases.missing:
        pytest.skip(databases.missing or "no pgbouncer on this machine")
    server = make_url(os.environ.get("IVR_TEST_POSTGRES", SERVER))
    if server.password:
        pytest.skip("the server for tests wants a password, which pgbouncer would have to know")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    folder = tmp_path_factory.mktemp("pgbouncer")
    folder.chmod(0o755)
    users, settings = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text(f'"{server.username}" ""\n')
    settings.write_text(
        f"[databases]\n* = host={server.host} port={server.port or 5432}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\npool_mode = {request.param}\nauth_type = trust\nauth_file = {users}\n"
    )
    _open_to_all(folder)
    user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
    command = [PGBOUNCER, str(settings)]
    with subprocess.Popen(command, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + START_SECONDS
        while not _answers(port):
            assert process.poll() is None, "pgbouncer does not start"
            assert time.monotonic() < end, "pgbouncer does not listen"
            time.sleep(0.05)
        yield port
        process.kill()


def _open_to_all(folder: Path) -> None:
    """Let another user into a folder of the tests, which pytest makes for its own user only."""
    for above in (folder, *folder.parents):
        if above.stat().st_uid == os.geteuid() and above.name.startswith(("pytest-", "popen-")):
            above.chmod(above.stat().st_mode | 0o055)


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def through(port: int, url: str) -> str:
    """Return the URL of a server's database through a pgbouncer."""
    return make_url(url).set(host="127.0.0.1", port=port).render_as_string(hide_password=False)


@pytest.fixture
def behind(pgbouncer: int, databases: Databases) -> Iterator[Engine]:
    with databases.bare("postgresql") as url:
        engine = open_database(through(pgbouncer, url))
        yield engine
        engine.dispose()


def test_the_database_is_brought_up_to_date_through_it(behind: Engine) -> None:
    check_connection(behind)
    upgrade(behind)
    with behind.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM member")) == 0


def test_limits_hold_through_it(behind: Engine) -> None:
    with behind.connect() as connection:
        names = ("lock_timeout", "statement_timeout", "synchronous_commit")
        found = [connection.scalar(text(f"SHOW {name}")) for name in names]
        assert found == ["5s", "5s", "on"]
        lift_time_limits(connection)
        assert connection.scalar(text("SHOW statement_timeout")) == "0"
        connection.rollback()
        assert connection.scalar(text("SHOW statement_timeout")) == "5s"


def test_who_waits_for_a_lock_through_it_gives_up(behind: Engine) -> None:
    with behind.connect() as one, behind.connect() as other:
        one.execute(text("SELECT pg_advisory_xact_lock(1)"))
        other.execute(text("SET LOCAL lock_timeout = 50"))
        with pytest.raises(OperationalError, match="lock timeout"):
            other.execute(text("SELECT pg_advisory_xact_lock(1)"))


def test_sixty_calls_at_once_on_two_workers_go_as_without_it(pgbouncer: int, databases: Databases) -> None:
    with databases.fresh("postgresql", fill_demo) as url, capture_logs() as logged:
        workers = [open_demo_line(through(pgbouncer, url)) for _ in range(2)]
        with ThreadPoolExecutor(60) as callers:
            phones = list(callers.map(order_all, workers * 30))
        ordered = workers[0].rows("SELECT status FROM refill_order WHERE request_key LIKE 'CA%'")
        for worker in workers:
            worker.services.database.dispose()
    assert [error for phone in phones for error in phone.errors] == []
    assert [entry for entry in logged if entry["event"] in NOT_AS_WITHOUT_IT] == []
    assert ordered == [("placed",)]


def order_all(line: DemoLine) -> Handset:
    """Order all that the first member can have, which only one call can at a time; the others hear so, to their end."""
    number = f"+1510555{secrets.randbelow(10_000):04}"  # which has ordered for nobody: calls begin with the language
    phone, _ = line.call(IDENTIFIED + "1" + "7", from_number=number)
    phone.hang_up()
    return phone


NOT_AS_WITHOUT_IT = ("database_away", "connection_lost", "turn_failed", "request_failed", "call_unknown")


@pytest.mark.parametrize("other", [True, False], ids=["while another one does", "alone"])
def test_a_table_is_vacuumed_unless_another_one_does(behind: Engine, other: bool) -> None:
    upgrade(behind)
    with behind.connect() as connection:
        if other:
            connection.execute(text("LOCK TABLE journal IN SHARE UPDATE EXCLUSIVE MODE"))
        assert vacuum(behind, "journal") is not other


def test_nothing_that_is_set_or_locked_outlives_its_transaction(behind: Engine) -> None:
    upgrade(behind)
    vacuum(behind, "journal")
    behind.dispose()
    with psycopg.connect(behind.url.set(drivername="postgresql").render_as_string(), autocommit=True) as other:
        assert other.execute("SHOW statement_timeout").fetchone() == ("0",)
        assert other.execute("SHOW synchronous_commit").fetchone() == ("on",)
        locks = "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database WHERE locktype = 'advisory' AND datname = current_database()"
        assert other.execute(locks).fetchone() == (0,)


def test_one_at_a_time_leads_through_it(behind: Engine) -> None:
    with leading(behind) as one, leading(behind) as other:
        assert (one, other) == (True, False)
    with leading(behind) as one:
        assert one, "the lock is nobody's by then"
