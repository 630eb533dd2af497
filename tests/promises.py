"""Checks while tests run that every action reads, writes, forgets and returns only what its `ActionSpec` declares.

An action that does not raises BrokenPromiseError. As the turn then only says sorry to the caller, a test may not
notice, so the error is also kept in `BROKEN`.
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
"""Messages of all broken promises so far."""


class BrokenPromiseError(AssertionError):
    """Raised for an action that does what it does not declare; adds its message to `BROKEN`."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        BROKEN.append(message)


def hold_all(actions: dict[str, Action]) -> None:
    """Replace every action of a table by one that is checked."""
    for name, action in actions.items():
        actions[name] = held_to_promise(name, action)


def held_to_promise(name: str, action: Action) -> Action:
    """Return an action that raises BrokenPromiseError when it does what it does not declare."""
    may_read = action.spec.reads | action.may_read

    def checked(run: Callable[[Context, Values], Any]) -> Callable[[Context, Values], Any]:
        def run_checked(context: Context, values: Values) -> Any:
            outcome = run(context, _WatchedValues(name, values, may_read))
            if isinstance(outcome, Done):
                _check_outcome(name, action, outcome, values)
            return outcome

        return run_checked

    def finish_checked(context: Context, claim: Any, answer: Any) -> Done:
        assert isinstance(action, ExternalAction)
        outcome = action.finish(context, claim, answer)
        _check_outcome(name, action, outcome, {})
        return outcome

    if isinstance(action, ExternalAction):
        return replace(action, claim=checked(action.claim), finish=finish_checked)
    return replace(action, run=checked(action.run))


class _WatchedValues(Mapping[str, Value]):
    """The values of a call, of which an action may only read those that it declares."""

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


def _check_outcome(name: str, action: Action, done: Done, values: Values) -> None:
    spec = action.spec
    declared = spec.outcomes.get(done.outcome)
    if declared is None:
        raise BrokenPromiseError(f'"{name}" comes to "{done.outcome}", which it does not declare')
    if undeclared := set(done.values) - set(declared) - action.may_write:
        raise BrokenPromiseError(
            f'"{name}" writes {sorted(undeclared)} with "{done.outcome}", which it does not declare'
        )
    if done.keeps != spec.keeps.get(done.outcome):
        raise BrokenPromiseError(f'"{name}" keeps other values after "{done.outcome}" than it declares')
    after = {**{name: value for name, value in values.items() if name not in done.forgets}, **done.values}
    if missing := set(declared) - set(after):
        raise BrokenPromiseError(f'"{name}" promises {sorted(missing)} with "{done.outcome}", and it is not there')
    if undeclared := set(done.forgets) - spec.forgets:
        raise BrokenPromiseError(f'"{name}" forgets {sorted(undeclared)}, which it does not declare')
    for value, kind in declared.items():
        if not _is_of_kind(spec, value, kind, after[value]):
            raise BrokenPromiseError(f'"{name}" writes "{value}" as {after[value]!r}, which is no {kind}')


def _is_of_kind(spec: ActionSpec, name: str, kind: str, value: Value) -> bool:
    """Tell whether a value is of the kind that was declared."""
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
                isinstance(item, Mapping)
                and all(_is_of_kind(spec, key, item_kind, item[key]) for key, item_kind in items.items())
                for item in value
            )
        case _:
            return kind == OPAQUE or isinstance(value, str)


def _is_phrase(spec: ActionSpec, name: str, value: Value) -> bool:
    if not isinstance(value, Mapping):
        return False
    declared, values = spec.phrases[name].get(str(value["prompt"])), value["values"]
    return (
        declared is not None
        and isinstance(values, Mapping)
        and set(declared) == set(values)
        and all(_is_of_kind(spec, key, kind, values[key]) for key, kind in declared.items())
    )
