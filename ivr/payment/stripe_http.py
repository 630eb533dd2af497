"""The wire to the processor: one deadline for a whole operation, however many requests it takes.

The library's own time-out counts each request (and each read) anew, which would let a caller wait twice as long as
promised. Here every request gets what is left. No request is ever sent a second time by itself: asking again is the
payment turn's business.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import stripe

Reply = tuple[Any, int, Mapping[str, str]]  # the library's form: body, status, headers

_LONGEST_CONNECT_S = 1.0


Send = Callable[[float, str, str, Mapping[str, str] | None, Any], Reply]
"""Sends one request, taking at most the seconds given: method, URL, headers and body; returns what came back, whatever
its status. stripe.APIConnectionError when there is no answer."""


class Sessions:
    """Sends with the library's client, over a kept connection for each thread."""

    def __init__(self) -> None:
        self._kept = threading.local()

    def __call__(self, seconds: float, method: str, url: str, headers: Mapping[str, str] | None, body: Any) -> Reply:
        """Send one request."""
        connect = min(_LONGEST_CONNECT_S, seconds / 2)
        client = stripe.RequestsClient(timeout=(connect, seconds - connect), session=self._session())
        return client.request(method, url, headers, body)

    def _session(self) -> Any:
        if not hasattr(self._kept, "session"):
            self._kept.session = stripe.RequestsClient().requests.Session()
        return self._kept.session


class TimedHttp(stripe.HTTPClient):
    """The library's way out, held to the deadline that `within` sets for this thread."""

    name = "requests"

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._deadline = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Give everything sent inside, together, this long."""
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
        """Send a request in the time that is left."""
        left = self._deadline.at - time.monotonic()
        if left <= 0:
            raise stripe.APIConnectionError("no time left to ask")  # type: ignore[no-untyped-call]
        return self._send(left, method, url, headers, post_data)

    def request_stream(self, *_: Any, **__: Any) -> NoReturn:
        """Nothing here is streamed."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave it to the sessions, which end with their threads."""
