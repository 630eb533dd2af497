"""Doubts about a keyed address whose street is in the directory.

A doubtful address is not taken as verified but waits for staff: a parcel to a wrong address harms more than a late one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from sqlalchemy import Connection

from ivr.pharmacy.addresses import NewAddress
from ivr.pharmacy.places import INSIDE, PUERTO_RICO, ZipPlace, place_of
from ivr.pharmacy.streets import StreetFacts, streets_of

LONG_NUMBER = 6
"""A house number with this many digits is rare: it is accepted only on a street whose range includes it."""

_NUMBERED = re.compile(r"\d+[A-Z]{0,2}|[A-Z]{1,2}\d*|\d/\d")
"""A word of a street's name that is a number or a letter: `1`, `1RA`, `A`, `AA`, `B3`, `1/2`."""

_AS_NUMBERED = frozenset(
    (
        *("UNO", "DOS", "TRES", "CUATRO", "CINCO", "SEIS", "SIETE", "OCHO", "NUEVE", "DIEZ"),
        *("PRIMERA", "SEGUNDA", "TERCERA", "CUARTA", "QUINTA", "SEXTA", "SEPTIMA", "SÉPTIMA", "OCTAVA", "NOVENA"),
        *("DECIMA", "DÉCIMA", "FINAL", "INT", "INTERIOR", "EXT", "EXTENSION"),
    )
)
"""Other words that such a name may have."""


class Doubt(StrEnum):
    """The part of an address that is doubtful."""

    ZIP = "zip"
    """Its ZIP code does not exist or is no longer in use."""
    URBANIZATION = "urbanization"
    """In Puerto Rico, it names no urbanization, and several may have a street of this name."""
    NUMBER = "number"
    """Its house number may contain letters, which callers cannot key as digits."""


def find_doubt(place: ZipPlace | None, street: StreetFacts, streets: Iterable[StreetFacts], house: str) -> Doubt | None:
    """Return what is doubtful about a house number on a street, or None; `streets` are all those of the ZIP code."""
    if place is None or place.retired:
        return Doubt.ZIP
    if place.state == PUERTO_RICO and not street.urbanization and _may_need_urbanization(place, street, streets):
        return Doubt.URBANIZATION
    return Doubt.NUMBER if _may_have_letters(place, street, house) else None


def _may_need_urbanization(place: ZipPlace, street: StreetFacts, streets: Iterable[StreetFacts]) -> bool:
    return _is_numbered(street) or (place.has_urbanizations and not _is_outside_urbanizations(street, streets))


def _is_numbered(street: StreetFacts) -> bool:
    """Return whether a street's name is a number or a letter: each urbanization has its own CALLE 1 and CALLE A.

    It is false for a numbered road (PR 2), which is the same road everywhere.
    """
    words = street.words
    return not words.road and all(
        _NUMBERED.fullmatch(word) or word in _AS_NUMBERED for word in map(str.upper, words.name)
    )


def _is_outside_urbanizations(street: StreetFacts, streets: Iterable[StreetFacts]) -> bool:
    """Return whether the directory has urbanizations in this ZIP code, but none for streets of this name.

    By USPS Publication 28, section 29, a ZIP code may have the same street names and house numbers several times, which
    only the urbanization tells apart. A directory without any urbanization says nothing about that.
    """
    names_with_urbanization = {other.name.upper() for other in streets if other.urbanization}
    return bool(names_with_urbanization) and street.name.upper() not in names_with_urbanization


def _may_have_letters(place: ZipPlace, street: StreetFacts, house: str) -> bool:
    digits = digits_of(house)
    if not digits or street.has(int(digits)) or has_its_letter(place, house):
        return False
    rural = place.lettered_rural_numbers if _is_rural(street) else 0
    return len(digits) >= (place.lettered_numbers or rural or LONG_NUMBER)


def digits_of(house: str) -> str:
    """Return the digits of a house number without letters, dashes and fractions."""
    return "".join(character for character in house.split(" ")[0] if character.isdigit())


def has_its_letter(place: ZipPlace, house: str) -> bool:
    """Return whether a house number has a letter in front (W3456), in a place whose numbers have none inside."""
    return house[:1].isalpha() and len(house) <= LONG_NUMBER and place.lettered_numbers != INSIDE


def _is_rural(street: StreetFacts) -> bool:
    """Return whether a street is a numbered or lettered road of a county, state or town: County Road M, Highway K."""
    road = street.words.road
    return road is not None and (
        bool(_RURAL & {*road.words}) or road.state != "" or (road.words[-1] in _LETTERED and road.numbers[0].isalpha())
    )


_RURAL = frozenset(("County", "State", "Town", "Township", "Trunk"))
_LETTERED = frozenset(("Highway", "Road"))
"""Kinds of roads that, with a letter for a number, belong to a county in Wisconsin."""


def judge_again(connection: Connection, address: NewAddress) -> NewAddress:
    """Return an address from an earlier call with `verified` set anew; one that was not verified stays so."""
    return replace(address, verified=address.verified and _is_beyond_doubt(connection, address))


def _is_beyond_doubt(connection: Connection, address: NewAddress) -> bool:
    place = place_of(address.zip)
    if place is None or place.retired or address.house_number is None:
        return place is not None and not place.retired
    streets, name_and_urbanization = streets_of(connection, address.zip), (address.street, address.urbanization)
    street = next((street for street in streets if (street.name, street.urbanization) == name_and_urbanization), None)
    return street is not None and find_doubt(place, street, streets, address.house_number) is None
