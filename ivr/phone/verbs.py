"""The carrier's verbs as a telephone meets them: what is heard, asked or done next. All addresses are absolute."""

from __future__ import annotations

from dataclasses import dataclass

WORDS_A_MINUTE = 165
RECORDING_SECONDS = 5.0
"""Taken for the length of a recording, whose sound a telephone without a loudspeaker never fetches."""


@dataclass(frozen=True, slots=True)
class TwimlSay:
    """Words to be spoken; `breaks` are the seconds of rest marked within them."""

    text: str
    language: str = "en-US"
    voice: str = ""
    loop: int = 1
    breaks: float = 0.0

    @property
    def seconds(self) -> float:
        """How long one reading takes."""
        return len(self.text.split()) * 60 / WORDS_A_MINUTE + self.breaks


@dataclass(frozen=True, slots=True)
class TwimlPlay:
    """A recording to be played."""

    url: str
    loop: int = 1
    seconds: float = RECORDING_SECONDS


@dataclass(frozen=True, slots=True)
class TwimlPause:
    """Rest."""

    seconds: float = 1.0


TwimlSound = TwimlSay | TwimlPlay | TwimlPause


def length(sound: TwimlSound) -> float:
    """Return the seconds a sound lasts; one repeated for ever ends at the carrier's thousandth time."""
    if isinstance(sound, TwimlPause):
        return sound.seconds
    return sound.seconds * (sound.loop or 1000)


@dataclass(frozen=True, slots=True)
class TwimlGather:
    """A question answered with keys; `num_digits` None is without limit, `finish_on_key` "" is none."""

    action: str
    method: str = "POST"
    timeout: int = 5
    num_digits: int | None = None
    finish_on_key: str = "#"
    action_on_empty_result: bool = False
    sounds: tuple[TwimlSound, ...] = ()


@dataclass(frozen=True, slots=True)
class TwimlRedirect:
    """Go on with another document."""

    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class TwimlDial:
    """Connect the caller to a number; without an action the document goes on afterwards."""

    number: str
    action: str | None = None
    method: str = "POST"
    timeout: int = 30


@dataclass(frozen=True, slots=True)
class TwimlPay:
    """The carrier takes a card itself; `charges` when it is to be charged rather than exchanged for a token."""

    action: str
    charges: bool = False


@dataclass(frozen=True, slots=True)
class TwimlHangup:
    """End the call."""


@dataclass(frozen=True, slots=True)
class TwimlReject:
    """Do not take the call; `reason` is the CallStatus it gets."""

    reason: str = "no-answer"


TwimlVerb = TwimlSound | TwimlGather | TwimlRedirect | TwimlDial | TwimlPay | TwimlHangup | TwimlReject
