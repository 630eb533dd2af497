"""A call as the interpreter sees it, and the events that can happen to it.

Immutable; a call is stored between turns as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ivr.flow.tempo import USUAL_TEMPO, Tempo
from ivr.flow.verbs import Speak, Verb
from ivr.prompts.spoken import Value, Values
from ivr.secret import Secret


@dataclass(frozen=True, slots=True)
class Frame:
    """A flow that is running, and the state it is in.

    `counts` holds the tries of its questions: `{"zip.silence": 2}`.
    """

    flow: str
    state: str
    counts: Mapping[str, int] = field(default_factory=dict)
    interrupting: bool = False
    """Whether it broke into the question below it, which is asked again when this flow ends."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of a monotonic clock, in seconds. Readings of different clocks cannot be compared."""

    clock: str
    seconds: float

    def since(self, earlier: Reading | None) -> float | None:
        """Return the seconds since an earlier reading; None when there is none, or it was taken from another clock."""
        return self.seconds - earlier.seconds if earlier and earlier.clock == self.clock else None


SHAPE = 2
"""The version of the JSON that a call is stored as; `from_json` reads the version before as well."""


@dataclass(frozen=True, slots=True)
class Call:
    """Everything that the flow remembers between two turns."""

    language: str
    frames: tuple[Frame, ...] = ()
    values: Values = field(default_factory=dict)
    words: tuple[Speak, ...] = ()
    """The words spoken before the question in the last reply; star repeats them."""
    after_keys: bool = False
    """Whether keys led to this question, so that a pound pressed by habit, or twice, may still arrive."""
    after_zero: bool = False
    """Whether the last of those keys was 0: another 0 at once is the same press, doubled."""
    after_star: bool = False
    """Whether the last reply was a repeat that star asked for: another star means something else then."""
    heard: tuple[Speak, ...] = ()
    """The words spoken before `words`, in turns that asked nothing; star repeats them, too."""
    broken_into: tuple[Speak, ...] = ()
    """The words spoken before the question that a flow has broken into."""
    own_tempo: Tempo = USUAL_TEMPO
    """What the caller has chosen in this call."""
    members_tempo: Tempo = USUAL_TEMPO
    """What the member likes who is identified; the caller's own choice comes before it."""
    replied: Reading | None = None
    """When the last reply was given."""
    has_person: bool = True
    """Whether a person can be had at this moment. Never stored: it is set anew for each turn."""
    person_closed: bool = False
    """Whether a person can be had at other hours, and a call-back be asked for. Never stored either."""
    notices: Mapping[str, str] = field(default_factory=dict)
    """Language -> what callers are to be told today. Never stored either."""
    transient_secrets: Mapping[str, Secret] = field(default_factory=dict)
    """Card data keyed in this very turn. Never stored."""

    @property
    def top(self) -> Frame:
        """The flow that is running now."""
        return self.frames[-1]

    @property
    def tempo(self) -> Tempo:
        """How fast is spoken, and how long is waited."""
        return self.own_tempo.or_else(self.members_tempo)

    def to_json(self) -> dict[str, Any]:
        """Return the call as JSON data to be stored, without what is valid for this turn only."""
        return {
            "shape": SHAPE,
            "language": self.language,
            "frames": [
                {"flow": f.flow, "state": f.state, "counts": f.counts, "interrupting": f.interrupting}
                for f in self.frames
            ],
            "values": self.values,
            "words": _words_to_json(self.words),
            "after_keys": self.after_keys,
            "after_zero": self.after_zero,
            "after_star": self.after_star,
            "heard": _words_to_json(self.heard),
            "broken_into": _words_to_json(self.broken_into),
            "own_tempo": [self.own_tempo.speech_rate, self.own_tempo.waits],
            "members_tempo": [self.members_tempo.speech_rate, self.members_tempo.waits],
            "replied": [self.replied.clock, self.replied.seconds] if self.replied else None,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Call:
        """Return the call that `to_json` stored, in this version of the JSON or the one before."""
        replied = data.get("replied")
        return cls(
            language=data["language"],
            frames=tuple(Frame(**frame) for frame in data["frames"]),
            values=data["values"],
            words=_words_from_json(data["words"]),
            after_keys=data.get("after_keys", False),
            after_zero=data.get("after_zero", False),
            after_star=data.get("after_star", False),
            heard=_words_from_json(data.get("heard", ())),
            broken_into=_words_from_json(data.get("broken_into", ())),
            own_tempo=Tempo(*data.get("own_tempo", ())),
            members_tempo=Tempo(*data.get("members_tempo", ())),
            replied=Reading(*replied) if replied else None,
        )


def _words_to_json(words: Iterable[Speak]) -> list[dict[str, Any]]:
    return [
        {"prompt": s.prompt, "language": s.language, "values": s.values, "variant": s.variant, "tries": s.tries}
        for s in words
    ]


def _words_from_json(words: Iterable[dict[str, Any]]) -> tuple[Speak, ...]:
    return tuple(Speak(**speak) for speak in words)


@dataclass(frozen=True, slots=True)
class Started:
    """The call was answered."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The caller pressed keys; there may be star and pound in any place, or a pound alone."""

    keys: Secret
    after: float = math.inf
    """Seconds since the reply that asked for them."""


@dataclass(frozen=True, slots=True)
class Silence:
    """The caller pressed nothing in the time that was given."""

    after: float = math.inf
    """Seconds since the reply that asked for keys."""


@dataclass(frozen=True, slots=True)
class Early:
    """The caller pressed keys before or during words that no key may cut short. They answer nothing."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The carrier came back by itself, as it was told to."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """A transfer is over: somebody spoke to the caller, or the outcome says why not (see `states.transfer`)."""

    outcome: Literal["answered", "busy", "no_answer", "closed", "nobody"]


CardOutcome = Literal["taken", "star", "too_many_tries", "failed", "hung_up"]


@dataclass(frozen=True, slots=True)
class CardStepEnded:
    """The carrier's card step is over: a card was exchanged for a token, or the outcome says why not (see `states.pay`)."""

    outcome: CardOutcome
    card: Mapping[str, Secret] = field(default_factory=dict)
    """What the carrier tells of the card: the token, and the brand, last digits and expiry, by the values' names."""


@dataclass(frozen=True, slots=True)
class Done:
    """An action came to an outcome. `values` are kept by the flow; those named in `forgets` are dropped.

    With `keeps`, all earlier values are dropped but those that it names.
    `own_tempo` is what the caller has just chosen, `members_tempo` what the member likes who has just been identified.
    """

    outcome: str
    values: Mapping[str, Value] = field(default_factory=dict)
    forgets: tuple[str, ...] = ()
    keeps: frozenset[str] | None = None
    own_tempo: Tempo = USUAL_TEMPO
    members_tempo: Tempo | None = None


@dataclass(frozen=True, slots=True)
class TooLong:
    """The call has lasted as long as a call may (`longest_call`)."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Something unexpected went wrong, and the turn was rolled back."""


Event = Started | Keys | Early | Silence | Resumed | Dialled | CardStepEnded | Done | TooLong | Failed


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step of a call through the flow: a state, and the label it was left by ("" while it waits)."""

    flow: str
    state: str
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What `advance` returns: either an action to run and feed back, or a verb that ends the turn."""

    call: Call
    verb: Verb | None
    action: str | None
    trace: tuple[TraceStep, ...]
