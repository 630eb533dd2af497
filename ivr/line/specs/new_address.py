"""A whole new address by keypad."""

from __future__ import annotations

from ivr.flow.definition import KEPT, LIST, ActionSpec, Items
from ivr.line.specs.spec import spec

MOST_CHOICES = 8

BUILT = {"building": KEPT}

MARKED = ("done", "impossible")

PLACED = {**BUILT, "place": "address"}

UNITS = Items({"unit": "digits"}, MOST_CHOICES)

CITIES = Items({"city": "text"}, MOST_CHOICES)

SPECS: dict[str, ActionSpec] = {
    "begin_address": spec("begun", writes=BUILT),
    "take_zip": spec(
        *("place", "mended", "military", "unknown"),
        reads=("building", "keyed_zip"),
        writes=BUILT,
        on={"place": PLACED, "mended": PLACED, "military": PLACED},
        forgets=("keyed_zip",),
    ),
    "take_house": spec(
        *("taken", "mended", "no_streets", "zip", "again", "no_number"),
        reads=("building", "keyed_house"),
        on={"taken": BUILT, "mended": BUILT, "no_streets": BUILT},
        forgets=("keyed_house",),
    ),
    "add_house_letter": spec(
        *MARKED, reads=("building", "keyed_letter"), on={"done": BUILT}, forgets=("keyed_letter",)
    ),
    "add_house_dash": spec(*MARKED, reads=("building", "keyed_dash"), on={"done": BUILT}, forgets=("keyed_dash",)),
    "add_house_fraction": spec(*MARKED, reads=("building", "fraction"), on={"done": BUILT}),
    "find_street": spec(
        "found", "nothing", reads=("building", "keyed_street"), writes=BUILT, forgets=("keyed_street",)
    ),
    "narrow_street": spec(
        "found", "nothing", reads=("building", "keyed_street"), writes=BUILT, forgets=("keyed_street",)
    ),
    "look_again": spec("found", "nothing", reads=("building",), writes=BUILT),
    "next_streets": spec("found", "nothing", reads=("building",), writes=BUILT),
    "take_route": spec("done", reads=("building", "box_kind", "keyed_route"), writes=BUILT, forgets=("keyed_route",)),
    "take_box": spec("done", reads=("building", "box_kind", "keyed_box"), writes=BUILT, forgets=("keyed_box",)),
    "take_unit": spec(
        *("done", "several"),
        reads=("building", "keyed_unit"),
        writes={**BUILT, "units": LIST},
        items={"units": UNITS},
        forgets=("keyed_unit",),
    ),
    "list_units": spec("listed", "none", reads=("building",), writes={"units": LIST}, items={"units": UNITS}),
    "use_unit": spec("done", reads=("building", "unit_choice"), writes=BUILT),
    "remove_unit": spec("done", reads=("building",), writes=BUILT),
    "list_cities": spec("some", "none", reads=("building",), writes={"cities": LIST}, items={"cities": CITIES}),
    "use_city": spec("done", reads=("building", "city_choice"), writes=PLACED),
}
