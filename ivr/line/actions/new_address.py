"""A whole new address by keypad: each action takes one answer into the address that is being built.

It lies in one value, `building`, until the caller accepts it as it is read back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ivr.flow.call import Done
from ivr.keypad import unspell
from ivr.line.actions.address_building import Building, Match, page, readings
from ivr.line.actions.kinds import Action, Inside, item, items, text
from ivr.line.service import Context
from ivr.payment.cards import without_cards
from ivr.pharmacy.places import place_of
from ivr.pharmacy.streets import StreetFacts, has_streets, rank, rank_near, streets_of
from ivr.wording import Values

MOST_MATCHES = 12
"""Streets kept to be offered; who wants none of so many is asked for more letters."""

FRACTIONS = {"half": "1/2", "quarter": "1/4", "three_quarters": "3/4"}


def begin_address(_: Context, __: Values) -> Done:
    """Begin a new address, with nothing of an earlier one."""
    return _built("begun", Building())


def _built(outcome: str, building: Building, *forgets: str) -> Done:
    return Done(outcome, {"building": building.value}, forgets)


# ZIP and house number


def take_zip(_: Context, values: Values) -> Done:
    """Take the ZIP code; when only that was to be changed, what was keyed for the rest stands."""
    keyed = text(values, "keyed_zip")
    building, place = Building.of(values).keying(keyed), place_of(keyed)
    if place is None:
        return _built("unknown", replace(building, zip=keyed, city="", state=""), "keyed_zip")
    building = replace(building, zip=keyed, city=place.city, state=place.state)
    if place.military:
        building = replace(building, house="", letters="", matches=(), street="", unit="")
    outcome = "military" if place.military else "mended" if building.letters or building.street else "place"
    return Done(outcome, {"building": building.value, "place": building.place}, ("keyed_zip",))


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


def add_house_letter(_: Context, values: Values) -> Done:
    """Add a letter to the house number: its key and its place on the key."""
    building, keyed = Building.of(values), text(values, "keyed_letter")
    letter = unspell(keyed) or ""
    return _marked(building.keying(keyed), letter.isalpha(), f"{building.digits}{letter}", "keyed_letter")


def add_house_dash(_: Context, values: Values) -> Done:
    """Put a dash after so many digits of the house number."""
    building, keyed = Building.of(values), text(values, "keyed_dash")
    digits, at = building.digits, int(keyed)
    return _marked(building.keying(keyed), 0 < at < len(digits), f"{digits[:at]}-{digits[at:]}", "keyed_dash")


def add_house_fraction(_: Context, values: Values) -> Done:
    """Add a half or a quarter to the house number."""
    building, fraction = Building.of(values), FRACTIONS[text(values, "fraction")]
    return _marked(building, True, f"{building.digits} {fraction}")


def _marked(building: Building, fits: bool, house: str, *forgets: str) -> Done:
    if not fits or not building.digits:
        return Done("impossible", forgets=forgets)
    return _built("done", replace(building, house=house), *forgets)


# The street


def find_street(context: Context, values: Values) -> Done:
    """Look up the streets that begin with the letters keyed."""
    building, keyed = Building.of(values), text(values, "keyed_street")
    return _found(context, replace(building.keying(keyed), letters=without_cards(keyed)))


def narrow_street(context: Context, values: Values) -> Done:
    """Take more letters: those that come next or, when that fits nothing, the name from its beginning."""
    building, keyed = Building.of(values), text(values, "keyed_street")
    if building.street:  # a box, or one that was spelled: there is nothing to narrow
        return _built("found", building, "keyed_street")
    known, house = streets_of(context.connection, building.zip), building.house_digits
    longer = building.letters + keyed
    letters = longer if rank(known, longer, house) or not rank(known, keyed, house) else keyed
    return _found(context, replace(building.keying(keyed), letters=without_cards(letters)))


def look_again(context: Context, values: Values) -> Done:
    """Look the street up anew after the ZIP code or the house number was changed; a box or a spelled one stands."""
    building = Building.of(values)
    return Done("found", {"building": building.value}) if building.street else _found(context, building)


def _found(context: Context, building: Building) -> Done:
    known, house = streets_of(context.connection, building.zip), building.house_digits
    fitting = rank(known, building.letters, house)
    matches = _matches(fitting, house) or _near(known, building)
    building = replace(building, matches=matches[:MOST_MATCHES], first=0, street="", checked=True)
    return _built("found" if matches else "nothing", building, "keyed_street")


def _near(known: tuple[StreetFacts, ...], building: Building) -> tuple[Match, ...]:
    house = building.house_digits
    return _matches(rank_near(known, building.letters, house)[:MOST_MATCHES], house, near=True)


def _matches(streets: Iterable[StreetFacts], house: int | None, *, near: bool = False) -> tuple[Match, ...]:
    return tuple(Match(s.name, outside=house is not None and s.has(house) is False, near=near) for s in streets)


def next_streets(context: Context, values: Values) -> Done:
    """Go on to the streets that fit next best: the rest of those that fit, then those that do but for one press."""
    building = Building.of(values)
    following, matches = building.following, building.matches
    if following >= len(matches) and matches and not matches[-1].near:
        matches += _near(streets_of(context.connection, building.zip), building)
    if building.street or following >= len(matches):
        return _built("nothing", replace(building, first=0))
    return _built("found", replace(building, matches=matches, first=following))


def take_route(_: Context, values: Values) -> Done:
    """Take the number that stands before the box: of a rural route, a military unit."""
    keyed, kind = text(values, "keyed_route"), text(values, "box_kind")
    return _built("done", replace(Building.of(values).keying(keyed), street=f"{kind} {keyed}"), "keyed_route")


def take_box(_: Context, values: Values) -> Done:
    """Make up an address that has a box and no house number."""
    building, keyed = Building.of(values).keying(text(values, "keyed_box")), text(values, "keyed_box")
    street = f"PO BOX {keyed}" if text(values, "box_kind") == "PO" else f"{building.street} BOX {keyed}"
    known = place_of(building.zip) is not None
    building = replace(building, house="", unit="", unit_keys="", letters="", matches=(), street=street, checked=known)
    return _built("done", building, "keyed_box")


# A unit


def take_unit(_: Context, values: Values) -> Done:
    """Take a unit, one press a sign; a single press may be a digit or one of its letters, so these are offered."""
    keyed = text(values, "keyed_unit")
    building = replace(Building.of(values).keying(keyed), unit=keyed, unit_keys=keyed)
    several = len(keyed) == 1 and len(readings(keyed)) > 1
    told = {"building": building.value, **page("units", readings(keyed))}
    return Done("several" if several else "done", told, ("keyed_unit",))


def list_units(_: Context, values: Values) -> Done:
    """List what a unit may be when a letter is in it."""
    found = readings(Building.of(values).unit_keys)
    return Done("listed" if found else "none", page("units", found))


def more_units(_: Context, values: Values) -> Done:
    """List what else a unit may be."""
    return Done("listed", page("units", readings(Building.of(values).unit_keys), items(values, "units")))


def use_unit(_: Context, values: Values) -> Done:
    """Take the unit that was chosen."""
    return _built("done", replace(Building.of(values), unit=text(item(values, "unit_choice"), "unit")))


def remove_unit(_: Context, values: Values) -> Done:
    """Go on without a unit."""
    return _built("done", replace(Building.of(values), unit="", unit_keys=""))


# The city


def list_cities(_: Context, values: Values) -> Done:
    """List the other city names that mail to this ZIP code may carry."""
    names = _other_cities(Building.of(values))
    return Done("some" if names else "none", page("cities", names))


def more_cities(_: Context, values: Values) -> Done:
    """List further city names."""
    return Done("some", page("cities", _other_cities(Building.of(values)), items(values, "cities")))


def _other_cities(building: Building) -> list[str]:
    place = place_of(building.zip)
    return [name for name in ((place.city, *place.other_cities) if place else ()) if name != building.city]


def use_city(_: Context, values: Values) -> Done:
    """Take the city that was chosen."""
    building = replace(Building.of(values), city=text(item(values, "city_choice"), "city"))
    return Done("done", {"building": building.value, "place": building.place})


ACTIONS: dict[str, Action] = {
    "begin_address": Inside(begin_address),
    "take_zip": Inside(take_zip),
    "take_house": Inside(take_house),
    "add_house_letter": Inside(add_house_letter),
    "add_house_dash": Inside(add_house_dash),
    "add_house_fraction": Inside(add_house_fraction),
    "find_street": Inside(find_street),
    "narrow_street": Inside(narrow_street),
    "look_again": Inside(look_again),
    "next_streets": Inside(next_streets),
    "take_route": Inside(take_route),
    "take_box": Inside(take_box),
    "take_unit": Inside(take_unit),
    "list_units": Inside(list_units),
    "more_units": Inside(more_units),
    "use_unit": Inside(use_unit),
    "remove_unit": Inside(remove_unit),
    "list_cities": Inside(list_cities),
    "more_cities": Inside(more_cities),
    "use_city": Inside(use_city),
}
