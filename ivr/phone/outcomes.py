"""What a caller has heard, and what the call waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.phone.document import CarrierError
from ivr.phone.verbs import TwimlGather, TwimlPay
from ivr.secret import Secret

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

    @property
    def timeout(self) -> int:
        """The seconds of silence after which the question ends."""
        return self.gather.timeout


@dataclass(frozen=True, slots=True)
class Paying:
    """The carrier waits for a part of a card: `step` is what `<Pay>` asks for, and `error` why it asks again.

    `keys` were pressed so far, `card` holds the entries of the steps before, and `prompt` are the words of this step,
    which a key interrupts.
    """

    pay: TwimlPay
    step: str
    attempt: int = 1
    error: str = ""
    keys: Secret = field(default_factory=lambda: Secret(""))
    card: Mapping[str, Secret] = field(default_factory=dict)
    prompt: tuple[HeardWords, ...] = ()

    @property
    def timeout(self) -> int:
        """The seconds of silence after which the step ends."""
        return self.pay.timeout


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
    card_prompts: tuple[tuple[str, int], ...] = ()
    """The prompts of `<Pay>` among the words: its action, and which of its prompts it was, from 0."""

    @property
    def text(self) -> str:
        """All words in one line, without recordings."""
        return " ".join(spoken.text for spoken in self.words if spoken.text)
