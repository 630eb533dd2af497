"""Explains why YAML cannot be read, to people who have never heard of YAML."""

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
"""Quotes that a word processor puts at the beginning of a text, and those that may then end it."""

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
"""A part of the library's message -> what to do about it. The first that matches is used."""


_OF_LINES = (_UNFIT, _COLON_IN_WORDS, NO_COLON)
"""Hints that a line which is indented wrongly may lead to."""

Fails = Callable[[str], int | None]
"""Returns the line, from 0, where a text cannot be read; None when it can."""


@dataclass(frozen=True, slots=True)
class _Mend:
    """A slip that is recognised by the change which mends it."""

    line: re.Pattern[str]
    """What a whole line with the slip looks like."""
    mended: str
    """What the line should have been, as a replacement for the pattern."""
    hint: str
    at: int
    """The group of the pattern where the slip is reported: at its beginning or, when negative, at its end."""


_MENDS = (
    _Mend(re.compile(r"(---|\.\.\.)[ ]*"), "", DOCUMENT, 1),
    _Mend(re.compile(r"""([ ]*(?:- )?["'“]?)(\w+)(["'”]?)[ ]*"""), r"\1\2\3:", NO_COLON, 2),
    _Mend(re.compile(r"([ ]*(?:- )?)(\w+);(.*)"), r"\1\2:\3", NO_COLON, 2),
    _Mend(re.compile(r"([ ]*(?:- )?)(\w+):(\S.*)"), r"\1\2: \3", NO_SPACE, -2),
    _Mend(re.compile(r"([ ]*(?:- )?)([a-z0-9]\w*)[ ]+(\S.*)"), r"\1\2: \3", NO_COLON, 2),
    _Mend(re.compile(rf"([ ]*(?:- )?\w+:[ ]+)([{OPENING}].*)[ ]*"), r"\1'mended'", CURLY, 2),
    _Mend(re.compile(r"([ ]*(?:- )?\w+:[ ]+)(\".*)([“”„‟«»])[ ]*"), r"\1'mended'", CURLY, 3),
)
"""Slips that the library notices only further on. Each is tried on the lines above, and the one that makes the file
readable is the one that was made."""
_LINES_ABOVE = 4
"""How many lines up to the failure are tried."""


def explain(source: SourceFile, error: yaml.MarkedYAMLError, fails: Fails) -> tuple[Place, str]:
    """Return the place where a file cannot be read, and the message that says why."""
    problem = " ".join(part for part in (error.context, error.problem) if part)
    hint = next((hint for part, hint in _HINTS.items() if part in problem), problem)
    if "or '}', but" in problem and _line_of_mark(error.context_mark) == _line_of_mark(error.problem_mark):
        hint = COMMA
    is_at_beginning = hint.endswith("is never closed") or hint == ALIAS
    mark = (error.context_mark if is_at_beginning else None) or error.problem_mark or error.context_mark
    if mark is None:
        return Place(source.file), f"not readable as YAML: {hint}"
    line, column, hint = _mendable_slip(source, mark.line, fails, hint in _OF_LINES) or _library_slip(
        source, mark, problem, hint
    )
    return source.place(line, column), f"not readable as YAML: {hint}"


def _line_of_mark(mark: yaml.Mark | None) -> int | None:
    return mark.line if mark else None


def _library_slip(source: SourceFile, mark: yaml.Mark, problem: str, hint: str) -> tuple[int, int, str]:
    """Return (line, column, hint) for what the library reports, where it reports it."""
    line = source.lines[mark.line] if mark.line < len(source.lines) else ""
    if hint == _FIRST:
        hint = f'a text that begins with "{line[mark.column : mark.column + 1]}" needs quotes around the whole of it'
    if _COLON in problem and re.fullmatch(r"[ ]*(- )?\w+", line[: mark.column]):
        hint = _UNFIT
    return mark.line, len(line) - len(line.lstrip()) if hint == _UNFIT else mark.column, hint


def _mendable_slip(source: SourceFile, failed: int, fails: Fails, of_lines: bool) -> tuple[int, int, str] | None:
    """Return (line, column, hint) of the slip whose mending makes the file readable.

    That is all of the file or, if no slip's mending does, more of it than before.
    """
    partial = None
    for line, column, hint, text in _possible_slips(source, failed, of_lines):
        failing_line = fails(text)
        if failing_line is None:
            return line, column, hint
        if failing_line > failed and partial is None and hint != _UNFIT:
            partial = line, column, hint
    return partial


def _possible_slips(source: SourceFile, failed: int, of_lines: bool) -> Iterator[tuple[int, int, str, str]]:
    """Yield (line, column, hint, text) for each slip that may be the cause; `text` is the file without it."""
    used_lines = [
        number for number, line in enumerate(source.lines[: failed + 1]) if line.strip(" ") and line.lstrip()[0] != "#"
    ]
    lines_to_try = list(reversed(used_lines[-_LINES_ABOVE:]))
    for number in lines_to_try:
        line = source.lines[number]
        for mend in _MENDS:
            match = mend.line.fullmatch(line)
            if match:
                column = match.start(mend.at) if mend.at > 0 else match.end(-mend.at)
                yield number, column, mend.hint, _with_line(source, number, match.expand(mend.mended))
    for number, neighbour in pairwise(lines_to_try[:2] if of_lines else ()):
        for slipped, model in ((number, neighbour), (neighbour, number)):
            mended = _indentation(source.lines[model]) + source.lines[slipped].lstrip(" ")
            yield slipped, len(_indentation(source.lines[slipped])), _UNFIT, _with_line(source, slipped, mended)


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def _with_line(source: SourceFile, number: int, line: str) -> str:
    return "\n".join((*source.lines[:number], line, *source.lines[number + 1 :]))
