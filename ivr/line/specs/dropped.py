"""An order that was being made when a call dropped."""

from __future__ import annotations

from ivr.flow.definition import KEPT, ActionSpec
from ivr.line.specs.address import CHOSEN
from ivr.line.specs.spec import spec

DROPPED = ("dropped", "dropped_address")
"""What is kept of the call before until the caller says whether to go on with it."""

SPECS: dict[str, ActionSpec] = {
    "find_dropped_order": spec(
        "dropped",
        "none",
        reads=("member_id",),
        tells={"dropped": ("count",)},
        on={"dropped": {"dropped": KEPT, "count": "number", "dropped_asked": KEPT, "dropped_address": KEPT}},
    ),
    "take_up_order": spec(
        *("taken_up", "with_address"),
        reads=("dropped",),
        writes={"basket": KEPT},
        on={"with_address": {"unproved_address": KEPT}},
        forgets=DROPPED,
    ),
    "take_up_address": spec(
        "taken_up", "to_be_checked", reads=("unproved_address",), writes=CHOSEN, forgets=("unproved_address",)
    ),
}
