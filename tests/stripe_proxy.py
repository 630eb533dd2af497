"""A test proxy before a stand-in for Stripe: keeps replies by idempotency key as Stripe does, and fails on demand.

A request that is repeated with its key gets the first reply, marked `Idempotent-Replayed`; the same key with other
parameters gets an `idempotency_error`, and while the first request is under way a 409. What was refused before it was
looked into (409, 429, a wrong API key) is not kept, everything else is, errors too.
"""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from stripe_books import FullerStripe, StripeAnswer, booked, failure, localstripe

NOT_KEPT = (401, 403, 409, 429)


class Failing(Enum):
    """How the proxy fails a request. An answer of its own can be given instead, such as a decline."""

    DROPPED = auto()  # the connection ends, and nothing was done
    LOST = auto()  # it was done, and the connection ends without an answer
    SILENT = auto()  # nothing is done, and no answer comes for as long as anybody waits
    SILENT_LATER = auto()  # it was done, and no answer comes
    TRICKLED = auto()  # it was done, and the answer comes byte by byte, for as long as anybody waits


@dataclass(frozen=True)
class Kept:
    """A request that was sent with a key, and its answer once there is one."""

    method: str
    path: str
    params: Mapping[str, str]
    answer: StripeAnswer | None = None


def operation_of(method: str, path: str) -> str:
    """Name what a request does as the sandbox names it."""
    match method, path.split("/")[2:]:
        case "POST", ["payment_methods"]:
            return "tokenize"
        case "POST", ["customers"]:
            return "keep"
        case "GET", ["payment_methods", _]:
            return "attach"
        case "POST", ["payment_intents"]:
            return "authorize"
        case "GET", ["payment_intents", "search"]:
            return "look_up"
        case "POST", ["payment_intents", _, "capture"]:
            return "capture"
        case "POST", ["payment_intents", _, "cancel"]:
            return "void"
    return f"{method} {path}"


@dataclass
class StripeProxy:
    """Answers requests; `fail` makes the next one of an operation fail."""

    stripe: FullerStripe
    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    """How often each operation was asked for."""
    replayed: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    """Set when nobody has to be kept waiting any more."""
    _failing: defaultdict[str, list[Failing | StripeAnswer]] = field(default_factory=lambda: defaultdict(list))
    _kept: dict[str, Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, operation: str, failing: Failing | StripeAnswer) -> None:
        """Let the next request of an operation fail."""
        self._failing[operation].append(failing)

    def failing(self, method: str, path: str) -> Failing | StripeAnswer | None:
        """Count a request, and tell how it is to fail."""
        operation = operation_of(method, path)
        with self._lock:
            self.asked[operation] += 1
            return self._failing[operation].pop(0) if self._failing[operation] else None

    def answer(
        self, request: Kept, key: str | None, api_key: str, canned: StripeAnswer | None
    ) -> tuple[StripeAnswer, bool]:
        """Answer a request, and tell whether that is an earlier answer; with `canned`, answer that for the first time."""
        with self._lock:
            kept = self._kept.get(key) if key else None
            if kept is not None:
                if (kept.method, kept.path, kept.params) != (request.method, request.path, request.params):
                    return failure(400, "idempotency_error"), False
                if kept.answer is None:
                    return failure(409, "invalid_request_error", "idempotency_key_in_use"), False
                self.replayed += 1
                return kept.answer, True
            if key:
                self._kept[key] = request
        answer = canned or self.stripe.answer(request.method, request.path, request.params, api_key)
        if key:
            with self._lock:
                if answer.status in NOT_KEPT:
                    del self._kept[key]
                else:
                    self._kept[key] = Kept(request.method, request.path, request.params, answer)
        return answer, False

    def forget(self) -> None:
        """Forget all keys, as Stripe does after a day."""
        self._kept.clear()


class ProxyServer(ThreadingHTTPServer):
    """A server that knows its proxy."""

    def __init__(self, proxy: StripeProxy) -> None:
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.proxy = proxy


class ProxyHandler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ProxyServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Log nothing."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        parts = urlsplit(self.path)
        failing = self.server.proxy.failing(self.command, parts.path)
        if failing in (Failing.DROPPED, Failing.SILENT):
            return self._hang_up(after_waiting=failing is Failing.SILENT)
        request = Kept(self.command, parts.path, dict(parse_qsl(body or parts.query)))
        key, api_key = self.headers.get("Idempotency-Key"), self.headers["Authorization"].partition(" ")[2]
        canned = failing if isinstance(failing, StripeAnswer) else None
        answer, is_replayed = self.server.proxy.answer(request, key, api_key, canned)
        if failing in (Failing.LOST, Failing.SILENT_LATER):
            return self._hang_up(after_waiting=failing is Failing.SILENT_LATER)
        return self._send(answer, is_replayed=is_replayed, trickled=failing is Failing.TRICKLED)

    def _hang_up(self, *, after_waiting: bool) -> None:
        if after_waiting:
            self.server.proxy.over.wait()
        self.close_connection = True

    def _send(self, answer: StripeAnswer, *, is_replayed: bool, trickled: bool) -> None:
        content = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(1_000_000 if trickled else len(content)))
        if is_replayed:
            self.send_header("Idempotent-Replayed", "true")
        self.end_headers()
        if trickled:
            self._trickle()
        else:
            self.wfile.write(content)

    def _trickle(self) -> None:
        while not self.server.proxy.over.wait(0.01):
            self.wfile.write(b" ")
        self.close_connection = True


@contextmanager
def stripe_proxy() -> Iterator[StripeProxy]:
    """Start localstripe and the proxy before it."""
    with localstripe() as base:
        proxy = StripeProxy(FullerStripe(base))
        with ProxyServer(proxy) as server:
            proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            try:
                yield proxy
            finally:
                proxy.over.set()
                server.shutdown()


def charges_in(proxy: StripeProxy, key: str) -> list[Any]:
    """Return the charges whose request key begins with `key`, as localstripe has them."""
    return [charge for charge in booked(proxy.stripe.base) if charge.request_key.startswith(key)]
