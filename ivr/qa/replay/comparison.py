"""Compares how the same script plays on two versions of flows and prompts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from ivr.flow.call import TraceStep
from ivr.qa.replay.played import Played

SECONDS = 1.0
"""Smaller differences in a call's seconds are not reported."""


@dataclass(frozen=True, slots=True)
class Change:
    """A call that goes differently on the new version; each of the differences is a line of text."""

    title: str
    differences: tuple[str, ...]


def compare(old: Played, new: Played) -> Change | None:
    """Return how a call differs between two versions; None when no difference is found."""
    differences = tuple(_differences(old, new))
    return Change(new.title, differences) if differences else None


def _differences(old: Played, new: Played) -> Iterator[str]:
    if first_difference := _first_difference(_trace(old), _trace(new)):
        yield first_difference
    if old.end != new.end:
        yield f"ends with {new.end}, was {old.end}"
    if old.cost.keys != new.cost.keys:
        yield f"takes {_more_or_fewer(new.cost.keys - old.cost.keys)} keys, {new.cost.keys} in all"
    seconds = new.cost.seconds - old.cost.seconds
    if abs(seconds) >= SECONDS:
        yield f"takes {_more_or_fewer(round(seconds))} seconds, {new.cost.seconds:.0f} in all"


def _more_or_fewer(number: int) -> str:
    return f"{abs(number)} {'more' if number > 0 else 'fewer'}"


def _trace(played: Played) -> list[TraceStep]:
    return [trace_step for turn in played.turns for trace_step in turn.trace_steps]


def _first_difference(old: list[TraceStep], new: list[TraceStep]) -> str:
    """Return a sentence about the first step in which two traces differ; "" when they are the same."""
    last: TraceStep | None = None
    for was, now in zip_longest(old, new):
        if was != now:
            after = f"after {_step_in_words(last)} " if last else ""
            return f"goes another way: {after}comes {_step_in_words(now)}, was {_step_in_words(was)}"
        last = was
    return ""


def _step_in_words(trace_step: TraceStep | None) -> str:
    if trace_step is None:
        return "the end of the call"
    return f"{trace_step.flow}.{trace_step.state}{f' {trace_step.branch}' if trace_step.branch else ''}"
