"""Actions that take a new address by keypad: each puts one answer into the address that is being built.

The address is one value of the call, `building`, until the caller accepts it when it is read back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Annotated, Literal, get_args

from ivr.flow.call import Done
from ivr.flow.definition import LIST, MOST_AT_ONCE, OPAQUE, Items, Phrases
from ivr.keypad import letters_to_keys, unspell
from ivr.line.action import action, done
from ivr.line.actions import keyed
from ivr.line.actions.address_building import Building, Match, city_page, readings_of_unit, unit_page
from ivr.line.service import Context
from ivr.line.values import OfferedCity, OfferedUnit
from ivr.payment.cards import without_cards
from ivr.pharmacy.places import PUERTO_RICO, ZipPlace, place_of
from ivr.pharmacy.streets import StreetFacts, has_streets, rank, rank_near, streets_of
from ivr.pharmacy.unverified import find_doubt
from ivr.postal.streets import take_apart
from ivr.prompts import phrase
from ivr.prompts.spoken.urbanizations import AREAS
from ivr.secret import DOT

BoxKind = Literal["PO", "RR", "HC", "PSC", "UNIT", "CMR"]

BUILT = {"building": OPAQUE}

MARKED = ("done", "impossible")

PLACED = {**BUILT, "place": "address"}

ZIP_TOLD = {**BUILT, "zip_note": "phrase"}

ZIP_NOTES: Phrases = {"address.retired_zip": {}}

ZIP_KNOWN = ("place", "mended", "same_street", "other_streets", "no_streets", "military")

UNITS = {"units": Items({"unit": "digits"}, MOST_AT_ONCE)}

CITIES = {"cities": Items({"city": "text"}, MOST_AT_ONCE)}

OTHERS: Phrases = {"address.more_units": {}, "address.more_cities": {}}
"""The prompts that follow a page of choices when there are others."""

UNITS_TOLD = {"units": LIST, "others": "phrase"}

CITIES_TOLD = {"cities": LIST, "others": "phrase"}

MOST_MATCHES = 12
"""How many matching streets are kept; a caller who wants none of them is asked for more letters."""

_ROUTE_WITHOUT_BOX = re.compile(rf"({'|'.join(get_args(BoxKind))}) \d+")

FRACTIONS = {"half": "1/2", "quarter": "1/4", "three_quarters": "3/4"}


@action("begun", writes=ZIP_TOLD, phrases={"zip_note": ZIP_NOTES})
def begin_address(_: Context) -> Done:
    """Begin a new, empty address."""
    return done("begun", building=Building(), zip_note=())


@action("begun", "none", on={"begun": {**ZIP_TOLD, "address_for": OPAQUE}}, phrases={"zip_note": ZIP_NOTES})
def begun_address(
    _: Context, building: Building | None = None, address_for: Literal["order", "always"] = "order"
) -> Done:
    """Go on with the address that was being keyed when an earlier call was dropped."""
    if building is None:
        return done("none")
    return done("begun", building=building, address_for=address_for, zip_note=())


@action("left", forgets=("building",))
def leave_begun_address(_: Context) -> Done:
    """Leave what was keyed of an address, in favor of the one on file."""
    return done("left")


GOES_ON_AT = ("house", "street", "spell", "military", "whole")


@action("zip", *GOES_ON_AT, writes=BUILT, on=dict.fromkeys(GOES_ON_AT, PLACED))
def go_on_keying(context: Context, building: Building) -> Done:
    """Go on at the question where the keying stopped, or else at the nearest one before it."""
    if not (building.city and building.state):
        return done("zip", building=Building())
    if _ROUTE_WITHOUT_BOX.fullmatch(building.street):
        building = building.on_another_street()
    return done(_goes_on_at(context, building), building=building, place=building.place)


def _goes_on_at(context: Context, building: Building) -> str:
    if building.street or building.letters:
        return "whole"
    if (place := place_of(building.zip)) and place.military:
        return "military"
    if not building.house:
        return "house"
    return "street" if has_streets(context.connection, building.zip) else "spell"


# ZIP and house number


@action(*(*ZIP_KNOWN, "unknown"), writes=ZIP_TOLD, on=dict.fromkeys(ZIP_KNOWN, PLACED), phrases={"zip_note": ZIP_NOTES})
def take_zip(context: Context, building: Building, keyed_zip: Annotated[str, keyed.ZIP]) -> Done:
    """Take the ZIP code. If the caller only changes that, the rest stays if the same street exists there."""
    old_building, place = building, place_of(keyed_zip)
    building = replace(old_building.with_keys(keyed_zip), zip=keyed_zip, urbanization="")
    if place is None:
        return done("unknown", building=replace(building, city="", state=""), zip_note=())
    outcome, building = _move_to_zip(
        context, old_building, replace(building, city=place.city, state=place.state), place
    )
    zip_note = (phrase("address.retired_zip"),) if place.retired else ()
    return done(outcome, building=building, place=building.place, zip_note=zip_note)


def _move_to_zip(context: Context, old_building: Building, building: Building, place: ZipPlace) -> tuple[str, Building]:
    """Return the outcome for an address with another ZIP code, and what is left of the address."""
    if place.military:
        return "military", replace(building.on_another_street(), house="")
    if (old_place := place_of(old_building.zip)) and old_place.military:
        building = building.on_another_street()
    if not (building.letters or building.street):
        return "place", building
    if building.zip == old_building.zip or building.street or not building.matches:
        return "mended", building
    streets, house = streets_of(context.connection, building.zip), building.house_digits
    offered_names = {take_apart(match.name, old_building.state).whole for match in building.offered}
    matching_streets = (*rank(streets, building.letters, house), *rank_near(streets, building.letters, house))
    if same_street := _matches(
        building, streets, (street for street in matching_streets if street.words.whole in offered_names)
    ):
        return "same_street", replace(building, matches=same_street, first=0)
    return "other_streets" if streets else "no_streets", building.on_another_street()


@action(
    *("taken", "mended", "no_streets", "zip", "again", "no_number"),
    on={"taken": BUILT, "mended": BUILT, "no_streets": BUILT},
)
def take_house(context: Context, building: Building, keyed_house: Annotated[str, keyed.HOUSE_NUMBER]) -> Done:
    """Take the house number. Star alone goes back to the ZIP code; star after digits starts the number over."""
    if "*" in keyed_house:
        return done("zip" if keyed_house.startswith("*") else "again")
    if keyed_house.startswith("0"):
        return done("no_number")
    building = replace(building.with_keys(keyed_house), house=keyed_house)
    if building.letters or (building.street and not building.checked):
        return done("mended", building=building)
    streets = has_streets(context.connection, building.zip)
    return done("taken" if streets else "no_streets", building=replace(building, street=""))


@action(*MARKED, on={"done": BUILT})
def add_house_letter(
    _: Context,
    building: Building,
    keyed_letter: Annotated[str, keyed.HOUSE_MARK],
    letter_place: Literal["in_front", "behind"],
) -> Done:
    """Add a letter to the house number, in front (W3456) or behind (74B), keyed as its key and its place on the key."""
    letter, digits = unspell(keyed_letter) or "", building.digits
    house = f"{letter}{digits}" if letter_place == "in_front" else f"{digits}{letter}"
    return _marked(building.with_keys(keyed_letter), letter.isalpha(), house)


@action(*MARKED, on={"done": BUILT})
def add_house_dash(_: Context, building: Building, keyed_dash: Annotated[str, keyed.HOUSE_MARK]) -> Done:
    """Put a dash into the house number, after as many digits as were keyed."""
    digits, position = building.digits, int(keyed_dash)
    return _marked(
        building.with_keys(keyed_dash), 0 < position < len(digits), f"{digits[:position]}-{digits[position:]}"
    )


@action(*MARKED, on={"done": BUILT})
def add_house_fraction(_: Context, building: Building, fraction: Literal["half", "quarter", "three_quarters"]) -> Done:
    """Add a half or a quarter to the house number."""
    return _marked(building, True, f"{building.digits} {FRACTIONS[fraction]}")


def _marked(building: Building, fits: bool, house: str) -> Done:
    if not fits or not building.digits:
        return done("impossible")
    return done("done", building=replace(building, house=house))


# The street


@action("found", "nothing", writes=BUILT)
def find_street(context: Context, building: Building, keyed_street: Annotated[str, keyed.STREET_LETTERS]) -> Done:
    """Look up the streets that begin with the keyed letters."""
    return _look_up(context, replace(building.with_keys(keyed_street), letters=keyed_street, urbanization=""))


@action("found", "nothing", writes=BUILT)
def narrow_street(context: Context, building: Building, keyed_street: Annotated[str, keyed.STREET_LETTERS]) -> Done:
    """Narrow the streets by more letters: the next ones or, if those match nothing, the name from its beginning."""
    if building.street:  # a box, or one that was spelled: there is nothing to narrow
        return done("found", building=building)
    streets, house = streets_of(context.connection, building.zip), building.house_digits
    if building.is_one_name and (in_urbanization := _in_urbanization(building, streets, keyed_street)):
        return done("found", building=replace(building.with_keys(keyed_street), matches=in_urbanization, first=0))
    more_letters = building.letters + keyed_street
    letters = (
        more_letters if rank(streets, more_letters, house) or not rank(streets, keyed_street, house) else keyed_street
    )
    return _look_up(context, replace(building.with_keys(keyed_street), letters=letters))


def _in_urbanization(building: Building, streets: Sequence[StreetFacts], keyed: str) -> tuple[Match, ...]:
    """Return the streets, all of one name, whose urbanization begins with the keyed letters."""
    matching_streets = rank(streets, building.letters, building.house_digits)
    return _matches(
        building, streets, (street for street in matching_streets if _urbanization_begins(street.urbanization, keyed))
    )


def _urbanization_begins(urbanization: str | None, keyed: str) -> bool:
    """Return whether an urbanization begins with the keyed letters, with the word for its kind or without."""
    words = (urbanization or "").upper().split()
    full = [AREAS.get(word, word).upper() for word in words]
    return any(letters_to_keys("".join(spelling)).startswith(keyed) for spelling in (words, full, words[1:]))


@action("found", "nothing", writes=BUILT)
def look_again(context: Context, building: Building) -> Done:
    """Look the street up again after the ZIP code or house number changed; a box or a spelled street stays."""
    return done("found", building=building) if building.street else _look_up(context, building)


def _look_up(context: Context, building: Building) -> Done:
    streets, house = streets_of(context.connection, building.zip), building.house_digits
    matches = _matches(building, streets, rank(streets, building.letters, house)) or _near_matches(streets, building)
    kept_letters, _, _ = without_cards(building.letters).partition(
        DOT
    )  # a long name may happen to hold a card's number
    building = replace(building, matches=matches, first=0, street="", checked=True, letters=kept_letters)
    return done("found" if matches else "nothing", building=building)


def _near_matches(streets: tuple[StreetFacts, ...], building: Building) -> tuple[Match, ...]:
    matching_streets = rank_near(streets, building.letters, building.house_digits)
    return _matches(building, streets, matching_streets, near=True)


def _matches(
    building: Building, streets: Sequence[StreetFacts], matching_streets: Iterable[StreetFacts], *, near: bool = False
) -> tuple[Match, ...]:
    """Return the first of the matching streets, each with what is doubtful about the address on it."""
    house, place = building.house_digits, place_of(building.zip)
    return tuple(
        Match(
            street.name,
            outside=house is not None and street.has(house) is False,
            near=near,
            urbanization=street.urbanization or "",
            doubt=find_doubt(place, street, streets, building.digits) or "",
        )
        for street in islice(matching_streets, MOST_MATCHES)
    )


@action("found", "nothing", writes=BUILT)
def next_streets(context: Context, building: Building) -> Done:
    """Offer the next streets: the rest of those that match, then those whose letters differ by one press."""
    next_start, matches = building.next_start, building.matches
    if next_start >= len(matches) and matches and not matches[-1].near:
        matches += _near_matches(streets_of(context.connection, building.zip), building)
    if building.street or next_start >= len(matches):
        return done("nothing", building=replace(building, first=0))
    return done("found", building=replace(building, matches=matches, first=next_start))


@action("done", writes=BUILT)
def take_route(_: Context, building: Building, box_kind: BoxKind, keyed_route: Annotated[str, keyed.ROUTE]) -> Done:
    """Take the number before the box number: of a rural route or a military unit."""
    return done("done", building=replace(building.with_keys(keyed_route), street=f"{box_kind} {keyed_route}"))


@action("done", writes=BUILT)
def take_box(_: Context, building: Building, box_kind: BoxKind, keyed_box: Annotated[str, keyed.BOX]) -> Done:
    """Take the box number, for an address with a box instead of a house number."""
    building = building.with_keys(keyed_box)
    street = f"PO BOX {keyed_box}" if box_kind == "PO" else f"{building.street} BOX {keyed_box}"
    place = place_of(building.zip)
    is_in_use = place is not None and not place.retired
    building = replace(
        building, house="", unit="", unit_keys="", letters="", matches=(), street=street, checked=is_in_use
    )
    return done("done", building=building)


# A unit


@action(*("done", "several"), writes={**BUILT, **UNITS_TOLD}, items=UNITS, phrases={"others": OTHERS})
def take_unit(_: Context, building: Building, keyed_unit: Annotated[str, keyed.UNIT]) -> Done:
    """Take a unit, keyed with one press for each sign.

    A single press may be a digit or one of the letters on its key, so these are offered.
    """
    building, unit_readings = (
        replace(building.with_keys(keyed_unit), unit=keyed_unit, unit_keys=keyed_unit),
        readings_of_unit(keyed_unit),
    )
    is_ambiguous = len(keyed_unit) == 1 and len(unit_readings) > 1
    return done("several" if is_ambiguous else "done", building=building, **unit_page(unit_readings))


@action("listed", "none", writes=UNITS_TOLD, items=UNITS, phrases={"others": OTHERS})
def list_units(_: Context, building: Building) -> Done:
    """List what the keyed unit may be if there is a letter in it."""
    unit_readings = readings_of_unit(building.unit_keys)
    return done("listed" if unit_readings else "none", **unit_page(unit_readings))


@action("listed", writes=UNITS_TOLD, items=UNITS, phrases={"others": OTHERS})
def more_units(_: Context, building: Building, units: tuple[OfferedUnit, ...]) -> Done:
    """List the next units that may be meant."""
    return done("listed", **unit_page(readings_of_unit(building.unit_keys), units))


@action("done", writes=BUILT)
def use_unit(_: Context, building: Building, unit_choice: OfferedUnit) -> Done:
    """Use the chosen unit."""
    return done("done", building=replace(building, unit=unit_choice.unit))


@action("done", writes=BUILT)
def remove_unit(_: Context, building: Building) -> Done:
    """Go on without a unit."""
    return done("done", building=replace(building, unit="", unit_keys=""))


# The city and the urbanization


@action("it_may", "it_cannot")
def may_lie_in_urbanization(_: Context, building: Building) -> Done:
    """Return whether there are urbanizations where the address is, which only Puerto Rico has."""
    return done("it_may" if building.state == PUERTO_RICO else "it_cannot")


@action("some", "none", writes=CITIES_TOLD, items=CITIES, phrases={"others": OTHERS})
def list_cities(_: Context, building: Building) -> Done:
    """List the other city names that mail to this ZIP code may be addressed to."""
    names = _other_cities(building)
    return done("some" if names else "none", **city_page(names))


@action("some", writes=CITIES_TOLD, items=CITIES, phrases={"others": OTHERS})
def more_cities(_: Context, building: Building, cities: tuple[OfferedCity, ...]) -> Done:
    """List the next city names."""
    return done("some", **city_page(_other_cities(building), cities))


def _other_cities(building: Building) -> list[str]:
    place = place_of(building.zip)
    return [name for name in ((place.city, *place.other_cities) if place else ()) if name != building.city]


@action("done", writes=PLACED)
def use_city(_: Context, building: Building, city_choice: OfferedCity) -> Done:
    """Use the chosen city."""
    building = replace(building, city=city_choice.city)
    return done("done", building=building, place=building.place)
