"""One worker of `ivr serve`: takes connections from the line's socket and answers their requests in threads.

A request takes up a thread only when all of it has arrived, so that idle and slow connections hold up nobody.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, create_server

from ivr.clock import system_clock
from ivr.web.app import MOST_BYTES

THREADS = 16
"""How many turns a worker answers at once; further ones wait."""
STOP_SECONDS = 10
"""How long a worker that is told to stop may finish what it is answering; a turn takes at most half of that."""
LINGER_SECONDS = 1.0
"""How long it keeps its idle connections meanwhile: a client may just be sending its next request."""

MOST_CONNECTIONS = 1024
"""How many connections a worker has at most; further ones wait until it accepts them."""
CROWDED = MOST_CONNECTIONS // 2
"""With more than these, the connections that have been idle for longest make room."""
CROWDED_IDLE_SECONDS = 1.0
"""How long a connection may be idle then before it does."""
IDLE_SECONDS = 75
"""How long it may be idle otherwise: longer than nginx keeps one, which could else send a request as it is closed."""
REQUEST_SECONDS = 10.0
"""How long a request may take to arrive. The carrier sends one in a single piece."""
LOOK_SECONDS = 0.25
"""How long the worker waits for the network, at most, before it looks whether it should stop."""


class Worker:
    """Answers the requests of an application until the process is told to stop, or its parent has ended."""

    def __init__(self, app: WSGIApplication, listening: socket.socket) -> None:
        self._app = app
        self._is_stopping = False
        self._parent = os.getppid()
        self._arriving_since: dict[HTTPChannel, float] = {}
        self._server: TcpWSGIServer = create_server(
            self._answer,
            sockets=[listening],
            threads=THREADS,
            connection_limit=MOST_CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            max_request_body_size=MOST_BYTES,
            asyncore_use_poll=True,  # select knows no more than 1,024 files
            clear_untrusted_proxy_headers=False,  # a request that a proxy has forwarded is told by them
            ident=None,
        )

    def run(self) -> None:
        """Answer until SIGTERM, or the end of the parent; then finish what is being answered."""
        signal.signal(signal.SIGTERM, self._stop)
        while not self._is_stopping and os.getppid() == self._parent:
            self._look(LOOK_SECONDS)
        self._is_stopping = True
        self._finish()

    def _stop(self, *_: object) -> None:
        self._is_stopping = True

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; while stopping, also tell the client that its connection is about to be closed."""

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], object]:
            closing = [("Connection", "close")] if self._is_stopping else []
            return start_response(status, [*headers, *closing], *exc_info)

        return self._app(environ, start)

    def _look(self, seconds: float) -> None:
        """Wait for the network for so long at most, handle what came, and close connections that keep others out."""
        wasyncore.loop(seconds, use_poll=True, map=self._server._map, count=1)
        now = system_clock().timestamp()
        channels: list[HTTPChannel] = list(self._server.active_channels.values())
        arriving = [channel for channel in channels if channel.request is not None and not channel.requests]
        self._arriving_since = {channel: self._arriving_since.get(channel, now) for channel in arriving}
        for channel, since in self._arriving_since.items():
            if now - since > REQUEST_SECONDS:
                channel.will_close = True
        if len(channels) > CROWDED:
            idle = sorted(filter(_is_idle, channels), key=_last_activity)
            for channel in idle[: len(channels) - CROWDED]:
                channel.will_close |= now - channel.last_activity > CROWDED_IDLE_SECONDS

    def _finish(self) -> None:
        """Accept nothing more, and answer what has arrived."""
        self._server.accepting = False
        begun = time.monotonic()
        while self._server.active_channels and time.monotonic() < begun + STOP_SECONDS:
            if time.monotonic() > begun + LINGER_SECONDS:
                for channel in filter(_is_idle, tuple(self._server.active_channels.values())):
                    channel.will_close = True
            self._look(LOOK_SECONDS / 10)


def _is_idle(channel: HTTPChannel) -> bool:
    """Return whether no request of a connection is arriving or being answered."""
    return not (channel.requests or channel.request or channel.total_outbufs_len)


def _last_activity(channel: HTTPChannel) -> float:
    return float(channel.last_activity)
