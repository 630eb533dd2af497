"""What is in the basket is said back and ordered."""

from __future__ import annotations

from ivr.flow.definition import KEPT, ActionSpec
from ivr.line.specs import speech
from ivr.line.specs.spec import spec

ORDERED = {
    "order_id": KEPT,
    "order_number": "digits",
    "arrives_on": "date",
    "placed": "phrase",
    "later_orders": "phrase",
    "address_note": "phrase",
    "basket": KEPT,
    "address_id": KEPT,
    "new_address": KEPT,
}

FACTS = ("lines", "ship_to", "amounts", "paying", "supply_notes")
"""What an order is confirmed by: the prescriptions, the address, what is charged to which card, and what comes late."""

SHIP_TO = ("order.ship_to", "order.ship_to_from_now_on", "order.ship_to_once_checked")

SPECS: dict[str, ActionSpec] = {
    "say_back": spec(
        "said",
        "changed",
        reads=("member_id", "basket", "card", "keep_card", "address", "address_id", "address_held", "new_address"),
        on={"said": {**dict.fromkeys(FACTS, "phrase"), "basket": KEPT, "count": "number"}},
        phrases={
            "lines": speech.LINES,
            "ship_to": {name: {"address": "address"} for name in SHIP_TO},
            "what": speech.MEDICINE,
            "amounts": speech.AMOUNTS,
            "paying": speech.PAYING,
            "supply_notes": speech.SUPPLY_NOTES,
            "card": speech.CARDS,
        },
    ),
    "place_order": spec(
        "pending",
        "placed",
        "taken",
        "all_taken",
        "changed",
        reads=("member_id", "basket", "address_id", "new_address", "address_held", "card", "keep_card"),
        takes={"keep_card": ("yes", "no")},
        on={
            "pending": ORDERED,
            "placed": ORDERED,
            "taken": {"what": "phrase", "basket": KEPT},
            "all_taken": {"what": "phrase", "basket": KEPT},
        },
        phrases={
            "placed": speech.PLACED,
            "address_note": {"address.changed": {}},
            "later_orders": speech.PLACED,
            "what": speech.MEDICINE,
        },
        tells={"placed": ("placed",), "taken": ("what",), "all_taken": ("what",)},
        facts=FACTS,
    ),
}
