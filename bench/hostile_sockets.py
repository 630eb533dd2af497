"""Broken HTTP by plain sockets to `ivr serve`: what a server reads before any of the line's own code runs."""

from __future__ import annotations

import random
import re
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from databases import Databases
from demo_line import fill_demo
from hostile import digests
from servers import PROGRAMS, PROJECT, Line, children, environment, ivr, running

from ivr.pharmacy.database import open_database

NO_ANSWER = 0
"""The status where the connection was closed, or nothing came for a while."""
NOT_KNOWN = 501
"""The one 5xx that is right: a transfer coding that the server does not know."""
BY_ITSELF = ("sweep", "worker")
"""The tables that the line writes as time passes, whatever is asked."""
WAIT_SECONDS = 0.5
AT_ONCE = 16
PATHS = (
    "/voice",
    "/voice/turn/1/abc",
    "/voice/status",
    "/voice/fallback",
    "/healthz",
    "/readyz",
    "/readyz",
    "/studio",
    "/audio/en/x.wav",
    "/",
)
BODY = b"CallSid=CA1&Digits=7"
Pieces = list[bytes | float]
"""What is sent: bytes, and seconds to wait between them."""


def _request(
    chance: random.Random, *headers: bytes, line: bytes = b"", body: bytes = BODY, length: bool = True
) -> bytes:
    path = chance.choice(PATHS).encode()
    own = (b"Content-Length: %d" % len(body),) if length else ()
    lines = (
        line or b"POST " + path + b" HTTP/1.1",
        b"Host: localhost",
        b"Content-Type: application/x-www-form-urlencoded",
    )
    return b"\r\n".join((*lines, *own, *headers, b"", body))


def _some_bytes(chance: random.Random, count: int) -> bytes:
    return chance.randbytes(count)


def _request_line(chance: random.Random) -> Pieces:
    return [
        _request(
            chance,
            line=chance.choice(
                (
                    *(b"POST /voice", b"POST /voice HTTP/9.9", b"POST /voice HTTP/1.0", b"post /voice http/1.1", b"/voice"),
                    *(b"POST  /voice  HTTP/1.1", b"POST\t/voice\tHTTP/1.1", b" POST /voice HTTP/1.1", b"", b"POST * HTTP/1.1"),
                    *(b"GET http://evil.example/voice HTTP/1.1", b"CONNECT localhost:80 HTTP/1.1", b"TRACE /voice HTTP/1.1"),
                    *(b"POST /voice\x00 HTTP/1.1", b"POST /vo\xffice HTTP/1.1", b"POST /voice#a HTTP/1.1", b"POST //[::1 HTTP/1.1"),
                    *(b"POST /%00%ff%zz HTTP/1.1", b"POST ../../etc/passwd HTTP/1.1", b"GET /voice?\xff=%ff HTTP/1.1"),
                    *(b"GET " + b"/a" * 5_000 + b" HTTP/1.1", b"X" * 20_000 + b" / HTTP/1.1", b"PRI * HTTP/2.0", b"POST /voice HTTP/1.1 x"),
                    *(b"GET http://[::1/ HTTP/1.1", b"GET //localhost:99999999/ HTTP/1.1", b"GET ?a HTTP/1.1"),
                )
            ),
        )
    ]  # fmt: skip


def _odd_headers(chance: random.Random) -> Pieces:
    odd = (
        *(b"no colon", b": no name", b"X y: z", b"X: a\x00b", b"X\xff: \xff", b" folded: line", b"X: a\r\n folded", b"X: a\nY: b"),
        *(b"X: a\rY: b", b"Host: other", b"Host: ", b"Host: a:b:c", b"Connection: close, keep-alive, x", b"Upgrade: websocket"),
        *(b"Expect: 100-continue", b"Expect: something", b"Cookie: " + b"a=b; " * 20_000, b"X: y\r\n" * 5_000 + b"X: y"),
        *(b"X-Twilio-Signature: " + b"A" * 70_000, b"X" * 70_000 + b": y", b"Content-Type: multipart/form-data; boundary=" + b"x" * 5_000),
        *(b"X-Forwarded-For: 127.0.0.1", b"Forwarded: for=x;;=", b"X-Forwarded-Port: x", b"X-Forwarded-Proto: a, b", b"X_Y: z"),
    )  # fmt: skip
    return [_request(chance, *chance.sample(odd, chance.randint(1, 3)))]


def _lengths(chance: random.Random) -> Pieces:
    odd = (
        b"-1",
        b"+5",
        b"0x14",
        b"1e3",
        b"",
        b" ",
        b"99999999999999999999",
        b"20, 20",
        b"20, 21",
        b"2 0",
        b"\xb2",
        b"19",
        b"10000",
    )
    headers = [b"Content-Length: " + value for value in chance.sample(odd, chance.randint(1, 2))]
    return [_request(chance, *headers, length=chance.random() < 0.5)]


def _chunks(chance: random.Random) -> Pieces:
    coding = chance.choice(
        (
            b"chunked",
            b"Chunked",
            b"chunked, chunked",
            b"gzip, chunked",
            b"identity",
            b"xchunked",
            b"chunked\r\nTransfer-Encoding: x",
        )
    )
    body = chance.choice(
        (
            *(b"14\r\n" + BODY + b"\r\n0\r\n\r\n", b"14;a=b\r\n" + BODY + b"\r\n0\r\nX: y\r\n\r\n", b"-1\r\n", b"0x14\r\n", b"zz\r\n"),
            *(b"ffffffffffffffffffff\r\n" + BODY, b"14\n" + BODY + b"\n0\n\n", b"15\r\n" + BODY + b"\r\n0\r\n\r\n", b"\r\n", b""),
            *(b"1\r\na\r\n" * 2_000 + b"0\r\n\r\n", b"1" + b";" * 70_000 + b"\r\na\r\n0\r\n\r\n", b"00000000000000\r\n\r\n"),
        )
    )  # fmt: skip
    smuggled = b"POST /voice HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n" if chance.random() < 0.5 else b""
    return [_request(chance, b"Transfer-Encoding: " + coding, body=body + smuggled, length=chance.random() < 0.5)]


def _pipelined(chance: random.Random) -> Pieces:
    """Send many requests at once, the last of them cut short."""
    return [b"".join(_request(chance) for _ in range(chance.randint(2, 50)))[: -chance.randint(0, 60)]]


def _slow(chance: random.Random) -> Pieces:
    whole = _request(chance)
    cut = sorted(chance.sample(range(1, len(whole)), 4))
    pieces = [whole[begin:end] for begin, end in zip((0, *cut), (*cut, len(whole)), strict=True)]
    return [part for piece in pieces[: chance.randint(1, 5)] for part in (piece, 0.05)]


def _no_http(chance: random.Random) -> Pieces:
    return [
        chance.choice(
            (
                *(_some_bytes(chance, chance.randint(1, 3_000)), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + _some_bytes(chance, 500)),
                *(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n" * 5_000, b"\n", b"\x00" * 2_000, b"GET", b"\r\n\r\n", b"", b"A" * 300_000),
            )
        )
    ]  # fmt: skip


CASES: Mapping[str, Callable[[random.Random], Pieces]] = {
    "request lines": _request_line,
    "headers": _odd_headers,
    "lengths": _lengths,
    "chunks": _chunks,
    "pipelined": _pipelined,
    "slow": _slow,
    "not HTTP": _no_http,
}


def over_http(count: int, chance: random.Random, faults: list[str]) -> Iterator[tuple[str, int]]:
    """Yield each case with the status of each answer to it; what is wrong goes to `faults`."""
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(Path(folder))
        with databases.fresh("sqlite", fill_demo) as url:
            settings = {
                "DATABASE_URL": url, "TWILIO_AUTH_TOKEN": "unknown-to-strangers", "IVR_NOW": "2026-03-02T12:00",
                "IVR_SECRET_KEY": "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtMTI=", "IVR_STAFF_PASSWORD": "a password of staff",
            }  # fmt: skip
            # What a sweep finds to do is done now, so that the workers' own sweeps change nothing.
            subprocess.run([PROGRAMS / "ivr", "sweep"], env=environment(settings), cwd=PROJECT, check=True)
            with running(ivr(2), settings, Path(folder)) as line:
                before, workers = _rows(url), children(line.process.pid)
                yield from _all_sent(line, count, chance, faults)
                after = _rows(url)
                faults += [f"rows of {name} were written" for name in after if after[name] != before[name]]
                faults += ["a worker ended"] * (children(line.process.pid) != workers)
                faults += _bad_lines(line)
        databases.close()


def _all_sent(line: Line, count: int, chance: random.Random, faults: list[str]) -> Iterator[tuple[str, int]]:
    cases = [(name, CASES[name](chance)) for name in chance.choices([*CASES], k=count)]
    with ThreadPoolExecutor(AT_ONCE) as senders:
        for (name, pieces), statuses in zip(cases, senders.map(lambda case: _sent(line, case[1]), cases), strict=True):
            for status in statuses:
                yield name, status
                if status >= 500 and not (name == "chunks" and status == NOT_KNOWN):
                    faults.append(f"{name}: {status} for {pieces[0]!r:.200}")
    with urllib.request.urlopen(f"{line.url}/readyz", timeout=10) as answer:  # noqa: S310 - our own
        faults += ["it is not ready afterwards"] * (answer.status != 200)


def _sent(line: Line, pieces: Pieces) -> list[int]:
    """Send pieces on a new connection; return the statuses of what came back, `NO_ANSWER` if that was nothing."""
    received = b""
    with socket.create_connection(("127.0.0.1", int(line.url.rpartition(":")[2])), timeout=10) as connection:
        try:
            for piece in pieces:
                sleep(piece) if isinstance(piece, float) else connection.sendall(piece)
            connection.settimeout(WAIT_SECONDS)
            while data := connection.recv(65536):
                received += data
        except OSError:  # it was closed, or nothing more comes
            pass
    return [int(status) for status in re.findall(rb"(?:^|\n|>)HTTP/1\.[01] (\d{3}) ", received)] or [NO_ANSWER]


def _rows(url: str) -> Mapping[str, int]:
    engine = open_database(url)
    rows = {name: digest for name, digest in digests(engine).items() if name not in BY_ITSELF}
    engine.dispose()
    return rows


def _bad_lines(line: Line) -> list[str]:
    words = ("Traceback", "request_failed", "turn_failed", "database_away", "worker_")
    return [logged for logged in line.log.read_text().splitlines() if any(word in logged for word in words)]
