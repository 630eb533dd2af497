"""Sends requests to Stripe with one deadline for a whole operation, however many requests it takes.

The library's own time-out starts over for each request (and each read), so a caller could wait twice as long as
promised. Here each request gets the time that is left. No request is repeated automatically: the payment turn does
that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
    """Sends requests with the library's client, keeping one connection per thread."""

    def __init__(self) -> None:
        self._per_thread = threading.local()

    def __call__(self, seconds: float, method: str, url: str, headers: Mapping[str, str] | None, body: Any) -> Reply:
        """Send one request; see `Send`."""
        connect = min(_LONGEST_CONNECT_S, seconds / 2)
        client = stripe.RequestsClient(timeout=(connect, seconds - connect), session=self._session())
        return client.request(method, url, headers, body)

    def _session(self) -> Any:
        if not hasattr(self._per_thread, "session"):
            self._per_thread.session = stripe.RequestsClient().requests.Session()
        return self._per_thread.session


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
        """Do nothing: the sessions end with their threads."""
