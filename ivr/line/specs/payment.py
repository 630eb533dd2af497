"""A placed order is paid, or given up."""

from __future__ import annotations

from ivr.flow.definition import ActionSpec, Phrases
from ivr.line.specs import speech
from ivr.line.specs.spec import spec

PAYMENT_FACTS = ("order_number", "amounts", "paying")
"""What a payment for an order that stands unpaid is confirmed by."""

SAID = {"order_number": "digits", "amounts": "phrase", "paying": "phrase"}
PHRASES = {"amounts": speech.AMOUNTS, "paying": speech.PAYING, "card": speech.CARDS}

CANCEL_FACTS = ("order_number", "contents", "gives_back")
"""What a cancellation is confirmed by."""

CONTENTS: Phrases = {"cancel.content": {"what": "phrase", "days": "number"}}

SPECS: dict[str, ActionSpec] = {
    "settle_order": spec(
        *("paid", "declined", "waiting", "held", "slow"),
        reads=("order_id",),
        facts=("amounts", "paying"),
        outside=True,
    ),
    "say_unpaid": spec(
        "said", "needs_card", "settled", reads=("order_id", "member_id"), on={"said": SAID}, phrases=PHRASES
    ),
    "say_payment": spec(
        "said", reads=("order_id", "member_id", "card", "keep_card", "spoken_card"), writes=SAID, phrases=PHRASES
    ),
    "take_unpaid": spec("taken", "changed", "settled", reads=("order_id", "member_id"), facts=PAYMENT_FACTS),
    "pay_with_other_card": spec(
        *("pending", "settled", "changed"),
        reads=("order_id", "member_id", "card", "keep_card", "spoken_card"),
        facts=PAYMENT_FACTS,
    ),
    "say_cancel": spec(
        "said",
        "waiting",
        "settled",
        reads=("order_id",),
        on={"said": {"order_number": "digits", "contents": "phrase", "gives_back": "phrase"}},
        phrases={
            "contents": CONTENTS,
            "what": speech.MEDICINE,
            "gives_back": {"cancel.gives_back": {"count": "number"}},
        },
    ),
    "cancel_unpaid": spec("cancelled", "waiting", "settled", reads=("order_id",), facts=CANCEL_FACTS),
}
