"""An order that was placed."""

from __future__ import annotations

from ivr.flow.definition import ActionSpec
from ivr.line.specs import answers, speech
from ivr.line.specs.spec import spec

TOLD = {"order_number": "digits", "order_state": "phrase", "total": "money", "count": "number"}

SAID = ("order_number", "order_state", "count")

PHRASES = {"order_state": speech.ORDER_STATES}

SPECS: dict[str, ActionSpec] = {
    "latest_order": spec(
        "found", "none", reads=("member_id",), on={"found": TOLD}, phrases=PHRASES, tells={"found": SAID}
    ),
    "find_order": spec(
        *("found", "not_found"),
        reads=("member_id", "keyed_order"),
        forgets=("keyed_order",),
        answers={"keyed_order": answers.ORDER_NUMBER},
        on={"found": TOLD},
        phrases=PHRASES,
        tells={"found": SAID},
    ),
}
