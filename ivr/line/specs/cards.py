"""How an order is paid: a card on file, or a new one."""

from __future__ import annotations

from ivr.flow.definition import KEPT, LIST, ActionSpec, Items
from ivr.line.specs import answers, speech
from ivr.line.specs.spec import spec

MOST_CARDS = 3
"""Cards on file that are offered; more would be too long to listen to."""

SPECS: dict[str, ActionSpec] = {
    "add_up": spec(
        "due",
        "nothing_due",
        reads=("basket",),
        writes={"amounts": "phrase", "total": "money", "card": KEPT, "keep_card": KEPT},
        phrases={"amounts": speech.AMOUNTS},
    ),
    "list_cards": spec(
        "on_file",
        "none",
        reads=("member_id",),
        writes={"cards": LIST, "expired": "phrase"},
        items={"cards": Items({"card": "phrase"}, MOST_CARDS)},
        phrases={"card": speech.CARDS, "expired": {"card.expired": {"card": "phrase"}}},
    ),
    "use_card_on_file": spec(
        "chosen",
        reads=("card_choice",),
        writes={"card": KEPT, "spoken_card": KEPT, "keep_card": KEPT},
    ),
    "check_card_number": spec(
        *("good", "too_short", "too_long", "bad_number", "unsupported_brand"),
        answers={"card_number": answers.CARD_NUMBER},
    ),
    "check_card_expiry": spec(
        *("code_of_three", "code_of_four", "past", "no_such_date", "lost", "year_of_four"),
        answers={"card_expiry": answers.CARD_EXPIRY},
    ),
    "check_rest_of_expiry": spec(
        *("code_of_three", "code_of_four", "past", "no_such_date", "lost"),
        answers={"card_expiry_rest": answers.CARD_EXPIRY_REST},
    ),
    "exchange_card": spec(
        "exchanged",
        "refused",
        "unavailable",
        "lost",
        answers={"card_code": answers.CARD_CODE},
        on={"exchanged": {"card": KEPT, "spoken_card": KEPT}},
        outside=True,
    ),
}
