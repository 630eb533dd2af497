"""The caller proves to hold a bottle, and accepts a new address."""

from __future__ import annotations

from ivr.flow.definition import KEPT, LIST, ActionSpec, Items, Phrases
from ivr.line.specs import answers
from ivr.line.specs.spec import spec

AT_A_TIME = 3
"""Streets offered at once: more cannot be kept in mind."""

NOTES: Phrases = {"address.unchecked": {}, "address.near": {}, "address.outside": {"house": "address"}}

ALSO: Phrases = {
    f"address.{name}": {} for name in ("unit", "other_unit", "lettered_unit", "other_streets", "narrow", "mend")
}

SPECS: dict[str, ActionSpec] = {
    "third_proof": spec("proved", "unproved", "locked", reads=("member_id",)),
    "check_third_proof": spec(
        *("proved", "wrong", "locked"),
        reads=("member_id", "keyed_proof"),
        answers={"keyed_proof": answers.PROOF},
        on={"proved": {"proved": KEPT}},
        forgets=("keyed_proof",),
    ),
    "offer_address": spec(
        "offered",
        reads=("building",),
        writes={"streets": LIST, "note": "phrase", "also": "phrase"},
        items={"streets": Items({"address": "address"}, AT_A_TIME)},
        phrases={"note": NOTES, "also": ALSO},
    ),
    "use_new_address": spec(
        *("chosen", "changed", "to_be_checked"),
        reads=("member_id", "building", "street_choice", "address_for"),
        writes={"address_id": KEPT, "address": "address", "address_held": KEPT},
        forgets=("building", "streets", "street_choice"),
    ),
}
