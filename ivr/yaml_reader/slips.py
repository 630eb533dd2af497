"""What went wrong where YAML cannot be read, in the words of somebody who has never heard of it."""

from __future__ import annotations

import yaml

from ivr.errors import Place

ALIAS = 'a text that begins with "*" or "&" needs quotes; the star key is written "star:"'
TOO_DEEP = "too many lists and mappings inside each other"

_UNFIT = "the line does not fit what stands above it; look at the spaces before it"
_COLON = "mapping values are not allowed here"
_QUOTES = "the text is over here; put quotes around the whole of it, or close those above"
_FIRST = "a text that begins with such a character needs quotes around the whole of it"
_HINTS = {
    "while scanning an alias": ALIAS,
    "while scanning an anchor": ALIAS,
    _COLON: 'a ": " inside words needs quotes around the whole text',
    "while scanning a quoted scalar": "a quotation mark that is opened here is never closed",
    "while parsing a flow mapping": "a brace that is opened here is never closed",
    "while parsing a flow sequence": "a bracket that is opened here is never closed",
    "expected a single document": 'a line of "---" begins a second document; a file holds one',
    "cannot start any token": _FIRST,
    "expected the node content": _FIRST,
    "while scanning a block scalar": 'words stand below the line with the ">" or "|"; a text that begins with one needs quotes',
    "but found '<scalar>'": _QUOTES,
    "but found '{'": _QUOTES,
    "but found '['": _QUOTES,
    "but found ','": _QUOTES,
    "while parsing a block": _UNFIT,
    "could not find expected ':'": 'a name without ":" after it; words of several lines need ">-" before them',
}
"""A part of what the library says -> what to do about it; the first that is found holds."""


def told(file: str, text: str, error: yaml.MarkedYAMLError) -> tuple[Place, str]:
    """Return where a file cannot be read, and why."""
    problem = " ".join(part for part in (error.context, error.problem) if part)
    hint = next((hint for sign, hint in _HINTS.items() if sign in problem), problem)
    mark = error.context_mark if hint.endswith("is never closed") else error.problem_mark or error.context_mark
    if mark is None:
        return Place(file), f"not readable as YAML: {hint}"
    if _COLON in problem and ":" not in text.split("\n")[mark.line][: mark.column]:
        hint = _UNFIT
    return Place(file, mark.line + 1, mark.column + 1), f"not readable as YAML: {hint}"
