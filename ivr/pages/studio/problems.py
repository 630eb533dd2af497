"""Problems of an edit that was refused, each beside the lines that have it and the prompt or state they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.errors import Problem
from ivr.line.versions import Files, Refusal

AROUND = 1
"""Lines shown before and after the one that has the problem."""

_TOP = re.compile(r"^([A-Za-z_][\w]*)\s*:")
_STATE = re.compile(r"^  ([A-Za-z_][\w]*)\s*:")


@dataclass(frozen=True, slots=True)
class ExcerptLine:
    """A line of a file; `pointer` is what stands below it, a mark under the column of the problem."""

    number: int
    text: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A problem as it is shown. `subject` and `name` say which prompt has it, or which flow's state."""

    problem: Problem
    lines: tuple[ExcerptLine, ...]
    kind: str
    """`words`, `flow`, or empty when the file is neither's."""
    subject: str
    name: str


def shown(refusal: Refusal | None) -> tuple[Shown, ...]:
    """Return the problems of a refused edit."""
    return tuple(_shown(problem, refusal.files) for problem in refusal.problems) if refusal else ()


def _shown(problem: Problem, files: Files | None) -> Shown:
    folder, _, path = problem.place.file.partition("/")
    texts = {"flows": files.flows, "prompts": files.prompts}.get(folder, {}) if files else {}
    lines = texts.get(path, "").split("\n")
    kind = {"flows": "flow", "prompts": "words"}.get(folder, "")
    subject = path.rpartition("/")[2].removesuffix(".yaml")
    pattern = _TOP if kind == "words" else _STATE
    above = reversed(lines[: problem.place.line])
    name = next((found[1] for line in above if (found := pattern.match(line))), "")
    excerpt = tuple(_excerpt(lines, problem)) if path in texts else ()
    return Shown(problem, excerpt, kind, subject, name if kind else "")


def _excerpt(lines: list[str], problem: Problem) -> Iterator[ExcerptLine]:
    at = problem.place.line
    for number in range(max(at - AROUND, 1), min(at + AROUND, len(lines)) + 1):
        pointer = " " * (problem.place.column - 1) + "▲" if number == at else ""
        yield ExcerptLine(number, lines[number - 1], pointer)
