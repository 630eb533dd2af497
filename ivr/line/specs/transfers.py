"""A transfer from another pharmacy."""

from __future__ import annotations

from ivr.flow.definition import ActionSpec
from ivr.line.specs.spec import spec

STATES = ("requested", "confirmed", "rejected")

DATES = {"since": "date", "by": "date"}

SAID = {"requested": ("since", "by"), "confirmed": ("since",), "rejected": ("since",)}

SPECS: dict[str, ActionSpec] = {
    "latest_transfer": spec("none", *STATES, reads=("member_id",), on=dict.fromkeys(STATES, DATES), tells=SAID),
}
