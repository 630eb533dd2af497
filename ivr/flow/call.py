"""A call as the engine sees it, and what can happen to it. Immutable; stored between turns as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ivr.flow.verbs import Speak, Verb
from ivr.secret import Secret
from ivr.wording import Value, Values


@dataclass(frozen=True, slots=True)
class Frame:
    """A flow that is running, and where it stands; `counts` holds the tries of its questions ("zip.silence": 2)."""

    flow: str
    state: str
    counts: Mapping[str, int] = field(default_factory=dict)
    interrupting: bool = False
    """It broke into the question below it, which is asked again when it ends."""


@dataclass(frozen=True, slots=True)
class Call:
    """Everything the flow remembers between two turns."""

    language: str
    frames: tuple[Frame, ...] = ()
    values: Values = field(default_factory=dict)
    words: tuple[Speak, ...] = ()
    """Spoken before the question in the last reply; star says them again."""
    pound_may_follow: bool = False
    """The last number ended by its length: a pound pressed by habit may still arrive."""
    held: Mapping[str, Secret] = field(default_factory=dict)
    """Card data keyed in this very turn. Never stored."""

    @property
    def top(self) -> Frame:
        """Return the flow that is running now."""
        return self.frames[-1]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON shape that is stored; what is held for this turn only is left out."""
        return {
            "language": self.language,
            "frames": [
                {"flow": f.flow, "state": f.state, "counts": f.counts, "interrupting": f.interrupting}
                for f in self.frames
            ],
            "values": self.values,
            "words": [
                {"prompt": s.prompt, "language": s.language, "values": s.values, "variant": s.variant, "tries": s.tries}
                for s in self.words
            ],
            "pound": self.pound_may_follow,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Call:
        """Return the call that `to_json` wrote down."""
        return cls(
            language=data["language"],
            frames=tuple(Frame(**frame) for frame in data["frames"]),
            values=data["values"],
            words=tuple(Speak(**speak) for speak in data["words"]),
            pound_may_follow=data["pound"],
        )


@dataclass(frozen=True, slots=True)
class Started:
    """The call was answered."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The caller keyed something; it may hold star and pound in odd places."""

    keys: Secret


@dataclass(frozen=True, slots=True)
class Silence:
    """The caller keyed nothing in the time there was."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The carrier came back by itself, as it was told to."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """A transfer is over: somebody spoke to the caller, nobody answered, or there is nobody to ask for."""

    outcome: Literal["answered", "no_answer", "nobody"]


@dataclass(frozen=True, slots=True)
class Done:
    """An action came to an outcome; `values` are kept for the flow, those in `forgets` are dropped."""

    outcome: str
    values: Mapping[str, Value] = field(default_factory=dict)
    forgets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TooLong:
    """The call has lasted as long as a call may."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Something unexpected went wrong, and the turn was undone."""


Event = Started | Keys | Silence | Resumed | Dialled | Done | TooLong | Failed


@dataclass(frozen=True, slots=True)
class Visit:
    """One step of a call's way through the flow: a state, and how it was left ("" while it waits)."""

    flow: str
    state: str
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What `advance` comes to: either an action to run and feed back, or a verb that ends the turn."""

    call: Call
    verb: Verb | None
    action: str | None
    trail: tuple[Visit, ...]
