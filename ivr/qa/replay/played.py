"""What playing a script came to: plain data, so that it can be counted, printed, compared and sent between processes."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.errors import Place, Problem
from ivr.flow.call import Dialled, Done, TraceStep
from ivr.simulator.scenario import Turn

HANG_UP = "hang_up"
MID_NUMBER = "mid_number"


@dataclass(frozen=True, slots=True)
class Passed:
    """One turn: what the line was told, where it led, in which language, and what was spoken, by name."""

    event: str
    trace_steps: tuple[TraceStep, ...]
    language: str
    prompts: tuple[str, ...]
    interrupted: str = ""
    """What no turn tells the line: that the caller then hung up, or stopped in the middle of a number."""


def passed(turn: Turn) -> Passed:
    """Keep of a turn what can be shown to anybody: names, never values or keys."""
    event = type(turn.event).__name__.lower()
    if isinstance(turn.event, Dialled | Done):
        event = f"{event} {turn.event.outcome}"
    return Passed(event, turn.trace, turn.call.language, tuple(speak.prompt for speak in turn.verb.words))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a script's calls take of a caller: keys, and seconds by what they go into. A talk with a person is none."""

    keys: int = 0
    spoken: float = 0.0
    keying: float = 0.0
    waiting: float = 0.0

    @property
    def seconds(self) -> float:
        """All of them."""
        return self.spoken + self.keying + self.waiting


@dataclass(frozen=True, slots=True)
class Played:
    """A script that was played, in one language."""

    name: str
    place: Place
    language: str
    problems: tuple[Problem, ...] = ()
    skipped: str = ""
    """Why it was not played at all."""
    where: str = ""
    """The state the call was in when it failed."""
    transcript: tuple[str, ...] = ()
    end: str = ""
    cost: Cost = Cost()
    turns: tuple[Passed, ...] = ()
    spoken: tuple[tuple[str, str, float], ...] = ()
    """(prompt, language, seconds) of all that was spoken, where it was asked for."""
    asked: int = 0
    """Requests for TwiML that were made."""
    note: str = ""
    """What else is to be known of a script that holds."""
    unchecked: int = 0
    """Assertions that could not be held against a line elsewhere."""
    log: str = ""
    took: float = 0.0

    @property
    def passed(self) -> bool:
        """Say whether everything held."""
        return not self.problems and not self.skipped

    @property
    def title(self) -> str:
        """Return its name, with the language it was played in."""
        return f"{self.name} [{self.language}]"
