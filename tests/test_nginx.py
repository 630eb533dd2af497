"""The line behind nginx with the site of `deploy/`: what reaches it, what does not, and what is asked for twice."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from databases import Databases
from demo_line import fill_demo
from hearing import hears
from nginx_proxy import CALLER, Nginx, Upstream, nginx_before, transport_on, upstream
from test_serve import CALLERS, DEPLOYED, NOON, PUBLIC, TOKEN, refill, running, serve, telephone

from ivr.phone.transport import signed
from ivr.secret import Secret

FLOOD = 100
"""Requests of one client, one right after the other: more than a person sends."""


@pytest.fixture(scope="module")
def behind() -> Iterator[tuple[Nginx, Upstream]]:
    with upstream() as seen, nginx_before(seen.port) as nginx:
        yield nginx, seen


@pytest.fixture
def proxied(behind: tuple[Nginx, Upstream]) -> Iterator[tuple[Nginx, Upstream]]:
    """nginx, and what has reached the server behind it since the test began."""
    nginx, seen = behind
    for told in (seen.requests, seen.headers, seen.peers):
        told.clear()
    yield nginx, seen
    seen.fails = lambda: False


def test_callers_order_through_nginx_while_others_stall_it(databases: Databases, tmp_path: Path) -> None:
    with databases.fresh("sqlite", fill_demo) as url, ExitStack() as stalled:
        settings = {**DEPLOYED, "DATABASE_URL": url, "IVR_NOW": NOON, "IVR_PUBLIC_URL": PUBLIC}
        with running(serve(), settings, tmp_path) as server, nginx_before(server.port) as nginx:
            for _ in range(60):  # more than the line has threads
                connection = nginx.connect()
                stalled.callback(connection.close)
                connection.putrequest("POST", "/voice")
                connection.putheader("Content-Length", "1000")
                connection.endheaders(b"CallSid=CA")
            connection = nginx.connect("127.0.0.2")
            stalled.callback(connection.close)
            phone = telephone(signed(transport_on(connection), Secret(TOKEN)), PUBLIC)
            who, pay = next(iter(CALLERS.items()))
            assert hears(refill(phone, who, pay).text, "order.placed_now")
            assert nginx.status("/voice") == 403


def test_a_request_reaches_the_line_whole_or_not_at_all(proxied: tuple[Nginx, Upstream]) -> None:
    nginx, seen = proxied
    connection = nginx.connect()
    connection.putrequest("POST", "/voice")
    connection.putheader("Content-Length", "10")
    connection.endheaders(b"first")
    nginx.status("/voice", "other")  # by then nginx has seen the first half
    assert (seen.requests, len(seen.peers)) == (["POST /voice other"], 1)
    connection.send(b"later")
    assert connection.getresponse().status == 200
    assert seen.requests[1:] == ["POST /voice firstlater"]
    connection.close()


def test_more_than_the_line_takes_does_not_reach_it(proxied: tuple[Nginx, Upstream]) -> None:
    nginx, seen = proxied
    assert nginx.status("/voice", "x" * (64 * 1024 + 1)) == 413
    assert seen.requests == []
    assert nginx.status("/voice", "x" * 64 * 1024) == 200
    assert "temporary file" not in (nginx.folder / "error.log").read_text(), "a body was written to disk"


def test_connections_are_kept_on_both_sides(proxied: tuple[Nginx, Upstream]) -> None:
    nginx, seen = proxied
    connection = nginx.connect()
    for _ in range(10):
        connection.request("POST", "/voice", "a=1", CALLER)
        answer = connection.getresponse()
        assert (answer.status, answer.read(), answer.getheader("Connection")) == (200, b"ok", "keep-alive")
    connection.close()
    assert len(seen.peers) == 1


def test_what_a_worker_was_answering_as_it_ended_another_one_is_asked() -> None:
    with upstream() as seen, nginx_before(seen.port) as nginx:  # a kept connection would be tried again in any case
        seen.fails = lambda: len(seen.requests) == 1
        assert nginx.status("/voice/turn/3/mac", "Digits=1") == 200
    assert seen.requests == 2 * ["POST /voice/turn/3/mac Digits=1"]


def test_a_page_that_publishes_is_not_asked_for_twice(proxied: tuple[Nginx, Upstream]) -> None:
    nginx, seen = proxied
    seen.fails = lambda: True
    connection = nginx.connect()
    connection.request("POST", "/studio/publish", "version=1", CALLER)
    assert connection.getresponse().status == 502
    connection.close()
    assert len(seen.requests) == 1


def test_the_carrier_is_never_limited_and_strangers_are(proxied: tuple[Nginx, Upstream]) -> None:
    nginx, seen = proxied
    connection = nginx.connect("127.0.0.3")
    counts: dict[str, list[int]] = {"carrier": [], "stranger": [], "page": []}
    for who, path, headers in (("carrier", "/voice", CALLER), ("stranger", "/voice", {}), ("page", "/odd", CALLER)):
        for _ in range(FLOOD):
            connection.request("POST", path, "a=1", headers)
            answer = connection.getresponse()
            answer.read()
            counts[who].append(answer.status)
    connection.close()
    assert set(counts["carrier"]) == {200}
    assert set(counts["stranger"]) == set(counts["page"]) == {200, 429}
    assert len(seen.requests) == sum(statuses.count(200) for statuses in counts.values())


def test_strangers_see_no_pages_of_the_line(proxied: tuple[Nginx, Upstream]) -> None:
    nginx, seen = proxied
    paths = ("/studio", "/studio/words/main", "/metrics", "/readyz", "/healthz")
    assert [nginx.status(path, None) for path in paths] == [403] * len(paths)
    assert seen.requests == []
    connection = nginx.connect()
    for path in paths:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"ok")
    connection.close()


def test_what_the_line_is_told_of_a_client_is_nginxs_own(proxied: tuple[Nginx, Upstream]) -> None:
    nginx, seen = proxied
    nginx.status("/voice", headers={**CALLER, "Host": "refills.example", "X-Forwarded-For": "127.0.0.1"})
    told = {name: value for name, value in seen.headers[0].items() if name.startswith(("Host", "X-", "Connection"))}
    assert told == {
        "Host": "refills.example",
        "X-Forwarded-For": "127.0.0.2",
        "X-Forwarded-Proto": "https",
        "X-Twilio-Signature": CALLER["X-Twilio-Signature"],
    }


def test_the_log_has_nothing_that_belongs_to_a_call(proxied: tuple[Nginx, Upstream]) -> None:
    nginx, _ = proxied
    nginx.status("/voice/turn/12/a-turns-mac?language=en", "Digits=4242")
    nginx.status("/voice")  # by then the first one is in the log
    log = (nginx.folder / "access.log").read_text()
    assert '"POST /voice/turn/12/..." 200' in log
    assert not re.search("a-turns-mac|4242|language", log)


def test_plain_http_leads_to_https(proxied: tuple[Nginx, Upstream]) -> None:
    nginx, seen = proxied
    connection = http.client.HTTPConnection("127.0.0.1", nginx.plain_port, timeout=15)
    connection.request("POST", "/voice?a=1", "b=2", CALLER)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Location")) == (308, "https://refills.example/voice?a=1")
    connection.close()
    assert seen.requests == []
