"""The plain data of scenarios: rows that are given or found, with the loader's column names, and faults."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.errors import IvrError, Place

Pattern = str | Mapping[str, "Pattern"] | tuple["Pattern", ...]
"""What a value should be: a text to compare with, or a mapping or tuple of patterns for its parts."""

Found = Mapping[str, object]
"""A row that was found: texts by column; a list of rows for the column `lines`."""

Fault = Literal[
    "line",
    "database",
    "database_after",
    "processor",
    "processor_once",
    "slow_processor",
    "slow_processor_once",
    "cancelled_meanwhile",
    "slow_cancelled_meanwhile",
    "guessing",
    "nothing",
]
"""What fails: one turn of the line or of its database; the card processor, once or until it is told to work.

With `database_after`, the database does all that the next turn asks, and is away from then on: nobody hears of it.

A slow processor does what it is asked but does not answer in time. With `cancelled_meanwhile`, the website cancels the
order placed last while the processor is asked for its money, which answers, or is slow just then. With `guessing`, strangers have guessed so often
that the line counts as under attack.
"""

Processor = Literal["away", "slow", "declines", "works"]
"""The state of the card processor: it does not answer; it does what it is asked but answers too late; it declines every
card; it works."""

LINES = "lines"
"""A column that orders have in scripts only: the lines of an order, in any order."""

NEWEST = "newest"
"""Stands for the number of the order that was placed last, which a script cannot know."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the pharmacy with the loader's column names: one to add, or a pattern for some of its columns."""

    place: Place
    table: str
    columns: Mapping[str, Pattern]
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    """The places of the values in the script, by column."""


class RefusedRowError(IvrError):
    """The pharmacy refuses a row that a script gives; `place` is its place in the script."""

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Table:
    """What is known of a table's columns."""

    key: str = ""
    """The column that identifies a row, or "" if several are needed."""
    needed: tuple[str, ...] = ()
    """Columns that a new row must have."""
    refers_by: Mapping[str, str] = field(default_factory=dict)
    """The table that a column refers to, by column."""
    words: Mapping[str, Collection[str]] = field(default_factory=dict)
    """The words that a column may hold, by column."""
