"""Why an address cannot be taken as verified as it was keyed, although its street is in the directory.

A wrong parcel harms more than a late one: what is doubtful waits for staff.
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
"""Digits from which on a house number is rare enough to need a street that is known to have it."""

_NUMBERED = re.compile(r"\d+[A-Z]{0,2}|[A-Z]{1,2}\d*|\d/\d")
"""The words of a street's name that is a number or a letter: `1`, `1RA`, `A`, `AA`, `B3`, `1/2`."""

_AS_NUMBERED = frozenset(
    (
        *("UNO", "DOS", "TRES", "CUATRO", "CINCO", "SEIS", "SIETE", "OCHO", "NUEVE", "DIEZ"),
        *("PRIMERA", "SEGUNDA", "TERCERA", "CUARTA", "QUINTA", "SEXTA", "SEPTIMA", "SÉPTIMA", "OCTAVA", "NOVENA"),
        *("DECIMA", "DÉCIMA", "FINAL", "INT", "INTERIOR", "EXT", "EXTENSION"),
    )
)
"""Words that such a name may be made of as well."""


class Doubt(StrEnum):
    """What is doubtful about an address."""

    ZIP = "zip"
    """Its ZIP code is none that is in use."""
    URBANIZATION = "urbanization"
    """In Puerto Rico, where its street may be that of several urbanizations, and it names none."""
    NUMBER = "number"
    """Its house number may have letters inside, which nobody can key as digits."""


def doubt(place: ZipPlace | None, street: StreetFacts, known: Iterable[StreetFacts], house: str) -> Doubt | None:
    """Return what is doubtful about a house number on a street of a ZIP code; `known` are all of its streets."""
    if place is None or place.retired:
        return Doubt.ZIP
    if place.state == PUERTO_RICO and not street.urbanization and _may_lie_in_one(place, street, known):
        return Doubt.URBANIZATION
    return Doubt.NUMBER if _may_have_letters(place, street, house) else None


def _may_lie_in_one(place: ZipPlace, street: StreetFacts, known: Iterable[StreetFacts]) -> bool:
    return _is_numbered(street) or (place.has_urbanizations and not _has_none(street, known))


def _is_numbered(street: StreetFacts) -> bool:
    """Say whether a street's name is a number or a letter: every urbanization has a CALLE 1 and a CALLE A of its own.

    A numbered road (PR 2) is one road, wherever it goes.
    """
    words = street.words
    return not words.road and all(
        _NUMBERED.fullmatch(word) or word in _AS_NUMBERED for word in map(str.upper, words.name)
    )


def _has_none(street: StreetFacts, known: Iterable[StreetFacts]) -> bool:
    """Say whether the directory knows urbanizations in this ZIP code, and none of them for this street.

    USPS Publication 28, section 29: streets and house numbers of one name are found more than once in a ZIP code, and
    the urbanization alone tells them apart. A directory that names none at all says nothing about that.
    """
    named = {other.name.upper() for other in known if other.urbanization}
    return bool(named) and street.name.upper() not in named


def _may_have_letters(place: ZipPlace, street: StreetFacts, house: str) -> bool:
    digits = digits_of(house)
    if not digits or street.has(int(digits)) or has_its_letter(place, house):
        return False
    rural = place.lettered_rural_numbers if _is_rural(street) else 0
    return len(digits) >= (place.lettered_numbers or rural or LONG_NUMBER)


def digits_of(house: str) -> str:
    """Return the digits of a house number, without a letter, dash or fraction that was added to them."""
    return "".join(character for character in house.split(" ")[0] if character.isdigit())


def has_its_letter(place: ZipPlace, house: str) -> bool:
    """Say whether a house number has a letter in front, W3456, in a place whose numbers have none inside."""
    return house[:1].isalpha() and len(house) <= LONG_NUMBER and place.lettered_numbers != INSIDE


def _is_rural(street: StreetFacts) -> bool:
    """Say whether a street is a county's, a state's or a town's road by its number or letter: County Road M, Highway K."""
    road = street.words.road
    return road is not None and (
        bool(_RURAL & {*road.words}) or road.state != "" or (road.words[-1] in _LETTERED and road.numbers[0].isalpha())
    )


_RURAL = frozenset(("County", "State", "Town", "Township", "Trunk"))
_LETTERED = frozenset(("Highway", "Road"))
"""Kinds that are a county's in Wisconsin where they have a letter for a number."""


def judged_anew(connection: Connection, address: NewAddress) -> NewAddress:
    """Return an address that was accepted in an earlier call as it is to be taken now: what was doubtful stays so."""
    return replace(address, verified=address.verified and _is_sure(connection, address))


def _is_sure(connection: Connection, address: NewAddress) -> bool:
    place = place_of(address.zip)
    if place is None or place.retired or address.house_number is None:
        return place is not None and not place.retired
    known, where = streets_of(connection, address.zip), (address.street, address.urbanization)
    street = next((street for street in known if (street.name, street.urbanization) == where), None)
    return street is not None and doubt(place, street, known, address.house_number) is None
