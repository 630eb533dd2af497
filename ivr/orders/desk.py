"""The services with which the sweep and the pharmacy's staff work on orders, while no caller waits."""

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
    """The database, card processor, clock and rules for work on orders, each step in a transaction of its own."""

    database: Engine
    gateway: Gateway
    clock: Clock
    timezone: ZoneInfo
    rules: Rules

    def today(self, now: datetime) -> date:
        """Return today's date in the pharmacy's time zone."""
        return now.astimezone(self.timezone).date()

    def commit(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction and return its result; run it again when the database undoes it (a deadlock)."""

        def run_once() -> Result:
            with self.database.begin() as connection:
                return work(connection)

        return retried(run_once)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether something that staff asked for was done, in words for them."""

    done: bool
    words: str
