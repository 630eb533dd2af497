"""A whole new address by keypad."""

from __future__ import annotations

from ivr.flow.definition import KEPT, LIST, ActionSpec, Items
from ivr.line.specs import answers
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
        answers={"keyed_zip": answers.ZIP},
    ),
    "take_house": spec(
        *("taken", "mended", "no_streets", "zip", "again", "no_number"),
        reads=("building", "keyed_house"),
        on={"taken": BUILT, "mended": BUILT, "no_streets": BUILT},
        forgets=("keyed_house",),
        answers={"keyed_house": answers.HOUSE_NUMBER},
    ),
    "add_house_letter": spec(
        *MARKED,
        reads=("building", "keyed_letter"),
        on={"done": BUILT},
        forgets=("keyed_letter",),
        answers={"keyed_letter": answers.HOUSE_MARK},
    ),
    "add_house_dash": spec(
        *MARKED,
        reads=("building", "keyed_dash"),
        on={"done": BUILT},
        forgets=("keyed_dash",),
        answers={"keyed_dash": answers.HOUSE_MARK},
    ),
    "add_house_fraction": spec(*MARKED, reads=("building", "fraction"), on={"done": BUILT}),
    "find_street": spec(
        "found",
        "nothing",
        reads=("building", "keyed_street"),
        writes=BUILT,
        forgets=("keyed_street",),
        answers={"keyed_street": answers.STREET_LETTERS},
    ),
    "narrow_street": spec(
        "found",
        "nothing",
        reads=("building", "keyed_street"),
        writes=BUILT,
        forgets=("keyed_street",),
        answers={"keyed_street": answers.STREET_LETTERS},
    ),
    "look_again": spec("found", "nothing", reads=("building",), writes=BUILT),
    "next_streets": spec("found", "nothing", reads=("building",), writes=BUILT),
    "take_route": spec(
        "done",
        reads=("building", "box_kind", "keyed_route"),
        writes=BUILT,
        forgets=("keyed_route",),
        answers={"keyed_route": answers.ROUTE},
    ),
    "take_box": spec(
        "done",
        reads=("building", "box_kind", "keyed_box"),
        writes=BUILT,
        forgets=("keyed_box",),
        answers={"keyed_box": answers.BOX},
    ),
    "take_unit": spec(
        *("done", "several"),
        reads=("building", "keyed_unit"),
        writes={**BUILT, "units": LIST},
        items={"units": UNITS},
        forgets=("keyed_unit",),
        answers={"keyed_unit": answers.UNIT},
    ),
    "list_units": spec("listed", "none", reads=("building",), writes={"units": LIST}, items={"units": UNITS}),
    "use_unit": spec("done", reads=("building", "unit_choice"), writes=BUILT),
    "remove_unit": spec("done", reads=("building",), writes=BUILT),
    "list_cities": spec("some", "none", reads=("building",), writes={"cities": LIST}, items={"cities": CITIES}),
    "use_city": spec("done", reads=("building", "city_choice"), writes=PLACED),
}
