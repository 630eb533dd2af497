"""What can go wrong in a way that a person has to hear about.

    IvrError                 one clean line for whoever ran a command
    ├── DefinitionError      YAML with problems, each with its place; all of them at once
    ├── SettingError         an environment variable with a value that cannot be used
    ├── DataError            a row of a data file that cannot be loaded
    └── UnreachableError        the database or another service is away

Expected outcomes of a call ("no such member", "card declined") are values, not exceptions.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a definition: what was found, and what was expected."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class IvrError(Exception):
    """Anything a user of a command is told in one clean line."""


class DefinitionError(IvrError):
    """Flows, prompts or scripts that cannot be used; carries every problem, sorted by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SettingError(IvrError):
    """A setting that cannot be used; names it and says what it takes."""


class DataError(IvrError):
    """A row of a data file that cannot be loaded; names file, row and column."""


class UnreachableError(IvrError):
    """The database, or a service the line needs, does not answer."""


@dataclass(slots=True)
class Report:
    """Collects problems while definitions are read, so that all of them are told in one go."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, place: Place, message: str) -> None:
        """Note one problem and go on."""
        self.problems.append(Problem(place, message))

    def raise_if_any(self) -> None:
        """Raise DefinitionError if anything was noted."""
        if self.problems:
            raise DefinitionError(self.problems)


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """Return `" (did you mean …?)"` when a known word is close to the one found, else an empty string."""
    close = difflib.get_close_matches(found, list(known), n=1, cutoff=0.6)
    return f' (did you mean "{close[0]}"?)' if close else ""
