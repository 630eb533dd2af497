"""Hostile requests, made at random, for all URLs of the application."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from random import Random
from urllib.parse import quote_plus

from flask import Flask
from structlog.testing import capture_logs
from werkzeug.test import EnvironBuilder, run_wsgi_app

SIDS = tuple(f"CA{number:032x}" for number in range(200))
METHODS = ("POST",) * 50 + ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "\x00", "POST\n")
NUMBERS = ("0", "-1", "1", "007", "2147483648", "9" * 30, "9" * 5000, "٣", "1e9", "NaN", "0x10", "+1", " 1", "1\x00")
TEXTS = (
    *("", " ", "\x00", "+1510\x005550123", "\x1b[2J", "\r\nSet-Cookie: a=b", "<Say>hi</Say>", "]]>", "&amp;", "%s%n{}"),
    *(
        "' OR 1=1 --",
        "../../etc/passwd",
        "\u202e123",
        "\u2028",
        "\ufffe",
        "A" * 9000,
        "ünï",
        "🎉",
        "anonymous",
        "en",
        "es",
    ),
    *("client:alice", "sip:bob@example.com", "+15105550123", "+266696687", "Anonymous", "completed", "no-answer", "7"),
    *("1", "2", "9", "0", "#", "*", "41200017", "94550", "7304112"),
)
RAW = (b"\xff", b"%", b"%00", b"%ff%fe", b"&&&==", b"a" * 70_000, b"\x00", b"=" * 3000, b"%ed%a0%80")
PATHS = (
    "/voice",
    "/voice/",
    "//voice",
    "/voice/turn/{}/{}",
    "/voice/status",
    "/voice/fallback",
    "/voice/{}",
    "/voice{}",
)
PAGES = (
    *(
        "/studio",
        "/studio/",
        "/studio/versions/{}",
        "/studio/words/{}",
        "/studio/flows/{}",
        "/studio/find",
        "/studio/{}",
    ),
    *("/audio/{}/{}.wav", "/healthz", "/readyz", "/{}", "/studio/static/{}"),
)
FIELDS = (
    "From",
    "To",
    "Digits",
    "CallStatus",
    "DialCallStatus",
    "ErrorCode",
    "ErrorUrl",
    "FinishedOnKey",
    "X\x00",
)
HEADERS = (
    "X-Twilio-Signature",
    "Host",
    "X-Forwarded-Host",
    "Content-Type",
    "Authorization",
    "Range",
    "If-None-Match",
    "Cookie",
)
TYPES = (
    *(
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json",
    ),
    *("text/plain; charset=utf-16", "application/x-www-form-urlencoded; charset=nonsense"),
)


def _fill(random: Random, template: str) -> str:
    while "{}" in template:
        template = template.replace("{}", random.choice(NUMBERS + TEXTS), 1)
    return template


def _body(random: Random, sid: str) -> bytes:
    if random.random() < 0.1:
        return random.choice(RAW)
    fields = [("CallSid", sid)] if random.random() < 0.95 else []
    fields += [(name, random.choice(TEXTS + NUMBERS)) for name in FIELDS if random.random() < 0.4]
    fields += [("CallSid", random.choice(TEXTS))] if random.random() < 0.03 else []
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields).encode()


def _query(random: Random) -> str:
    if random.random() < 0.1:
        return random.choice(RAW[:5]).decode("latin-1")
    names = [name for name in ("again", "language", "at", "q", "Digits", "x\x00") if random.random() < 0.3]
    return "&".join(f"{quote_plus(name)}={quote_plus(random.choice(TEXTS + NUMBERS))}" for name in names)


def environment(random: Random, sid: str, turn_url: str) -> dict[str, object]:
    """Return the WSGI environment of a random request; `turn_url` is a URL that the line gave before, "" for none."""
    url = turn_url if turn_url and random.random() < 0.6 else _fill(random, random.choice(PATHS + PAGES))
    path, _, query = url.partition("?")
    body = _body(random, sid)
    environ: dict[str, object] = dict(EnvironBuilder("/", method="POST").get_environ())
    environ |= {
        "REQUEST_METHOD": random.choice(METHODS) if "voice" in path or random.random() < 0.2 else "GET",
        "PATH_INFO": path.encode("utf-8", "surrogatepass").decode("latin-1"),
        "QUERY_STRING": query if query and random.random() < 0.7 else _query(random),
        "CONTENT_TYPE": TYPES[0] if random.random() < 0.95 else random.choice(TYPES + TEXTS[:6]),
        "CONTENT_LENGTH": str(len(body)) if random.random() < 0.95 else random.choice(NUMBERS),
        "wsgi.input": io.BytesIO(body),
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
    }
    for name in HEADERS:
        if random.random() < 0.04:
            header = "CONTENT_TYPE" if name == "Content-Type" else f"HTTP_{name.upper().replace('-', '_')}"
            environ[header] = random.choice(TEXTS + NUMBERS).encode().decode("latin-1")
    return environ


def send(app: Flask, random: Random, count: int) -> Iterator[str]:
    """Send `count` hostile requests and yield what is wrong with the answers.

    Some requests go to URLs that the line itself gave.
    """
    turn_urls: dict[str, str] = {}
    for _ in range(count):
        sid = random.choice(SIDS)
        environ = environment(random, sid, turn_urls.get(sid, ""))
        request = f"{environ['REQUEST_METHOD']!r} {str(environ['PATH_INFO'])[:60]!r}"
        with capture_logs() as lines:
            body, status, headers = run_wsgi_app(app, environ, buffered=True)
        text = b"".join(body).decode("utf-8", "replace")
        if status.startswith("5") and environ["PATH_INFO"] != "/readyz":
            yield f"{request}: {status}"
        if failed := [line for line in lines if line["event"] in ("turn_failed", "request_failed", "database_away")]:
            yield f"{request}: {failed}"
        if str(environ["PATH_INFO"]).startswith("/voice"):
            faults = list(_voice_faults(text, status, headers.get("Content-Type", "")))
            yield from (f"{request}: {fault}" for fault in faults)
            turn_urls[sid] = turn_urls.get(sid, "") if faults else _turn_url(text) or turn_urls.get(sid, "")


def _voice_faults(text: str, status: str, content_type: str) -> Iterator[str]:
    if text and not content_type.startswith("text/xml"):
        yield f"{status} {content_type} {text[:80]!r}"
    try:
        root = ET.fromstring(text) if text else None  # noqa: S314 - our own answer
    except ET.ParseError as error:
        yield f"{status} {error} {text[:80]!r}"
        return
    if status.startswith("200") and root is not None and not len(root):
        yield "nothing is said"


def _turn_url(text: str) -> str:
    root = ET.fromstring(text or "<Response/>")  # noqa: S314 - our own answer
    return next((verb.get("action") or verb.text or "" for verb in root if verb.tag in ("Gather", "Redirect")), "")
