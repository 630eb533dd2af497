"""What would change: the same calls on two versions of flows and prompts, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from ivr.flow.call import TraceStep
from ivr.qa.replay.played import Played

SECONDS = 1.0
"""A difference in seconds that is worth telling."""


@dataclass(frozen=True, slots=True)
class Change:
    """A call that goes differently now; `told` says how, one thing a line."""

    title: str
    told: tuple[str, ...]


def compare(old: Played, new: Played) -> Change | None:
    """Return how a call differs between two versions; None when a caller would not notice."""
    told = tuple(_differences(old, new))
    return Change(new.title, told) if told else None


def _differences(old: Played, new: Played) -> Iterator[str]:
    if parting := _parting(_trace(old), _trace(new)):
        yield parting
    if old.end != new.end:
        yield f"ends with {new.end}, was {old.end}"
    if old.cost.keys != new.cost.keys:
        yield f"takes {_more(new.cost.keys - old.cost.keys)} keys, {new.cost.keys} in all"
    seconds = new.cost.seconds - old.cost.seconds
    if abs(seconds) >= SECONDS:
        yield f"takes {_more(round(seconds))} seconds, {new.cost.seconds:.0f} in all"


def _more(number: int) -> str:
    return f"{abs(number)} {'more' if number > 0 else 'fewer'}"


def _trace(played: Played) -> list[TraceStep]:
    return [trace_step for turn in played.turns for trace_step in turn.trace_steps]


def _parting(old: list[TraceStep], new: list[TraceStep]) -> str:
    """Say where two ways part."""
    last: TraceStep | None = None
    for was, now in zip_longest(old, new):
        if was != now:
            after = f"after {_name(last)} " if last else ""
            return f"goes another way: {after}comes {_name(now)}, was {_name(was)}"
        last = was
    return ""


def _name(trace_step: TraceStep | None) -> str:
    if trace_step is None:
        return "the end of the call"
    return f"{trace_step.flow}.{trace_step.state}{f' {trace_step.branch}' if trace_step.branch else ''}"
