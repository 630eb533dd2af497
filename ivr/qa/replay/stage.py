"""What a script is played on: a line, with a pharmacy of its own and a clock of its own.

This room knows no line. Whoever plays scripts hands in a `Stage`: one in this process, where turns and rows can be
seen, or one that reaches a line elsewhere, of which only its words are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Protocol

from ivr.errors import IvrError, Place
from ivr.flow.call import Call, Event, Visit
from ivr.flow.definition import Flows
from ivr.flow.verbs import Verb
from ivr.phone.post import Post
from ivr.prompts import Catalogues
from ivr.qa.scripts.patterns import Found
from ivr.qa.scripts.script import Fault, Processor, Row, Script
from ivr.simulator.holdings import Holding


class RefusedRowError(IvrError):
    """A row that a script gives and the pharmacy refuses; `place` is where it stands."""

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        super().__init__(message)


class Turn(Protocol):
    """One turn as the flow saw it."""

    @property
    def event(self) -> Event:
        """What the caller did."""

    @property
    def trail(self) -> tuple[Visit, ...]:
        """The way through the flow."""

    @property
    def verb(self) -> Verb:
        """What ended the turn, with all that was to be spoken."""

    @property
    def call(self) -> Call:
        """The call after it."""


class Scene(Protocol):
    """A line that is ready for the calls of one script."""

    @property
    def post(self) -> Post:
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

    def later(self, span: timedelta) -> None:
        """Let time pass with nobody acting, and the line do all it does by itself meanwhile, at its time."""

    def sweeps(self) -> None:
        """Let the line finish now what calls left behind."""

    def ships(self, order_number: str) -> str:
        """Let staff ship an order, or the newest; return why it was not shipped, nothing when it was."""

    def processor(self, state: Processor) -> None:
        """Make the card processor be so from here on."""

    def change(self, rows: Sequence[Row]) -> None:
        """Add rows to the pharmacy, or change them; RefusedRowError when it refuses one."""

    def breaks(self, fault: Fault) -> None:
        """Make something fail."""

    def rows(self, table: str) -> Sequence[Found]:
        """Return a table's rows by the loader's column names; the lines of an order stand in its column `lines`."""

    def new_rows(self, table: str) -> Sequence[Found]:
        """Return the rows that calls have written."""

    def log(self) -> str:
        """Return what the line wrote to its log since it was asked last."""


class Stage(Protocol):
    """Opens a scene for each script."""

    @property
    def flows(self) -> Flows:
        """The flows a script is told with; those of the line itself when it is in this process."""

    @property
    def catalogues(self) -> Catalogues:
        """The words, likewise."""

    @property
    def in_process(self) -> bool:
        """Whether turns and rows can be seen, and rows and time be set."""

    @property
    def sees_rows(self) -> bool:
        """Whether the rows that calls write can be looked at."""

    def mark(self) -> str:
        """Return what tells the calls of a script from all others, where other calls are made."""

    def refuses(self, script: Script, language: str) -> str:
        """Say why a script cannot be played or judged here; nothing when it can."""

    @property
    def charges(self) -> bool:
        """Whether real cards are charged there, so that no key may be pressed that confirms."""

    def open(self, script: Script) -> AbstractContextManager[Scene]:
        """Make a line ready for one script."""


class Rehearsed(Scene, Protocol):
    """A scene that can be gone back to, for looking at what else a caller could have done."""

    @property
    def now(self) -> datetime:
        """The line's time."""

    def save(self) -> object:
        """Keep everything as it is now."""

    def restore(self, kept: object) -> None:
        """Go back to what was kept."""

    def holdings(self) -> Iterable[Holding]:
        """Return what lies in every place of the database and in the log."""


class RehearsalStage(Stage, Protocol):
    """A stage in this process, whose scenes can be gone back to."""

    def open(self, script: Script) -> AbstractContextManager[Rehearsed]:
        """Make a line ready for one script."""
