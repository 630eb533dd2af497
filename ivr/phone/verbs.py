"""The verbs of TwiML that a line answers with. All URLs are absolute; times are seconds."""

from __future__ import annotations

from dataclasses import dataclass

WORDS_A_MINUTE = 165
RECORDING_SECONDS = 5.0
"""The assumed length of a recording: this telephone has no loudspeaker and does not fetch recordings."""


@dataclass(frozen=True, slots=True)
class TwimlSay:
    """Words to be spoken; `breaks` is the sum of the seconds of silence marked within them."""

    text: str
    language: str = "en-US"
    voice: str = ""
    loop: int = 1
    breaks: float = 0.0
    rate: int = 100
    """How fast they are spoken, in percent of the usual."""

    @property
    def seconds(self) -> float:
        """How long it takes to speak the words once."""
        return len(self.text.split()) * 60 / WORDS_A_MINUTE * 100 / self.rate + self.breaks


@dataclass(frozen=True, slots=True)
class TwimlPlay:
    """A recording to be played."""

    url: str
    loop: int = 1
    seconds: float = RECORDING_SECONDS


@dataclass(frozen=True, slots=True)
class TwimlPause:
    """Silence."""

    seconds: float = 1.0


TwimlSound = TwimlSay | TwimlPlay | TwimlPause


def length(sound: TwimlSound) -> float:
    """Return how many seconds a sound lasts; the carrier repeats one without limit (loop 0) 1000 times."""
    if isinstance(sound, TwimlPause):
        return sound.seconds
    return sound.seconds * (sound.loop or 1000)


@dataclass(frozen=True, slots=True)
class TwimlGather:
    """A question answered with keys. `num_digits` None is no limit; `finish_on_key` "" is no finish key."""

    action: str
    method: str = "POST"
    timeout: int = 5
    num_digits: int | None = None
    finish_on_key: str = "#"
    action_on_empty_result: bool = False
    sounds: tuple[TwimlSound, ...] = ()


@dataclass(frozen=True, slots=True)
class TwimlRedirect:
    """Continue with another document."""

    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class TwimlDial:
    """Connect the caller to a number; afterwards request `action` or, without one, continue with the next verb."""

    number: str
    action: str | None = None
    method: str = "POST"
    timeout: int = 30


@dataclass(frozen=True, slots=True)
class TwimlPay:
    """Let the carrier take a card; it is charged if `charges` is true, and otherwise exchanged for a token."""

    action: str
    charges: bool = False


@dataclass(frozen=True, slots=True)
class TwimlHangup:
    """End the call."""


@dataclass(frozen=True, slots=True)
class TwimlReject:
    """Reject the call; `reason` is the call's final CallStatus."""

    reason: str = "no-answer"


TwimlVerb = TwimlSound | TwimlGather | TwimlRedirect | TwimlDial | TwimlPay | TwimlHangup | TwimlReject
