"""A card processor that is timed: what it was asked, how long that took, and what it answered."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ivr.payment.cards import Card
from ivr.payment.gateway import TIMEOUT_S, Authorized, Captured, Gateway, NotFound, Refused, Token, Unavailable, Voided
from ivr.secret import Secret

OPERATIONS = ("tokenize", "attach", "authorize", "capture", "void", "retrieve")

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class TimedGateway:
    """A gateway that passes each request on and calls `report` with its operation, its answer's kind and the seconds.

    The kind of a refusal is its reason; of any other answer it is the answer's own name, such as `authorized`.
    """

    gateway: Gateway
    report: Callable[[str, str, float], None]

    @property
    def name(self) -> str:
        """The processor's name."""
        return self.gateway.name

    @property
    def live(self) -> bool:
        """Whether the processor charges real money."""
        return self.gateway.live

    def _timed(self, operation: str, ask: Callable[[], Answer]) -> Answer:
        began = time.perf_counter()
        answer = ask()
        self.report(operation, kind_of(answer), time.perf_counter() - began)
        return answer

    def tokenize(self, card: Card, timeout_s: float = TIMEOUT_S) -> Token | Refused | Unavailable:
        """Exchange a card for a token."""
        return self._timed("tokenize", lambda: self.gateway.tokenize(card, timeout_s))

    def attach(self, token: Token) -> Token | Refused | Unavailable:
        """Make the carrier's token one that can be charged more than once."""
        return self._timed("attach", lambda: self.gateway.attach(token))

    def authorize(
        self, token: Secret, amount_cents: int, request_key: str, description: str = ""
    ) -> Authorized | Refused | Unavailable:
        """Set an amount aside on the card."""
        return self._timed("authorize", lambda: self.gateway.authorize(token, amount_cents, request_key, description))

    def capture(self, reference: str, amount_cents: int, request_key: str) -> Captured | Refused | Unavailable:
        """Take the amount set aside."""
        return self._timed("capture", lambda: self.gateway.capture(reference, amount_cents, request_key))

    def void(self, reference: str, request_key: str) -> Voided | Refused | Unavailable:
        """Let go of the amount set aside."""
        return self._timed("void", lambda: self.gateway.void(reference, request_key))

    def retrieve(self, request_key: str) -> Authorized | Refused | NotFound | Unavailable:
        """Return what became of an authorization."""
        return self._timed("retrieve", lambda: self.gateway.retrieve(request_key))


def kind_of(answer: object) -> str:
    """Return the kind of an answer: one of a few words, whatever a processor says."""
    if isinstance(answer, Refused):
        return answer.reason.value
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(answer).__name__).lower()
