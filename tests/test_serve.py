"""The line as operators run it: real processes, real HTTP, several workers, stopped and started."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from databases import Databases
from demo_line import PROJECT, fill_demo
from hearing import hears
from relay import Relay
from sqlalchemy import create_engine, make_url, text

from ivr.phone.handset import Handset, Heard
from ivr.phone.transport import FORM_TYPE, Transport, http_post, signed
from ivr.secret import Secret

PROGRAMS = Path(sys.executable).parent
TOKEN = "a-token-for-tests"
KEY = "cmVoZWFyc2FsLXJlaGVhcnNhbC1yZWhlYXJzYWwtMTI="
DEPLOYED = {"TWILIO_AUTH_TOKEN": TOKEN, "IVR_SECRET_KEY": KEY}
PUBLIC = "https://refills.example"
NOON = "2026-03-02T12:00"
"""When the demo pharmacy of `demo_line.fill_demo` was loaded."""

EVERYWHERE = "0.0.0.0"  # noqa: S104 - an address that others can reach is what these tests are about
START_SECONDS = 60
STOP_SECONDS = 20
CARD = ("1", "1", "4242424242424242#", "1230", "123", "2")

CALLERS = {
    "41200017#94550": ("1",), "41200702#93230": ("1",), "41203442#55446": ("1",), "41203990#88240": CARD,
    "41204812#70806": CARD, "41204949#27560": CARD, "41204675#94521": CARD, "41202346#75216": CARD,
}  # fmt: skip
"""Members of the demo pharmacy with something to refill -> the keys of each, up to the confirming one: all that is on
file, or a new card."""


@dataclass
class Server:
    """A line that runs."""

    process: subprocess.Popen[str]
    port: int
    log: Path
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def ready(self, page: str = "readyz") -> bool:
        return http_post(2)(f"{self.url}/{page}", None, {}).status == 200

    def stop(self) -> int:
        """Ask it to end, as an operator's supervisor does; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    ours = ("IVR_", "TWILIO_", "STRIPE_", "DATABASE_URL")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **settings}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(
    command: Callable[[int], list[str]],
    settings: Mapping[str, str],
    folder: Path,
    host: str = "127.0.0.1",
    ready: str = "readyz",
) -> Iterator[Server]:
    """Run a server until it is ready by that page, lend it, and end it whatever happened."""
    port = free_port()
    log = folder / f"{port}.log"
    program, *arguments = command(port)
    with log.open("w") as out:
        process = subprocess.Popen(
            [PROGRAMS / program, *arguments],
            cwd=PROJECT, env=environment(settings), stdin=subprocess.DEVNULL, stdout=out, stderr=out, text=True,
            start_new_session=True,
        )  # fmt: skip
    server = Server(process, port, log, host)
    try:
        _wait_until(lambda: server.ready(ready) or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, log.read_text()
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_until(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} seconds"
        time.sleep(0.05)


def second(port: int, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `ivr serve` where a line may run already, with a database of its own, until it gives up."""
    return subprocess.run(
        [PROGRAMS / "ivr", "serve", "--port", str(port), *options], env=environment({"DATABASE_URL": f"sqlite:///{folder}/2.db"}),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=START_SECONDS, check=False,
    )  # fmt: skip


def serve(*options: str) -> Callable[[int], list[str]]:
    return lambda port: ["ivr", "serve", "--port", str(port), *options]


def granian(port: int) -> list[str]:
    options = [
        "--interface",
        "wsgi",
        "--workers",
        "2",
        "--blocking-threads",
        "8",
        "--workers-kill-timeout",
        "10",
        "--respawn-failed-workers",
        "--port",
        str(port),
    ]
    return ["granian", *options, "wsgi:app"]


def gunicorn(port: int) -> list[str]:
    return ["gunicorn", "--workers", "2", "--threads", "8", "--bind", f"127.0.0.1:{port}", "wsgi:app"]


def alone(command: Callable[[int], list[str]]) -> Callable[[int], list[str]]:
    """Return a command with one worker, for what does not take two: each takes seconds to start."""
    return lambda port: [*command(port), "--workers", "1"]


def telephone(post: Transport, url: str) -> Handset:
    """Return a telephone of its own, which has ordered for nobody before: its calls begin with the language."""
    number = f"+1510555{secrets.randbelow(10_000):04}"
    return Handset(post, f"{url}/voice", number, "+18002457979", "CA" + secrets.token_hex(16))


def behind_proxy(server: Server) -> Transport:
    """Return a Post that takes requests for the public address to a server, as a proxy does."""
    return lambda url, form, headers: http_post()(url.replace(PUBLIC, server.url), form, headers)


def refill(phone: Handset, who: str, order: tuple[str, ...]) -> Heard:
    """Refill everything, and repeat a request now and then, as a carrier may."""
    phone.dial()
    phone.press("11")
    phone.press(who)
    first, second = phone.retry(), phone.retry()
    assert first == second
    for keys in order:
        phone.press(keys)
    return phone.press("7")


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


# The main job


def test_a_newcomer_starts_the_line_and_orders_a_refill(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ivr.db"
    with running(serve(), {"DATABASE_URL": url}, tmp_path) as server:
        card = server.log.read_text()
        assert f"ivr dial --url {server.url}" in card
        member, zip_code = re.findall(r"(\d+), then #", card)[0], re.findall(r"ZIP code +(\d{5})", card)[0]
        dialled = subprocess.run(
            [PROGRAMS / "ivr", "dial", "--url", server.url], input=f"1 1 {member}# {zip_code} 1 1 1 7,,",
            env=environment({}), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert dialled.returncode == 0, dialled.stdout + dialled.stderr
        assert hears(dialled.stdout, "order.placed_now")
        assert server.stop() == 0
        assert "Traceback" not in server.log.read_text()
    assert (tmp_path / "ivr.db.key").stat().st_mode & 0o777 == 0o600
    latest = (
        "SELECT status, channel, count(*) FROM refill_order WHERE channel = 'phone' AND status = 'placed' GROUP BY 1, 2"
    )
    assert rows(url, latest) == [("placed", "phone", 1)]


def test_an_empty_server_database_stays_empty(databases: Databases, tmp_path: Path) -> None:
    if databases.missing:
        pytest.skip(databases.missing)
    with databases.bare("postgresql") as url:
        with running(serve(), {"DATABASE_URL": url}, tmp_path) as server:
            words = server.log.read_text()
            assert server.stop() == 0
        assert "has no members yet: ivr pharmacy load FOLDER, or ivr pharmacy demo to try the line" in words
        assert rows(url, "SELECT count(*) FROM member") == [(0,)]


@pytest.mark.parametrize(
    ("command", "token", "means"),
    [
        (granian, "", "nobody checks that requests come from the carrier"),
        (serve(), TOKEN, "does nothing beside TWILIO_AUTH_TOKEN"),
    ],
    ids=["alone", "beside a token"],
)
def test_a_line_that_takes_unsigned_requests_says_so_when_it_starts(
    command: Callable[[int], list[str]], token: str, means: str, databases: Databases, tmp_path: Path
) -> None:
    with databases.fresh("sqlite", fill_demo) as url:
        settings = {**DEPLOYED, "DATABASE_URL": url, "IVR_UNSIGNED": "1", "TWILIO_AUTH_TOKEN": token}
        with running(alone(command), settings, tmp_path) as server:
            assert server.stop() == 0
            lines = [line for line in server.log.read_text().splitlines() if "unsigned" in line]
    events = [json.loads(line) for line in lines if line.startswith("{")]
    assert events
    assert all((event["event"], event["level"]) == ("unsigned", "warning") for event in events)
    assert all(means in event["means"] for event in events)


@pytest.mark.parametrize("command", [granian, gunicorn], ids=["granian", "gunicorn"])
def test_any_worker_takes_any_turn(
    command: Callable[[int], list[str]], kind: str, databases: Databases, tmp_path: Path
) -> None:
    with databases.fresh(kind, fill_demo) as url:
        settings = {**DEPLOYED, "DATABASE_URL": url, "IVR_NOW": NOON}
        with running(command, settings, tmp_path) as server:
            post = signed(http_post(), Secret(TOKEN))
            with ThreadPoolExecutor(len(CALLERS)) as callers:
                calls = [callers.submit(refill, telephone(post, server.url), *caller) for caller in CALLERS.items()]
                endings = [call.result() for call in calls]
            assert [ending.text for ending in endings if not hears(ending.text, "order.placed_now")] == []
            assert server.stop() == 0
            assert "Traceback" not in server.log.read_text()
        ordered = "SELECT status FROM refill_order WHERE request_key LIKE 'CA%'"  # not those that a sweep began
        assert rows(url, ordered) == [("placed",)] * len(CALLERS)
        doubled = "SELECT prescription_id FROM order_line WHERE open GROUP BY prescription_id HAVING count(*) > 1"
        assert rows(url, doubled) == []


def test_a_restart_in_mid_call_goes_unnoticed(databases: Databases, tmp_path: Path) -> None:
    with databases.fresh("sqlite", fill_demo) as url:
        settings = {**DEPLOYED, "DATABASE_URL": url, "IVR_NOW": NOON, "IVR_PUBLIC_URL": PUBLIC}
        servers: list[Server] = []
        phone = telephone(signed(lambda *request: behind_proxy(servers[-1])(*request), Secret(TOKEN)), PUBLIC)
        with running(serve("--workers", "2"), settings, tmp_path) as server:
            servers.append(server)
            phone.dial()
            phone.press("11")
            phone.press("41200017#94550")
            assert server.stop() == 0
        with running(serve(), settings, tmp_path) as server:
            servers.append(server)
            for keys in "1":
                phone.press(keys)
            assert hears(phone.press("7").text, "order.placed_now")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the workers of a process are looked up in /proc")
def test_a_line_told_to_stop_while_it_starts_stops(tmp_path: Path) -> None:
    log = tmp_path / "log"
    settings = environment({"DATABASE_URL": f"sqlite:///{tmp_path}/ivr.db"})
    with log.open("w") as out:
        command = [str(PROGRAMS / "ivr"), "serve", "--port", str(free_port()), "--workers", "2"]
        process = subprocess.Popen(command, env=settings, stdin=subprocess.DEVNULL, stdout=out, stderr=out, text=True)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    _wait_until(lambda: process.poll() is not None or bool(workers.read_text()), START_SECONDS)
    process.terminate()
    assert process.wait(STOP_SECONDS) == 0, log.read_text()


@pytest.fixture(scope="module")
def local(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A line without a token, and its database."""
    folder = tmp_path_factory.mktemp("local")
    with (
        databases.fresh("sqlite", fill_demo) as url,
        running(serve(), {"DATABASE_URL": url}, folder) as server,
    ):
        yield server, url


# What does not stop it


def children(server: Server) -> list[int]:
    return [
        int(pid) for pid in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    ]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the workers of a process are looked up in /proc")
def test_workers_are_replaced_when_they_are_killed_and_when_the_line_is_told_to_restart(
    databases: Databases, tmp_path: Path
) -> None:
    with databases.fresh("sqlite", fill_demo) as url:
        settings = {**DEPLOYED, "DATABASE_URL": url, "IVR_NOW": NOON}
        with running(serve("--workers", "2"), settings, tmp_path) as server:
            phone = telephone(signed(http_post(), Secret(TOKEN)), server.url)
            phone.dial()
            for keys in ("1", "1", "41200017#", "94550"):
                for worker in children(server):
                    os.kill(worker, signal.SIGKILL)
                phone.press(keys)
            before = set(children(server))
            server.process.send_signal(signal.SIGHUP)
            for keys in "1":
                phone.press(keys)
            _wait_until(lambda: len(children(server)) == 2 and not before & set(children(server)), START_SECONDS)
            assert hears(phone.press("7").text, "order.placed_now")
            assert phone.errors == []
            assert server.stop() == 0
            events = [json.loads(line)["event"] for line in server.log.read_text().splitlines() if line.startswith("{")]
    assert events.count("worker_ended") >= 4
    assert events.count("restarting") == 1
    assert "worker_failed" not in events


def test_a_line_that_is_told_to_restart_and_then_to_stop_stops(databases: Databases, tmp_path: Path) -> None:
    with databases.fresh("sqlite", fill_demo) as url, running(serve(), {"DATABASE_URL": url}, tmp_path) as server:
        server.process.send_signal(signal.SIGHUP)
        assert server.stop() == 0
        assert '"restarting"' not in server.log.read_text()


def test_a_line_that_is_told_to_stop_finishes_what_it_is_answering(databases: Databases, tmp_path: Path) -> None:
    with (
        databases.fresh("sqlite", fill_demo) as url,
        running(serve(), {"DATABASE_URL": url}, tmp_path) as server,
        ThreadPoolExecutor(1) as callers,
    ):
        kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        kept.request("GET", "/healthz")
        kept.getresponse().read()
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.connection.cursor().execute("BEGIN IMMEDIATE")
            call = callers.submit(telephone(http_post(), server.url).dial)
            _wait_until(lambda: call.running(), 5)
            http_post()(f"{server.url}/healthz", None, {})  # the call came before this, and waits for the database
            server.process.send_signal(signal.SIGTERM)
            assert not call.done()
        engine.dispose()
        assert hears(call.result().text, "main.language")
        assert server.process.wait(STOP_SECONDS) == 0
        kept.close()


HALF = b"POST /voice HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\nCallSid="


@pytest.mark.parametrize(
    ("count", "sent"),
    [(600, b""), (100, HALF), (100, HALF[:30]), (100, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")],
    ids=["idle", "half a body", "half a header", "kept alive"],
)
def test_connections_that_do_nothing_hold_up_nobody(local: tuple[Server, str], count: int, sent: bytes) -> None:
    server, _ = local
    opened = []
    try:
        for _ in range(count):
            opened.append(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            opened[-1].sendall(sent)
        phone = telephone(http_post(5), server.url)  # sooner than half requests are given up
        assert hears(phone.dial().text, "main.language")
        assert phone.errors == []
    finally:
        for connection in opened:
            connection.close()


@pytest.mark.parametrize("command", [serve(), alone(gunicorn)], ids=["ivr", "gunicorn"])
def test_a_worker_whose_database_is_away_says_so_and_waits(
    command: Callable[[int], list[str]], databases: Databases, tmp_path: Path
) -> None:
    if databases.missing:
        pytest.skip(databases.missing)
    with databases.fresh("postgresql", fill_demo) as url:
        server_url = make_url(url)
        relay = Relay(server_url.host or "", server_url.port or 5432)
        away = server_url.set(host="127.0.0.1", port=relay.port).render_as_string(hide_password=False)
        settings = {**DEPLOYED, "DATABASE_URL": away, "IVR_NOW": NOON}
        with running(command, settings, tmp_path, ready="healthz") as server:
            post = signed(http_post(), Secret(TOKEN))
            assert not server.ready()
            assert "waiting_for_database" in server.log.read_text()
            assert hears(telephone(post, server.url).dial().text, "away.retry")
            assert http_post(2)(f"{server.url}/healthz", None, {}).status == 200
            if Path("/proc/self/task").exists():
                [worker] = children(server)
                os.kill(worker, signal.SIGKILL)
                _wait_until(lambda: [worker] != children(server) != [], START_SECONDS)
            relay.open()
            _wait_until(server.ready, START_SECONDS)
            assert hears(telephone(post, server.url).dial().text, "main.language")
            relay.close()
            assert server.stop() == 0
            assert "Traceback" not in server.log.read_text()


# Who may post


def ask(server: Server, headers: Mapping[str, str]) -> int:
    """Post an incoming call with these headers, Host included, and return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    form = urlencode({"CallSid": "CA" + secrets.token_hex(16), "From": "+15105550123", "To": "+18002457979"})
    connection.request("POST", "/voice", form, {"Content-Type": FORM_TYPE, **headers})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8000"}, 200),
        ({"Host": "refills.example"}, 403),
        ({"Host": "localhost.refills.example"}, 403),
        ({"Host": "127.0.0.1.refills.example:80"}, 403),
        ({"X-Forwarded-For": "127.0.0.1"}, 403),
        ({"X-Forwarded-Host": "localhost"}, 403),
        ({"X-FORWARDED-PROTO": "https"}, 403),
        ({"Forwarded": "for=127.0.0.1"}, 403),
    ],
    ids=lambda value: " ".join(f"{name}: {text}" for name, text in value.items()) if isinstance(value, dict) else "",
)
def test_without_a_token_only_this_machine_is_answered(
    local: tuple[Server, str], headers: Mapping[str, str], status: int
) -> None:
    server, url = local
    before = rows(url, "SELECT count(*) FROM call")
    assert ask(server, headers) == status
    if status == 403:
        assert rows(url, "SELECT count(*) FROM call") == before


@pytest.mark.parametrize("seen", ["", PUBLIC], ids=["seen as it is", "behind a proxy"])
def test_a_deployed_line_answers_signed_requests_only(seen: str, databases: Databases, tmp_path: Path) -> None:
    with databases.fresh("sqlite", fill_demo) as url:
        settings = {**DEPLOYED, "DATABASE_URL": url, "IVR_PUBLIC_URL": seen}
        with running(serve("--host", EVERYWHERE), settings, tmp_path) as server:
            assert ask(server, {}) == 403
            assert ask(server, {"X-Twilio-Signature": "forged"}) == 403
            assert rows(url, "SELECT count(*) FROM call") == [(0,)]
            phone = telephone(signed(behind_proxy(server), Secret(TOKEN)), seen or server.url)
            assert hears(phone.dial().text, "main.language")


# What does not start


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_second_line_on_the_same_port_does_not_start(local: tuple[Server, str], tmp_path: Path, host: str) -> None:
    port = local[0].port
    refused = second(port, tmp_path, "--host", host)
    words = (
        f"--port: port {port} of 127.0.0.1 is taken: another line or program answers there; "
        "stop it, or choose another port\n"
    )
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", words)
    assert not (tmp_path / "2.db").exists()


def test_a_line_can_be_called_by_ipv6(databases: Databases, tmp_path: Path) -> None:
    with (
        databases.fresh("sqlite", fill_demo) as url,
        running(serve("--host", "::1"), {"DATABASE_URL": url}, tmp_path, "[::1]") as server,
    ):
        assert f"ivr dial --url http://[::1]:{server.port}" in server.log.read_text()
        dialled = subprocess.run(
            [PROGRAMS / "ivr", "dial", "--url", server.url], input="1 h",
            env=environment({}), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert hears(dialled.stdout, "main.language")
        assert server.stop() == 0


@pytest.mark.parametrize("command", [granian, gunicorn], ids=["granian", "gunicorn"])
def test_a_server_others_can_reach_needs_the_token(command: Callable[[int], list[str]], tmp_path: Path) -> None:
    program, *arguments = alone(command)(free_port())
    refused = subprocess.run(
        [PROGRAMS / program, *arguments], cwd=PROJECT, env=environment({"DATABASE_URL": f"sqlite:///{tmp_path}/ivr.db"}),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=START_SECONDS, check=False,
    )  # fmt: skip
    assert refused.returncode != 0
    assert "TWILIO_AUTH_TOKEN: expected the carrier account's token" in refused.stdout + refused.stderr
    assert not (tmp_path / "ivr.db").exists()
