"""Reads YAML into nodes: every scalar stays text, and every node knows its place.

`0612` stays four digits, `on` stays a word, and a repeated key is a problem instead of a silent loss. The code that
reads a node says what it should be: `node.integer(report, what, low=1)`. Problems go to a `Report`, and a value with
one reads as None or as empty, so that reading goes on and all problems are reported at once.
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
from ivr.yaml_reader.source import SourceFile, prepare

MOST_FIGURES = 15
"""The most digits of a number; none that is meant here has more."""

_ODD = re.compile(r"(?:^|[\s\[{,:-])[&*!]", re.MULTILINE)
"""Where an anchor, an alias or a tag may begin."""
_BRACKETS = re.compile(r"[\[{][^\]}]*[\[{][^\]}]*[\[{][^\]}]*[\[{]")
_LISTS = re.compile(r"-\s+-\s+-\s")
_INDENTED = re.compile(r"^ {20}", re.MULTILINE)
_SENTENCE_ENDS = re.compile(r"""[.?!…:}][)"'”]?$""")
_CURLY = re.compile(f"[{slips.OPENING}]([^{slips.OPENING}]*)[{slips.CLOSING}]")


@dataclass(frozen=True, slots=True)
class Node:
    """One YAML value: text, a list or a mapping. Exactly one of `scalar`, `items` and `fields` is not None."""

    place: Place
    scalar: str | None = None
    quoted: bool = False
    items: tuple[Node, ...] | None = None
    fields: Mapping[str, Node] | None = None
    key_places: Mapping[str, Place] | None = None
    written: str = ""
    """Text as it is written in the file, with its quotes and line ends."""
    note: Place | None = None
    """Where a comment begins right behind the text, or right below it and indented like a part of it."""

    @property
    def kind(self) -> str:
        """What this is in plain words, for messages."""
        if self.fields is not None:
            return "a mapping"
        if self.items is not None:
            return "a list"
        return f'"{textwrap.shorten(self.scalar, MOST_LETTERS, placeholder=" …")}"' if self.scalar else "nothing"

    def text(self, report: Report, what: str) -> str | None:
        """Return the text; report anything else and return None. `what` names the value in messages."""
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
        """Return text that is spoken. Like `text`, but a comment that cuts off a sentence is reported as well."""
        text = self.text(report, what)
        if text and self.note and not _SENTENCE_ENDS.search(text):
            message = (
                'the words end here, for what comes after " #" is a note: put quotes around the whole text, write the key '
                'as "pound", or let a note begin after a full stop or two spaces'
            )
            report.add(self.note, message)
        return text

    def within(self, piece: str, number: int = 0, offset: int = 0) -> Place:
        """Return the place of a piece of the text, so many characters into it.

        `number` chooses among pieces that are alike, 0 for the first. Where the file writes the text in another way,
        the place is where the text begins.
        """
        starts = [match.start() for match in re.finditer(re.escape(piece), self.written)]
        if number >= len(starts):
            return self.place
        text_before = self.written[: starts[number] + offset]
        line = text_before.count("\n")
        column = len(text_before) - text_before.rfind("\n") if line else self.place.column + len(text_before)
        return Place(self.place.file, self.place.line + line, column)

    def places(self, named: Collection[str] = ()) -> dict[str, Place]:
        """Return the place of each field and of each name within it, as `field` and `field.name`.

        The place is that of the text below it or, where that is no text, of the name. Within the fields in `named` it
        is always that of the name.
        """
        places: dict[str, Place] = {}
        for field, node in (self.fields or {}).items():
            places[field] = self._value_place(field)
            for name in node.fields or {}:
                places[f"{field}.{name}"] = node.key_place(name) if field in named else node._value_place(name)
        return places

    def _value_place(self, name: str) -> Place:
        node = (self.fields or {})[name]
        return node.place if node.scalar else self.key_place(name)

    def integer(self, report: Report, what: str, low: int = 0, high: int | None = None) -> int | None:
        """Return a whole number within bounds; report anything else and return None."""
        expected = f"a whole number of at least {low}" if high is None else f"a whole number from {low} to {high}"
        if self.scalar is None or not self.scalar.isascii() or not self.scalar.isdigit():
            report.add(self.place, f"{what} should be {expected}, found {self.kind}")
            return None
        digits = self.scalar.lstrip("0") or "0"
        number = int(digits[:MOST_FIGURES])
        if number < low or (high is not None and number > high) or len(digits) > MOST_FIGURES:
            shown = digits if len(digits) <= MOST_FIGURES else f"one of {len(digits)} figures"
            report.add(self.place, f"{what} should be {expected}, found {shown}")
            return None
        return number

    def flag(self, report: Report, what: str) -> bool | None:
        """Return true or false; report anything else and return None."""
        if self.scalar not in ("true", "false"):
            report.add(self.place, f"{what} should be true or false, found {self.kind}")
            return None
        return self.scalar == "true"

    def sequence(self, report: Report, what: str) -> tuple[Node, ...]:
        """Return the items of a list; report anything else and return no items."""
        if self.items is None:
            report.add(self.place, f"{what} should be a list, found {self.kind}")
            return ()
        return self.items

    def mapping(self, report: Report, what: str) -> Mapping[str, Node]:
        """Return the fields of a mapping with any keys; report anything else and return no fields."""
        if self.fields is None:
            report.add(self.place, f"{what} should be a mapping, found {self.kind}")
            return {}
        return self.fields

    def record(
        self, report: Report, what: str, required: Iterable[str] = (), optional: Iterable[str] = ()
    ) -> Mapping[str, Node]:
        """Return the fields of a mapping with known keys; report unknown and missing ones.

        A field with a misspelt name is returned under the name that it is close to, so that nothing follows from the
        slip.
        """
        all_fields = self.mapping(report, what)
        required, known = tuple(required), (*required, *optional)
        fields = {name: node for name, node in all_fields.items() if name in known}
        for name in all_fields.keys() - set(known):
            report.add(self.key_place(name), f'{what} has no "{name}"{did_you_mean(name, known)}')
            close_match = difflib.get_close_matches(
                name, [candidate for candidate in known if candidate not in all_fields], n=1
            )
            fields.update(dict.fromkeys(close_match, all_fields[name]))
        for name in required:
            if self.fields is not None and name not in fields:
                report.add(self.place, f'{what} lacks "{name}"')
        return fields

    def shaped(self, report: Report, what: str, shape: Record) -> Mapping[str, Node]:
        """Return the fields of a mapping that a shape describes; report unknown and missing ones."""
        return self.record(report, what, shape.required, shape.optional)

    def fits(self, shape: Record) -> bool:
        """Tell whether this is meant to have a shape.

        At least half of its fields are known then, or close to known ones.
        """
        fields = self.fields or {}
        known_or_close = [name for name in fields if difflib.get_close_matches(name, shape.fields, n=1)]
        return self.fields is not None and 2 * len(known_or_close) >= len(fields)

    def whole(self, report: Report, what: str, shape: Whole) -> int | None:
        """Return a whole number within the bounds of a shape; report anything else and return None."""
        return self.integer(report, what, shape.low, shape.high)

    def key_place(self, name: str) -> Place:
        """Return the place of a field's name, or of the whole mapping when there is no such field."""
        return (self.key_places or {}).get(name, self.place)


def read(file: str, text: str, report: Report) -> Node | None:
    """Read one YAML document; None when it cannot be read, which is reported. `file` is its name in messages."""
    source_file = prepare(file, text, report)
    if source_file is None:
        return None
    try:
        root = _compose(source_file.text)
    except yaml.MarkedYAMLError as error:
        place, message = slips.explain(source_file, error, _failing_line)
        if all((problem.place.file, problem.place.line) != (file, place.line) for problem in report.problems):
            report.add(place, message)  # otherwise it follows from a problem of that line that was reported
        return None
    if root is None:
        report.add(Place(file), "the file is empty")
        return None
    return _NodeReader(source_file, report).node(root)


def _failing_line(text: str) -> int | None:
    """Return the line, from 0, where a text cannot be read; None when it can.

    Text that the fast loader must not be given counts as failing on line 0.
    """
    if not _is_safe_for_libyaml(text):
        return 0
    try:
        yaml.compose(text, Loader=yaml.CBaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return mark.line if mark else 0
    return None


def _compose(text: str) -> yaml.Node | None:
    """Compose the nodes of a text. libyaml is used where it is installed and the text is safe for it.

    When that fails, the slower `_Loader` reads the text again, for its better messages.
    """
    if _is_safe_for_libyaml(text):
        try:
            return yaml.compose(text, Loader=yaml.CBaseLoader)
        except yaml.YAMLError:
            pass
    return yaml.compose(text, Loader=_Loader)


def _is_safe_for_libyaml(text: str) -> bool:
    return bool(yaml.__with_libyaml__) and not _ODD.search(text) and _is_flat(text)


def _is_flat(text: str) -> bool:
    """Tell whether nothing can be nested too deeply by brackets and braces, by lists of lists, or by indentation."""
    return not _BRACKETS.search(text) and not _LISTS.search(text) and not _INDENTED.search(text)


class _Loader(yaml.BaseLoader):
    """Refuses anchors, aliases and tags, and nesting beyond `MOST_LEVELS`."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it untyped
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
"""How deeply lists and mappings may be nested."""
MOST_LETTERS = 60
"""The most letters of a text that a message shows."""


@dataclass(frozen=True, slots=True)
class _NodeReader:
    """Makes `Node`s from the nodes of PyYAML."""

    source: SourceFile
    report: Report

    def node(self, node: yaml.Node) -> Node:
        """Return the node with all that is below it. Keys that are not text, or are there twice, are reported."""
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
        """Return a text. One in curly quotes is reported, and read as if they were straight."""
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
        """Return where a comment begins right behind a text, or right below it and indented like a part of it.

        None where there is no comment, or `NOTE_GAP` spaces before it show that it is meant as one.
        """
        if node.style:
            return None
        end, lines = node.end_mark, self.source.lines
        behind = lines[end.line][end.column :] if end.line < len(lines) else ""
        if behind.lstrip().startswith("#"):
            gap = len(behind) - len(behind.lstrip())
            return self.source.place(end.line, end.column + gap) if gap < NOTE_GAP else None
        below = lines[end.line + 1] if end.line + 1 < len(lines) else ""
        is_note = not behind.strip() and below.lstrip().startswith("#")
        if is_note and _indent_width(below) > _indent_width(lines[node.start_mark.line]):
            return self.source.place(end.line + 1, _indent_width(below))
        return None


NOTE_GAP = 2
"""Spaces before the `#` of a comment that leave no doubt that it is meant as one."""


def _indent_width(line: str) -> int:
    return len(line) - len(line.lstrip())
