"""What a scenario is given, and what is found in it, as plain data: rows of texts by the loader's column names, and faults."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.errors import IvrError, Place

Pattern = str | Mapping[str, "Pattern"] | tuple["Pattern", ...]
"""What a value should be: a text to compare with, or the same for its parts."""

Found = Mapping[str, object]
"""A row as it is found: texts by column, and lists of rows."""

Fault = Literal[
    "line", "database", "processor", "processor_once", "slow_processor", "slow_processor_once", "guessing", "nothing"
]
"""What stops working: one turn of the line or of its database; the card processor, once or until told otherwise. A slow
one does what it was asked, but does not answer in time. `guessing`: strangers guess so much that the line is under attack."""

Processor = Literal["away", "slow", "declines", "works"]
"""How the card processor is from here on: it does not answer; it does what it is asked and answers too late; it
declines every card; it works again."""

LINES = "lines"
"""A column of orders in scripts alone: the lines of an order, in any order."""

NEWEST = "newest"
"""Stands for the number of the order that was placed last, which nobody can know beforehand."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the pharmacy by the loader's column names, or what some of its columns should hold."""

    place: Place
    table: str
    columns: Mapping[str, Pattern]
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    """Where the values stand, by column."""


class RefusedRowError(IvrError):
    """A row that is given and the pharmacy refuses; `place` is where it stands."""

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Table:
    """What rows of a table are made of."""

    key: str = ""
    """The one column that tells its rows apart; "" where it takes several."""
    needed: tuple[str, ...] = ()
    """Columns that a new row cannot do without."""
    refers_by: Mapping[str, str] = field(default_factory=dict)
    """Columns that name a row of another table, and that table."""
    words: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Columns that hold one of a few words."""
