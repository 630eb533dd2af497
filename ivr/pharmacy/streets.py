"""The street directory: which streets of a ZIP code a caller may mean by the keys pressed, likeliest first.

A look-up reads the streets of one ZIP, one range of the table's key, and ranks them in memory.
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
"""Kinds of streets that most addresses are on, busiest first: a street counts more than the court named after it."""

_BUSY = {kind: rank for rank, kind in enumerate(_BUSY_KINDS)}


@dataclass(frozen=True, slots=True)
class StreetFacts:
    """A street of a ZIP code; `low` and `high` are the house numbers known on it."""

    name: str
    city: str
    low: int | None
    high: int | None
    urbanization: str | None = None
    state: str = ""

    @property
    def words(self) -> StreetWords:
        """Return its name taken apart."""
        return take_apart(self.name, self.state)

    def has(self, house: int) -> bool | None:
        """Say whether a house number lies in the street's range; None when no range is known."""
        if self.low is None or self.high is None:
            return None
        return self.low <= house <= self.high


_table = Street.__table__.c
_OF_ZIP = select(_table.name, _table.city, _table.low, _table.high, _table.urbanization, _table.state).where(
    _table.zip == bindparam("zip_code")
)
_HAS_STREETS = select(exists().where(_table.zip == bindparam("zip_code")))


def has_streets(connection: Connection, zip_code: str) -> bool:
    """Tell whether the directory knows any street of a ZIP code."""
    return bool(connection.scalar(_HAS_STREETS, {"zip_code": zip_code}))


def streets_of(connection: Connection, zip_code: str) -> tuple[StreetFacts, ...]:
    """Return every street of a ZIP code."""
    rows = connection.execute(_OF_ZIP, {"zip_code": zip_code})
    return tuple(StreetFacts(*row) for row in rows)


def rank(streets: Iterable[StreetFacts], keyed: str, house: int | None) -> tuple[StreetFacts, ...]:
    """Return the streets whose name may begin with the keys pressed, likeliest first.

    A name keyed in full goes before a longer one, a street that has the house number before one that does not, and
    busy kinds of streets before quiet ones. A street written in two ways comes once. Where none fits as it is written,
    those come that people name otherwise: West 71 for 71 West.
    """
    if not keyed:
        return ()
    first, beginning = keyed[0], f" {keyed}"
    likely = [street for street in streets if first in first_keys(street.name)]
    fitting = [street for street in likely if beginning in forms_text(street.name, street.state)]
    fitting = fitting or [street for street in likely if beginning in loose_forms(street.name, street.state)]
    return _ranked(fitting, keyed, house)


def rank_near(streets: Iterable[StreetFacts], keyed: str, house: int | None) -> tuple[StreetFacts, ...]:
    """Return the streets that would fit but for one press that is wrong, missing or one too many, likeliest first."""
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
    return tuple(sorted(_merged(streets), key=lambda street: _order(street, keyed, house)))


def _order(street: StreetFacts, keyed: str, house: int | None) -> tuple[bool, int, int, int, str, bool, str]:
    has = None if house is None else street.has(house)
    words = street.words
    return (
        keyed not in whole_names(street.name, street.state),
        {True: 0, None: 1, False: 2}[has],
        _BUSY.get(words.kind, len(_BUSY)),
        len(words.whole),
        words.whole,
        street.urbanization is None,
        street.urbanization or "",
    )


def _merged(streets: Iterable[StreetFacts]) -> Iterable[StreetFacts]:
    merged: dict[tuple[str, str | None], StreetFacts] = {}
    for street in streets:
        whole = (street.words.whole, street.urbanization)
        other = merged.get(whole)
        merged[whole] = street if other is None else _together(other, street)
    return merged.values()


def _together(one: StreetFacts, other: StreetFacts) -> StreetFacts:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return replace(one, low=None, high=None)
    return replace(one, low=min(one.low, other.low), high=max(one.high, other.high))
