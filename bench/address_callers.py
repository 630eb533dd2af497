"""Callers who key their address through the real dialogue: the flow, its actions and a street directory.

A caller knows an address, hears what the line offers, and presses what a person would. With a share of wrong presses
a finger slips now and then; the caller notices what is heard to be wrong and mends it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Connection

from ivr.flow.call import Call, Dialled, Frame, Keys, Silence
from ivr.flow.definition import Flows
from ivr.flow.interpreter import advance
from ivr.flow.verbs import Dial, Gather
from ivr.keypad import KEYS, letters_to_keys, spell
from ivr.line.actions import ACTIONS, TransactionalAction
from ivr.line.actions.address_building import Building
from ivr.line.service import Caller, Context
from ivr.line.values import decoder, encode
from ivr.postal.streets import figures, take_apart
from ivr.secret import Secret

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
MOST_ANSWERS = 40
_MARKS = re.compile(r"\b(APT|UNIT|STE|SPC|RM|FL|BLDG|LOT|TRLR)\b")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A real address, as its owner would say it."""

    zip: str
    city: str
    house: str
    street: str
    unit: str

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Wanted | None:
        """Return the address of a CSV row; None when its number is no plain one."""
        unit = re.sub(r"\b0+(?=\w)", "", _MARKS.sub("", row.get("unit") or "")).replace(" ", "").replace("-", "")
        found = cls(row["zip"], row["city"].upper(), row["number"], row["street"], unit.strip("#").upper())
        return found if found.house.isdigit() and found.house[:1] != "0" else None

    @property
    def letters(self) -> str:
        """The keys of the street's name as most people say it: no direction, no kind, a number in figures."""
        words = take_apart(self.street)
        said = (words.fraction, *words.lead, *figures(words.name)) if words.name else (self.street,)
        number = re.fullmatch(r"([0-9]+)(ST|ND|RD|TH)", "".join(said))
        return number[1] if number else letters_to_keys("".join(said))

    def is_street(self, name: str) -> bool:
        return take_apart(name).whole == take_apart(self.street).whole


@dataclass(slots=True)
class Outcome:
    """What became of one address."""

    presses: int = 0
    letters: int = 0
    rank: int | None = None
    """At which place the right street was when streets were first offered, from 0."""
    accepted: bool = False
    wrong: bool = False
    """Another address than the caller's was accepted."""
    heard: bool = True
    """What was accepted had been read out."""
    trail: list[str] = field(default_factory=list)


class Dialogue:
    """The address flow on its own, in one transaction that is never committed."""

    def __init__(self, flows: Flows, connection: Connection) -> None:
        self.flows = flows
        run = next(state for state in flows.flows["checkout"].states.values() if state.runs == "address")
        self.below = Frame("checkout", run.name)
        line = SimpleNamespace(today=lambda _: date(2026, 3, 2))
        self.context = Context(cast("Any", line), connection, NOW, Caller("CA0", "+15105550100", "+18002457979"), 0, {})
        self.begin()

    def begin(self) -> None:
        values = {"building": encode(Building()), "member_id": 1, "address_for": "order", "proved": True}
        self.call = Call("en", (self.below, Frame("address", "zip")), values)
        self.verb: Gather | None = None

    @property
    def state(self) -> str:
        """The question that is waiting, or "" when the address is done."""
        return self.call.top.state if self.call.top.flow != "checkout" else ""

    def press(self, keys: str) -> None:
        step = advance(self.flows, self.call, Keys(Secret(keys)) if keys else Silence())
        while (step.action and self._in_address(step.call)) or isinstance(step.verb, Dial):
            if isinstance(step.verb, Dial):
                step = advance(self.flows, step.call, Dialled("nobody"))
                continue
            action = ACTIONS[step.action or ""]
            assert isinstance(action, TransactionalAction)
            step = advance(self.flows, step.call, action.run(self.context, step.call.values))
        self.call = step.call
        self.verb = step.verb if isinstance(step.verb, Gather) else None

    def _in_address(self, call: Call) -> bool:
        return call.top.flow in ("address", "spelling")


class CallerWhoKnows:
    """Keys one address. `first` letters at first, `more` when more are wanted, a slip at `slips` of all presses."""

    def __init__(self, dialogue: Dialogue, wanted: Wanted, first: int, slips: float, chance: random.Random) -> None:
        self.line, self.wanted, self.first = dialogue, wanted, first
        self.slips, self.chance = slips, chance
        self.keyed = 0
        self.out = Outcome()
        self.heard: list[Any] = []

    def go(self) -> Outcome:
        self.line.begin()
        for _ in range(MOST_ANSWERS):
            state = self.line.state
            if not state:
                break
            self.out.trail.append(state)
            answer = getattr(self, f"at_{state}", self.at_a_loss)()
            if answer is None:
                break
            self.line.press(self.slip(answer))
        self.judge()
        return self.out

    def slip(self, answer: str) -> str:
        self.out.presses += len(answer)
        if not self.slips:
            return answer
        return "".join(self.chance.choice(KEYS[:10]) if self.chance.random() < self.slips else key for key in answer)

    def judge(self) -> None:
        values = self.line.call.values
        if self.line.state or "address" not in values:
            return
        got, want = cast("dict[str, Any]", values["address"]), self.wanted
        self.out.accepted = True
        right = want.is_street(got["street"]) and (got["house_number"], got["zip"]) == (want.house, want.zip)
        self.out.wrong = not (right and (got["unit"] or "") == want.unit)
        line = (got["house_number"], got["street"], got["unit"])
        self.out.heard = any((at["house_number"], at["street"], at["unit"]) == line for at in self.heard)

    # Questions and the answers to them

    def at_zip(self) -> str:
        return self.wanted.zip

    def at_unknown_zip(self) -> str:
        return "1"

    def at_house(self) -> str:
        values = self.line.call.values
        place, building = cast("dict[str, str]", values["place"]), decoder(Building)(values["building"])
        wrong = place["city"].upper() != self.wanted.city and building.zip != self.wanted.zip
        return "*#" if wrong else f"{self.wanted.house}#"

    def at_no_house(self) -> str:
        return "1"

    def at_military(self) -> str:
        return "9"

    def at_street(self) -> str:
        self.keyed = self.first if not self.keyed else min(self.first + 2, 6)
        return self.letters(0, self.keyed)

    def at_more_letters(self) -> str:
        start, self.keyed = self.keyed, self.keyed + 2
        return self.letters(start, self.keyed)

    def letters(self, start: int, end: int) -> str:
        keys = self.wanted.letters[start:end] or self.wanted.letters[:end]
        self.out.letters += len(keys)
        return f"{keys}#"

    def at_no_street(self) -> str | None:
        building = decoder(Building)(self.line.call.values["building"])
        if building.zip != self.wanted.zip:
            return "3"
        return "1" if self.out.trail.count("no_street") < 3 else None

    def at_which_unit(self) -> str:
        return self.unit()

    at_unit = at_which_unit

    def unit(self) -> str:
        return f"{letters_to_keys(self.wanted.unit)}#"

    def at_units(self) -> str:
        units = [unit["unit"] for unit in self.choices("units")]
        if self.wanted.unit in units:
            return str(units.index(self.wanted.unit) + 1)
        return "9" if self.wanted.unit else "1"

    def at_letters(self) -> str:
        return f"{spell(self.wanted.unit)}#" if self.line.call.values["spelling"] == "unit" else "#"

    def at_heard(self) -> str:
        values = self.line.call.values
        done = values["spelling"] == "unit" and values["spelled"] == self.wanted.unit
        return "1" if done else "4" if values["spelled"] else "9"

    def at_mend(self) -> str:
        building = decoder(Building)(self.line.call.values["building"])
        if building.zip != self.wanted.zip:
            return "1"
        if building.digits != self.wanted.house:
            return "2"
        return "3"

    def at_offer(self) -> str | None:
        offered = [choice["address"] for choice in self.choices("streets")]
        self.heard += offered
        building = decoder(Building)(self.line.call.values["building"])
        at = next((at for at, one in enumerate(offered) if self.wanted.is_street(one["street"])), None)
        if self.out.rank is None:
            self.out.rank = 99 if at is None else at
        if building.zip != self.wanted.zip or building.digits != self.wanted.house:
            return "8"
        if at is None:
            return self.otherwise(building)
        unit = offered[at]["unit"] or ""
        if unit == self.wanted.unit:
            return str(at + 1)
        lettered = unit and len(building.unit_keys) > 1 and building.unit_keys == letters_to_keys(self.wanted.unit)
        return "9" if lettered else "4"

    def otherwise(self, building: Building) -> str | None:
        looked = self.out.trail.count("offer")
        if looked > 8:
            return None
        if (
            building.has_many
            and self.keyed < len(self.wanted.letters)
            and building.letters == self.wanted.letters[: self.keyed]
        ):
            return "6"
        return "5"

    def choices(self, name: str) -> list[dict[str, Any]]:
        return list(cast("Any", self.line.call.values[name]))

    def at_a_loss(self) -> str | None:
        """Leave: this caller does not know what to do here."""
        return None
