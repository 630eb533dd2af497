"""What a caller hears, and what a call waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ivr.phone.document import CarrierError
from ivr.phone.verbs import TwimlGather, TwimlPay

EndReason = Literal["line hung up", "end of document", "caller hung up", "rejected", "error"]


@dataclass(frozen=True, slots=True)
class HeardWords:
    """Something heard: words with their language and voice, or the URL of a recording."""

    text: str
    language: str = "en-US"
    voice: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The line waits for keys. `prompt` is what of its words can be cut short by one; `keys` were entered so far."""

    gather: TwimlGather
    keys: str = ""
    prompt: tuple[HeardWords, ...] = ()


@dataclass(frozen=True, slots=True)
class Paying:
    """The carrier waits for a card."""

    pay: TwimlPay


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over; an `error` is what the carrier stopped at."""

    reason: EndReason
    error: CarrierError | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What came after one action of the caller, in order, and the state the call is in now."""

    words: tuple[HeardWords, ...]
    waiting: Waiting | Paying | Ended
    dialled: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All the words in one line; recordings are left out."""
        return " ".join(spoken.text for spoken in self.words if spoken.text)
