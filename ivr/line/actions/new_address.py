"""A whole new address by keypad: each action takes one answer into the address that is being built.

It lies in one value, `building`, until the caller accepts it as it is read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from ivr.flow.call import Done
from ivr.flow.definition import KEPT, LIST, MOST_AT_ONCE, Items, Phrases
from ivr.keypad import letters_to_keys, unspell
from ivr.line.action import action
from ivr.line.actions import keyed
from ivr.line.actions.address_building import Building, Match, page, readings
from ivr.line.actions.kinds import item, items, text
from ivr.line.service import Context
from ivr.payment.cards import without_cards
from ivr.pharmacy.doubts import doubt
from ivr.pharmacy.places import PUERTO_RICO, Place, place_of
from ivr.pharmacy.streets import StreetFacts, has_streets, rank, rank_near, streets_of
from ivr.postal.streets import take_apart
from ivr.prompts import phrase
from ivr.prompts.spoken import Value, Values
from ivr.prompts.spoken.urbanizations import AREAS
from ivr.secret import DOT

BUILT = {"building": KEPT}

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
def begin_address(_: Context, __: Values) -> Done:
    """Begin a new address, with nothing of an earlier one."""
    return Done("begun", {"building": Building().value, "zip_note": ()})


def _built(outcome: str, building: Building, *forgets: str) -> Done:
    return Done(outcome, {"building": building.value}, forgets)


# ZIP and house number


@action(
    *(*ZIP_KNOWN, "unknown"),
    reads=("building", "keyed_zip"),
    writes=ZIP_TOLD,
    on=dict.fromkeys(ZIP_KNOWN, PLACED),
    phrases={"zip_note": ZIP_NOTES},
    forgets=("keyed_zip",),
    answers={"keyed_zip": keyed.ZIP},
)
def take_zip(context: Context, values: Values) -> Done:
    """Take the ZIP code. When only that was to be changed, the rest stands where the very street is found again."""
    keyed, before = text(values, "keyed_zip"), Building.of(values)
    building, place = replace(before.keying(keyed), zip=keyed, urbanization=""), place_of(keyed)
    if place is None:
        built = replace(building, city="", state="")
        return Done("unknown", {"building": built.value, "zip_note": ()}, ("keyed_zip",))
    outcome, building = _moved(context, before, replace(building, city=place.city, state=place.state), place)
    told = {"building": building.value, "place": building.place, "zip_note": _zip_note(place)}
    return Done(outcome, told, ("keyed_zip",))


def _moved(context: Context, before: Building, building: Building, place: Place) -> tuple[str, Building]:
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


def _zip_note(place: Place) -> Value:
    return (phrase("address.retired_zip"),) if place.retired else ()


@action(
    *("taken", "mended", "no_streets", "zip", "again", "no_number"),
    reads=("building", "keyed_house"),
    on={"taken": BUILT, "mended": BUILT, "no_streets": BUILT},
    forgets=("keyed_house",),
    answers={"keyed_house": keyed.HOUSE_NUMBER},
)
def take_house(context: Context, values: Values) -> Done:
    """Take the house number. Star alone goes back to the ZIP code, star after digits begins the number anew."""
    keyed, building = text(values, "keyed_house"), Building.of(values)
    if "*" in keyed:
        return Done("zip" if keyed.startswith("*") else "again", forgets=("keyed_house",))
    if keyed.startswith("0"):
        return Done("no_number", forgets=("keyed_house",))
    building = replace(building.keying(keyed), house=keyed)
    if building.letters or (building.street and not building.checked):
        return _built("mended", building, "keyed_house")
    known = has_streets(context.connection, building.zip)
    return _built("taken" if known else "no_streets", replace(building, street=""), "keyed_house")


@action(
    *MARKED,
    reads=("building", "keyed_letter", "letter_place"),
    on={"done": BUILT},
    forgets=("keyed_letter",),
    answers={"keyed_letter": keyed.HOUSE_MARK},
    takes={"letter_place": ("in_front", "behind")},
)
def add_house_letter(_: Context, values: Values) -> Done:
    """Add a letter to the house number, in front (W3456) or behind (74B): its key and its place on the key."""
    building, keyed = Building.of(values), text(values, "keyed_letter")
    letter, digits = unspell(keyed) or "", building.digits
    house = f"{letter}{digits}" if values.get("letter_place") == "in_front" else f"{digits}{letter}"
    return _marked(building.keying(keyed), letter.isalpha(), house, "keyed_letter")


@action(
    *MARKED,
    reads=("building", "keyed_dash"),
    on={"done": BUILT},
    forgets=("keyed_dash",),
    answers={"keyed_dash": keyed.HOUSE_MARK},
)
def add_house_dash(_: Context, values: Values) -> Done:
    """Put a dash after so many digits of the house number."""
    building, keyed = Building.of(values), text(values, "keyed_dash")
    digits, at = building.digits, int(keyed)
    return _marked(building.keying(keyed), 0 < at < len(digits), f"{digits[:at]}-{digits[at:]}", "keyed_dash")


@action(
    *MARKED,
    reads=("building", "fraction"),
    on={"done": BUILT},
    takes={"fraction": ("half", "quarter", "three_quarters")},
)
def add_house_fraction(_: Context, values: Values) -> Done:
    """Add a half or a quarter to the house number."""
    building, fraction = Building.of(values), FRACTIONS[text(values, "fraction")]
    return _marked(building, True, f"{building.digits} {fraction}")


def _marked(building: Building, fits: bool, house: str, *forgets: str) -> Done:
    if not fits or not building.digits:
        return Done("impossible", forgets=forgets)
    return _built("done", replace(building, house=house), *forgets)


# The street


@action(
    "found",
    "nothing",
    reads=("building", "keyed_street"),
    writes=BUILT,
    forgets=("keyed_street",),
    answers={"keyed_street": keyed.STREET_LETTERS},
)
def find_street(context: Context, values: Values) -> Done:
    """Look up the streets that begin with the letters keyed."""
    building, keyed = Building.of(values), text(values, "keyed_street")
    return _found(context, replace(building.keying(keyed), letters=keyed, urbanization=""), "keyed_street")


@action(
    "found",
    "nothing",
    reads=("building", "keyed_street"),
    writes=BUILT,
    forgets=("keyed_street",),
    answers={"keyed_street": keyed.STREET_LETTERS},
)
def narrow_street(context: Context, values: Values) -> Done:
    """Take more letters: those that come next or, when that fits nothing, the name from its beginning."""
    building, keyed = Building.of(values), text(values, "keyed_street")
    if building.street:  # a box, or one that was spelled: there is nothing to narrow
        return _built("found", building, "keyed_street")
    known, house = streets_of(context.connection, building.zip), building.house_digits
    if building.alike and (lying := _in_urbanization(building, known, keyed)):
        return _built("found", replace(building.keying(keyed), matches=lying, first=0), "keyed_street")
    longer = building.letters + keyed
    letters = longer if rank(known, longer, house) or not rank(known, keyed, house) else keyed
    return _found(context, replace(building.keying(keyed), letters=letters), "keyed_street")


def _in_urbanization(building: Building, known: Sequence[StreetFacts], keyed: str) -> tuple[Match, ...]:
    """Return those streets of one name that lie in an urbanization that begins with the letters keyed."""
    fitting = rank(known, building.letters, building.house_digits)
    return _matches(building, known, (street for street in fitting if _begins(street.urbanization, keyed)))


def _begins(urbanization: str | None, keyed: str) -> bool:
    """Say whether an urbanization begins with the letters keyed, with the word for its kind or without."""
    words = (urbanization or "").upper().split()
    full = [AREAS.get(word, word).upper() for word in words]
    return any(letters_to_keys("".join(said)).startswith(keyed) for said in (words, full, words[1:]))


@action("found", "nothing", reads=("building",), writes=BUILT)
def look_again(context: Context, values: Values) -> Done:
    """Look the street up anew after the ZIP code or the house number was changed; a box or a spelled one stands."""
    building = Building.of(values)
    return Done("found", {"building": building.value}) if building.street else _found(context, building)


def _found(context: Context, building: Building, *forgets: str) -> Done:
    known, house = streets_of(context.connection, building.zip), building.house_digits
    matches = _matches(building, known, rank(known, building.letters, house)) or _near(known, building)
    kept, _, _ = without_cards(building.letters).partition(DOT)  # a long name may happen to hold a card's number
    building = replace(building, matches=matches, first=0, street="", checked=True, letters=kept)
    return _built("found" if matches else "nothing", building, *forgets)


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


@action("found", "nothing", reads=("building",), writes=BUILT)
def next_streets(context: Context, values: Values) -> Done:
    """Go on to the streets that fit next best: the rest of those that fit, then those that do but for one press."""
    building = Building.of(values)
    following, matches = building.following, building.matches
    if following >= len(matches) and matches and not matches[-1].near:
        matches += _near(streets_of(context.connection, building.zip), building)
    if building.street or following >= len(matches):
        return _built("nothing", replace(building, first=0))
    return _built("found", replace(building, matches=matches, first=following))


@action(
    "done",
    reads=("building", "box_kind", "keyed_route"),
    writes=BUILT,
    forgets=("keyed_route",),
    answers={"keyed_route": keyed.ROUTE},
    takes={"box_kind": ("RR", "HC", "PSC", "UNIT", "CMR")},
)
def take_route(_: Context, values: Values) -> Done:
    """Take the number that stands before the box: of a rural route, a military unit."""
    keyed, kind = text(values, "keyed_route"), text(values, "box_kind")
    return _built("done", replace(Building.of(values).keying(keyed), street=f"{kind} {keyed}"), "keyed_route")


@action(
    "done",
    reads=("building", "box_kind", "keyed_box"),
    writes=BUILT,
    forgets=("keyed_box",),
    answers={"keyed_box": keyed.BOX},
    takes={"box_kind": ("PO",)},
)
def take_box(_: Context, values: Values) -> Done:
    """Make up an address that has a box and no house number."""
    building, keyed = Building.of(values).keying(text(values, "keyed_box")), text(values, "keyed_box")
    street = f"PO BOX {keyed}" if text(values, "box_kind") == "PO" else f"{building.street} BOX {keyed}"
    place = place_of(building.zip)
    used = place is not None and not place.retired
    building = replace(building, house="", unit="", unit_keys="", letters="", matches=(), street=street, checked=used)
    return _built("done", building, "keyed_box")


# A unit


@action(
    *("done", "several"),
    reads=("building", "keyed_unit"),
    writes={**BUILT, **UNITS_TOLD},
    items=UNITS,
    phrases={"others": OTHERS},
    forgets=("keyed_unit",),
    answers={"keyed_unit": keyed.UNIT},
)
def take_unit(_: Context, values: Values) -> Done:
    """Take a unit, one press a sign; a single press may be a digit or one of its letters, so these are offered."""
    keyed = text(values, "keyed_unit")
    building = replace(Building.of(values).keying(keyed), unit=keyed, unit_keys=keyed)
    several = len(keyed) == 1 and len(readings(keyed)) > 1
    told = {"building": building.value, **page("units", readings(keyed))}
    return Done("several" if several else "done", told, ("keyed_unit",))


@action("listed", "none", reads=("building",), writes=UNITS_TOLD, items=UNITS, phrases={"others": OTHERS})
def list_units(_: Context, values: Values) -> Done:
    """List what a unit may be when a letter is in it."""
    found = readings(Building.of(values).unit_keys)
    return Done("listed" if found else "none", page("units", found))


@action("listed", reads=("building", "units"), writes=UNITS_TOLD, items=UNITS, phrases={"others": OTHERS})
def more_units(_: Context, values: Values) -> Done:
    """List what else a unit may be."""
    return Done("listed", page("units", readings(Building.of(values).unit_keys), items(values, "units")))


@action("done", reads=("building", "unit_choice"), writes=BUILT)
def use_unit(_: Context, values: Values) -> Done:
    """Take the unit that was chosen."""
    return _built("done", replace(Building.of(values), unit=text(item(values, "unit_choice"), "unit")))


@action("done", reads=("building",), writes=BUILT)
def remove_unit(_: Context, values: Values) -> Done:
    """Go on without a unit."""
    return _built("done", replace(Building.of(values), unit="", unit_keys=""))


# The city and the urbanization


@action("it_may", "it_cannot", reads=("building",))
def may_lie_in_urbanization(_: Context, values: Values) -> Done:
    """Say whether there are urbanizations where the address is."""
    return Done("it_may" if Building.of(values).state == PUERTO_RICO else "it_cannot")


@action("some", "none", reads=("building",), writes=CITIES_TOLD, items=CITIES, phrases={"others": OTHERS})
def list_cities(_: Context, values: Values) -> Done:
    """List the other city names that mail to this ZIP code may carry."""
    names = _other_cities(Building.of(values))
    return Done("some" if names else "none", page("cities", names))


@action("some", reads=("building", "cities"), writes=CITIES_TOLD, items=CITIES, phrases={"others": OTHERS})
def more_cities(_: Context, values: Values) -> Done:
    """List further city names."""
    return Done("some", page("cities", _other_cities(Building.of(values)), items(values, "cities")))


def _other_cities(building: Building) -> list[str]:
    place = place_of(building.zip)
    return [name for name in ((place.city, *place.other_cities) if place else ()) if name != building.city]


@action("done", reads=("building", "city_choice"), writes=PLACED)
def use_city(_: Context, values: Values) -> Done:
    """Take the city that was chosen."""
    building = replace(Building.of(values), city=text(item(values, "city_choice"), "city"))
    return Done("done", {"building": building.value, "place": building.place})
