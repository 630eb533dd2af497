"""How a promise is written down."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.definition import ActionSpec, AnswerKind, Items, Phrases


def spec(
    *outcomes: str,
    reads: tuple[str, ...] = (),
    writes: Mapping[str, str] | None = None,
    on: Mapping[str, Mapping[str, str]] | None = None,
    forgets: tuple[str, ...] = (),
    items: Mapping[str, Items] | None = None,
    answers: Mapping[str, AnswerKind] | None = None,
    takes: Mapping[str, tuple[str, ...]] | None = None,
    phrases: Mapping[str, Phrases] | None = None,
    tells: Mapping[str, tuple[str, ...]] | None = None,
    needs_yes: bool = False,
    facts: tuple[str, ...] = (),
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
        answers=answers or {},
        takes={value: frozenset(known) for value, known in (takes or {}).items()},
        phrases=phrases or {},
        tells={outcome: frozenset(values) for outcome, values in (tells or {}).items()},
        needs_yes=needs_yes or bool(facts),
        facts=frozenset(facts),
        outside=outside,
    )
