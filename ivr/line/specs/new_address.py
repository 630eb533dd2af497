"""A whole new address by keypad."""

from __future__ import annotations

from ivr.flow.definition import KEPT, LIST, MOST_AT_ONCE, ActionSpec, Items, Phrases
from ivr.line.specs import answers
from ivr.line.specs.spec import spec

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

SPECS: dict[str, ActionSpec] = {
    "begin_address": spec("begun", writes=ZIP_TOLD, phrases={"zip_note": ZIP_NOTES}),
    "take_zip": spec(
        *(*ZIP_KNOWN, "unknown"),
        reads=("building", "keyed_zip"),
        writes=ZIP_TOLD,
        on=dict.fromkeys(ZIP_KNOWN, PLACED),
        phrases={"zip_note": ZIP_NOTES},
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
        reads=("building", "keyed_letter", "letter_place"),
        on={"done": BUILT},
        forgets=("keyed_letter",),
        answers={"keyed_letter": answers.HOUSE_MARK},
        takes={"letter_place": ("in_front", "behind")},
    ),
    "add_house_dash": spec(
        *MARKED,
        reads=("building", "keyed_dash"),
        on={"done": BUILT},
        forgets=("keyed_dash",),
        answers={"keyed_dash": answers.HOUSE_MARK},
    ),
    "add_house_fraction": spec(
        *MARKED,
        reads=("building", "fraction"),
        on={"done": BUILT},
        takes={"fraction": ("half", "quarter", "three_quarters")},
    ),
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
        takes={"box_kind": ("RR", "HC", "PSC", "UNIT", "CMR")},
    ),
    "take_box": spec(
        "done",
        reads=("building", "box_kind", "keyed_box"),
        writes=BUILT,
        forgets=("keyed_box",),
        answers={"keyed_box": answers.BOX},
        takes={"box_kind": ("PO",)},
    ),
    "take_unit": spec(
        *("done", "several"),
        reads=("building", "keyed_unit"),
        writes={**BUILT, **UNITS_TOLD},
        items=UNITS,
        phrases={"others": OTHERS},
        forgets=("keyed_unit",),
        answers={"keyed_unit": answers.UNIT},
    ),
    "list_units": spec(
        "listed", "none", reads=("building",), writes=UNITS_TOLD, items=UNITS, phrases={"others": OTHERS}
    ),
    "more_units": spec(
        "listed", reads=("building", "units"), writes=UNITS_TOLD, items=UNITS, phrases={"others": OTHERS}
    ),
    "use_unit": spec("done", reads=("building", "unit_choice"), writes=BUILT),
    "remove_unit": spec("done", reads=("building",), writes=BUILT),
    "may_lie_in_urbanization": spec("it_may", "it_cannot", reads=("building",)),
    "list_cities": spec(
        "some", "none", reads=("building",), writes=CITIES_TOLD, items=CITIES, phrases={"others": OTHERS}
    ),
    "more_cities": spec(
        "some", reads=("building", "cities"), writes=CITIES_TOLD, items=CITIES, phrases={"others": OTHERS}
    ),
    "use_city": spec("done", reads=("building", "city_choice"), writes=PLACED),
}
