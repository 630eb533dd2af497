"""One worker of `ivr serve`: takes connections from the line's socket and answers their requests in threads.

A request takes up a thread only when all of it has arrived, so that idle and slow connections hold up nobody.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, create_server
from waitress.task import WSGITask

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
"""With more than these, those connections make room that nothing has come from for longest."""
CROWDED_SECONDS = 1.0
"""How long nothing must have come from a connection then."""
IDLE_SECONDS = 75
"""How long it may be idle otherwise: longer than nginx keeps one, which could else send a request as it is closed."""
REQUEST_SECONDS = 10.0
"""How long a request may take to arrive. The carrier sends one in a single piece."""
LOOK_SECONDS = 0.25
"""How long the worker waits for the network, at most, before it looks whether it should stop."""


class _Task(WSGITask):  # type: ignore[misc] # the library has no types
    """Answers one request; when the worker is stopping, the last one of its connection."""

    def build_response_header(self) -> bytes:
        """Write the headers."""
        if not self.channel.server.accepting:
            self.set_close_on_finish()
        return bytes(super().build_response_header())


class _Channel(HTTPChannel):  # type: ignore[misc] # the same
    """A connection."""

    task_class = _Task


class Worker:
    """Answers the requests of an application until the process is told to stop, or its parent has ended."""

    def __init__(self, app: WSGIApplication, listening: socket.socket) -> None:
        self._is_stopping = False
        self._parent = os.getppid()
        self._arriving_since: dict[HTTPChannel, float] = {}
        self._clear_at = 0.0
        self._server: TcpWSGIServer = create_server(
            app,
            sockets=[listening],
            threads=THREADS,
            connection_limit=MOST_CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            max_request_body_size=MOST_BYTES,
            asyncore_use_poll=True,  # select knows no more than 1,024 files
            clear_untrusted_proxy_headers=False,  # a request that a proxy has forwarded is told by them
            ident=None,
        )
        self._server.channel_class = _Channel

    def run(self) -> None:
        """Answer until SIGTERM, or the end of the parent; then finish what is being answered."""
        signal.signal(signal.SIGTERM, self._stop)
        while not self._is_stopping and os.getppid() == self._parent:
            self._look(LOOK_SECONDS)
        self._is_stopping = True
        self._finish()

    def _stop(self, *_: object) -> None:
        self._is_stopping = True

    def _look(self, seconds: float) -> None:
        """Wait for the network for so long at most, and handle what came."""
        wasyncore.loop(seconds, use_poll=True, map=self._server._map, count=1)
        now = system_clock().timestamp()
        if now >= self._clear_at:  # not each time: with hundreds of connections it would take as long as the rest
            self._clear_at = now + LOOK_SECONDS
            self._clear(now)

    def _clear(self, now: float) -> None:
        """Close connections whose requests take too long to arrive, and idle ones that keep others out."""
        channels: list[HTTPChannel] = list(self._server.active_channels.values())
        arriving = [channel for channel in channels if channel.request is not None and not channel.requests]
        self._arriving_since = {channel: self._arriving_since.get(channel, now) for channel in arriving}
        for channel, since in self._arriving_since.items():
            if now - since > REQUEST_SECONDS:
                channel.will_close = True
        if len(channels) > CROWDED:
            unanswered = [channel for channel in channels if not channel.requests]
            unanswered.sort(key=lambda channel: channel.last_activity)
            for channel in unanswered[: len(channels) - CROWDED]:
                channel.will_close |= now - channel.last_activity > CROWDED_SECONDS

    def _finish(self) -> None:
        """Accept the connections that wait, and no more; answer what arrives by them."""
        while select.select([self._server.socket], [], [], 0)[0]:
            self._server.handle_accept()
        self._server.accepting = False
        self._server.del_channel()
        self._server.socket.close()  # from now on a connection is refused, and so tried elsewhere, instead of broken
        begun = time.monotonic()
        while self._server.active_channels and time.monotonic() < begun + STOP_SECONDS:
            if time.monotonic() > begun + LINGER_SECONDS:
                for channel in filter(_is_idle, tuple(self._server.active_channels.values())):
                    channel.will_close = True
            self._look(LOOK_SECONDS / 10)


def _is_idle(channel: HTTPChannel) -> bool:
    """Return whether no request of a connection is arriving or being answered."""
    return not (channel.requests or channel.request or channel.total_outbufs_len)
