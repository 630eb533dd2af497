"""An address while it is being keyed: its parts so far, the streets that may be meant, and the keys they came by."""

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
"""Streets offered at once: more cannot be kept in mind."""


@dataclass(frozen=True, slots=True)
class Match:
    """A street that may be meant; `outside` when the house number lies beyond those known, `near` but for one press.

    `doubt` is why the address would not be taken as verified (`ivr.pharmacy.unverified`), "" when it would be.
    """

    name: str
    outside: bool = False
    near: bool = False
    urbanization: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Building:
    """The parts so far. `street` stands when it is not to be chosen from `matches`: a box, or one that was spelled."""

    zip: str = ""
    city: str = ""
    state: str = ""
    house: str = ""
    letters: str = ""
    matches: tuple[Match, ...] = ()
    first: int = 0
    """Where in the matches the ones offered now begin."""
    street: str = ""
    unit: str = ""
    unit_keys: str = ""
    checked: bool = False
    """The street came from the directory, or needs none."""
    urbanization: str = ""
    """One that was spelled, in the place of those that the directory knows."""
    keyed: tuple[str, ...] = ()

    @property
    def place(self) -> Value:
        """Return the city and state, to be spoken."""
        return {"city": self.city, "state": self.state}

    @property
    def digits(self) -> str:
        """Return the digits of the house number, without a letter, dash or fraction that was added to them."""
        return digits_of(self.house)

    @property
    def house_digits(self) -> int | None:
        """Return the number that is held against the house numbers known on a street."""
        return int(self.digits) if self.digits else None

    @property
    def offered(self) -> tuple[Match, ...]:
        """Return the streets that are offered now; those that fit come before those that nearly do."""
        if self.street:
            return (Match(self.street),)
        page = self.matches[self.first : self.first + AT_A_TIME]
        return tuple(match for match in page if match.near == page[0].near)

    @property
    def following(self) -> int:
        """Return where in the matches the streets after those offered begin; past the end when there are none."""
        return self.first + len(self.offered)

    @property
    def has_many(self) -> bool:
        """Say whether more streets fit than are offered, so that more letters would help."""
        return not self.street and len(self.matches) > len(self.offered)

    @property
    def alike(self) -> bool:
        """Say whether all that fits is one street's name, in several urbanizations."""
        return any(match.urbanization for match in self.matches) and len({match.name for match in self.matches}) == 1

    def on_another_street(self) -> Building:
        """Return it without its street and what belongs to that alone: the unit, and the marks of the house number."""
        return replace(self, house=self.digits, letters="", matches=(), first=0, street="", unit="", unit_keys="")

    def keying(self, *keys: str) -> Building:
        """Note keys as they were pressed, for staff who have to make sense of an address."""
        return replace(self, keyed=(*self.keyed, *(without_cards(key) for key in keys if key)))

    def is_sure(self, match: Match) -> bool:
        """Say whether the address with one of the streets is taken as verified."""
        return self.checked and not self.doubt_about(match) and not self.urbanization

    def doubt_about(self, match: Match) -> str:
        """Return what is doubtful about the address with one of the streets: a number may have got its letter since."""
        place = place_of(self.zip)
        is_clear = match.doubt == Doubt.NUMBER and place is not None and has_its_letter(place, self.house)
        return "" if is_clear else match.doubt

    def address(self, match: Match) -> dict[str, Value]:
        """Return the whole address with one of the streets."""
        return {**self.at(match), "city": self.city, "state": self.state, "zip": self.zip}

    def at(self, match: Match) -> dict[str, Value]:
        """Return only what tells it from the others in its city."""
        line: dict[str, Value] = {"house_number": self.house or None, "street": match.name, "unit": self.unit or None}
        return {**line, "urbanization": self.urbanization or match.urbanization or None}


def readings(keyed: str) -> tuple[str, ...]:
    """Return what a unit keyed one press a sign may be: with a letter at its beginning or its end, or digits alone.

    A longer one is digits unless the caller says otherwise, so its digits are not among these.
    """
    first, last = LETTERS.get(keyed[:1], ""), LETTERS.get(keyed[-1:], "")
    if len(keyed) == 1:
        return (keyed, *first)
    return tuple(dict.fromkeys([*(f"{x}{keyed[1:]}" for x in first), *(f"{keyed[:-1]}{x}" for x in last)]))


def unit_page(names: Sequence[str], offered: tuple[OfferedUnit, ...] = ()) -> dict[str, Any]:
    """Return the units to choose from that come after those offered now, and whether there are others."""
    shown, others = _page("units", names, offered[-1].unit if offered else "")
    return {"units": tuple(map(OfferedUnit, shown)), "others": others}


def city_page(names: Sequence[str], offered: tuple[OfferedCity, ...] = ()) -> dict[str, Any]:
    """Return the cities to choose from that come after those offered now, and whether there are others."""
    shown, others = _page("cities", names, offered[-1].city if offered else "")
    return {"cities": tuple(map(OfferedCity, shown)), "others": others}


def _page(choices: str, names: Sequence[str], last: str) -> tuple[Sequence[str], Value]:
    """Return the names after the last one that was offered; after the last ones come the first ones again."""
    first = names.index(last) + 1 if last in names else 0
    shown = names[first : first + MOST_AT_ONCE] or names[:MOST_AT_ONCE]
    return shown, phrase(f"address.more_{choices}") if len(names) > len(shown) else ()
