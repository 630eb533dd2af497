"""What orders are worked with while no caller waits: by the sweep, and by the pharmacy's staff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from ivr.clock import Clock
from ivr.payment.gateway import Gateway
from ivr.pharmacy.database import retried
from ivr.pharmacy.rules import Rules

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Desk:
    """The database, the card processor, the time and the rules; what it does are transactions of its own."""

    database: Engine
    gateway: Gateway
    clock: Clock
    timezone: ZoneInfo
    rules: Rules

    def today(self, now: datetime) -> date:
        """Return the day it is where the pharmacy is."""
        return now.astimezone(self.timezone).date()

    def commit(self, work: Callable[[Connection], Result]) -> Result:
        """Do work in a transaction, all of it anew where the database undid it for another's sake."""

        def once() -> Result:
            with self.database.begin() as connection:
                return work(connection)

        return retried(once)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a wish of the staff, in words for them."""

    done: bool
    words: str
