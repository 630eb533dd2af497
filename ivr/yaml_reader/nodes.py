"""YAML with every scalar kept as text and every node with its place.

`0612` stays four digits, `on` stays a word, a repeated key is a problem instead of a silent loss. What a field
should be is said by whoever reads it: `node.integer(report, low=1)`. Problems go to a `Report`; a field that has
one reads as None, so that reading goes on and all problems are told at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import yaml

from ivr.errors import Place, Report, did_you_mean
from ivr.yaml_reader import slips
from ivr.yaml_reader.shapes import Record, Whole

_LOST_POUND = re.compile(r"^\s*#\s*:")
_ODD = re.compile(r"(?:^|[\s\[{,:-])[&*]", re.MULTILINE)
"""Where an anchor or an alias may begin."""
_BRACKETS = re.compile(r"[\[{][^\]}]*[\[{][^\]}]*[\[{][^\]}]*[\[{]")
_LISTS = re.compile(r"-\s+-\s+-\s")
_INDENTED = re.compile(r"^ {20}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Node:
    """One YAML value: text, a list, or a mapping; exactly one of the three is not None."""

    place: Place
    scalar: str | None = None
    quoted: bool = False
    items: tuple[Node, ...] | None = None
    fields: Mapping[str, Node] | None = None
    key_places: Mapping[str, Place] | None = None
    raw: str = ""
    """A text as it stands in the file, from its first sign to its last: quotes, line ends and all."""

    @property
    def kind(self) -> str:
        """Say what this is in plain words, for messages."""
        if self.fields is not None:
            return "a mapping"
        return "a list" if self.items is not None else f'"{self.scalar}"' if self.scalar else "nothing"

    def text(self, report: Report, what: str) -> str | None:
        """Return the text; nothing, a list or a mapping is a problem."""
        if not self.scalar:
            report.add(self.place, f"{what} should be text, found {self.kind}")
            return None
        return self.scalar

    def integer(self, report: Report, what: str, low: int = 0, high: int | None = None) -> int | None:
        """Return a whole number within bounds."""
        wanted = f"a whole number of at least {low}" if high is None else f"a whole number from {low} to {high}"
        if self.scalar is None or not self.scalar.isascii() or not self.scalar.isdigit():
            report.add(self.place, f"{what} should be {wanted}, found {self.kind}")
            return None
        number = int(self.scalar)
        if number < low or (high is not None and number > high):
            report.add(self.place, f"{what} should be {wanted}, found {number}")
            return None
        return number

    def flag(self, report: Report, what: str) -> bool | None:
        """Return true or false; nothing else is taken for either."""
        if self.scalar not in ("true", "false"):
            report.add(self.place, f"{what} should be true or false, found {self.kind}")
            return None
        return self.scalar == "true"

    def sequence(self, report: Report, what: str) -> tuple[Node, ...]:
        """Return the items of a list."""
        if self.items is None:
            report.add(self.place, f"{what} should be a list, found {self.kind}")
            return ()
        return self.items

    def mapping(self, report: Report, what: str) -> Mapping[str, Node]:
        """Return the fields of a mapping whose keys are free."""
        if self.fields is None:
            report.add(self.place, f"{what} should be a mapping, found {self.kind}")
            return {}
        return self.fields

    def record(
        self, report: Report, what: str, required: Iterable[str] = (), optional: Iterable[str] = ()
    ) -> Mapping[str, Node]:
        """Return the fields of a mapping whose keys are known; unknown and missing ones are problems."""
        fields = self.mapping(report, what)
        required, known = tuple(required), (*required, *optional)
        for name in fields:
            if name not in known:
                report.add(self.key_place(name), f'{what} has no "{name}"{did_you_mean(name, known)}')
        for name in required:
            if self.fields is not None and name not in fields:
                report.add(self.place, f'{what} lacks "{name}"')
        return {name: node for name, node in fields.items() if name in known}

    def shaped(self, report: Report, what: str, shape: Record) -> Mapping[str, Node]:
        """Return the fields of a mapping whose keys a shape knows; unknown and missing ones are problems."""
        return self.record(report, what, shape.required, shape.optional)

    def whole(self, report: Report, what: str, shape: Whole) -> int | None:
        """Return a whole number within the bounds of a shape."""
        return self.integer(report, what, shape.low, shape.high)

    def key_place(self, name: str) -> Place:
        """Return where a field's name stands."""
        return (self.key_places or {}).get(name, self.place)


def read(file: str, text: str, report: Report) -> Node | None:
    """Read one YAML document from its text; `file` is the name that problems are told with."""
    for number, line in enumerate(text.split("\n"), 1):
        if _LOST_POUND.match(line):
            report.add(
                Place(file, number, line.index("#") + 1),
                'YAML takes "#:" for a comment; the pound key is written "pound:"',
            )
        if "\t" in line[: len(line) - len(line.lstrip())]:
            report.add(Place(file, number, 1), "the line is indented with a tab; YAML takes spaces only")
            return None
    try:
        root = _compose(text)
    except yaml.MarkedYAMLError as error:
        report.add(*slips.told(file, text, error))
        return None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        report.add(place, "a character that no text file should hold; type the line again")
        return None
    if root is None:
        report.add(Place(file), "the file is empty")
        return None
    return _node(file, text, root, report)


def _compose(text: str) -> yaml.Node | None:
    """Compose by libyaml where it is there and nothing can go wrong; every slip is told by the loader below."""
    if yaml.__with_libyaml__ and not _ODD.search(text) and _is_flat(text):
        try:
            return yaml.compose(text, Loader=yaml.CBaseLoader)
        except yaml.YAMLError:
            pass
    return yaml.compose(text, Loader=_Loader)


def _is_flat(text: str) -> bool:
    """Tell whether nothing can be nested too deep: by brackets and braces, by lists of lists, or by indentation."""
    return not _BRACKETS.search(text) and not _LISTS.search(text) and not _INDENTED.search(text)


class _Loader(yaml.BaseLoader):
    """Refuses what would make one part of a file stand in several places, or a file too deep to follow."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs have no types for the parser
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise yaml.composer.ComposerError(None, None, slips.ALIAS, event.start_mark)
        if self.depth == MOST_LEVELS:
            raise yaml.composer.ComposerError(None, None, slips.TOO_DEEP, event.start_mark)
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


MOST_LEVELS = 20


def _node(file: str, text: str, node: yaml.Node, report: Report) -> Node:
    place = Place(file, node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.ScalarNode):
        raw = text[node.start_mark.index : node.end_mark.index]
        return Node(place, scalar=node.value, quoted=node.style in ("'", '"'), raw=raw)
    if isinstance(node, yaml.SequenceNode):
        return Node(place, items=tuple(_node(file, text, item, report) for item in node.value))
    fields: dict[str, Node] = {}
    places: dict[str, Place] = {}
    for key, value in node.value:
        key_place = Place(file, key.start_mark.line + 1, key.start_mark.column + 1)
        if not isinstance(key, yaml.ScalarNode):
            report.add(key_place, "a name should be text, found a list or a mapping")
        elif key.value in fields:
            report.add(key_place, f'"{key.value}" stands here twice; the first is on line {places[key.value].line}')
        else:
            places[key.value] = key_place
            fields[key.value] = _node(file, text, value, report)
    return Node(place, fields=fields, key_places=places)
