"""What changed between two versions of the line, in words for those who edit it.

Each line tells one change a caller could notice, by the names that stand in the YAML. Order in a file, comments and
layout are no changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Protocol

from ivr.flow.definition import Ask, Do, Flow, Flows, HangUp, Line, Menu, Question, Run, Say, State, Target, Transfer
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
            yield f"{where}: this {_kind(state)} is gone"
        elif type(other) is not type(state):
            yield f"{where}: is {_a(other)} now, was {_a(state)}"
        else:
            moved = set()
            if isinstance(state, Menu) and isinstance(other, Menu):
                for label, words in _moved_keys(state, other, old_words, new_words):
                    moved.update(label)
                    yield f"{where}: {words}"
            yield from (f"{where}: {change}" for change in _state_changes(state, other, moved))
    for name in new.states:
        if name not in old.states:
            yield f"{_plain(new.name)} {_plain(name)}: this {_kind(new.states[name])} is new"


def _moved_keys(old: Menu, new: Menu, old_words: Catalogues, new_words: Catalogues) -> Iterator[tuple[set[str], str]]:
    """Yield the facts that a moved key explains, and the move in words."""
    keys_of = {_target(target): key for key, target in old.keys.items()}
    for key, target in new.keys.items():
        was = keys_of.get(_target(target))
        if was is None or was == key or old.keys.get(key) == target or _target(target) in _targets(new, was):
            continue
        name = option(old_words, old.prompt, was) or option(new_words, new.prompt, key) or target.state or target.end
        yield {_key(was), _key(key)}, f'"{name}" is {_key(key)} now, was {_SPOKEN_KEYS.get(was, was)}'


def _targets(menu: Menu, key: str) -> tuple[str, ...]:
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
    if isinstance(old, Menu | Ask) and isinstance(new, Menu | Ask):
        yield from _limit_changes(old.limits, new.limits)


def _facts(state: State) -> dict[str, str]:
    """Return what a caller could notice of a state, label -> in words."""
    match state:
        case Say():
            return {"what is said": state.prompt, "the way on": _target(state.next), **_every(state.every_language)}
        case Menu():
            first = {"the facts said first": state.first} if state.first else {}
            return {
                **first,
                "the question": state.prompt,
                **{_key(key): _target(target) for key, target in state.keys.items()},
                **_choices(state),
                **_given_up(state),
                **_every(state.every_language),
            }
        case Ask():
            digits = f"{state.low} digits" if state.low == state.high else f"{state.low} to {state.high} digits"
            secret = {"secrecy": "secret"} if state.secret else {}
            pound = {"the way on after pound alone": _target(state.pound)} if state.pound else {}
            quiet = {"its first words": "none"} if state.quiet else {}
            return {
                "the question": state.prompt,
                "the answer": digits,
                "the value it is kept as": state.save,
                "the way on": _target(state.next),
                **pound,
                **quiet,
                **secret,
                **_given_up(state),
            }
        case Do():
            said = {"what is said first": state.say} if state.say else {}
            return {"the action": state.action, **said, **_ways("outcome", state.outcomes)}
        case Run():
            return {"the flow run": state.flow, **_ways("end", state.ends)}
        case Transfer():
            return {"what is said": state.prompt, **_ways("outcome", state.outcomes)}
        case HangUp():
            return {"the last words": state.prompt}


def _choices(menu: Menu) -> dict[str, str]:
    if menu.choices is None:
        return {}
    offered = f'"{menu.choices.of}", each as {menu.choices.option}'
    return {"the choices": offered, "the way on after a choice": _target(menu.choices.next)}


def _given_up(question: Question) -> dict[str, str]:
    return {"the way out after too many tries": _target(question.too_many)} if question.too_many else {}


def _every(every_language: bool) -> dict[str, str]:
    return {"the languages": "every language"} if every_language else {}


def _ways(word: str, targets: Mapping[str, Target]) -> dict[str, str]:
    return {f'{word} "{name}"': _target(target) for name, target in targets.items()}


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


def _kind(state: State) -> str:
    return {
        Say: "message",
        Menu: "menu",
        Ask: "question",
        Do: "action",
        Run: "run of a flow",
        Transfer: "transfer",
        HangUp: "goodbye",
    }[type(state)]


def _a(state: State) -> str:
    return f"{'an' if isinstance(state, Do) else 'a'} {_kind(state)}"


def _plain(name: str) -> str:
    return name.replace("_", " ")
