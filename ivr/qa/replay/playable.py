"""What a script is played on, whether it lies in this process or elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from ivr.phone.transport import Transport
from ivr.simulator.scenario import Turn
from ivr.simulator.world import Found, Row


class Playable(Protocol):
    """A line that is ready for the calls of one script: a scenario of the simulator, or a line elsewhere."""

    @property
    def post(self) -> Transport:
        """The way to it."""

    @property
    def url(self) -> str:
        """Its address for incoming calls."""

    @property
    def today(self) -> date:
        """The pharmacy's day when the script began."""

    @property
    def turns(self) -> Sequence[Turn]:
        """Every turn so far, in order; always empty when the line is elsewhere."""

    def passes(self, seconds: float) -> None:
        """Let the line's time go on."""

    def change(self, rows: Sequence[Row]) -> None:
        """Add rows to the pharmacy, or change them; RefusedRowError when it refuses one."""

    def table(self, name: str) -> Sequence[Found]:
        """Return a table's rows by the loader's column names; the lines of an order stand in its column `lines`."""

    def new_rows(self, table: str) -> Sequence[Found]:
        """Return the rows that calls have written."""

    def log(self) -> str:
        """Return what the line wrote to its log since it was asked last."""
