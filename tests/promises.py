"""Holds every action to its promise while tests run: what it reads, writes, forgets and comes to is declared.

An action that breaks its promise raises, and is remembered: the turn it breaks says sorry to the caller, so that the
test might not see it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ivr.flow.call import Done
from ivr.flow.definition import LIST, OPAQUE, ActionSpec
from ivr.line.action import Action, ExternalAction
from ivr.line.service import Context
from ivr.prompts import PHRASE
from ivr.prompts.spoken import Value, Values

_DAY = re.compile(r"\d{4}-\d\d-\d\d")

BROKEN: list[str] = []
"""Promises broken so far."""


class BrokenPromiseError(AssertionError):
    """An action did what it does not declare."""

    def __init__(self, told: str) -> None:
        super().__init__(told)
        BROKEN.append(told)


def hold_all(actions: dict[str, Action]) -> None:
    """Put every action of a table behind the harness."""
    for name, action in actions.items():
        actions[name] = held_to_promise(name, action)


def held_to_promise(name: str, action: Action) -> Action:
    """Return an action that refuses what it does not declare."""
    may_read = action.spec.reads | action.may_read

    def reads(run: Callable[[Context, Values], Any]) -> Callable[[Context, Values], Any]:
        def held(context: Context, values: Values) -> Any:
            came = run(context, _Watched(name, values, may_read))
            if isinstance(came, Done):
                _hold(name, action, came, values)
            return came

        return held

    def finishes(context: Context, claim: Any, answer: Any) -> Done:
        assert isinstance(action, ExternalAction)
        came = action.finish(context, claim, answer)
        _hold(name, action, came, {})
        return came

    if isinstance(action, ExternalAction):
        return replace(action, claim=reads(action.claim), finish=finishes)
    return replace(action, run=reads(action.run))


class _Watched(Mapping[str, Value]):
    """A call's values, of which only those declared may be looked at."""

    def __init__(self, action: str, values: Values, may_read: frozenset[str]) -> None:
        self._action, self._values, self._may_read = action, values, may_read

    def __getitem__(self, name: str) -> Value:
        if name not in self._may_read:
            raise BrokenPromiseError(f'"{self._action}" reads "{name}", which it does not declare')
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        raise BrokenPromiseError(f'"{self._action}" looks through all values')

    def __len__(self) -> int:
        return len(self._values)


def _hold(name: str, action: Action, done: Done, values: Values) -> None:
    spec = action.spec
    promised = spec.outcomes.get(done.outcome)
    if promised is None:
        raise BrokenPromiseError(f'"{name}" comes to "{done.outcome}", which it does not declare')
    if more := set(done.values) - set(promised) - action.may_write:
        raise BrokenPromiseError(f'"{name}" writes {sorted(more)} with "{done.outcome}", which it does not declare')
    after = {**{name: value for name, value in values.items() if name not in done.forgets}, **done.values}
    if less := set(promised) - set(after):
        raise BrokenPromiseError(f'"{name}" promises {sorted(less)} with "{done.outcome}", and it is not there')
    if more := set(done.forgets) - spec.forgets:
        raise BrokenPromiseError(f'"{name}" forgets {sorted(more)}, which it does not declare')
    for value, kind in promised.items():
        if not _is(spec, value, kind, after[value]):
            raise BrokenPromiseError(f'"{name}" writes "{value}" as {after[value]!r}, which is no {kind}')


def _is(spec: ActionSpec, name: str, kind: str, value: Value) -> bool:
    """Say whether a value is of the kind that was promised."""
    match kind:
        case "number" | "ordinal" | "money":
            return isinstance(value, int) and not isinstance(value, bool)
        case "date" | "full_date":
            return isinstance(value, str) and bool(_DAY.fullmatch(value))
        case "address":
            return isinstance(value, Mapping)
        case _ if kind == PHRASE:
            parts = value if isinstance(value, tuple | list) else (value,)
            return all(_is_phrase(spec, name, part) for part in parts)
        case _ if kind == LIST:
            items = spec.items[name].values
            return isinstance(value, tuple | list) and all(
                isinstance(item, Mapping) and all(_is(spec, key, of, item[key]) for key, of in items.items())
                for item in value
            )
        case _:
            return kind == OPAQUE or isinstance(value, str)


def _is_phrase(spec: ActionSpec, name: str, value: Value) -> bool:
    if not isinstance(value, Mapping):
        return False
    takes, given = spec.phrases[name].get(str(value["prompt"])), value["values"]
    return (
        takes is not None
        and isinstance(given, Mapping)
        and set(takes) == set(given)
        and all(_is(spec, key, kind, given[key]) for key, kind in takes.items())
    )
