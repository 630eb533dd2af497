"""The services of the line, built once and passed to every turn, and the context that an action is given."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from ivr.clock import Clock, monotonic_clock
from ivr.flow.call import Call, Event, Reading, TraceStep
from ivr.flow.tempo import USUAL_TEMPO, Tempo
from ivr.flow.verbs import Verb
from ivr.hours import Hours
from ivr.keypad import letters_to_keys
from ivr.languages import FIRST
from ivr.line.digests import Digest
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
"""What the carrier gives as a withheld number: one of these words, spelled in keypad digits."""


class CallOutcome(StrEnum):
    """What a call came to; of several that are true, the first."""

    ORDERED = "ordered"
    PERSON = "person"
    """The caller was connected to a person, or hung up meanwhile."""
    NOT_IDENTIFIED = "not_identified"
    FINISHED = "finished"
    """The line said goodbye."""
    HUNG_UP = "hung_up"


@dataclass(frozen=True, slots=True)
class CallEnd:
    """How a call ended: `ending` says who ended it, as in the database."""

    ending: str
    outcome: CallOutcome
    seconds: float
    turns: int
    orders: int
    """How many orders it placed."""


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """One turn as the flow saw it: what the caller did, its trace through the flow, and the verb that ended it."""

    sid: str
    turn: int
    event: Event
    trace: tuple[TraceStep, ...]
    verb: Verb
    call: Call
    actions: tuple[tuple[str, str], ...] = ()
    """The actions that the turn ran, each with its outcome."""
    is_first: bool = False
    """Whether the call began with this turn."""
    ended: CallEnd | None = None
    """How the call ended, if it did so in this turn."""


@dataclass(frozen=True, slots=True)
class Services:
    """All that a turn needs: the database, the versions of flows and prompts, the card processor, the clock."""

    database: Engine
    versions: Versions
    vault: Vault
    digest: Digest
    gateway: Gateway
    clock: Clock
    timezone: ZoneInfo
    rules: Rules
    has_person: bool
    """Whether a number is set that callers who want a person are connected to."""
    random_number: Callable[[], int]
    """Draws a random number for an order number."""
    own_numbers: frozenset[str] = frozenset()
    """The numbers of the operator's that the settings name (E.164): where 0 leads, and where texts come from."""
    card_capture: Literal["keypad", "pay"] = "keypad"
    """Who takes the digits of a card: this line, or the carrier."""
    monotonic: Callable[[], float] = time.monotonic
    """Returns the seconds of a clock that never goes back, even if the time of day is set."""
    watch: Callable[[TurnTaken], None] = lambda _: None
    """Called with every turn, for replays and tests: after the turn's work and before its commit."""

    @property
    def desk(self) -> Desk:
        """The services for work on orders while no caller waits."""
        return Desk(self.database, self.gateway, self.clock, self.timezone, self.rules)

    @property
    def hours(self) -> Hours:
        """When a person can be had: as published last, whichever version a call began with."""
        return self.versions.current.flows.hours

    def person_at(self, now: datetime) -> bool:
        """Tell whether a person can be had at a time: a number is set, and it is within the hours."""
        return self.has_person and self.hours.is_open(now, self.timezone)

    def notices_at(self, now: datetime) -> Mapping[str, str]:
        """Return what callers are to be told at a time in each language: as published last, like the hours."""
        catalogues, today = self.versions.current.catalogues.by_language, self.today(now)
        return {tag: catalogue.notices_on(today) for tag, catalogue in catalogues.items() if catalogue.notices}

    def today(self, now: datetime) -> date:
        """Return the date of a time in the pharmacy's time zone."""
        return now.astimezone(self.timezone).date()

    def reading(self, caller: Caller) -> Reading:
        """Read the clock that measures how fast a caller keys: their telephone's if it has one, else this host's."""
        if caller.seconds is not None:
            return Reading("caller", caller.seconds)
        return Reading(monotonic_clock(), self.monotonic())


@dataclass(frozen=True, slots=True)
class Caller:
    """A call as the carrier describes it."""

    sid: str
    from_number: str
    """In E.164 form; if withheld, a word such as `anonymous`, or such a word in keypad digits."""
    to_number: str
    seconds: float | None = None
    """How long the call has lasted for the caller; sent only by our own telephone, which may run on simulated time."""
    local: bool = False
    """The call comes from this machine, so that it may hear languages that are drafts."""

    @property
    def withheld(self) -> bool:
        """Whether the caller's number is not known, so that it does not distinguish them from other callers."""
        return self.from_number in _SPELLED or not is_possible_phone(self.from_number)


@dataclass(frozen=True, slots=True)
class Context:
    """What an action may use: the services, the turn's transaction and time, and the caller."""

    services: Services
    connection: Connection
    now: datetime
    caller: Caller
    turn: int
    transient_secrets: Mapping[str, Secret]
    """Card data keyed in this turn; never stored."""
    language: str = FIRST.tag
    """The language that the call is in."""
    tempo: Tempo = USUAL_TEMPO

    def is_own(self, number: str) -> bool:
        """Tell whether a number (E.164) is the pharmacy's: the one that was called, another that leads here, or a person's."""
        languages = self.services.versions.current.flows.line.languages
        return number == self.caller.to_number or number in self.services.own_numbers or number in languages

    @property
    def today(self) -> date:
        """Today's date in the pharmacy's time zone."""
        return self.services.today(self.now)
