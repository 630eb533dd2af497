"""Reads states from YAML nodes, by the shapes of their fields, whatever the kind; every problem is told at its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ivr.errors import Place, Report, did_you_mean
from ivr.flow import language
from ivr.flow.parts import Limits, Target
from ivr.keypad import NAMES
from ivr.yaml_reader import Either, Flag, MapOf, Node, Record, Shape, Text, Whole

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
        """Return what its fields say, by their names; notes those that are missing or unknown.

        What is itself a record is left to the kind to read, but for how patient a question is.
        """
        self.fields = self.node.shaped(self.report, f'{called} "{self.name}"', record)
        shapes = {name: known.shape for name, known in record.fields.items() if name in self.fields or known.required}
        found = {
            name: read_value(self.fields.get(name), name, shape, self.report)
            for name, shape in shapes.items()
            if name not in language.PATIENCE and not isinstance(shape, Record)
        }
        if record.fields.keys() >= language.PATIENCE.keys():
            found["limits"], found["too_many"] = read_patience(self.fields, self.limits, self.too_many, self.report)
        return {"name": self.name, "places": self.node.places(_NAMED), **found}


def read_value(node: Node | None, name: str, shape: Shape, report: Report) -> Any:
    """Return what a field says; nothing of its kind where it is missing or flawed."""
    match shape:
        case Text():
            return (node.text(report, f'"{name}"') if node else None) or ""
        case Flag():
            return bool(node and node.flag(report, name))
        case Whole():
            return node.whole(report, name, shape) if node else None
        case Either():
            return read_target(node, report)
        case MapOf(keys=""):
            return read_targets(node.mapping(report, "outcomes") if node else {}, report)
        case _:
            return read_keys(node, report)


def read_targets(fields: Mapping[str, Node], report: Report) -> dict[str, Target]:
    """Return where each of some fields leads."""
    return {name: target for name, node in fields.items() if (target := read_target(node, report))}


def read_keys(node: Node | None, report: Report) -> dict[str, Target]:
    """Return where each key leads."""
    return {
        key: target
        for name, value in (node.mapping(report, "keys") if node else {}).items()
        if node and (key := read_key(name, node.key_place(name), report))
        if (target := read_target(value, report))
    }


def read_patience(
    fields: Mapping[str, Node], limits: Limits, too_many: Target | None, report: Report
) -> tuple[Limits, Target | None]:
    """Return the limits and the way out that fields set, or those that hold around them."""
    found = read_limits(fields.get("limits"), language.LIMITS, report)
    too_many = read_target(fields["too_many"], report) if "too_many" in fields else too_many
    return replace(limits, **found), too_many


def read_limits(node: Node | None, shape: Record, report: Report) -> dict[str, int]:
    """Return the limits that are set."""
    fields = node.shaped(report, "limits", shape) if node else {}
    values = {name: value.whole(report, name, language.LIMIT_RANGES[name]) for name, value in fields.items()}
    return {name: value for name, value in values.items() if value is not None}


def read_target(node: Node | None, report: Report) -> Target | None:
    """Return where something leads; None where nothing says it."""
    if node is None:
        return None
    if node.scalar:
        return Target(node.place, state=node.scalar)
    fields = node.shaped(report, "a target", language.TARGET_FIELDS)
    texts = {name: read_text(fields, name, report) for name in ("next", "end", "say", "counts") if name in fields}
    if node.fields is None:
        return None
    if not language.TARGET_FIELDS.is_chosen(fields):
        report.add(node.place, 'a target needs either "next" (a state) or "end" (an end of this flow)')
        return None
    sets = fields["sets"].mapping(report, "sets") if "sets" in fields else {}
    return Target(
        node.place,
        state=texts.get("next", ""),
        end=texts.get("end", ""),
        say=texts.get("say", ""),
        counts=texts.get("counts", ""),
        sets={name: value.text(report, name) or "" for name, value in sets.items()},
        confirms=bool("confirms" in fields and fields["confirms"].flag(report, "confirms")),
        places=node.places() | {"confirms": node.key_place("confirms")},
    )


def read_key(name: str, place: Place, report: Report) -> str | None:
    """Return the key that a name stands for: 0 to 9, `*` or `#`."""
    key = NAMES.get(name, name)
    if (len(key) == 1 and key.isdigit() and key.isascii()) or name in NAMES:
        return key
    report.add(place, f'"{name}" is no key; keys are 0 to 9, star and pound{did_you_mean(name, NAMES)}')
    return None


def read_text(fields: Mapping[str, Node], name: str, report: Report) -> str:
    """Return a text; "" where the field is missing or no text."""
    return (fields[name].text(report, f'"{name}"') or "") if name in fields else ""
