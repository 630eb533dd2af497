"""The text of a file made ready for YAML: what nobody can see in it is told and taken out, and places stay true.

A word processor leaves spaces that are none, the web characters without a width, a merge the marks of both versions.
Each is told where it stands; all but a merge are then read as what was meant, so that nothing follows from them.
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
"""What has to be looked at more closely; a file without any is read as it is."""
_MARK = re.compile(r"(<{7}|\|{7}|={7}|>{7})(?: .*)?$")
_LOST_POUND = re.compile(r"\s*#\s*:")
_NOTE = re.compile(r"""[^'"]*?(?:^|[ \t])#""")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of character that does not belong into a file: what is wrong with it, and what is read in its place."""

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
    """A file as it is read, and where in the file each of its characters stands."""

    file: str
    lines: tuple[str, ...]
    taken_out: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Line, from 0 -> the columns, from 0 and in order, of the characters that are not read."""

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)

    def place(self, line: int, column: int) -> Place:
        """Return the place of what is read at a line and column, both from 0."""
        for taken in self.taken_out.get(line, ()):
            column += taken <= column
        return Place(self.file, line + 1, column + 1)


def source(file: str, text: str, report: Report) -> SourceFile | None:
    """Return a file's text to be read; None when there is no reading it."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = text if text.endswith("\n") else f"{text}\n"  # what a text says hangs on no last line end
    lines = text.split("\n")
    if not _ODD.search(text):
        return SourceFile(file, tuple(lines))
    if _merged(file, lines, report):
        return None
    taken_out: dict[int, tuple[int, ...]] = {}
    for number, line in enumerate(lines):
        lines[number], taken = _seen(file, number, line, report)
        if taken:
            taken_out[number] = taken
    made = SourceFile(file, tuple(line if line.strip() else "" for line in lines), taken_out)
    return _spaced(made) if _starts_well(made, report) else None


def _merged(file: str, lines: list[str], report: Report) -> bool:
    """Tell of each pair of versions that a merge left side by side."""
    inside = found = False
    for number, line in enumerate(lines, 1):
        mark = _MARK.match(line)
        if mark and not inside:
            message = (
                f'"{mark[1]}" marks two versions that were merged and never made one: keep the lines of one, and delete '
                'those of the other and the lines with "<<<<<<<", "=======" and ">>>>>>>"'
            )
            report.add(Place(file, number), message)
        inside = bool(inside or mark) and not (mark and mark[1][0] == ">")
        found = found or bool(mark)
    return found


def _seen(file: str, number: int, line: str, report: Report) -> tuple[str, tuple[int, ...]]:
    """Return a line without what cannot be seen in it, and the columns of what was taken out; notes may hold anything."""
    note = _NOTE.match(line)
    end = note.end() - 1 if note else len(line)
    taken: list[int] = []
    for kind in _KINDS:
        found = [match.start() for match in kind.characters.finditer(line)]
        if found and found[0] < end:
            report.add(Place(file, number + 1, found[0] + 1), f"{_named(line[found[0]])} {kind.what}")
        taken += found if not kind.read_as else []
    for kind in _KINDS:
        line = kind.characters.sub(kind.read_as, line)
    return line, tuple(sorted(taken))


def _named(character: str) -> str:
    name = unicodedata.name(character, "control character").lower()
    return f"a {name} (U+{ord(character):04X})"


def _spaced(made: SourceFile) -> SourceFile:
    """Return the same with spaces for tabs within lines, where some readers of YAML take them and some do not."""
    return replace(made, lines=tuple(line.replace("\t", " ") for line in made.lines))


def _starts_well(made: SourceFile, report: Report) -> bool:
    """Tell of keys that YAML takes for comments, and of the first line that is indented with a tab."""
    for number, line in enumerate(made.lines):
        if _LOST_POUND.match(line):
            message = 'YAML takes "#:" for a comment; the pound key is written "pound:"'
            report.add(made.place(number, line.index("#")), message)
        if "\t" in line[: len(line) - len(line.lstrip())]:
            report.add(made.place(number, line.index("\t")), "the line is indented with a tab; YAML takes spaces only")
            return False
    return True
