"""The two kinds of actions, and the few readers that give a call's values their types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ivr.flow.call import Done
from ivr.flow.definition import ActionSpec, Items, Phrases
from ivr.line.service import Context, Line
from ivr.wording import Value, Values

Item = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Inside:
    """An action that happens within the turn's transaction."""

    spec: ActionSpec
    run: Callable[[Context, Values], Done]


@dataclass(frozen=True, slots=True)
class Outside:
    """An action that asks the outside world: claim in a transaction, ask with none held, finish in another.

    `prepare` returns what `perform` is to ask, or an outcome when there is nothing to ask.
    """

    spec: ActionSpec
    prepare: Callable[[Context, Values], Any]
    perform: Callable[[Line, Any], Any]
    finish: Callable[[Context, Values, Any, Any], Done]


Action = Inside | Outside


def spec(
    *outcomes: str,
    reads: tuple[str, ...] = (),
    writes: Mapping[str, str] | None = None,
    on: Mapping[str, Mapping[str, str]] | None = None,
    forgets: tuple[str, ...] = (),
    items: Mapping[str, Items] | None = None,
    phrases: Mapping[str, Phrases] | None = None,
    orders: bool = False,
    charges: tuple[str, ...] = (),
    outside: bool = False,
) -> ActionSpec:
    """Return what an action promises; see `ActionSpec` for what each part means.

    `writes` are the values every outcome brings, `on` those of one outcome besides.
    """
    every, one = writes or {}, on or {}
    return ActionSpec(
        {outcome: {**every, **one.get(outcome, {})} for outcome in outcomes},
        reads=frozenset(reads),
        forgets=frozenset(forgets),
        items=items or {},
        phrases=phrases or {},
        orders=orders,
        charges=frozenset(charges),
        outside=outside,
    )


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
