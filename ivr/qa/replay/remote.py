"""Plays scripts on a line elsewhere, by signed requests over HTTP. Only the words that come back can be seen of it.

A script that cannot be judged there is skipped, with the reason. To find out, it is first played on the simulator, at
the other line's time and with or without a person to connect to, as there. If it fails then, but holds at its own time,
it depends on the clock. Where the line's own database can be reached (`TestMembers`), the rows of its test members can
be read and set; they are restored after each script.

On a line that charges real cards only scripts about test members are played, and no key is pressed that confirms.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import count

from ivr.errors import IvrError
from ivr.flow.definition import Flows
from ivr.languages import LANGUAGES
from ivr.phone.transport import Form, Headers, Reply, Transport
from ivr.prompts import Catalogues
from ivr.qa.replay.played import Played
from ivr.qa.replay.player import Player, View, impossible, play
from ivr.qa.scripts.script import (
    DEFAULT_FROM,
    Breaks,
    Capture,
    CarrierSends,
    Dials,
    Later,
    Meanwhile,
    Pays,
    Person,
    Presses,
    ProcessorIs,
    Script,
    Ships,
    Sweeps,
    World,
)
from ivr.qa.scripts.vocabulary import Vocabulary
from ivr.simulator.backstage import TestMembers
from ivr.simulator.scenario import Scenario, Turn
from ivr.simulator.simulator import Simulator
from ivr.simulator.world import Found, Row

FEWEST_MEMBER_DIGITS = 8
_ONLY_HERE: Mapping[type[World], str] = {
    Later: "later",
    Breaks: "breaks",
    Sweeps: "sweeps",
    Ships: "ships",
    ProcessorIs: "processor",
}
LOOKED_AT = (
    "member", "address", "prescription", "refill_order", "order_line", "payment", "saved_card", "renewal_request",
    "transfer", "notice", "wrong_try",
)  # fmt: skip
"""The tables in which calls leave something that later calls may find."""


class NotHereError(IvrError):
    """Something was asked of a line elsewhere that cannot be done without its database."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a line elsewhere says of itself."""

    now: datetime
    live: bool
    """It charges real cards, or does not say."""
    has_person: bool
    same_version: bool
    """It answers with the flows and prompts that are here."""
    capture: Capture = "keypad"
    """Who takes the digits of a new card there."""


@dataclass(slots=True)
class Remote:
    """A line elsewhere, at the address `url`. The simulator has the flows and prompts that the line should have."""

    url: str
    post: Transport
    simulator: Simulator
    facts: Facts
    today: date
    vocabulary: Vocabulary
    run: str
    """Tells the calls of this run from those of any other."""
    backstage: TestMembers | None = None
    may_write: bool = False
    _played: Iterator[int] = field(default_factory=count)
    _untouched: dict[str, Sequence[Found]] = field(default_factory=dict)
    _used: dict[object, str] = field(default_factory=dict)
    """Members whose rows a script has changed where nothing can be restored -> that script's name."""

    @property
    def flows(self) -> Flows:
        """The flows that the line should have."""
        return self.simulator.flows

    @property
    def catalogues(self) -> Catalogues:
        """The prompts that the line should have."""
        return self.simulator.catalogues

    @property
    def sees_rows(self) -> bool:
        """Whether the rows that calls have written can be read."""
        return self.backstage is not None

    def play(self, script: Script, language: str, *, checks: bool = True, measure: bool = False) -> Played:
        """Play a script in a language; the result says so when it was skipped, or stopped early."""
        began = time.perf_counter()
        try:
            if reason := self.refuses(script, language):
                return Played(script.name, script.place, language, skipped=reason)
            mark = f"{self.run} {next(self._played)}"  # differs when the same script is played again
            numbers = {"mark": mark, "from_number": _from_number(script, f"{script.name} {language} {mark}")}
            view = View(turns=False, rows=self.sees_rows, charges=self.facts.live)
            with self._open(script) as line:
                player = Player(
                    script, self.simulator, line, language, **numbers, view=view, checks=checks, measure=measure
                )
                return player.play(began)
        except IvrError as error:
            return impossible(script, language, error)

    @contextmanager
    def _open(self, script: Script) -> Iterator[RemoteLine]:
        """Give the line for one script. With its database at hand, set the script's rows first and restore all after."""
        line = RemoteLine(self.post, self.url, self.today, self.backstage)
        if self.backstage is None:
            yield line
            return
        try:
            self.backstage.change(script.given)
            self.backstage.begin(line.calls)
            yield line
        finally:
            self.backstage.restore()

    # What is not played

    def refuses(self, script: Script, language: str) -> str:
        """Return why a script is not played there; "" when it is."""
        if LANGUAGES[language].draft:
            return f"{LANGUAGES[language].title} is a draft, which a line elsewhere lets nobody hear"
        return self._needs_the_simulator(script) or self._not_for_members(script) or self._simulated(script, language)

    def _needs_the_simulator(self, script: Script) -> str:
        for step in script.steps:
            if isinstance(step, World) and not isinstance(step, Meanwhile | CarrierSends):
                return f"only a line in this process does as it says: {_ONLY_HERE[type(step)]}"
        if any(isinstance(step, Pays) for step in script.steps) or script.capture == "pay":
            if self.facts.live:
                return "its card is for a test connector, and the line charges real cards"
            if self.facts.capture == "keypad":
                return "it pays where the carrier takes cards, and the line takes them by keypad"
        rows = any(isinstance(step, Meanwhile) for step in script.steps) or script.given
        return "it needs rows of its own" if rows and self.backstage is None else ""

    def _not_for_members(self, script: Script) -> str:
        keyed = "".join(step.keys for step in script.steps if isinstance(step, Presses))
        if self.facts.live and not self.facts.same_version:
            return "the line charges real cards and answers with other flows or prompts than those here"
        if self.backstage:
            rows = (row for step in script.steps if isinstance(step, Meanwhile) for row in step.rows)
            return self.backstage.refuses((*script.given, *rows), keyed)
        if self.facts.live and sum(key.isdigit() for key in keyed) >= FEWEST_MEMBER_DIGITS:
            return (
                "the line charges real cards, and without its database nobody knows whether its member is a test member"
            )
        return ""

    def _simulated(self, script: Script, language: str) -> str:
        """Play a script on the simulator as it would go there; return what it depends on that is different there.

        "" when nothing is found that speaks against playing it.
        """
        person: Person = script.person
        if self.facts.has_person != (person != "nobody"):
            person = "answers" if self.facts.has_person else "nobody"
        at, capture = self.facts.now, self.facts.capture
        left_behind = None if self.backstage else _LeftBehind()
        if self._holds(replace(script, at=at, person=person, capture=capture), language, left_behind):
            return self._leaves(script, left_behind) if left_behind else ""
        if capture != script.capture and self._holds(replace(script, at=at, person=person), language):
            return "it keys a card to the line, and there the carrier takes them"
        if person != script.person and self._holds(replace(script, at=at), language):
            has = "a number" if self.facts.has_person else "no number"
            return f"it counts on another person: the line has {has} to connect to"
        if self._holds(script, language):
            return f"it holds on {script.at:%d %B %Y} by the clock, not on the line's own day"
        return (
            "" if self.backstage or self.may_write else "it does not hold here either, so nobody knows what it leaves"
        )

    def _holds(self, script: Script, language: str, left_behind: _LeftBehind | None = None) -> bool:
        return play(script, self.simulator, language, look=left_behind.look if left_behind else lambda _: None).passed

    def _leaves(self, script: Script, left_behind: _LeftBehind) -> str:
        """Return what would make later scripts fail, or this one next time, where nothing can be restored."""
        if not self._untouched:
            before = _LeftBehind()
            nothing = replace(script, steps=(), at=self.facts.now)
            play(nothing, self.simulator, self.catalogues.languages[0], look=before.look)
            self._untouched.update(before.rows)
        if left_behind.rows["wrong_try"]:
            return "its wrong tries would lock out other scripts"
        numbers = {script.from_number, *(step.from_number for step in script.steps if isinstance(step, Dials))}
        if any(number.startswith("+") for number in numbers - {DEFAULT_FROM}):
            return "other calls may come from the number it names"
        changed = any(left_behind.rows[table] != self._untouched[table] for table in LOOKED_AT)
        if changed and not self.may_write:
            return "it writes to the pharmacy; --writes plays it all the same"
        if used := next((self._used[member] for member in left_behind.members if member in self._used), ""):
            return f'"{used}" has written to the same member\'s rows'
        if changed:
            self._used.update(dict.fromkeys(left_behind.members, script.name))
        return ""


@dataclass(slots=True)
class _LeftBehind:
    """The rows that a play on the simulator left behind, by table, and the ids of the members it was about."""

    rows: dict[str, Sequence[Found]] = field(default_factory=dict)
    members: set[object] = field(default_factory=set)

    def look(self, scenario: Scenario) -> None:
        self.rows = {table: scenario.table(table) for table in LOOKED_AT}
        self.members = {turn.call.values["member_id"] for turn in scenario.turns if "member_id" in turn.call.values}


@dataclass(slots=True)
class RemoteLine:
    """A line elsewhere, ready for the calls of one script; others may be calling it too."""

    line: Transport
    url: str
    today: date
    backstage: TestMembers | None = None
    turns: Sequence[Turn] = ()
    calls: dict[tuple[str, str], None] = field(default_factory=dict)
    """Every call made: (call id, number it came from). A dict, to keep their order."""

    @property
    def post(self) -> Transport:
        """The transport that sends it requests, and notes the calls made."""
        return self._noted

    def _noted(self, url: str, form: Form | None, headers: Headers) -> Reply:
        if form is not None:
            self.calls[form["CallSid"], form["From"]] = None
        return self.line(url, form, headers)

    def passes(self, seconds: float) -> None:
        """Do nothing: the line has its own clock."""

    def change(self, rows: Sequence[Row]) -> None:
        """Change rows of test members. Raises NotHereError without the line's database."""
        if rows:
            self._test_members_or_raise("rows cannot be changed").change(rows)

    def table(self, name: str) -> Sequence[Found]:
        """Return a table's rows of test members. Raises NotHereError without the line's database."""
        return self._test_members_or_raise("rows cannot be seen").table(name)

    def new_rows(self, table: str) -> Sequence[Found]:
        """Return the rows that calls have written. Raises NotHereError without the line's database."""
        return self._test_members_or_raise("rows cannot be seen").new_rows(table)

    def _test_members_or_raise(self, otherwise: str) -> TestMembers:
        if self.backstage is None:
            raise NotHereError(f"of a line elsewhere {otherwise} without its database")
        return self.backstage

    def log(self) -> str:
        """Return nothing: the line's log is elsewhere."""
        return ""


def _from_number(script: Script, mark: str) -> str:
    """Return the number that a script calls from: its own, if it names one, else one made from `mark`.

    A line elsewhere remembers calls that were dropped, by number, so each script needs another one. No telephone has the
    area code 999, so nobody is ever sent a text.
    """
    if script.from_number != DEFAULT_FROM:
        return script.from_number
    return f"+1999{zlib.crc32(mark.encode()) % 10**7:07d}"
