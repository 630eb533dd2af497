"""Many telephones at once that send a line the carrier's requests, from one process with little work for each.

A turn is due some seconds after the one before it was due. Its time counts from then until the whole answer is there,
also if the telephone or the line was late with something before: a line that keeps everybody waiting does not look
better for being asked less.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from urllib.parse import urlencode, urlsplit

from ivr.phone.transport import signature
from ivr.secret import Secret

HOST = "line.example"
"""The name of the line by which the requests ask for it and are signed."""
LATE_SECONDS = 0.2
"""How long an answer may take, for the share of turns that has to be in time."""
MOST_LATE = 0.01
AT_ONCE = 16
"""How many turns are under way at once when nobody thinks."""
MOST_TURNS = 12
"""A call that is under way already has had fewer turns than this."""
FIELDS = {
    "CallStatus": "in-progress", "Direction": "inbound", "ApiVersion": "2010-04-01", "To": "+18002457979",
    "FromCity": "LIVERMORE", "FromState": "CA", "FromZip": "94550", "FromCountry": "US",
}  # fmt: skip


class Connection(asyncio.Protocol):
    """A connection to the line, with one request at most under way."""

    def __init__(self) -> None:
        self.is_open = False
        self._arrived = bytearray()
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.is_open = True
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.is_open = False
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        """Take what arrives, and give the answer to who waits for it when it is whole."""
        self._arrived += data
        head, separator, body = self._arrived.partition(b"\r\n\r\n")
        if separator and self._answer and len(body) >= _length(head):
            self.is_open &= b"\r\nconnection: close" not in head.lower()
            self._arrived = bytearray()
            self._answer.set_result(head[9:12] + body)  # its status and its words

    async def ask(self, request: bytes) -> bytes:
        """Send a request; return the three digits of the status and the body. Raises ConnectionResetError."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)  # type: ignore[attr-defined] # a stream's transport has it
        return await self._answer

    def close(self) -> None:
        """End it."""
        self._transport.close()


def _length(head: bytes) -> int:
    found = head.lower().find(b"\r\ncontent-length:")
    return int(head[found + 17 :].split(b"\r\n", 1)[0]) if found >= 0 else 0


@dataclass
class Carrier:
    """Sends requests to a port of this machine, on a new connection each or on kept-alive ones."""

    port: int
    keeps: bool
    _idle: list[Connection] = field(default_factory=list)

    async def ask(self, request: bytes) -> bytes:
        """Send a request and return the answer; a kept connection that turns out to be closed is replaced."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                try:
                    return await self._ask(connection, request)
                except ConnectionResetError:
                    continue
        _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self.port)
        return await self._ask(connection, request)

    async def _ask(self, connection: Connection, request: bytes) -> bytes:
        answer = await connection.ask(request)
        if self.keeps and connection.is_open:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Close the connections that were kept."""
        while self._idle:
            self._idle.pop().close()


def one_for_each(port: int) -> Iterator[Carrier]:
    """Yield a carrier for each telephone that keeps a connection of its own."""
    while True:
        yield Carrier(port, keeps=True)


CONNECTIONS: Mapping[str, Callable[[int], Iterator[Carrier]]] = {
    "shared": lambda port: repeat(Carrier(port, keeps=True)),
    "own": one_for_each,
    "new": lambda port: repeat(Carrier(port, keeps=False)),
}
"""How telephones reach a port: by some kept-alive connections that they share, as through a proxy; each by a kept-alive
one of its own; or by a new one for each turn."""


@dataclass
class Measured:
    """What so many calls at once came to: the seconds each turn took, how late each was sent, what failed."""

    calls: int
    begin: float = 0.0
    """Turns that are due before do not count."""
    until: float = 0.0
    most_late: float = float("inf")
    """How many turns may be late before there is no use in going on."""
    waits: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    late: int = 0

    def note(self, due: float, sent: float, answered: float) -> None:
        """Count a turn."""
        if due >= self.begin:
            self.waits.append(answered - due)
            self.lateness.append(sent - due)
            self.late += answered - due > LATE_SECONDS

    @property
    def is_over(self) -> bool:
        """Whether it is known already that too many turns are late."""
        return self.late > self.most_late

    def within(self, share: float) -> float:
        """Return the seconds within which such a share of the turns was answered."""
        return sorted(self.waits)[int(share * (len(self.waits) - 1))] if self.waits else float("inf")

    @property
    def holds(self) -> bool:
        """Whether all turns were answered, 99 of 100 in time."""
        return not self.failures and not self.is_over and self.within(1 - MOST_LATE) <= LATE_SECONDS


class Telephone:
    """Calls a line again and again, and keys the same in each call."""

    def __init__(self, carrier: Carrier, token: Secret, mix: Sequence[str], number: int) -> None:
        self.carrier = carrier
        self._token = token
        self._mix = mix
        self._number = number
        self._calls = 0
        self._dial()

    def _dial(self) -> None:
        self._turn = 0
        self._calls += 1
        self._form = {**FIELDS, "CallSid": f"CA{self._number:016x}{self._calls:016x}"}
        self._form["From"] = f"+1{2_000_000_000 + self._number * 1_000 + self._calls % 1_000}"
        self._prepare("/voice")

    def _prepare(self, path: str) -> None:
        """Make the next request."""
        keys = self._mix[self._turn]
        form = {**self._form, **({"Digits": keys} if keys else {})}
        body = urlencode(form)
        lines = (
            f"POST {path} HTTP/1.1",
            f"Host: {HOST}",
            "Content-Type: application/x-www-form-urlencoded",
            f"X-Twilio-Signature: {signature(self._token, f'http://{HOST}{path}', form.items())}",
            f"Content-Length: {len(body)}",
            f"Connection: {'keep-alive' if self.carrier.keeps else 'close'}",
        )
        self._request = "\r\n".join((*lines, "", body)).encode()

    async def take_turn(self, due: float, measured: Measured) -> None:
        """Send what was prepared, note what came of it, and prepare what follows."""
        clock = asyncio.get_running_loop().time
        sent = clock()
        try:
            answer = await self.carrier.ask(self._request)
        except OSError as error:
            answer = repr(error).encode()
        measured.note(due, sent, clock())
        path = _next_path(answer)
        if not path:
            measured.failures.append(answer[:200].decode("utf-8", "replace"))
        self._turn += 1
        if path and self._turn < len(self._mix):
            self._prepare(path)
        else:
            self._dial()

    async def advance(self, turns: int, measured: Measured) -> None:
        """Take so many turns without thinking."""
        for _ in range(turns):
            await self.take_turn(asyncio.get_running_loop().time(), measured)

    async def call(self, due: float, think: float, measured: Measured) -> None:
        """Take a turn about every `think` seconds from `due` on, until the measuring is over."""
        while due < measured.until and not measured.is_over:
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            await self.take_turn(due, measured)
            due += random.uniform(0.5, 1.5) * think


def _next_path(answer: bytes) -> str:
    """Return the path of the URL that the caller's keys go to, with its query; "" if there is none."""
    if not answer.startswith(b"200"):
        return ""
    _, found, after = answer.partition(b'action="')
    url = urlsplit(after.partition(b'"')[0].decode().replace("&amp;", "&")) if found else urlsplit("")
    return f"{url.path}{'?' if url.query else ''}{url.query}"


class Telephones:
    """As many telephones as are needed, all in the middle of their calls to one line."""

    def __init__(self, carriers: Iterator[Carrier], token: Secret, mixes: Sequence[Sequence[str]]) -> None:
        self._carriers = carriers
        self._token = token
        self._mixes = mixes
        self._all: list[Telephone] = []

    async def bring(self, count: int) -> list[Telephone]:
        """Return so many; new ones are first brought, without thinking, each to another turn of its call."""
        new = [
            Telephone(next(self._carriers), self._token, self._mixes[number % len(self._mixes)], number)
            for number in range(len(self._all), count)
        ]
        waiting, measured = iter(new), Measured(count)

        async def bring_some() -> None:
            for telephone in waiting:
                await telephone.advance(random.randrange(MOST_TURNS), measured)

        await asyncio.gather(*(bring_some() for _ in range(AT_ONCE)))
        _expect_answers(measured)
        self._all += new
        return self._all[:count]

    async def hurry(self, turns: int) -> None:
        """Take so many turns as quickly as the line answers them, some at once."""
        ready, measured = await self.bring(AT_ONCE), Measured(AT_ONCE)
        await asyncio.gather(*(telephone.advance(turns // AT_ONCE, measured) for telephone in ready))
        _expect_answers(measured)

    def close(self) -> None:
        """Close all connections."""
        for telephone in self._all:
            telephone.carrier.close()

    async def measure(self, count: int, seconds: float, think: float, *, to_the_end: bool = False) -> Measured:
        """Have so many calls at once for so many seconds, after a while in which they begin.

        It ends as soon as too many turns were late, unless it should go on `to_the_end`.
        """
        ready = await self.bring(count)
        start = asyncio.get_running_loop().time()
        most_late = float("inf") if to_the_end else MOST_LATE * count * seconds / think
        measured = Measured(count, start + think, start + think + seconds, most_late)
        dues = [start + random.random() * think for _ in ready]
        await asyncio.gather(*(phone.call(due, think, measured) for phone, due in zip(ready, dues, strict=True)))
        return measured


def _expect_answers(measured: Measured) -> None:
    if measured.failures:
        raise SystemExit(f"the line does not answer as it should: {measured.failures[0]}")
