"""Sends requests to Stripe with one deadline for a whole operation, however many requests it takes.

The library's own time-out starts over for each request and for each read, and does not count looking up an address, so
a caller could wait far longer than promised, or for ever if an answer comes byte by byte. Here each request gets the time
that is left, and is waited for no longer. No request is repeated automatically: the payment turn does that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, LifoQueue, SimpleQueue
from typing import Any, NoReturn

import stripe

Reply = tuple[Any, int, Mapping[str, str]]
"""Body, status and headers, as the library returns them."""

_LONGEST_CONNECT_S = 1.0
"""The longest time-out for connecting, in seconds."""

Send = Callable[[float, str, str, Mapping[str, str] | None, Any], Reply]
"""Sends one request: the seconds it may take, method, URL, headers and body. Returns the reply, whatever its status, or
raises stripe.APIConnectionError when there is none."""


class Sessions:
    """Sends each request with the library's client in a thread of its own, which is left behind when its time is over.

    Connections are kept for the requests that come later.
    """

    def __init__(self) -> None:
        self._idle: LifoQueue[Any] = LifoQueue()

    def __call__(self, seconds: float, method: str, url: str, headers: Mapping[str, str] | None, body: Any) -> Reply:
        """Send one request; see `Send`."""
        results: SimpleQueue[Reply | Exception] = SimpleQueue()

        def send() -> None:
            try:
                results.put(self._send(seconds, method, url, headers, body))
            except Exception as error:
                results.put(error)

        threading.Thread(target=send, daemon=True).start()
        try:
            result = results.get(timeout=seconds)
        except Empty:
            raise stripe.APIConnectionError("no whole answer in time") from None  # type: ignore[no-untyped-call]
        if isinstance(result, Exception):
            raise result
        return result

    def _send(self, seconds: float, method: str, url: str, headers: Mapping[str, str] | None, body: Any) -> Reply:
        connect = min(_LONGEST_CONNECT_S, seconds / 2)
        try:
            session = self._idle.get_nowait()
        except Empty:
            session = stripe.RequestsClient().requests.Session()
        try:
            client = stripe.RequestsClient(timeout=(connect, seconds - connect), session=session)
            return client.request(method, url, headers, body)
        finally:
            self._idle.put(session)


class TimedHttp(stripe.HTTPClient):
    """The HTTP client given to the library, which keeps the deadline that `within` sets for this thread."""

    name = "requests"

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._deadline = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Limit all requests sent in this context to so many seconds together."""
        self._deadline.at = time.monotonic() + seconds
        yield

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> Reply:
        """Send a request with the time that is left; raise stripe.APIConnectionError if there is none."""
        seconds_left = self._deadline.at - time.monotonic()
        if seconds_left <= 0:
            raise stripe.APIConnectionError("no time left to ask")  # type: ignore[no-untyped-call]  # stripe's
        return self._send(seconds_left, method, url, headers, post_data)

    def request_stream(self, *_: Any, **__: Any) -> NoReturn:
        """Raise NotImplementedError: nothing is streamed here."""
        raise NotImplementedError

    def close(self) -> None:
        """Do nothing: the connections end with the process."""
