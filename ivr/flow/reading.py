"""Reads the parts of flows from YAML nodes by the shapes of their fields. Each problem is reported at its place."""

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
"""Fields that map an answer's name to its target. The places of both are kept."""


@dataclass(slots=True)
class StateReader:
    """One state as it is written. Limits that it does not set come from its flow."""

    report: Report
    name: str
    place: Place
    node: Node
    limits: Limits
    too_many: Target | None
    fields: Mapping[str, Node] = field(init=False)

    def parts(self, called: str, record: Record) -> dict[str, Any]:
        """Return what the state's fields say, by their names. Report fields that are missing or unknown."""
        self.fields = self.node.shaped(self.report, f'{called} "{self.name}"', record)
        parts = read_fields(self.fields, record, self.report)
        if record.fields.keys() >= language.LIMIT_FIELDS.keys():
            limits = read_limits(self.fields.get("limits"), language.LIMITS, self.report)
            parts = {"limits": replace(self.limits, **limits), "too_many": self.too_many, **parts}
        return {"name": self.name, "places": self.node.places(_NAMED), **parts}


def read_fields(fields: Mapping[str, Node], record: Record, report: Report) -> dict[str, Any]:
    """Return what fields say, by their names. Records and lists are left out, for callers that know them.

    A field with a problem, or a required one that is missing, reads as the empty value of its kind.
    """
    return {
        name: _value(fields.get(name), name, field.shape, report)
        for name, field in record.fields.items()
        if (name in fields or field.required) and not isinstance(field.shape, Record | ListOf)
    }


def read_texts(fields: Mapping[str, Node], names: Iterable[str], report: Report) -> dict[str, str]:
    """Return the texts of some fields; "" where one is missing or is not text."""
    return {name: _value(fields.get(name), name, Text(), report) for name in names}


def _value(node: Node | None, name: str, shape: Shape, report: Report) -> Any:
    """Return what one field says, by its shape."""
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
    """Return the limits that are set: name -> tries or seconds."""
    limits = read_fields(node.shaped(report, "limits", shape) if node else {}, shape, report)
    return {name: value for name, value in limits.items() if value is not None}


def read_target(node: Node | None, report: Report) -> Target | None:
    """Return where something leads; None when it does not say, or has a problem."""
    if node is None:
        return None
    if node.scalar:
        return Target(node.place, state=node.scalar)
    fields = node.shaped(report, "a target", language.TARGET_FIELDS)
    parts = read_fields(fields, language.TARGET_FIELDS, report)
    if node.fields is None:
        return None
    if not language.TARGET_FIELDS.is_chosen(fields):
        report.add(node.place, 'a target needs either "next" (a state) or "end" (an end of this flow)')
        return None
    places = node.places() | {"confirms": node.key_place("confirms")}
    return Target(node.place, state=parts.pop("next", ""), **parts, places=places)


def read_targets(fields: Mapping[str, Node], report: Report) -> dict[str, Target]:
    """Return where each of some fields leads, leaving out those that do not say."""
    return {name: target for name, node in fields.items() if (target := read_target(node, report))}


def read_keys(node: Node | None, report: Report, names: Mapping[str, str] = NAMES) -> list[tuple[str, Node]]:
    """Return the keys that are named, as `0` to `9`, `*` and `#`, each with the node below it."""
    keys = []
    for name, value in (node.mapping(report, "keys") if node else {}).items():
        if key := key_of(name, names):
            keys.append((key, value))
        elif node:
            message = f'"{name}" is no key; keys are 0 to 9, star and pound{did_you_mean(name, names)}'
            report.add(node.key_place(name), message)
    return keys
