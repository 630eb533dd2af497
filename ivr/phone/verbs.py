"""The verbs of TwiML that a line answers with. All URLs are absolute; times are seconds."""

from __future__ import annotations

from dataclasses import dataclass

WORDS_A_MINUTE = 165
RECORDING_SECONDS = 5.0
"""The assumed length of a recording: this telephone has no loudspeaker and does not fetch recordings."""

CARD_NUMBER, EXPIRY, SECURITY_CODE, POSTAL_CODE = CARD_STEPS = (
    "payment-card-number", "expiration-date", "security-code", "postal-code",
)  # fmt: skip
"""What `<Pay>` asks for, in this order."""
PROCESSING = "payment-processing"
"""What `<Pay>` does after its last question."""


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
class TwimlPrompt:
    """Words for one step of `<Pay>`. An empty tuple of attempts, errors or card types fits every one."""

    step: str
    sounds: tuple[TwimlSound, ...] = ()
    attempts: tuple[int, ...] = ()
    errors: tuple[str, ...] = ()
    card_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TwimlPay:
    """Let the carrier take a card: it is charged the amount `charge`, or exchanged for a token if that is empty."""

    action: str
    status_callback: str = ""
    timeout: int = 5
    max_attempts: int = 1
    security_code: bool = True
    postal_code: bool = True
    fewest_postal_digits: int = 1
    card_types: tuple[str, ...] = ("visa", "mastercard", "amex")
    charge: str = ""
    prompts: tuple[TwimlPrompt, ...] = ()


@dataclass(frozen=True, slots=True)
class TwimlHangup:
    """End the call."""


@dataclass(frozen=True, slots=True)
class TwimlReject:
    """Reject the call; `reason` is the call's final CallStatus."""

    reason: str = "no-answer"


TwimlVerb = TwimlSound | TwimlGather | TwimlRedirect | TwimlDial | TwimlPay | TwimlHangup | TwimlReject
