"""The caller accepts a new address."""

from __future__ import annotations

from ivr.flow.definition import LIST, ActionSpec, Items, Phrases
from ivr.line.specs.address import CHOSEN
from ivr.line.specs.spec import spec

AT_A_TIME = 3
"""Streets offered at once: more cannot be kept in mind."""

NOTES: Phrases = {
    "address.near": {},
    "address.outside": {"house": "address"},
    **{f"address.{name}": {} for name in ("unchecked", "unchecked_zip", "unchecked_urbanization", "unchecked_number")},
}

ALSO: Phrases = {
    f"address.{name}": {}
    for name in ("unit", "other_unit", "lettered_unit", "other_streets", "narrow", "narrow_urbanization", "mend")
}

MORE_PARTS: Phrases = {"address.mend_urbanization": {}}
"""What else can be changed about an address in Puerto Rico."""

SPECS: dict[str, ActionSpec] = {
    "offer_address": spec(
        "offered",
        reads=("building",),
        writes={"streets": LIST, "note": "phrase", "also": "phrase", "more_parts": "phrase"},
        items={"streets": Items({"address": "address"}, AT_A_TIME)},
        phrases={"note": NOTES, "also": ALSO, "more_parts": MORE_PARTS},
    ),
    "use_new_address": spec(
        *("chosen", "from_now_on", "to_be_checked"),
        reads=("building", "street_choice", "address_for"),
        takes={"address_for": ("order", "always")},
        writes=CHOSEN,
        forgets=("building", "streets", "street_choice"),
    ),
}
