"""Prepares the text of a file for reading as YAML: characters that nobody can see are reported and taken out.

A word processor leaves spaces that YAML does not take for spaces, a web page characters without a width, a merge the
marks of both versions. Each is reported at its place. All but a merge are then read as what was meant, so that no
further problem follows from them, and the places of what is left stay right.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ivr.errors import Place, Report

_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BREAKS = "\x0b\x0c\x85\u2028\u2029"
_UNSEEN = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_CONTROLS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufff9-\ufffb\ufffe\uffff"

_ODD = re.compile(
    f"[{_SPACES}{_BREAKS}{_UNSEEN}{_CONTROLS}]|^(?:<{{7}}|={{7}}|>{{7}}|\\|{{7}})|\t|#[ \t]*:", re.MULTILINE
)
"""What needs a closer look. A file without any of it is read as it is."""
_MARK = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?: .*)?$")
_LOST_POUND = re.compile(r"\s*#\s*:")
_NOTE = re.compile(r"""[^'"]*?(?:^|[ \t])#""")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of character that does not belong in a file: what is wrong with it, and what is read in its place."""

    characters: re.Pattern[str]
    what: str
    read_as: str


_LINE_END = "ends a line for some programs and not for others; delete it, or type the line anew"
_KINDS = (
    _Kind(re.compile(f"[{_SPACES}]"), "looks like a space and is none to YAML; type a space in its place", " "),
    _Kind(re.compile(f"^[{_BREAKS}]+"), _LINE_END, ""),
    _Kind(re.compile(f"[{_BREAKS}]"), _LINE_END, " "),
    _Kind(re.compile(f"[{_UNSEEN}]"), "cannot be seen; delete it, or type the line anew", ""),
    _Kind(re.compile(f"[{_CONTROLS}]"), "is a character that no text file should hold; type the line again", ""),
)  # fmt: skip  # one kind a row reads as the table it is


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it is read, and the place in the file of each of its characters."""

    file: str
    lines: tuple[str, ...]
    taken_out: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Line, from 0 -> the columns, from 0 and in order, of characters that were taken out."""

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(self.lines)

    def place(self, line: int, column: int) -> Place:
        """Return the place in the file of what is read at a line and column, both from 0."""
        for removed in self.taken_out.get(line, ()):
            column += removed <= column
        return Place(self.file, line + 1, column + 1)


def prepare(file: str, text: str, report: Report) -> SourceFile | None:
    """Return a file's text, prepared for reading; None when it cannot be read, which is reported."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = text if text.endswith("\n") else f"{text}\n"  # a missing last line end must not change what is read
    lines = text.split("\n")
    if not _ODD.search(text):
        return SourceFile(file, tuple(lines))
    if _report_merge_marks(file, lines, report):
        return None
    taken_out: dict[int, tuple[int, ...]] = {}
    for number, line in enumerate(lines):
        lines[number], taken = _without_odd_characters(file, number, line, report)
        if taken:
            taken_out[number] = taken
    source_file = SourceFile(file, tuple(line if line.strip() else "" for line in lines), taken_out)
    return _without_tabs(source_file) if _check_line_starts(source_file, report) else None


def _report_merge_marks(file: str, lines: list[str], report: Report) -> bool:
    """Report each pair of versions that a merge left side by side; tell whether there is one."""
    inside = any_mark = False
    for number, line in enumerate(lines, 1):
        mark = _MARK.match(line)
        if mark and not inside:
            message = (
                f'"{mark[1]}" marks two versions that were merged and never made one: keep the lines of one, and delete '
                'those of the other and the lines with "<<<<<<<", "=======" and ">>>>>>>"'
            )
            report.add(Place(file, number), message)
        inside = bool(inside or mark) and not (mark and mark[1][0] == ">")
        any_mark = any_mark or bool(mark)
    return any_mark


def _without_odd_characters(file: str, number: int, line: str, report: Report) -> tuple[str, tuple[int, ...]]:
    """Return a line without odd characters, and the columns of those taken out. Comments may hold anything."""
    note = _NOTE.match(line)
    end = note.end() - 1 if note else len(line)
    removed: list[int] = []
    for kind in _KINDS:
        columns = [match.start() for match in kind.characters.finditer(line)]
        if columns and columns[0] < end:
            report.add(Place(file, number + 1, columns[0] + 1), f"{_character_name(line[columns[0]])} {kind.what}")
        removed += columns if not kind.read_as else []
    for kind in _KINDS:
        line = kind.characters.sub(kind.read_as, line)
    return line, tuple(sorted(removed))


def _character_name(character: str) -> str:
    name = unicodedata.name(character, "control character").lower()
    return f"a {name} (U+{ord(character):04X})"


def _without_tabs(source_file: SourceFile) -> SourceFile:
    """Return the file with spaces for tabs within lines, which only some readers of YAML allow."""
    return replace(source_file, lines=tuple(line.replace("\t", " ") for line in source_file.lines))


def _check_line_starts(source_file: SourceFile, report: Report) -> bool:
    """Report `#:`, which YAML takes for a comment, and the first line indented with a tab; False for a tab."""
    for number, line in enumerate(source_file.lines):
        if _LOST_POUND.match(line):
            message = 'YAML takes "#:" for a comment; the pound key is written "pound:"'
            report.add(source_file.place(number, line.index("#")), message)
        if "\t" in line[: len(line) - len(line.lstrip())]:
            report.add(
                source_file.place(number, line.index("\t")), "the line is indented with a tab; YAML takes spaces only"
            )
            return False
    return True
