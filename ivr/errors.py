"""Exceptions and problems that a person has to hear about.

    IvrError                 one clean line for whoever ran a command
    ├── DefinitionError      YAML with problems, each with its place; all of them at once
    ├── SettingError         an environment variable with a value that cannot be used
    ├── DataError            a row of a data file that cannot be loaded
    └── UnreachableError     the database or another service does not answer

Expected outcomes of a call ("no such member", "card declined") are values, not exceptions.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file. Lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a definition: where, and what was found and expected."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class IvrError(Exception):
    """The base of all errors that the user of a command is shown as one clean line."""


class DefinitionError(IvrError):
    """Raised for flows, prompts or call scripts that cannot be used. Carries every problem, sorted by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SettingError(IvrError):
    """Raised for a setting that cannot be used. Names it, and says what it takes."""


class DataError(IvrError):
    """Raised for a row of a data file that cannot be loaded. Names the file, the row and the column."""


class UnreachableError(IvrError):
    """Raised when the database, or a service that the line needs, does not answer.

    `code` is the database's own for the reason: an SQLSTATE, or SQLite's name; "" when there is none.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Report:
    """Collects problems while definitions are read, so that all of them are reported at once."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, place: Place, message: str) -> None:
        """Add a problem; reading goes on."""
        self.problems.append(Problem(place, message))

    def raise_if_any(self) -> None:
        """Raise DefinitionError if there are any problems."""
        if self.problems:
            raise DefinitionError(self.problems)


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """Return `" (did you mean …?)"` when a known word is close to the one found, otherwise ""."""
    matches = difflib.get_close_matches(found, list(known), n=1, cutoff=0.6)
    return f' (did you mean "{matches[0]}"?)' if matches else ""
