"""YAML with every scalar kept as text and every node with its place.

`0612` stays four digits, `on` stays a word, a repeated key is a problem instead of a silent loss. What a field
should be is said by whoever reads it: `node.integer(report, low=1)`. Problems go to a `Report`; a field that has
one reads as None, so that reading goes on and all problems are told at once.
"""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import yaml

from ivr.errors import Place, Report, did_you_mean
from ivr.yaml_reader import slips
from ivr.yaml_reader.shapes import Record, Whole
from ivr.yaml_reader.source import SourceFile, source

MOST_FIGURES = 15
"""Figures of the largest number that anything here could mean."""

_ODD = re.compile(r"(?:^|[\s\[{,:-])[&*!]", re.MULTILINE)
"""Where an anchor, an alias or a tag may begin."""
_BRACKETS = re.compile(r"[\[{][^\]}]*[\[{][^\]}]*[\[{][^\]}]*[\[{]")
_LISTS = re.compile(r"-\s+-\s+-\s")
_INDENTED = re.compile(r"^ {20}", re.MULTILINE)
_SENTENCE_ENDS = re.compile(r"""[.?!…:}][)"'”]?$""")
_CURLY = re.compile(f"[{slips.OPENING}]([^{slips.OPENING}]*)[{slips.CLOSING}]")


@dataclass(frozen=True, slots=True)
class Node:
    """One YAML value: text, a list, or a mapping; exactly one of the three is not None."""

    place: Place
    scalar: str | None = None
    quoted: bool = False
    items: tuple[Node, ...] | None = None
    fields: Mapping[str, Node] | None = None
    key_places: Mapping[str, Place] | None = None
    written: str = ""
    """A text as it is written in the file, quotes and line ends and all."""
    note: Place | None = None
    """Where a note to colleagues stands right behind the text, or right below it and belonging to it."""

    @property
    def kind(self) -> str:
        """Say what this is in plain words, for messages."""
        if self.fields is not None:
            return "a mapping"
        if self.items is not None:
            return "a list"
        return f'"{textwrap.shorten(self.scalar, MOST_LETTERS, placeholder=" …")}"' if self.scalar else "nothing"

    def text(self, report: Report, what: str) -> str | None:
        """Return the text; nothing, a list or a mapping is a problem."""
        if self.scalar:
            return self.scalar
        if self.note and not self.quoted:
            report.add(
                self.note,
                f'{what} should be text, but what comes after "#" is a note; text that begins with one needs quotes',
            )
        else:
            report.add(self.place, f"{what} should be text, found {self.kind}")
        return None

    def words(self, report: Report, what: str) -> str | None:
        """Return text that is spoken: the same, but a note may not cut off a sentence."""
        found = self.text(report, what)
        if found and self.note and not _SENTENCE_ENDS.search(found):
            message = (
                'the words end here, for what comes after " #" is a note: put quotes around the whole text, write the key '
                'as "pound", or let a note begin after a full stop or two spaces'
            )
            report.add(self.note, message)
        return found

    def within(self, piece: str, number: int = 0, offset: int = 0) -> Place:
        """Return where a piece of the text stands, the first or a later one like it, and so many characters into it.

        Where the text begins, if it is written in another way.
        """
        starts = [found.start() for found in re.finditer(re.escape(piece), self.written)]
        if number >= len(starts):
            return self.place
        before = self.written[: starts[number] + offset]
        line = before.count("\n")
        column = len(before) - before.rfind("\n") if line else self.place.column + len(before)
        return Place(self.place.file, self.place.line + line, column)

    def places(self, named: Collection[str] = ()) -> dict[str, Place]:
        """Return where fields stand, as `field` and `field.name`: what they say or, where that is more than a text, their names.

        Of what stands within the fields `named`, always the names.
        """
        places: dict[str, Place] = {}
        for field, node in (self.fields or {}).items():
            places[field] = self._word(field)
            for name in node.fields or {}:
                places[f"{field}.{name}"] = node.key_place(name) if field in named else node._word(name)
        return places

    def _word(self, name: str) -> Place:
        node = (self.fields or {})[name]
        return node.place if node.scalar else self.key_place(name)

    def integer(self, report: Report, what: str, low: int = 0, high: int | None = None) -> int | None:
        """Return a whole number within bounds."""
        wanted = f"a whole number of at least {low}" if high is None else f"a whole number from {low} to {high}"
        if self.scalar is None or not self.scalar.isascii() or not self.scalar.isdigit():
            report.add(self.place, f"{what} should be {wanted}, found {self.kind}")
            return None
        digits = self.scalar.lstrip("0") or "0"
        number = int(digits[:MOST_FIGURES])
        if number < low or (high is not None and number > high) or len(digits) > MOST_FIGURES:
            found = digits if len(digits) <= MOST_FIGURES else f"one of {len(digits)} figures"
            report.add(self.place, f"{what} should be {wanted}, found {found}")
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
        found = self.mapping(report, what)
        required, known = tuple(required), (*required, *optional)
        fields = {name: node for name, node in found.items() if name in known}
        for name in found.keys() - set(known):
            report.add(self.key_place(name), f'{what} has no "{name}"{did_you_mean(name, known)}')
            meant = difflib.get_close_matches(name, [one for one in known if one not in found], n=1)
            fields.update(dict.fromkeys(meant, found[name]))  # read as what it is a slip for, nothing follows from it
        for name in required:
            if self.fields is not None and name not in fields:
                report.add(self.place, f'{what} lacks "{name}"')
        return fields

    def shaped(self, report: Report, what: str, shape: Record) -> Mapping[str, Node]:
        """Return the fields of a mapping whose keys a shape knows; unknown and missing ones are problems."""
        return self.record(report, what, shape.required, shape.optional)

    def fits(self, shape: Record) -> bool:
        """Tell whether this is meant to be of a shape: most of its fields are known, or slips for some that are."""
        fields = self.fields or {}
        meant = [name for name in fields if difflib.get_close_matches(name, shape.fields, n=1)]
        return self.fields is not None and 2 * len(meant) >= len(fields)

    def whole(self, report: Report, what: str, shape: Whole) -> int | None:
        """Return a whole number within the bounds of a shape."""
        return self.integer(report, what, shape.low, shape.high)

    def key_place(self, name: str) -> Place:
        """Return where a field's name stands."""
        return (self.key_places or {}).get(name, self.place)


def read(file: str, text: str, report: Report) -> Node | None:
    """Read one YAML document from its text; `file` is the name that problems are told with."""
    made = source(file, text, report)
    if made is None:
        return None
    try:
        root = _compose(made.text)
    except yaml.MarkedYAMLError as error:
        place, message = slips.told(made, error, _fails)
        if all((one.place.file, one.place.line) != (file, place.line) for one in report.problems):
            report.add(place, message)  # else it follows from what was told of that line
        return None
    if root is None:
        report.add(Place(file), "the file is empty")
        return None
    return _NodeReader(made, report).node(root)


def _fails(text: str) -> int | None:
    """Return the line, from 0, where a text cannot be read; None when it can. Only what is read fast is tried."""
    if not _is_plain(text):
        return 0
    try:
        yaml.compose(text, Loader=yaml.CBaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return mark.line if mark else 0
    return None


def _compose(text: str) -> yaml.Node | None:
    """Compose by libyaml where it is there and nothing can go wrong; every slip is told by the loader below."""
    if _is_plain(text):
        try:
            return yaml.compose(text, Loader=yaml.CBaseLoader)
        except yaml.YAMLError:
            pass
    return yaml.compose(text, Loader=_Loader)


def _is_plain(text: str) -> bool:
    return bool(yaml.__with_libyaml__) and not _ODD.search(text) and _is_flat(text)


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
        if getattr(event, "tag", None) is not None:
            raise yaml.composer.ComposerError(None, None, slips.TAG, event.start_mark)
        if self.depth == MOST_LEVELS:
            raise yaml.composer.ComposerError(None, None, slips.TOO_DEEP, event.start_mark)
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


MOST_LEVELS = 20
MOST_LETTERS = 60
"""Of a text that a message shows."""


@dataclass(frozen=True, slots=True)
class _NodeReader:
    """Makes nodes of what the library composed."""

    source: SourceFile
    report: Report

    def node(self, node: yaml.Node) -> Node:
        place = self.place(node.start_mark)
        if isinstance(node, yaml.ScalarNode):
            written, note, quoted = self._written(node), self._note(node), node.style in ("'", '"')
            return Node(place, scalar=self.scalar(node), quoted=quoted, written=written, note=note)
        if isinstance(node, yaml.SequenceNode):
            return Node(place, items=tuple(self.node(item) for item in node.value))
        fields: dict[str, Node] = {}
        places: dict[str, Place] = {}
        for key, value in node.value:
            key_place = self.place(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                self.report.add(key_place, "a name should be text, found a list or a mapping")
                continue
            name = self.scalar(key)
            if name in fields:
                self.report.add(key_place, f'"{name}" stands here twice; the first is on line {places[name].line}')
            else:
                places[name] = key_place
                fields[name] = self.node(value)
        return Node(place, fields=fields, key_places=places)

    def place(self, mark: yaml.Mark) -> Place:
        return self.source.place(mark.line, mark.column)

    def scalar(self, node: yaml.ScalarNode) -> str:
        """Return a text; one in curly quotes is told, and read as if they were straight."""
        value: str = node.value
        curly = None if node.style else _CURLY.fullmatch(value)
        if curly:
            self.report.add(self.place(node.start_mark), slips.CURLY)
            return curly[1]
        return value

    def _written(self, node: yaml.ScalarNode) -> str:
        start, end = node.start_mark, node.end_mark
        lines = list(self.source.lines[start.line : end.line + 1])
        if lines:
            lines[-1] = lines[-1][: end.column]
            lines[0] = lines[0][start.column :]
        return "\n".join(lines)

    def _note(self, node: yaml.ScalarNode) -> Place | None:
        """Return where a note begins right behind a text or, if it is indented like a part of it, right below."""
        if node.style:
            return None
        end, lines = node.end_mark, self.source.lines
        behind = lines[end.line][end.column :] if end.line < len(lines) else ""
        if behind.lstrip().startswith("#"):
            gap = len(behind) - len(behind.lstrip())
            return self.source.place(end.line, end.column + gap) if gap < NOTE_GAP else None
        below = lines[end.line + 1] if end.line + 1 < len(lines) else ""
        is_note = not behind.strip() and below.lstrip().startswith("#")
        if is_note and _indent(below) > _indent(lines[node.start_mark.line]):
            return self.source.place(end.line + 1, _indent(below))
        return None


NOTE_GAP = 2
"""Spaces before the `#` of a note that leave no doubt it is one."""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
