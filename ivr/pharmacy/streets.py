"""The street directory: the streets of a ZIP code, and which of them a caller may mean by the keys pressed.

A look-up reads all streets of the ZIP code from the database and ranks them in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, bindparam, exists, select

from ivr.keypad import begins_within_a_slip
from ivr.pharmacy.street_words import first_keys, forms, forms_text, loose_forms, whole_names
from ivr.pharmacy.tables import Street
from ivr.postal.streets import StreetWords, take_apart

_BUSY_KINDS = (
    *("Street", "Avenue", "Road", "Highway", "Boulevard", "Drive", "Route", "Pike", "Parkway", ""),
    *("Lane", "Way"),
)
"""Kinds of streets, those with the most addresses first: Maple Street goes before Maple Court."""

_BUSY_RANK = {kind: rank for rank, kind in enumerate(_BUSY_KINDS)}


@dataclass(frozen=True, slots=True)
class StreetFacts:
    """A street of a ZIP code; `low` and `high` are its lowest and highest known house number."""

    name: str
    city: str
    low: int | None
    high: int | None
    urbanization: str | None = None
    state: str = ""

    @property
    def words(self) -> StreetWords:
        """The parts of its name: direction, name, kind and so on."""
        return take_apart(self.name, self.state)

    def has(self, house: int) -> bool | None:
        """Return whether a house number is within the street's range, or None if no range is known."""
        if self.low is None or self.high is None:
            return None
        return self.low <= house <= self.high


_table = Street.__table__.c
_OF_ZIP = select(_table.name, _table.city, _table.low, _table.high, _table.urbanization, _table.state).where(
    _table.zip == bindparam("zip_code")
)
_HAS_STREETS = select(exists().where(_table.zip == bindparam("zip_code")))


def has_streets(connection: Connection, zip_code: str) -> bool:
    """Return whether the directory has any street of a ZIP code."""
    return bool(connection.scalar(_HAS_STREETS, {"zip_code": zip_code}))


def streets_of(connection: Connection, zip_code: str) -> tuple[StreetFacts, ...]:
    """Return every street of a ZIP code."""
    rows = connection.execute(_OF_ZIP, {"zip_code": zip_code})
    return tuple(StreetFacts(*row) for row in rows)


def rank(streets: Iterable[StreetFacts], keyed: str, house: int | None) -> tuple[StreetFacts, ...]:
    """Return the streets that may be named by the keys pressed so far, likeliest first.

    A name keyed in full goes before a longer one, a street that has the house number before one that does not, and
    busy kinds of streets before quiet ones. A street that the directory writes in two ways comes once. If no street's
    written name fits, those follow that fit in another form: West 71 for 71 West (see `loose_forms`).
    """
    if not keyed:
        return ()
    first, beginning = keyed[0], f" {keyed}"
    likely = [street for street in streets if first in first_keys(street.name)]
    fitting = [street for street in likely if beginning in forms_text(street.name, street.state)]
    fitting = fitting or [street for street in likely if beginning in loose_forms(street.name, street.state)]
    return _ranked(fitting, keyed, house)


def rank_near(streets: Iterable[StreetFacts], keyed: str, house: int | None) -> tuple[StreetFacts, ...]:
    """Return the streets that would fit if one key were changed, added or left out, likeliest first."""
    near = (
        street
        for street in streets
        if any(
            begins_within_a_slip(keyed, form) and not form.startswith(keyed)
            for form in forms(street.name, street.state)
        )
    )
    return _ranked(near, keyed, house)


def _ranked(streets: Iterable[StreetFacts], keyed: str, house: int | None) -> tuple[StreetFacts, ...]:
    return tuple(sorted(_merge_spellings(streets), key=lambda street: _sort_key(street, keyed, house)))


def _sort_key(street: StreetFacts, keyed: str, house: int | None) -> tuple[bool, int, int, int, str, bool, str]:
    has_house = None if house is None else street.has(house)
    words = street.words
    return (
        keyed not in whole_names(street.name, street.state),
        {True: 0, None: 1, False: 2}[has_house],
        _BUSY_RANK.get(words.kind, len(_BUSY_RANK)),
        len(words.whole),
        words.whole,
        street.urbanization is None,
        street.urbanization or "",
    )


def _merge_spellings(streets: Iterable[StreetFacts]) -> Iterable[StreetFacts]:
    merged: dict[tuple[str, str | None], StreetFacts] = {}
    for street in streets:
        whole = (street.words.whole, street.urbanization)
        other = merged.get(whole)
        merged[whole] = street if other is None else _join_ranges(other, street)
    return merged.values()


def _join_ranges(first: StreetFacts, second: StreetFacts) -> StreetFacts:
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return replace(first, low=None, high=None)
    return replace(first, low=min(first.low, second.low), high=max(first.high, second.high))
