"""The interface of a line that scripts are played on, in this process or elsewhere."""

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
        """The transport that sends it requests."""

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
        """Advance the line's clock."""

    def change(self, rows: Sequence[Row]) -> None:
        """Add rows to the pharmacy, or change them. Raises RefusedRowError when a row cannot be taken."""

    def table(self, name: str) -> Sequence[Found]:
        """Return a table's rows by the loader's column names; the lines of an order stand in its column `lines`."""

    def new_rows(self, table: str) -> Sequence[Found]:
        """Return the rows that calls have written."""

    def log(self) -> str:
        """Return what the line has logged since this was called last."""
