"""Hostile requests, made at random, for all URLs of the application, and what must hold of the answers."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from urllib.parse import quote_plus

from flask import Flask
from sqlalchemy import Engine
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Request

from ivr.secret import Secret
from ivr.simulator.holdings import ALL_TABLES

SIDS = tuple(f"CA{number:032x}" for number in range(200))
METHODS = ("POST",) * 50 + ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "\x00", "POST\n")
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
    *("7", "6", "77", "7#", "*7", "17", "7" * 1000, "\uff14", "1,2", "1 2", "w7", "4242424242424242", "1139"),
)
RAW = (
    *(b"\xff", b"%", b"%00", b"%ff%fe", b"&&&==", b"a" * 70_000, b"\x00", b"=" * 3000, b"%ed%a0%80", b"", b"{"),
    *(b"&" * 2000, b"CallSid=CA1&" * 1500, b"CallSid[]=CA1&CallSid[a]=2", b"\xef\xbb\xbfCallSid=CA1", b"+" * 60_000),
    b'--x\r\nContent-Disposition: form-data; name="CallSid"\r\n\r\nCA1\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="Digits"; filename="a"\r\nContent-Type: \xff\r\n\r\n1\r\n--x--\r\n',
    b"--x\r\nContent-Disposition: form-data\r\n\r\n1",
    '{"CallSid": "CA1", "Digits": "7"}'.encode("utf-16"),
)
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
    *("/studio", "/studio/", "/studio/versions", "/studio/versions/{}", "/studio/words/{}", "/studio/words/main"),
    *("/studio/flows", "/studio/flows/{}", "/studio/flows/refill", "/studio/find", "/studio/{}", "/studio/publish"),
    *("/studio/static/{}", "/studio/picture.css", "/audio/{}/{}.wav", "/audio/en/{}.wav", "/audio/{}"),
    *("/healthz", "/readyz", "/healthz/{}", "/metrics", "/metrics/{}", "/message", "/phone", "/{}", "/", "*", ""),
)
FIELDS = (
    *(
        "From",
        "To",
        "Digits",
        "CallStatus",
        "DialCallStatus",
        "ErrorCode",
        "ErrorUrl",
        "FinishedOnKey",
        "CallerSeconds",
    ),
    *("X\x00", "", "version", "over", "seal", "PaymentToken", "Result"),
)
ERROR_URLS = (
    *(
        "/voice",
        "/voice/turn/1/{}",
        "//voice/turn/{}/{}",
        "http://[::1/voice",
        "http://localhost:99999999/voice/turn/1/a",
    ),
    *(
        "javascript:alert(1)",
        "https://evil.example/voice?again={}",
        "/voice?again={}&language={}",
        "file:///etc/passwd",
    ),
)
HEADERS = (
    *(
        "X-Twilio-Signature",
        "Host",
        "X-Forwarded-Host",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "Forwarded",
        "Content-Type",
    ),
    *(
        "Authorization",
        "Range",
        "If-Range",
        "If-None-Match",
        "If-Modified-Since",
        "Cookie",
        "Accept-Encoding",
        "Expect",
    ),
    *(
        "Transfer-Encoding",
        "Content-Encoding",
        "X-HTTP-Method-Override",
        "Referer",
        "User-Agent",
        "Upgrade",
        "Connection",
    ),
)
HEADER_VALUES = (
    *(
        "Basic",
        "Basic !!!",
        "Basic Og==",
        "Basic /////w==",
        "Bearer x",
        'Digest username="a',
        "bytes=0-",
        "bytes=9-1,a",
    ),
    *("bytes=-99999999999999999999", 'W/"x', "gzip", "chunked", "100-continue", "for=127.0.0.1;host=localhost"),
    *("localhost:0", "localhost:99999999", "[::1", "a:b:c", "Mon, 99 Foo 9999 99:99:99 GMT", "a=b; " * 2000),
)
TYPES = (
    *(
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json",
    ),
    *(
        "text/plain; charset=utf-16",
        "application/x-www-form-urlencoded; charset=nonsense",
        "multipart/form-data; boundary=",
    ),
)


def _fill(random: Random, template: str) -> str:
    while "{}" in template:
        template = template.replace("{}", random.choice(NUMBERS + TEXTS), 1)
    return template


def _body(random: Random, sid: str) -> bytes:
    if random.random() < 0.1:
        return random.choice(RAW)
    fields = [("CallSid", sid)] if random.random() < 0.95 else []
    fields += [(name, random.choice(TEXTS + NUMBERS)) for name in FIELDS if random.random() < 0.3]
    fields += [("ErrorUrl", _fill(random, random.choice(ERROR_URLS)))] if random.random() < 0.2 else []
    fields += [("CallSid", random.choice(TEXTS))] if random.random() < 0.03 else []
    fields += [random.choice(fields)] if fields and random.random() < 0.1 else []
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields).encode()


def _query(random: Random) -> str:
    if random.random() < 0.1:
        return random.choice(RAW[:5]).decode("latin-1")
    names = [name for name in ("again", "language", "at", "q", "Digits", "x\x00") if random.random() < 0.3]
    return "&".join(f"{quote_plus(name)}={quote_plus(random.choice(TEXTS + NUMBERS))}" for name in names)


def _mangled(random: Random, url: str) -> str:
    """Return a URL with one character changed, doubled, or left out, or something added."""
    at, character = random.randrange(len(url)), random.choice("/0179aZ%?&=+._-~\x00é")
    return random.choice(
        (
            url[:at] + character + url[at + 1 :],
            url[:at] + url[at] + url[at:],
            url[:at] + url[at + 1 :],
            url + character,
            url.swapcase(),
            url.replace("/turn/", f"/turn/{random.choice(NUMBERS)}/"),
        )
    )


def environment(random: Random, sid: str, turn_url: str) -> dict[str, object]:
    """Return the WSGI environment of a random request; `turn_url` is a URL that the line gave before, "" for none."""
    if turn_url and random.random() < 0.6:
        url = turn_url if random.random() < 0.7 else _mangled(random, turn_url)
    else:
        url = _fill(random, random.choice(PATHS + PAGES))
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
        "REMOTE_ADDR": "127.0.0.1" if random.random() < 0.98 else random.choice(("", "::1", "nobody", "10.0.0.1")),
    }
    for name in HEADERS:
        if random.random() < 0.04:
            header = "CONTENT_TYPE" if name == "Content-Type" else f"HTTP_{name.upper().replace('-', '_')}"
            environ[header] = random.choice(TEXTS + NUMBERS + HEADER_VALUES * 3).encode().decode("latin-1")
    return environ


def sign(environ: dict[str, object], token: Secret) -> bool:
    """Sign a request as the carrier would, whatever it holds; return False if it cannot be read at all."""
    request = Request(environ.copy())
    try:
        form, query = request.form, request.query_string.decode("latin-1")
    except (HTTPException, UnicodeDecodeError):
        return False
    finally:
        environ["wsgi.input"].seek(0)  # type: ignore[attr-defined]
    url = f"{request.scheme}://{request.host}{request.path}{'?' if query else ''}{query}"
    environ["HTTP_X_TWILIO_SIGNATURE"] = RequestValidator(token.reveal()).compute_signature(url, form)
    return True


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a hostile request, with what is wrong with it."""

    path: str
    status: int
    body: str
    faults: tuple[str, ...]


FAILURES = ("turn_failed", "request_failed", "database_away")
"""What the line logs if it could not answer as it should."""


def answer(app: Flask, environ: dict[str, object]) -> Answered:
    """Send a request to the application, and judge the answer."""
    path = str(environ["PATH_INFO"])
    request = f"{environ['REQUEST_METHOD']!r} {path[:60]!r}"
    with capture_logs() as lines:
        body, status, headers = run_wsgi_app(app, environ, buffered=True)
    text = b"".join(body).decode("utf-8", "replace")
    faults = [f"{request}: {status}"] if status.startswith("5") else []
    faults += [f"{request}: {line}" for line in lines if line["event"] in FAILURES or "exc_info" in line]
    if path.startswith("/voice"):
        faults += [f"{request}: {fault}" for fault in _voice_faults(text, status, headers.get("Content-Type", ""))]
    return Answered(path, int(status[:3]), text, tuple(faults))


def send(app: Flask, random: Random, count: int) -> Iterator[Answered]:
    """Send `count` hostile requests and yield the answers.

    Some requests go to URLs that the line itself gave.
    """
    turn_urls: dict[str, str] = {}
    for _ in range(count):
        sid = random.choice(SIDS)
        answered = answer(app, environment(random, sid, turn_urls.get(sid, "")))
        if answered.path.startswith("/voice") and not answered.faults:
            turn_urls[sid] = _turn_url(answered.body) or turn_urls.get(sid, "")
        yield answered


def digests(engine: Engine) -> Mapping[str, int]:
    """Return a number for the contents of each table, which is another one when a row has changed."""
    with engine.connect() as connection:
        return {
            table.name: hash(tuple(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {table.name}"))))  # noqa: S608
            for table in ALL_TABLES
        }


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
