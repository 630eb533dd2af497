"""The problems of a refused edit, each with the lines of the file around it and the prompt or state that has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.errors import Problem
from ivr.line.versions import Files, Refusal

AROUND = 1
"""How many lines are shown before and after the one with the problem."""

_TOP = re.compile(r"^([A-Za-z_][\w]*)\s*:")
_STATE = re.compile(r"^  ([A-Za-z_][\w]*)\s*:")


@dataclass(frozen=True, slots=True)
class ExcerptLine:
    """A line of a file; `pointer` is a line with a mark under the column of the problem, or ""."""

    number: int
    text: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """A problem as it is shown.

    `subject` and `name` are those of the prompt that has it, or the file name of the flow and the name of the state.
    """

    problem: Problem
    lines: tuple[ExcerptLine, ...]
    kind: str
    """`words` for a prompt, `flow` for a state, "" for another file."""
    subject: str
    name: str


def shown_problems(refusal: Refusal | None) -> tuple[ShownProblem, ...]:
    """Return the problems of a refused edit; none if no edit was refused."""
    return tuple(_show(problem, refusal.files) for problem in refusal.problems) if refusal else ()


def _show(problem: Problem, files: Files | None) -> ShownProblem:
    folder, _, path = problem.place.file.partition("/")
    texts = {"flows": files.flows, "prompts": files.prompts}.get(folder, {}) if files else {}
    lines = texts.get(path, "").split("\n")
    kind = {"flows": "flow", "prompts": "words"}.get(folder, "")
    subject = path.rpartition("/")[2].removesuffix(".yaml")
    pattern = _TOP if kind == "words" else _STATE
    above = reversed(lines[: problem.place.line])
    name = next((match[1] for line in above if (match := pattern.match(line))), "")
    excerpt = tuple(_excerpt(lines, problem)) if path in texts else ()
    return ShownProblem(problem, excerpt, kind, subject, name if kind else "")


def _excerpt(lines: list[str], problem: Problem) -> Iterator[ExcerptLine]:
    problem_line = problem.place.line
    for number in range(max(problem_line - AROUND, 1), min(problem_line + AROUND, len(lines)) + 1):
        pointer = " " * (problem.place.column - 1) + "▲" if number == problem_line else ""
        yield ExcerptLine(number, lines[number - 1], pointer)
