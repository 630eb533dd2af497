"""The stage for a line elsewhere: signed requests over HTTP, of which only the words that come back are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

from ivr.errors import IvrError
from ivr.flow.definition import Flows
from ivr.phone.post import Post
from ivr.prompts import Catalogues
from ivr.qa.patterns import Found
from ivr.qa.script import Fault, Processor, Row, Script
from ivr.qa.stage import Turn
from ivr.qa.vocabulary import Vocabulary


class NotHereError(IvrError):
    """Something was asked of a line elsewhere that only a line in this process can do."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A line by its address. `flows` and `catalogues` are those it should have, to know its words by."""

    url: str
    post: Post
    flows: Flows
    catalogues: Catalogues
    today: Callable[[], date]
    vocabulary: Vocabulary
    may_write: bool = False
    in_process: bool = False

    @contextmanager
    def open(self, script: Script) -> Iterator[RemoteScene]:  # noqa: ARG002 - nothing can be made ready there
        """Give the way to the line."""
        yield RemoteScene(self.post, self.url, self.today())


@dataclass(frozen=True, slots=True)
class RemoteScene:
    """A line as it stands, whoever else is calling it."""

    post: Post
    url: str
    today: date
    turns: Sequence[Turn] = field(default=())

    def passes(self, seconds: float) -> None:
        """Nothing: its time is its own."""

    def change(self, rows: Sequence[Row]) -> None:
        """Not possible there."""
        if rows:
            raise NotHereError("rows of a line elsewhere cannot be changed")

    def later(self, span: timedelta) -> None:
        """Not possible there."""
        raise NotHereError(f"the time of a line elsewhere cannot be moved ({span})")

    def sweeps(self) -> None:
        """Not possible there."""
        raise NotHereError("a line elsewhere sweeps when it does")

    def ships(self, order_number: str) -> str:
        """Not possible there."""
        raise NotHereError(f"orders of a line elsewhere cannot be shipped ({order_number})")

    def processor(self, state: Processor) -> None:
        """Not possible there."""
        raise NotHereError(f"the processor of a line elsewhere is as it is ({state})")

    def breaks(self, fault: Fault) -> None:
        """Not possible there."""
        raise NotHereError(f"a line elsewhere cannot be made to fail ({fault})")

    def rows(self, table: str) -> Sequence[Found]:
        """Not possible there."""
        raise NotHereError(f"rows of a line elsewhere cannot be seen ({table})")

    new_rows = rows

    def log(self) -> str:
        """Nothing: its log is elsewhere."""
        return ""
