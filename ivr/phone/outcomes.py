"""What a caller has heard, and what the call waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ivr.phone.document import CarrierError
from ivr.phone.verbs import TwimlGather, TwimlPay

EndReason = Literal["line hung up", "end of document", "caller hung up", "rejected", "error"]


@dataclass(frozen=True, slots=True)
class HeardWords:
    """Spoken words with their language and voice, or a recording by its URL."""

    text: str
    language: str = "en-US"
    voice: str = ""
    url: str = ""
    rate: int = 100
    """How fast they are spoken, in percent of the usual."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The line waits for keys.

    `keys` were pressed so far; `prompt` are the words of the question, which a key interrupts.
    """

    gather: TwimlGather
    keys: str = ""
    prompt: tuple[HeardWords, ...] = ()


@dataclass(frozen=True, slots=True)
class Paying:
    """The carrier waits for a card to be keyed."""

    pay: TwimlPay


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over; `error` is set if the carrier ended it because of one."""

    reason: EndReason
    error: CarrierError | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """The words and dialled numbers that followed one action of the caller, and the state of the call now."""

    words: tuple[HeardWords, ...]
    waiting: Waiting | Paying | Ended
    dialled: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All words in one line, without recordings."""
        return " ".join(spoken.text for spoken in self.words if spoken.text)
