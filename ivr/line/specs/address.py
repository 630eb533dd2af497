"""Where the order goes."""

from __future__ import annotations

from ivr.flow.definition import KEPT, ActionSpec
from ivr.line.specs.spec import spec

CHOSEN = {"address": "address", "address_id": KEPT, "new_address": KEPT, "address_held": KEPT}
"""What a call keeps of the address that the order goes to."""

KEPT_BY = ("new_mailing",)
"""What the caller says yes to who keeps a new mailing address without ordering."""

SPECS: dict[str, ActionSpec] = {
    "look_up_address": spec(
        *("on_file", "none"), reads=("member_id",), on={"on_file": CHOSEN}, tells={"on_file": ("address",)}
    ),
    "chosen_address": spec("new", "none", on={"new": CHOSEN}),
    "leave_order": spec(
        *("left", "address_dropped", "unkept"),
        reads=("member_id",),
        on={
            "left": {"new_address": KEPT},
            "address_dropped": {"new_address": KEPT},
            "unkept": {"new_mailing": "address"},
        },
    ),
    "keep_address": spec("kept", reads=("member_id",), writes={"new_address": KEPT}, facts=KEPT_BY),
    "drop_address": spec("dropped", writes={"new_address": KEPT}),
    "leave_mailing_address": spec("left", "none", writes={"new_address": KEPT}),
    "has_unkept_address": spec("unkept", "none"),
}
