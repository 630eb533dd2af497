"""What changed between two versions of the line, in words for those who edit it.

Each line tells one change a caller could notice, by the names that stand in the YAML. Order in a file, comments and
layout are no changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Protocol

from ivr.flow.definition import Flow, Flows
from ivr.flow.parts import Line, Target
from ivr.flow.states import State
from ivr.flow.word_changes import option, word_changes
from ivr.keypad import NAMES
from ivr.prompts import Catalogues

_SPOKEN_KEYS = {key: name for name, key in NAMES.items()}
_LIMITS = {
    "silence": ("tries in silence", ""),
    "wrong": ("tries with a wrong key", ""),
    "first_key": ("the wait for the first key", " seconds"),
    "next_key": ("the wait for the next key", " seconds"),
}


class Edition(Protocol):
    """One version: its flows and its words."""

    @property
    def flows(self) -> Flows:
        """The flows."""

    @property
    def catalogues(self) -> Catalogues:
        """The words."""


def changes(before: Edition, after: Edition) -> tuple[str, ...]:
    """Return every difference in a line of words, flows first; empty when callers cannot tell the two apart."""
    return (
        *_line_changes(before.flows.line, after.flows.line),
        *_flow_changes(before, after),
        *word_changes(before.catalogues, after.catalogues),
    )


def _line_changes(before: Line, after: Line) -> Iterator[str]:
    for field in fields(Line):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name == "place" or old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            for name in sorted({*old, *new}):
                if old.get(name) != new.get(name):
                    label = f"{_plain(field.name)}, {_SPOKEN_KEYS.get(name, name)}"
                    yield f"whole line: {label}: {_now(old.get(name), new.get(name))}"
        elif field.name == "limits":
            yield from (f"whole line: {change}" for change in _limit_changes(old, new))
        else:
            yield f"whole line: {_plain(field.name)}: {_now(old, new)}"


def _flow_changes(before: Edition, after: Edition) -> Iterator[str]:
    old_flows, new_flows = before.flows.flows, after.flows.flows
    for name in sorted({*old_flows, *new_flows}):
        if name not in new_flows:
            yield f'flow "{name}" is gone'
        elif name not in old_flows:
            yield f'flow "{name}" is new, with {len(new_flows[name].states)} states'
        else:
            yield from _within_flow(old_flows[name], new_flows[name], before.catalogues, after.catalogues)


def _within_flow(old: Flow, new: Flow, old_words: Catalogues, new_words: Catalogues) -> Iterator[str]:
    if old.start != new.start:
        yield f"{old.name}: starts at {_now(old.start, new.start)}"
    for name, state in old.states.items():
        where = f"{_plain(old.name)} {_plain(name)}"
        other = new.states.get(name)
        if other is None:
            yield f"{where}: this {state.noun} is gone"
        elif other.word != state.word:
            yield f"{where}: is {_a(other)} now, was {_a(state)}"
        else:
            moved = set()
            for label, words in _moved_keys(state, other, old_words, new_words):
                moved.update(label)
                yield f"{where}: {words}"
            yield from (f"{where}: {change}" for change in _state_changes(state, other, moved))
    for name in new.states:
        if name not in old.states:
            yield f"{_plain(new.name)} {_plain(name)}: this {new.states[name].noun} is new"


def _moved_keys(old: State, new: State, old_words: Catalogues, new_words: Catalogues) -> Iterator[tuple[set[str], str]]:
    """Yield the facts that a moved key explains, and the move in words."""
    keys_of = {_target(target): key for key, target in old.keys.items()}
    for key, target in new.keys.items():
        was = keys_of.get(_target(target))
        if was is None or was == key or old.keys.get(key) == target or _target(target) in _targets(new, was):
            continue
        name = option(old_words, old.prompt, was) or option(new_words, new.prompt, key) or target.state or target.end
        yield {_key(was), _key(key)}, f'"{name}" is {_key(key)} now, was {_SPOKEN_KEYS.get(was, was)}'


def _targets(menu: State, key: str) -> tuple[str, ...]:
    return (_target(menu.keys[key]),) if key in menu.keys else ()


def _state_changes(old: State, new: State, moved: set[str]) -> Iterator[str]:
    was, now = _facts(old), _facts(new)
    for label in (*was, *(label for label in now if label not in was)):
        if was.get(label) == now.get(label) or label in moved:
            continue
        if label not in now:
            yield f"{label} is gone; it was {was[label]}"
        elif label not in was:
            yield f"{label} is new: {now[label]}"
        else:
            yield f"{label}: {_now(was[label], now[label])}"
    if old.limits and new.limits:
        yield from _limit_changes(old.limits, new.limits)


def _facts(state: State) -> dict[str, str]:
    """Return what a caller could notice of a state, label -> in words."""
    number, transitions = state.number, dict(_transitions(state))
    given_up = transitions.pop(_TRANSITIONS["too_many"], "")
    found = {
        "the action": state.action,
        "the flow run": state.runs,
        "the facts said first": state.first,
        state.says: state.prompt,
        "the answer": number.length if number else "",
        "the value it is kept as": number.save if number else "",
        **transitions,
        **state.details(),
        "secrecy": "secret" if number and number.secret else "",
        _TRANSITIONS["too_many"]: given_up,
        "the languages": "every language" if state.every_language else "",
    }
    return {label: words for label, words in found.items() if words}


_TRANSITIONS = {
    "next": "the way on",
    "pound": "the way on after pound alone",
    "choice": "the way on after a choice",
    "too_many": "the way out after too many tries",
}


def _transitions(state: State) -> Iterator[tuple[str, str]]:
    """Yield the ways out, each by what it is called; before that of choices, what these are."""
    for label, target in state.transitions():
        if label == "choice" and state.choices:
            yield "the choices", f'"{state.choices.of}", each as {state.choices.option}'
        outcome = f'{state.outcome_word} "{label}"' if label in state.outcomes else _TRANSITIONS.get(label, "")
        yield _key(label) if label in state.keys else outcome, _target(target)


def _limit_changes(old: object, new: object) -> Iterator[str]:
    for name, (words, unit) in _LIMITS.items():
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield f"{words}: {_now(was, f'{now}{unit}')}"


def _target(target: Target) -> str:
    """Return where a way leads and what happens on it."""
    parts = [f'to "{target.state}"' if target.state else f'to the end "{target.end}"']
    if target.say:
        parts.append(f"saying {target.say}")
    if target.sets:
        parts.append("with " + " and ".join(f"{name} {value}" for name, value in sorted(target.sets.items())))
    if target.counts:
        parts.append(f'as a wrong try at "{target.counts}"')
    if target.confirms:
        parts.append("which is the caller's yes")
    return ", ".join(parts)


def _key(key: str) -> str:
    return f"key {_SPOKEN_KEYS.get(key, key)}"


def _now(old: object, new: object) -> str:
    return f"{'nothing' if new is None else new} now, was {'nothing' if old is None else old}"


def _a(state: State) -> str:
    return f"{'an' if state.noun[0] in 'aeiou' else 'a'} {state.noun}"


def _plain(name: str) -> str:
    return name.replace("_", " ")
