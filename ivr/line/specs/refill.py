"""The basket, and the list of what can be refilled."""

from __future__ import annotations

from ivr.flow.definition import KEPT, ActionSpec
from ivr.line.specs import speech
from ivr.line.specs.spec import spec

SPECS: dict[str, ActionSpec] = {
    "begin_order": spec(
        "ready",
        "unpaid",
        reads=("member_id",),
        writes={"basket": KEPT},
        on={
            "unpaid": {
                "order_id": KEPT,
                "order_number": "digits",
                "total": "money",
                "amounts": "phrase",
                "placed": "phrase",
            }
        },
        phrases={"amounts": speech.AMOUNTS, "placed": speech.PLACED},
        tells={"unpaid": ("order_number", "total")},
    ),
    "count_refillable": spec(
        "some",
        "more",
        "none",
        "no_more",
        "no_prescriptions",
        reads=("member_id", "basket"),
        writes={"ready": "number", "listing": KEPT},
        tells={"some": ("ready",), "more": ("ready",)},
    ),
    "next_in_list": spec(
        "offer",
        "finished",
        reads=("member_id", "listing"),
        writes={"listing": KEPT},
        on={"offer": {"rx_number": KEPT, "what": "phrase", **speech.LINE}},
        tells={"offer": ("what", *speech.LINE)},
        phrases={"what": speech.MEDICINE},
    ),
    "add_all": spec(
        "added",
        "runs_out",
        "nothing",
        reads=("member_id", "basket"),
        writes={"basket": KEPT},
        on={"runs_out": {"supply_end": "phrase", "arrives_on": "date"}},
        tells={"runs_out": ("supply_end", "arrives_on")},
        phrases={"supply_end": {"refill.first_ends": {"day": "date"}, "refill.first_ended": {"day": "date"}}},
    ),
    "check_basket": spec("filled", "empty", reads=("basket",)),
}
