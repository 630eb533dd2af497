"""A carrier's network at its worst: requests lost, late and twice, answers lost, callbacks missing, two hosts in turn."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ivr.phone.transport import NO_ANSWER, Reply, Transport

PUBLIC = "https://refills.example"
"""The address that the carrier knows; requests to it go to the hosts."""
CHANCES = {
    "request lost": 0.01,
    "answer lost": 0.03,
    "doubled at once": 0.06,
    "sent late": 0.03,
}
MISSING, DOUBLED = 0.1, 0.1
"""How often a status callback is not sent, or twice."""


class HungUpError(Exception):
    """Raised in place of an answer when the caller hangs up before it comes."""


@dataclass
class BadNetwork:
    """Sends one call's requests to the hosts, with faults, which it counts."""

    post: Transport
    hosts: Sequence[str]
    chance: random.Random
    faults: Counter[str] = field(default_factory=Counter)
    hangs_up: bool = False
    """The caller hangs up while the next request is under way."""
    _sent: list[tuple[str, Mapping[str, str] | None, Mapping[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> Reply:
        if self.hangs_up:
            self._beside(url, form, headers)
            raise HungUpError
        if url.endswith("/status"):
            return self._call_back(url, form, headers)
        fault = self.chance.choices([*CHANCES, None], [*CHANCES.values(), 1 - sum(CHANCES.values())])[0]
        if fault == "sent late" and not self._sent:
            fault = None
        if fault:
            self.faults[fault] += 1
        if fault == "request lost":
            return Reply(NO_ANSWER, "", "lost")
        twin = None
        if fault == "doubled at once":
            twin = self._beside(url, form, headers)
        elif fault == "sent late":
            twin = self._beside(*self.chance.choice(self._sent))
        reply = self.send(url, form, headers)
        if twin:
            twin.join()
        self._sent.append((url, form, headers))
        return Reply(NO_ANSWER, "", "lost") if fault == "answer lost" else reply

    def _call_back(self, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> Reply:
        if self.chance.random() < MISSING:
            self.faults["callback missing"] += 1
            return Reply(204, "", "")
        if self.chance.random() < DOUBLED:
            self.faults["callback doubled"] += 1
            self._beside(url, form, headers)
        return self.send(url, form, headers)

    def send(self, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> Reply:
        """Send a request to one host, or to the other if no connection can be made."""
        first = self.chance.randrange(len(self.hosts))
        for host in (*self.hosts[first:], *self.hosts[:first]):
            reply = self.post(url.replace(PUBLIC, host), form, headers)
            if not (reply.status == NO_ANSWER and "refused" in reply.body):
                break
            self.faults["connection refused"] += 1
        if reply.status not in (200, 204):
            self.faults["no answer"] += 1
        return reply

    def _beside(self, *request: object) -> threading.Thread:
        send: Callable[..., object] = self.send
        thread = threading.Thread(target=send, args=request)
        thread.start()
        return thread
