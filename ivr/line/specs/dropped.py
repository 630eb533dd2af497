"""An order that was being made when a call dropped."""

from __future__ import annotations

from ivr.flow.definition import KEPT, ActionSpec
from ivr.line.specs.spec import spec

SPECS: dict[str, ActionSpec] = {
    "find_dropped_order": spec(
        "dropped",
        "none",
        reads=("member_id",),
        tells={"dropped": ("count",)},
        on={"dropped": {"dropped": KEPT, "count": "number", "dropped_asked": KEPT}},
    ),
    "take_up_order": spec("taken_up", reads=("dropped",), writes={"basket": KEPT}, forgets=("dropped",)),
}
