"""What a turn of a call needs from the world, in one value that is built once and handed down."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from ivr.clock import Clock, monotonic_clock
from ivr.flow.call import Call, Event, Reading, TraceStep
from ivr.flow.verbs import Verb
from ivr.keypad import letters_to_keys
from ivr.line.versions import Versions
from ivr.orders.desk import Desk
from ivr.payment.gateway import Gateway
from ivr.payment.vault import Vault
from ivr.pharmacy.rules import Rules
from ivr.prompts.spoken import is_possible_phone
from ivr.secret import Secret

_SPELLED = frozenset(
    "+" + letters_to_keys(word) for word in ("ANONYMOUS", "RESTRICTED", "BLOCKED", "UNKNOWN", "UNAVAILABLE")
)
"""What the carrier gives in the place of a number that is withheld: a word, spelled as if it were one."""


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """One turn as the flow saw it: what the caller did, the way through the flow, and what ended the turn."""

    sid: str
    turn: int
    event: Event
    trace: tuple[TraceStep, ...]
    verb: Verb
    call: Call


@dataclass(frozen=True, slots=True)
class Services:
    """The line: its database, its words, its card processor, its clock."""

    database: Engine
    versions: Versions
    vault: Vault
    gateway: Gateway
    clock: Clock
    timezone: ZoneInfo
    rules: Rules
    has_person: bool
    """A number is set that callers who want a person are connected to."""
    random_number: Callable[[], int]
    """Draws a number for an order, at random."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds of a clock that never goes back, whatever the time of day is set to."""
    watch: Callable[[TurnTaken], None] = lambda _: None
    """Sees every turn taken, for replays and tests; told after the turn's work, before it is committed."""

    @property
    def desk(self) -> Desk:
        """What its orders are worked with while no caller waits."""
        return Desk(self.database, self.gateway, self.clock, self.timezone, self.rules)

    def today(self, now: datetime) -> date:
        """Return the day it is where the pharmacy is."""
        return now.astimezone(self.timezone).date()

    def reading(self, caller: Caller) -> Reading:
        """Read the clock that a caller's pace is told by: their own where their telephone has one, else this host's."""
        if caller.seconds is not None:
            return Reading("caller", caller.seconds)
        return Reading(monotonic_clock(), self.monotonic())


@dataclass(frozen=True, slots=True)
class Caller:
    """What the carrier says of a call."""

    sid: str
    from_number: str
    """E.164; when withheld a word such as `anonymous`, or such a word spelled on the keypad."""
    to_number: str
    seconds: float | None = None
    """How long the call has lasted for the caller; only a telephone whose time is not ours tells it."""

    @property
    def withheld(self) -> bool:
        """Say whether the caller's number is not known, and so tells them from nobody else who withholds theirs."""
        return self.from_number in _SPELLED or not is_possible_phone(self.from_number)


@dataclass(frozen=True, slots=True)
class Context:
    """What an action may use: the transaction of its turn, the time it happens at, and whose call it is."""

    services: Services
    connection: Connection
    now: datetime
    caller: Caller
    turn: int
    transient_secrets: Mapping[str, Secret]
    """Card data keyed in this very turn."""

    @property
    def today(self) -> date:
        """Return the day it is where the pharmacy is."""
        return self.services.today(self.now)
