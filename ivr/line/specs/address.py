"""The address on file."""

from __future__ import annotations

from ivr.flow.definition import KEPT, ActionSpec
from ivr.line.specs.spec import spec

SPECS: dict[str, ActionSpec] = {
    "look_up_address": spec(
        "on_file",
        "none",
        reads=("member_id",),
        on={"on_file": {"address": "address", "address_id": KEPT, "new_address": KEPT, "address_held": KEPT}},
        tells={"on_file": ("address",)},
    ),
    "leave_order": spec("left", "address_dropped", writes={"new_address": KEPT}),
}
