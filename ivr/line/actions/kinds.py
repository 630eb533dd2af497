"""The two kinds of actions, and the few readers that give a call's values their types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ivr.flow.call import Done
from ivr.line.service import Context, Line
from ivr.prompts.spoken import Value, Values

Item = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Inside:
    """An action that happens within the turn's transaction."""

    run: Callable[[Context, Values], Done]


@dataclass(frozen=True, slots=True)
class Outside:
    """An action that asks the outside world: claim in a transaction, ask with none held, finish in another.

    `prepare` returns what `perform` is to ask, or an outcome when there is nothing to ask.
    """

    prepare: Callable[[Context, Values], Any]
    perform: Callable[[Line, Any], Any]
    finish: Callable[[Context, Values, Any, Any], Done]


Action = Inside | Outside


def text(values: Values, name: str) -> str:
    """Return a text value, "" when there is none."""
    value = values.get(name)
    return value if isinstance(value, str) else ""


def number(values: Values, name: str) -> int:
    """Return a whole number; KeyError when the flow asks for an action too early."""
    value = values[name]
    if not isinstance(value, int):
        raise TypeError(f'the value "{name}" should be a number')
    return value


def items(values: Values, name: str) -> tuple[Item, ...]:
    """Return the items of a list value, none when there is none."""
    value = values.get(name)
    return tuple(item for item in value if isinstance(item, Mapping)) if isinstance(value, tuple | list) else ()


def item(values: Values, name: str) -> Item:
    """Return a value that holds several; KeyError when there is none."""
    value = values[name]
    if not isinstance(value, Mapping):
        raise TypeError(f'the value "{name}" should hold several')
    return value


def day(value: date | None) -> str:
    """Return a day as it is kept in a call."""
    return value.isoformat() if value else ""
