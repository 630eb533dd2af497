"""Reads the parts of states from YAML nodes, whatever the kind; every problem is told at its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ivr.errors import Place, Report, did_you_mean
from ivr.flow import language
from ivr.flow.parts import Limits, Target
from ivr.keypad import NAMES
from ivr.yaml_reader import Node, Record

_NAMED = ("keys", "outcomes", "ends")
"""Fields whose names say what an answer is called; where it leads has a place of its own."""


class StateReader:
    """One state as it is written: its fields, read by name. What holds where it says nothing comes from its flow."""

    def __init__(
        self, report: Report, name: str, place: Place, node: Node, limits: Limits, too_many: Target | None
    ) -> None:
        self.report = report
        self.name = name
        self.place = place
        self.node = node
        self.fields: Mapping[str, Node] = node.fields or {}
        self.limits = limits
        self.too_many = too_many

    def take_shape(self, called: str, record: Record) -> None:
        """Note the fields that a kind does not know, and those that it lacks."""
        self.fields = self.node.shaped(self.report, f'{called} "{self.name}"', record)

    @property
    def places(self) -> dict[str, Place]:
        """Where each of its words stands."""
        return self.node.places(_NAMED)

    def text(self, field: str) -> str:
        """Return a text; "" where the field is missing or no text."""
        return read_text(self.fields, field, self.report)

    def flag(self, field: str) -> bool:
        """Return whether a field is there and true."""
        return read_flag(self.fields, field, self.report)

    def target(self, field: str) -> Target | None:
        """Return where a field leads; None where it is missing or leads nowhere."""
        return read_target(self.fields.get(field), self.report)

    def targets(self, field: str) -> dict[str, Target]:
        """Return where each outcome leads that a field names."""
        node = self.fields.get(field)
        found = node.mapping(self.report, "outcomes") if node else {}
        return {name: target for name, value in found.items() if (target := read_target(value, self.report))}

    def keys(self, field: str) -> dict[str, Target]:
        """Return where each key leads that a field names."""
        node = self.fields.get(field)
        return {
            key: target
            for name, value in (node.mapping(self.report, "keys") if node else {}).items()
            if node and (key := read_key(name, node.key_place(name), self.report))
            if (target := read_target(value, self.report))
        }

    def patience(self) -> tuple[Limits, Target | None]:
        """Return how patient a question is, and where it leads when that is at an end."""
        return read_patience(self.fields, self.limits, self.too_many, self.report)


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
        confirms=read_flag(fields, "confirms", report),
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


def read_flag(fields: Mapping[str, Node], name: str, report: Report) -> bool:
    """Return whether a field is there and true."""
    return bool(name in fields and fields[name].flag(report, name))
