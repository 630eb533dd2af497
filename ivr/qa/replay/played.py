"""The result of playing a script, as plain data that can be counted, printed, compared and sent between processes."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.errors import Place, Problem
from ivr.flow.call import Dialled, Done, TraceStep
from ivr.simulator.scenario import Turn

HANG_UP = "hang_up"
MID_NUMBER = "mid_number"


@dataclass(frozen=True, slots=True)
class PlayedTurn:
    """One turn: the event that the line was told, its trace, its language, and the names of the prompts spoken."""

    event: str
    trace_steps: tuple[TraceStep, ...]
    language: str
    prompts: tuple[str, ...]
    interrupted: str = ""
    """HANG_UP or MID_NUMBER when the caller then hung up or paused in a number, of which the line has no turn."""


def played_turn(turn: Turn) -> PlayedTurn:
    """Return what may be shown of a turn: names, never values or keys of numbers."""
    event = type(turn.event).__name__.lower()
    if isinstance(turn.event, Dialled | Done):
        event = f"{event} {turn.event.outcome}"
    return PlayedTurn(event, turn.trace, turn.call.language, tuple(speak.prompt for speak in turn.verb.words))


@dataclass(frozen=True, slots=True)
class Cost:
    """What the calls of a script cost the caller: the keys pressed, and the seconds of each activity.

    A talk with a person is not counted.
    """

    keys: int = 0
    spoken: float = 0.0
    keying: float = 0.0
    waiting: float = 0.0

    @property
    def seconds(self) -> float:
        """All seconds together."""
        return self.spoken + self.keying + self.waiting


@dataclass(frozen=True, slots=True)
class Played:
    """The result of playing a script in one language."""

    name: str
    place: Place
    language: str
    problems: tuple[Problem, ...] = ()
    skipped: str = ""
    """Why it was not played at all."""
    where: str = ""
    """The state in which the call stopped."""
    transcript: tuple[str, ...] = ()
    end: str = ""
    cost: Cost = Cost()
    turns: tuple[PlayedTurn, ...] = ()
    spoken: tuple[tuple[str, str, float], ...] = ()
    """(prompt, language, seconds) of each prompt spoken, if it was played with `measure`."""
    requests: int = 0
    """How many requests for TwiML were made."""
    note: str = ""
    """A remark on a script that passed, as that it was stopped early."""
    unchecked: int = 0
    """How many expectations could not be checked, on a line elsewhere."""
    log: str = ""
    """What the line logged, when something failed."""
    took: float = 0.0
    """The seconds that playing it took on this machine."""

    @property
    def passed(self) -> bool:
        """Whether it was played and everything held."""
        return not self.problems and not self.skipped

    @property
    def title(self) -> str:
        """Its name, with the language it was played in."""
        return f"{self.name} [{self.language}]"
