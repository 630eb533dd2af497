"""What an action is: a function that the flow runs by its name, with all that the flow may count on of it.

`@action(…)` on a function says what it promises and puts both into `ACTIONS`, under the function's name: there is no
second place. A *transactional* action happens within the turn's transaction. An *external* one asks the outside world,
and so has three parts: it claims in a transaction, asks with nothing held, and finishes in another transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar, Unpack

from ivr.flow.call import Done
from ivr.flow.definition import ActionSpec, AnswerKind, Items, Phrases
from ivr.line.service import Context, Line
from ivr.prompts.spoken import Values


@dataclass(frozen=True, slots=True)
class TransactionalAction:
    """An action that happens within the turn's transaction."""

    spec: ActionSpec
    run: Callable[[Context, Values], Done]
    may_read: frozenset[str] = frozenset()
    may_write: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ExternalAction:
    """An action that asks the outside world.

    `claim` returns what `ask` is to ask, or an outcome when there is nothing to ask; `finish` gets both and the answer.
    """

    spec: ActionSpec
    claim: Callable[[Context, Values], Any]
    ask: Callable[[Line, Any], Any]
    finish: Callable[[Context, Values, Any, Any], Done]
    may_read: frozenset[str] = frozenset()
    may_write: frozenset[str] = frozenset()


Action = TransactionalAction | ExternalAction

ACTIONS: dict[str, Action] = {}
"""Everything a flow can ask for by name; full once `ivr.line.actions` is imported."""


class Promise(TypedDict, total=False):
    """What an action promises besides its outcomes; see `ActionSpec` for what each part means."""

    reads: tuple[str, ...]
    may_read: tuple[str, ...]
    """Values it reads where they are there."""
    writes: Mapping[str, str]
    """Values that every outcome brings, name -> kind."""
    on: Mapping[str, Mapping[str, str]]
    """Outcome -> the values that it brings besides."""
    may_write: tuple[str, ...]
    """Values it writes where they are known, on which no flow can count."""
    forgets: tuple[str, ...]
    items: Mapping[str, Items]
    answers: Mapping[str, AnswerKind]
    takes: Mapping[str, tuple[str, ...]]
    phrases: Mapping[str, Phrases]
    tells: Mapping[str, tuple[str, ...]]
    needs_yes: bool
    facts: tuple[str, ...]
    """The values its yes is to, which it reads to hold them against what is so now; with any, it needs a yes."""


Run = TypeVar("Run", bound=Callable[[Context, Values], Any])


def action(*outcomes: str, **promise: Unpack[Promise]) -> Callable[[Run], Run]:
    """Make a function a transactional action of its name, which comes to one of these outcomes.

    Raises ValueError when there is an action of that name.
    """

    def made(run: Run) -> Run:
        _add(run.__name__, TransactionalAction(_spec(outcomes, promise, outside=False), run, *_may(promise)))
        return run

    return made


def external_action(
    *outcomes: str,
    ask: Callable[[Line, Any], Any],
    finish: Callable[[Context, Values, Any, Any], Done],
    **promise: Unpack[Promise],
) -> Callable[[Run], Run]:
    """Make a function, which claims, an external action of its name; `ask` and `finish` are its other parts."""

    def made(claim: Run) -> Run:
        spec = _spec(outcomes, promise, outside=True)
        _add(claim.__name__, ExternalAction(spec, claim, ask, finish, *_may(promise)))
        return claim

    return made


def _add(name: str, made: Action) -> None:
    if name in ACTIONS:
        raise ValueError(f'there are two actions "{name}"')
    ACTIONS[name] = made


def _may(promise: Promise) -> tuple[frozenset[str], frozenset[str]]:
    """Return what it may read besides, and write besides."""
    return frozenset((*promise.get("may_read", ()), *promise.get("facts", ()))), frozenset(promise.get("may_write", ()))


def _spec(outcomes: tuple[str, ...], promise: Promise, *, outside: bool) -> ActionSpec:
    every, one = promise.get("writes", {}), promise.get("on", {})
    facts = frozenset(promise.get("facts", ()))
    return ActionSpec(
        {outcome: {**every, **one.get(outcome, {})} for outcome in outcomes},
        reads=frozenset(promise.get("reads", ())),
        forgets=frozenset(promise.get("forgets", ())),
        items=promise.get("items", {}),
        answers=promise.get("answers", {}),
        takes={value: frozenset(known) for value, known in promise.get("takes", {}).items()},
        phrases=promise.get("phrases", {}),
        tells={outcome: frozenset(values) for outcome, values in promise.get("tells", {}).items()},
        needs_yes=promise.get("needs_yes", False) or bool(facts),
        facts=facts,
        outside=outside,
    )
