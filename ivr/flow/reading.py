"""Reads what flows are made of from YAML nodes, by the shapes of their fields; every problem is told at its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ivr.errors import Place, Report, did_you_mean
from ivr.flow import language
from ivr.flow.parts import Limits, Target
from ivr.keypad import NAMES, key_of
from ivr.yaml_reader import Flag, ListOf, MapOf, Node, Record, Shape, Text, Whole

_NAMED = ("keys", "outcomes", "ends")
"""Fields whose names say what an answer is called; where it leads has a place of its own."""


@dataclass(slots=True)
class StateReader:
    """One state as it is written. What holds where it says nothing comes from its flow."""

    report: Report
    name: str
    place: Place
    node: Node
    limits: Limits
    too_many: Target | None
    fields: Mapping[str, Node] = field(init=False)

    def parts(self, called: str, record: Record) -> dict[str, Any]:
        """Return what its fields say, by their names; notes those that are missing or unknown."""
        self.fields = self.node.shaped(self.report, f'{called} "{self.name}"', record)
        found = read_fields(self.fields, record, self.report)
        if record.fields.keys() >= language.PATIENCE.keys():
            limits = read_limits(self.fields.get("limits"), language.LIMITS, self.report)
            found = {"limits": replace(self.limits, **limits), "too_many": self.too_many, **found}
        return {"name": self.name, "places": self.node.places(_NAMED), **found}


def read_fields(fields: Mapping[str, Node], record: Record, report: Report) -> dict[str, Any]:
    """Return what fields say, by their names; records and lists are left to whoever knows them.

    A field that is flawed, or missing though it is required, reads as nothing of its kind.
    """
    return {
        name: _value(fields.get(name), name, known.shape, report)
        for name, known in record.fields.items()
        if (name in fields or known.required) and not isinstance(known.shape, Record | ListOf)
    }


def read_texts(fields: Mapping[str, Node], names: Iterable[str], report: Report) -> dict[str, str]:
    """Return the texts of some fields; "" where one is missing or no text."""
    return {name: _value(fields.get(name), name, Text(), report) for name in names}


def _value(node: Node | None, name: str, shape: Shape, report: Report) -> Any:
    match shape:
        case Text():
            return (node.text(report, f'"{name}"') if node else None) or ""
        case Flag():
            return bool(node and node.flag(report, name))
        case Whole():
            return node.whole(report, name, shape) if node else None
        case MapOf(value=Text(), keys=""):
            texts = node.mapping(report, name) if node else {}
            return {name: value.text(report, name) or "" for name, value in texts.items()}
        case MapOf(keys=""):
            return read_targets(node.mapping(report, "outcomes") if node else {}, report)
        case MapOf():
            return {key: to for key, value in read_keys(node, report) if (to := read_target(value, report))}
        case _:
            return read_target(node, report)


def read_limits(node: Node | None, shape: Record, report: Report) -> dict[str, int]:
    """Return the limits that are set."""
    found = read_fields(node.shaped(report, "limits", shape) if node else {}, shape, report)
    return {name: value for name, value in found.items() if value is not None}


def read_target(node: Node | None, report: Report) -> Target | None:
    """Return where something leads; None where nothing says it."""
    if node is None:
        return None
    if node.scalar:
        return Target(node.place, state=node.scalar)
    fields = node.shaped(report, "a target", language.TARGET_FIELDS)
    found = read_fields(fields, language.TARGET_FIELDS, report)
    if node.fields is None:
        return None
    if not language.TARGET_FIELDS.is_chosen(fields):
        report.add(node.place, 'a target needs either "next" (a state) or "end" (an end of this flow)')
        return None
    places = node.places() | {"confirms": node.key_place("confirms")}
    return Target(node.place, state=found.pop("next", ""), **found, places=places)


def read_targets(fields: Mapping[str, Node], report: Report) -> dict[str, Target]:
    """Return where each of some fields leads."""
    return {name: target for name, node in fields.items() if (target := read_target(node, report))}


def read_keys(node: Node | None, report: Report) -> list[tuple[str, Node]]:
    """Return the keys that are named, as 0 to 9, `*` and `#`, each with what is said of it."""
    found = []
    for name, value in (node.mapping(report, "keys") if node else {}).items():
        if key := key_of(name):
            found.append((key, value))
        elif node:
            message = f'"{name}" is no key; keys are 0 to 9, star and pound{did_you_mean(name, NAMES)}'
            report.add(node.key_place(name), message)
    return found
