"""What went wrong where YAML cannot be read, in the words of somebody who has never heard of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import yaml

from ivr.errors import Place
from ivr.yaml_reader.source import SourceFile

ALIAS = 'a text that begins with "*" or "&" needs quotes; the star key is written "star:"'
TAG = 'a text that begins with "!" needs quotes around the whole of it'
TOO_DEEP = "too many lists and mappings inside each other"

NO_COLON = 'a name without ":" after it; words of several lines need ">-" before them'
DOCUMENT = 'a line of "---" or "..." begins a second document; a file holds one'
COMMA = 'a "," is missing before this, between two of those that stand in the braces'
NO_SPACE = 'a ":" after a name needs a space behind it'
CURLY = 'quotes such as “ and ” are none to YAML; type straight ones: "'

OPENING, CLOSING = "“”„‟«\u2018\u2019\u201a", "“”„‟»\u2018\u2019\"'"
"""Quotes that a word processor puts at the beginning, and what may then stand at the end."""

_UNFIT = "the line does not fit what stands above it; look at the spaces before it"
_COLON = "mapping values are not allowed here"
_QUOTES = "the text is over here; put quotes around the whole of it, or close those above"
_COLON_IN_WORDS = 'a ": " inside words needs quotes around the whole text'
_FIRST = "a text that begins with such a character needs quotes around the whole of it"
_HINTS = {
    "while scanning an alias": ALIAS,
    "while scanning an anchor": ALIAS,
    _COLON: _COLON_IN_WORDS,
    "while scanning a quoted scalar": "a quotation mark that is opened here is never closed",
    "but found '}'": "a brace that closes nothing",
    "but found ']'": "a bracket that closes nothing",
    "while parsing a flow mapping": "a brace that is opened here is never closed",
    "while parsing a flow sequence": "a bracket that is opened here is never closed",
    "expected a single document": DOCUMENT,
    "expected '<document start>'": DOCUMENT,
    "cannot start any token": _FIRST,
    "expected the node content": _FIRST,
    "while scanning a block scalar": 'words stand below the line with the ">" or "|"; a text that begins with one needs quotes',
    "but found '<scalar>'": _QUOTES,
    "but found '{'": _QUOTES,
    "but found '['": _QUOTES,
    "but found ','": _QUOTES,
    "while parsing a block": _UNFIT,
    "found character '\\t'": "a tab where spaces belong",
    "could not find expected ':'": NO_COLON,
}
"""A part of what the library says -> what to do about it; the first that is found holds."""


_OF_LINES = (_UNFIT, _COLON_IN_WORDS, NO_COLON)
"""What a line that is moved too far to either side may come to."""

Fails = Callable[[str], int | None]
"""The line, from 0, where a text cannot be read; None when it can."""


@dataclass(frozen=True, slots=True)
class _Mend:
    """A slip that is known by what mends it: what a line looks like, what it should have been, and where the slip is."""

    line: re.Pattern[str]
    mended: str
    hint: str
    at: int
    """The group of the pattern at whose beginning the slip is told; at its end when it is negative."""


_MENDS = (
    _Mend(re.compile(r"(---|\.\.\.)[ ]*"), "", DOCUMENT, 1),
    _Mend(re.compile(r"""([ ]*(?:- )?["'“]?)(\w+)(["'”]?)[ ]*"""), r"\1\2\3:", NO_COLON, 2),
    _Mend(re.compile(r"([ ]*(?:- )?)(\w+);(.*)"), r"\1\2:\3", NO_COLON, 2),
    _Mend(re.compile(r"([ ]*(?:- )?)(\w+):(\S.*)"), r"\1\2: \3", NO_SPACE, -2),
    _Mend(re.compile(r"([ ]*(?:- )?)([a-z0-9]\w*)[ ]+(\S.*)"), r"\1\2: \3", NO_COLON, 2),
    _Mend(re.compile(rf"([ ]*(?:- )?\w+:[ ]+)([{OPENING}].*)[ ]*"), r"\1'mended'", CURLY, 2),
    _Mend(re.compile(r"([ ]*(?:- )?\w+:[ ]+)(\".*)([“”„‟«»])[ ]*"), r"\1'mended'", CURLY, 3),
)
"""Slips that the library notices only further on, each tried in turn on the lines above; what it makes readable it is."""
_LINES_ABOVE = 4


def told(source: SourceFile, error: yaml.MarkedYAMLError, fails: Fails) -> tuple[Place, str]:
    """Return where a file cannot be read, and why."""
    problem = " ".join(part for part in (error.context, error.problem) if part)
    hint = next((hint for sign, hint in _HINTS.items() if sign in problem), problem)
    if "or '}', but" in problem and _line(error.context_mark) == _line(error.problem_mark):
        hint = COMMA
    began = hint.endswith("is never closed") or hint == ALIAS
    mark = (error.context_mark if began else None) or error.problem_mark or error.context_mark
    if mark is None:
        return Place(source.file), f"not readable as YAML: {hint}"
    line, column, hint = _mended(source, mark.line, fails, hint in _OF_LINES) or _marked(source, mark, problem, hint)
    return source.place(line, column), f"not readable as YAML: {hint}"


def _line(mark: yaml.Mark | None) -> int | None:
    return mark.line if mark else None


def _marked(source: SourceFile, mark: yaml.Mark, problem: str, hint: str) -> tuple[int, int, str]:
    """Return what the library says, at the line that it says it of."""
    line = source.lines[mark.line] if mark.line < len(source.lines) else ""
    if hint == _FIRST:
        hint = f'a text that begins with "{line[mark.column : mark.column + 1]}" needs quotes around the whole of it'
    if _COLON in problem and re.fullmatch(r"[ ]*(- )?\w+", line[: mark.column]):
        hint = _UNFIT
    return mark.line, len(line) - len(line.lstrip()) if hint == _UNFIT else mark.column, hint


def _mended(source: SourceFile, failed: int, fails: Fails, of_lines: bool) -> tuple[int, int, str] | None:
    """Return the slip whose mending makes the file readable: all of it or, if none does, further than it was."""
    further = None
    for line, column, hint, text in _tries(source, failed, of_lines):
        now = fails(text)
        if now is None:
            return line, column, hint
        if now > failed and further is None and hint != _UNFIT:
            further = line, column, hint
    return further


def _tries(source: SourceFile, failed: int, of_lines: bool) -> Iterator[tuple[int, int, str, str]]:
    """Yield slips that may be behind a failure, each with the text as it is without it."""
    written = [
        number for number, line in enumerate(source.lines[: failed + 1]) if line.strip(" ") and line.lstrip()[0] != "#"
    ]
    near = list(reversed(written[-_LINES_ABOVE:]))
    for number in near:
        line = source.lines[number]
        for mend in _MENDS:
            found = mend.line.fullmatch(line)
            if found:
                at = found.start(mend.at) if mend.at > 0 else found.end(-mend.at)
                yield number, at, mend.hint, _with(source, number, found.expand(mend.mended))
    for number, other in pairwise(near[:2] if of_lines else ()):
        for slipped, like in ((number, other), (other, number)):
            mended = _indent(source.lines[like]) + source.lines[slipped].lstrip(" ")
            yield slipped, len(_indent(source.lines[slipped])), _UNFIT, _with(source, slipped, mended)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def _with(source: SourceFile, number: int, line: str) -> str:
    return "\n".join((*source.lines[:number], line, *source.lines[number + 1 :]))
