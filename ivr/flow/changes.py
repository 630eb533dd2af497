"""Describes what changed between two versions of the line, in words for those who edit it.

Each line describes one change that a caller could notice, by the names in the YAML. The order within a file, comments
and layout do not count as changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Protocol

from ivr.flow.definition import Flow, Flows
from ivr.flow.parts import Line, Target
from ivr.flow.states import State
from ivr.flow.word_changes import word_changes, words_for_key
from ivr.hours import Hours
from ivr.keypad import NAME_OF_KEY
from ivr.prompts import Catalogues

_LIMITS = {
    "silence": ("tries in silence", ""),
    "wrong": ("tries with a wrong key", ""),
    "first_key": ("the wait for the first key", " seconds"),
    "next_key": ("the wait for the next key", " seconds"),
}


class Edition(Protocol):
    """One version of the line: its flows and its words."""

    @property
    def flows(self) -> Flows:
        """The flows."""

    @property
    def catalogues(self) -> Catalogues:
        """The words."""


def changes(before: Edition, after: Edition) -> tuple[str, ...]:
    """Return every difference as a line of text, those of flows first; empty when callers cannot tell the two apart."""
    return (
        *_line_changes(before.flows.line, after.flows.line),
        *_hours_changes(before.flows.hours, after.flows.hours),
        *_flow_changes(before, after),
        *word_changes(before.catalogues, after.catalogues),
    )


def _line_changes(before: Line, after: Line) -> Iterator[str]:
    """Yield what changed in the settings of the whole line."""
    for field in fields(Line):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name == "place" or old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            for name in sorted({*old, *new}):
                if old.get(name) != new.get(name):
                    label = f"{_spaced(field.name)}, {NAME_OF_KEY.get(name, name)}"
                    yield f"whole line: {label}: {_was_and_is(old.get(name), new.get(name))}"
        elif field.name == "limits":
            yield from (f"whole line: {change}" for change in _limit_changes(old, new))
        else:
            yield f"whole line: {_spaced(field.name)}: {_was_and_is(old, new)}"


def _hours_changes(before: Hours, after: Hours) -> Iterator[str]:
    """Yield what changed in the hours of a person."""
    old, new = before.in_words(), after.in_words()
    for what in (*old, *(what for what in new if what not in old)):
        if old.get(what) != new.get(what):
            yield f"hours, {what}: {_was_and_is(old.get(what), new.get(what))}"


def _flow_changes(before: Edition, after: Edition) -> Iterator[str]:
    """Yield the flows that are gone or new, and what changed within the others."""
    old_flows, new_flows = before.flows.flows, after.flows.flows
    for name in sorted({*old_flows, *new_flows}):
        if name not in new_flows:
            yield f'flow "{name}" is gone'
        elif name not in old_flows:
            yield f'flow "{name}" is new, with {len(new_flows[name].states)} states'
        else:
            yield from _within_flow(old_flows[name], new_flows[name], before.catalogues, after.catalogues)


def _within_flow(old: Flow, new: Flow, old_words: Catalogues, new_words: Catalogues) -> Iterator[str]:
    """Yield the states that are gone, new, or of another kind, and what changed within the others."""
    if old.start != new.start:
        yield f"{old.name}: starts at {_was_and_is(old.start, new.start)}"
    for name, state in old.states.items():
        where = f"{_spaced(old.name)} {_spaced(name)}"
        new_state = new.states.get(name)
        if new_state is None:
            yield f"{where}: this {state.noun} is gone"
        elif new_state.word != state.word:
            yield f"{where}: is {_with_article(new_state)} now, was {_with_article(state)}"
        else:
            explained = set()
            for label, description in _moved_keys(state, new_state, old_words, new_words):
                explained.update(label)
                yield f"{where}: {description}"
            yield from (f"{where}: {change}" for change in _state_changes(state, new_state, explained))
    for name in new.states:
        if name not in old.states:
            yield f"{_spaced(new.name)} {_spaced(name)}: this {new.states[name].noun} is new"


def _moved_keys(old: State, new: State, old_words: Catalogues, new_words: Catalogues) -> Iterator[tuple[set[str], str]]:
    """Yield each key that has moved: the labels of the changes that the move explains, and the move in words."""
    old_keys = {_describe_target(target): key for key, target in old.keys.items()}
    for key, target in new.keys.items():
        old_key = old_keys.get(_describe_target(target))
        if (
            old_key is None
            or old_key == key
            or old.keys.get(key) == target
            or _describe_target(target) in _targets_of_key(new, old_key)
        ):
            continue
        name = (
            words_for_key(old_words, old.prompt, old_key)
            or words_for_key(new_words, new.prompt, key)
            or target.state
            or target.end
        )
        yield (
            {_key_words(old_key), _key_words(key)},
            f'"{name}" is {_key_words(key)} now, was {NAME_OF_KEY.get(old_key, old_key)}',
        )


def _targets_of_key(menu: State, key: str) -> tuple[str, ...]:
    return (_describe_target(menu.keys[key]),) if key in menu.keys else ()


def _state_changes(old: State, new: State, explained: set[str]) -> Iterator[str]:
    """Yield what changed in a state, without the labels that a moved key explains."""
    old_facts, new_facts = _noticeable(old), _noticeable(new)
    for label in (*old_facts, *(label for label in new_facts if label not in old_facts)):
        if old_facts.get(label) == new_facts.get(label) or label in explained:
            continue
        if label not in new_facts:
            yield f"{label} is gone; it was {old_facts[label]}"
        elif label not in old_facts:
            yield f"{label} is new: {new_facts[label]}"
        else:
            yield f"{label}: {_was_and_is(old_facts[label], new_facts[label])}"
    if old.limits and new.limits:
        yield from _limit_changes(old.limits, new.limits)


def _noticeable(state: State) -> dict[str, str]:
    """Return what a caller could notice of a state: label -> description."""
    number, transitions = state.number, dict(_transitions(state))
    given_up = transitions.pop(_TRANSITIONS["too_many"], "")
    descriptions = {
        "the action": state.action,
        "the flow run": state.runs,
        "the facts said first": state.first,
        state.says: state.prompt,
        "the answer": number.length if number else "",
        "the value it is kept as": number.save if number else "",
        **transitions,
        "the languages": "every language" if state.every_language else "",
        **state.details(),
        "secrecy": "secret" if number and number.secret else "",
        _TRANSITIONS["too_many"]: given_up,
    }
    return {label: words for label, words in descriptions.items() if words}


_TRANSITIONS = {
    "next": "the way on",
    "pound": "the way on after pound alone",
    "choice": "the way on after a choice",
    "too_many": "the way out after too many tries",
}


def _transitions(state: State) -> Iterator[tuple[str, str]]:
    """Yield each transition: its label in words and where it leads. What choices are comes before their transition."""
    for label, target in state.transitions():
        if label == "choice" and state.choices:
            yield "the choices", f'"{state.choices.of}", each as {state.choices.option}'
        outcome = f'{state.outcome_word} "{label}"' if label in state.outcomes else _TRANSITIONS.get(label, "")
        yield _key_words(label) if label in state.keys else outcome, _describe_target(target)


def _limit_changes(old: object, new: object) -> Iterator[str]:
    for name, (words, unit) in _LIMITS.items():
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield f"{words}: {_was_and_is(was, f'{now}{unit}')}"


def _describe_target(target: Target) -> str:
    """Return where a target leads, and what happens on the way, in words."""
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


def _key_words(key: str) -> str:
    return f"key {NAME_OF_KEY.get(key, key)}"


def _was_and_is(old: object, new: object) -> str:
    return f"{'nothing' if new is None else new} now, was {'nothing' if old is None else old}"


def _with_article(state: State) -> str:
    return f"{'an' if state.noun[0] in 'aeiou' else 'a'} {state.noun}"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
