"""A whole new address by keypad: each action takes one answer into the address that is being built.

It lies in one value, `building`, until the caller accepts it as it is read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Annotated, Literal

from ivr.flow.call import Done
from ivr.flow.definition import LIST, MOST_AT_ONCE, OPAQUE, Items, Phrases
from ivr.keypad import letters_to_keys, unspell
from ivr.line.action import action, done
from ivr.line.actions import keyed
from ivr.line.actions.address_building import Building, Match, city_page, readings, unit_page
from ivr.line.service import Context
from ivr.line.values import OfferedCity, OfferedUnit
from ivr.payment.cards import without_cards
from ivr.pharmacy.places import PUERTO_RICO, ZipPlace, place_of
from ivr.pharmacy.streets import StreetFacts, has_streets, rank, rank_near, streets_of
from ivr.pharmacy.unverified import doubt
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
"""Said after a page of choices when there are others."""

UNITS_TOLD = {"units": LIST, "others": "phrase"}

CITIES_TOLD = {"cities": LIST, "others": "phrase"}

MOST_MATCHES = 12
"""Streets kept to be offered; who wants none of so many is asked for more letters."""

FRACTIONS = {"half": "1/2", "quarter": "1/4", "three_quarters": "3/4"}


@action("begun", writes=ZIP_TOLD, phrases={"zip_note": ZIP_NOTES})
def begin_address(_: Context) -> Done:
    """Begin a new address, with nothing of an earlier one."""
    return done("begun", building=Building(), zip_note=())


# ZIP and house number


@action(*(*ZIP_KNOWN, "unknown"), writes=ZIP_TOLD, on=dict.fromkeys(ZIP_KNOWN, PLACED), phrases={"zip_note": ZIP_NOTES})
def take_zip(context: Context, building: Building, keyed_zip: Annotated[str, keyed.ZIP]) -> Done:
    """Take the ZIP code. When only that was to be changed, the rest stands where the very street is found again."""
    before, place = building, place_of(keyed_zip)
    building = replace(before.keying(keyed_zip), zip=keyed_zip, urbanization="")
    if place is None:
        return done("unknown", building=replace(building, city="", state=""), zip_note=())
    outcome, building = _moved(context, before, replace(building, city=place.city, state=place.state), place)
    zip_note = (phrase("address.retired_zip"),) if place.retired else ()
    return done(outcome, building=building, place=building.place, zip_note=zip_note)


def _moved(context: Context, before: Building, building: Building, place: ZipPlace) -> tuple[str, Building]:
    """Return what is left of an address in another ZIP code, and how it goes on there."""
    if place.military:
        return "military", replace(building.on_another_street(), house="")
    if (left := place_of(before.zip)) and left.military:
        building = building.on_another_street()
    if not (building.letters or building.street):
        return "place", building
    if building.zip == before.zip or building.street or not building.matches:
        return "mended", building
    known, house = streets_of(context.connection, building.zip), building.house_digits
    names = {take_apart(match.name, before.state).whole for match in building.offered}
    fitting = (*rank(known, building.letters, house), *rank_near(known, building.letters, house))
    if same := _matches(building, known, (street for street in fitting if street.words.whole in names)):
        return "same_street", replace(building, matches=same, first=0)
    return "other_streets" if known else "no_streets", building.on_another_street()


@action(
    *("taken", "mended", "no_streets", "zip", "again", "no_number"),
    on={"taken": BUILT, "mended": BUILT, "no_streets": BUILT},
)
def take_house(context: Context, building: Building, keyed_house: Annotated[str, keyed.HOUSE_NUMBER]) -> Done:
    """Take the house number. Star alone goes back to the ZIP code, star after digits begins the number anew."""
    if "*" in keyed_house:
        return done("zip" if keyed_house.startswith("*") else "again")
    if keyed_house.startswith("0"):
        return done("no_number")
    building = replace(building.keying(keyed_house), house=keyed_house)
    if building.letters or (building.street and not building.checked):
        return done("mended", building=building)
    known = has_streets(context.connection, building.zip)
    return done("taken" if known else "no_streets", building=replace(building, street=""))


@action(*MARKED, on={"done": BUILT})
def add_house_letter(
    _: Context,
    building: Building,
    keyed_letter: Annotated[str, keyed.HOUSE_MARK],
    letter_place: Literal["in_front", "behind"],
) -> Done:
    """Add a letter to the house number, in front (W3456) or behind (74B): its key and its place on the key."""
    letter, digits = unspell(keyed_letter) or "", building.digits
    house = f"{letter}{digits}" if letter_place == "in_front" else f"{digits}{letter}"
    return _marked(building.keying(keyed_letter), letter.isalpha(), house)


@action(*MARKED, on={"done": BUILT})
def add_house_dash(_: Context, building: Building, keyed_dash: Annotated[str, keyed.HOUSE_MARK]) -> Done:
    """Put a dash after so many digits of the house number."""
    digits, at = building.digits, int(keyed_dash)
    return _marked(building.keying(keyed_dash), 0 < at < len(digits), f"{digits[:at]}-{digits[at:]}")


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
    """Look up the streets that begin with the letters keyed."""
    return _found(context, replace(building.keying(keyed_street), letters=keyed_street, urbanization=""))


@action("found", "nothing", writes=BUILT)
def narrow_street(context: Context, building: Building, keyed_street: Annotated[str, keyed.STREET_LETTERS]) -> Done:
    """Take more letters: those that come next or, when that fits nothing, the name from its beginning."""
    if building.street:  # a box, or one that was spelled: there is nothing to narrow
        return done("found", building=building)
    known, house = streets_of(context.connection, building.zip), building.house_digits
    if building.alike and (lying := _in_urbanization(building, known, keyed_street)):
        return done("found", building=replace(building.keying(keyed_street), matches=lying, first=0))
    longer = building.letters + keyed_street
    letters = longer if rank(known, longer, house) or not rank(known, keyed_street, house) else keyed_street
    return _found(context, replace(building.keying(keyed_street), letters=letters))


def _in_urbanization(building: Building, known: Sequence[StreetFacts], keyed: str) -> tuple[Match, ...]:
    """Return those streets of one name that lie in an urbanization that begins with the letters keyed."""
    fitting = rank(known, building.letters, building.house_digits)
    return _matches(building, known, (street for street in fitting if _begins(street.urbanization, keyed)))


def _begins(urbanization: str | None, keyed: str) -> bool:
    """Say whether an urbanization begins with the letters keyed, with the word for its kind or without."""
    words = (urbanization or "").upper().split()
    full = [AREAS.get(word, word).upper() for word in words]
    return any(letters_to_keys("".join(said)).startswith(keyed) for said in (words, full, words[1:]))


@action("found", "nothing", writes=BUILT)
def look_again(context: Context, building: Building) -> Done:
    """Look the street up anew after the ZIP code or the house number was changed; a box or a spelled one stands."""
    return done("found", building=building) if building.street else _found(context, building)


def _found(context: Context, building: Building) -> Done:
    known, house = streets_of(context.connection, building.zip), building.house_digits
    matches = _matches(building, known, rank(known, building.letters, house)) or _near(known, building)
    kept, _, _ = without_cards(building.letters).partition(DOT)  # a long name may happen to hold a card's number
    building = replace(building, matches=matches, first=0, street="", checked=True, letters=kept)
    return done("found" if matches else "nothing", building=building)


def _near(known: tuple[StreetFacts, ...], building: Building) -> tuple[Match, ...]:
    fitting = rank_near(known, building.letters, building.house_digits)
    return _matches(building, known, fitting, near=True)


def _matches(
    building: Building, known: Sequence[StreetFacts], fitting: Iterable[StreetFacts], *, near: bool = False
) -> tuple[Match, ...]:
    """Return the first of the streets that fit, each with what is doubtful about it."""
    house, place = building.house_digits, place_of(building.zip)
    return tuple(
        Match(
            street.name,
            outside=house is not None and street.has(house) is False,
            near=near,
            urbanization=street.urbanization or "",
            doubt=doubt(place, street, known, building.digits) or "",
        )
        for street in islice(fitting, MOST_MATCHES)
    )


@action("found", "nothing", writes=BUILT)
def next_streets(context: Context, building: Building) -> Done:
    """Go on to the streets that fit next best: the rest of those that fit, then those that do but for one press."""
    following, matches = building.following, building.matches
    if following >= len(matches) and matches and not matches[-1].near:
        matches += _near(streets_of(context.connection, building.zip), building)
    if building.street or following >= len(matches):
        return done("nothing", building=replace(building, first=0))
    return done("found", building=replace(building, matches=matches, first=following))


@action("done", writes=BUILT)
def take_route(_: Context, building: Building, box_kind: BoxKind, keyed_route: Annotated[str, keyed.ROUTE]) -> Done:
    """Take the number that stands before the box: of a rural route, a military unit."""
    return done("done", building=replace(building.keying(keyed_route), street=f"{box_kind} {keyed_route}"))


@action("done", writes=BUILT)
def take_box(_: Context, building: Building, box_kind: BoxKind, keyed_box: Annotated[str, keyed.BOX]) -> Done:
    """Make up an address that has a box and no house number."""
    building = building.keying(keyed_box)
    street = f"PO BOX {keyed_box}" if box_kind == "PO" else f"{building.street} BOX {keyed_box}"
    place = place_of(building.zip)
    used = place is not None and not place.retired
    building = replace(building, house="", unit="", unit_keys="", letters="", matches=(), street=street, checked=used)
    return done("done", building=building)


# A unit


@action(*("done", "several"), writes={**BUILT, **UNITS_TOLD}, items=UNITS, phrases={"others": OTHERS})
def take_unit(_: Context, building: Building, keyed_unit: Annotated[str, keyed.UNIT]) -> Done:
    """Take a unit, one press a sign; a single press may be a digit or one of its letters, so these are offered."""
    building, read = replace(building.keying(keyed_unit), unit=keyed_unit, unit_keys=keyed_unit), readings(keyed_unit)
    several = len(keyed_unit) == 1 and len(read) > 1
    return done("several" if several else "done", building=building, **unit_page(read))


@action("listed", "none", writes=UNITS_TOLD, items=UNITS, phrases={"others": OTHERS})
def list_units(_: Context, building: Building) -> Done:
    """List what a unit may be when a letter is in it."""
    found = readings(building.unit_keys)
    return done("listed" if found else "none", **unit_page(found))


@action("listed", writes=UNITS_TOLD, items=UNITS, phrases={"others": OTHERS})
def more_units(_: Context, building: Building, units: tuple[OfferedUnit, ...]) -> Done:
    """List what else a unit may be."""
    return done("listed", **unit_page(readings(building.unit_keys), units))


@action("done", writes=BUILT)
def use_unit(_: Context, building: Building, unit_choice: OfferedUnit) -> Done:
    """Take the unit that was chosen."""
    return done("done", building=replace(building, unit=unit_choice.unit))


@action("done", writes=BUILT)
def remove_unit(_: Context, building: Building) -> Done:
    """Go on without a unit."""
    return done("done", building=replace(building, unit="", unit_keys=""))


# The city and the urbanization


@action("it_may", "it_cannot")
def may_lie_in_urbanization(_: Context, building: Building) -> Done:
    """Say whether there are urbanizations where the address is."""
    return done("it_may" if building.state == PUERTO_RICO else "it_cannot")


@action("some", "none", writes=CITIES_TOLD, items=CITIES, phrases={"others": OTHERS})
def list_cities(_: Context, building: Building) -> Done:
    """List the other city names that mail to this ZIP code may carry."""
    names = _other_cities(building)
    return done("some" if names else "none", **city_page(names))


@action("some", writes=CITIES_TOLD, items=CITIES, phrases={"others": OTHERS})
def more_cities(_: Context, building: Building, cities: tuple[OfferedCity, ...]) -> Done:
    """List further city names."""
    return done("some", **city_page(_other_cities(building), cities))


def _other_cities(building: Building) -> list[str]:
    place = place_of(building.zip)
    return [name for name in ((place.city, *place.other_cities) if place else ()) if name != building.city]


@action("done", writes=PLACED)
def use_city(_: Context, building: Building, city_choice: OfferedCity) -> Done:
    """Take the city that was chosen."""
    building = replace(building, city=city_choice.city)
    return done("done", building=building, place=building.place)
