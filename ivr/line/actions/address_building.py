"""An address while it is being keyed: its parts so far, the streets that may be meant, and the pressed keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ivr.flow.definition import MOST_AT_ONCE
from ivr.keypad import LETTERS
from ivr.line.values import OfferedCity, OfferedUnit
from ivr.payment.cards import without_cards
from ivr.pharmacy.places import place_of
from ivr.pharmacy.unverified import Doubt, digits_of, has_its_letter
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

AT_A_TIME = 3
"""How many streets are offered at once; more are hard to remember."""


@dataclass(frozen=True, slots=True)
class Match:
    """A street that may be meant.

    `outside`: the house number is beyond those known on it. `near`: its letters differ by one press from those keyed.
    `doubt`: why the address would not count as verified (`ivr.pharmacy.unverified`), "" if it would.
    """

    name: str
    outside: bool = False
    near: bool = False
    urbanization: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Building:
    """The parts of an address so far.

    `street` is set only if it is not chosen from `matches`: a P.O. box or other box, or a spelled street.
    """

    zip: str = ""
    city: str = ""
    state: str = ""
    house: str = ""
    letters: str = ""
    matches: tuple[Match, ...] = ()
    first: int = 0
    """The index in `matches` of the first one that is offered now."""
    street: str = ""
    unit: str = ""
    unit_keys: str = ""
    checked: bool = False
    """The street came from the street directory, or needs none."""
    urbanization: str = ""
    """A spelled urbanization, which replaces those of the directory."""
    keyed: tuple[str, ...] = ()
    """The keys as they were pressed, answer by answer."""

    @property
    def place(self) -> Value:
        """The city and state, as a value to speak."""
        return {"city": self.city, "state": self.state}

    @property
    def digits(self) -> str:
        """The digits of the house number, without an added letter, dash or fraction."""
        return digits_of(self.house)

    @property
    def house_digits(self) -> int | None:
        """The number that is compared with the house numbers known on a street; None for a box."""
        return int(self.digits) if self.digits else None

    @property
    def offered(self) -> tuple[Match, ...]:
        """The streets offered now. Streets that match exactly are not mixed with those that only nearly match."""
        if self.street:
            return (Match(self.street),)
        page = self.matches[self.first : self.first + AT_A_TIME]
        return tuple(match for match in page if match.near == page[0].near)

    @property
    def next_start(self) -> int:
        """The index in `matches` of the first street after those offered; past the end when there are no more."""
        return self.first + len(self.offered)

    @property
    def has_many(self) -> bool:
        """Whether more streets match than are offered, so that more letters would help."""
        return not self.street and len(self.matches) > len(self.offered)

    @property
    def is_one_name(self) -> bool:
        """Whether all matches are one street name in several urbanizations."""
        return any(match.urbanization for match in self.matches) and len({match.name for match in self.matches}) == 1

    def on_another_street(self) -> Building:
        """Return the address without its street, its unit, and what was added to the digits of the house number."""
        return replace(self, house=self.digits, letters="", matches=(), first=0, street="", unit="", unit_keys="")

    def with_keys(self, *keys: str) -> Building:
        """Return the address with pressed keys added, card numbers masked, for staff who have to make sense of it."""
        return replace(self, keyed=(*self.keyed, *(without_cards(key) for key in keys if key)))

    def is_sure(self, match: Match) -> bool:
        """Return whether the address on one of the streets counts as verified."""
        return self.checked and not self.doubt_about(match) and not self.urbanization

    def doubt_about(self, match: Match) -> str:
        """Return why the address on one of the streets is doubtful, "" if it is not.

        A house number that was doubtful without its letter is clear once the letter has been added.
        """
        place = place_of(self.zip)
        is_clear = match.doubt == Doubt.NUMBER and place is not None and has_its_letter(place, self.house)
        return "" if is_clear else match.doubt

    def address(self, match: Match) -> dict[str, Value]:
        """Return the whole address on one of the streets, as a value to speak."""
        return {**self.line_on(match), "city": self.city, "state": self.state, "zip": self.zip}

    def line_on(self, match: Match) -> dict[str, Value]:
        """Return the address on one of the streets without city, state and ZIP code."""
        parts: dict[str, Value] = {"house_number": self.house or None, "street": match.name, "unit": self.unit or None}
        return {**parts, "urbanization": self.urbanization or match.urbanization or None}


def readings_of_unit(keyed: str) -> tuple[str, ...]:
    """Return what a unit may be that was keyed with one press for each sign, if it has a letter first or last.

    A single press may also be its digit. A longer unit is digits unless the caller says otherwise, so its digits are
    not among the readings.
    """
    first, last = LETTERS.get(keyed[:1], ""), LETTERS.get(keyed[-1:], "")
    if len(keyed) == 1:
        return (keyed, *first)
    return tuple(
        dict.fromkeys([*(f"{letter}{keyed[1:]}" for letter in first), *(f"{keyed[:-1]}{letter}" for letter in last)])
    )


def unit_page(names: Sequence[str], offered: tuple[OfferedUnit, ...] = ()) -> dict[str, Any]:
    """Return the next units to choose from, after those offered now, and a phrase if there are others."""
    page, others = _page("units", names, offered[-1].unit if offered else "")
    return {"units": tuple(map(OfferedUnit, page)), "others": others}


def city_page(names: Sequence[str], offered: tuple[OfferedCity, ...] = ()) -> dict[str, Any]:
    """Return the next cities to choose from, after those offered now, and a phrase if there are others."""
    page, others = _page("cities", names, offered[-1].city if offered else "")
    return {"cities": tuple(map(OfferedCity, page)), "others": others}


def _page(choices: str, names: Sequence[str], last: str) -> tuple[Sequence[str], Value]:
    """Return the next page of names, after the last one that was offered; the last page is followed by the first."""
    first = names.index(last) + 1 if last in names else 0
    page = names[first : first + MOST_AT_ONCE] or names[:MOST_AT_ONCE]
    return page, phrase(f"address.more_{choices}") if len(names) > len(page) else ()
