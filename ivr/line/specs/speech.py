"""The phrases that stand for facts of the pharmacy, each with the values it takes."""

from __future__ import annotations

from ivr.flow.definition import Phrases

MEDICINE: Phrases = {"medicine.named": {"drug": "text"}, "medicine.ending": {"ending": "digits"}}
ORDER_STATES: Phrases = {
    "order_state.pending": {},
    "order_state.held": {},
    "order_state.held_address": {},
    "order_state.held_payment": {},
    "order_state.held_stock": {},
    "order_state.scheduled": {"day": "date"},
    "order_state.placed": {"day": "date"},
    "order_state.shipped": {"day": "date"},
    "order_state.tracked": {"day": "date", "tracking": "text"},
    "order_state.delivered": {},
    "order_state.cancelled": {},
}
CARDS: Phrases = {f"card.{brand}": {"last4": "digits"} for brand in ("visa", "mastercard", "discover", "amex")}
AMOUNTS: Phrases = {"amount.now": {"total": "money"}, "amount.later": {"day": "date", "total": "money"}}
LINES: Phrases = {
    "order.line": {"what": "phrase", "days": "number"},
    "order.line_later": {"what": "phrase", "days": "number", "day": "date"},
}
PAYING: Phrases = {
    "order.card": {"card": "phrase"},
    "order.card_later": {"card": "phrase"},
    "order.card_held": {"card": "phrase"},
    "order.card_held_later": {"card": "phrase"},
    "order.no_card": {},
    "order.keep_on_file": {},
    "order.keep_for_order": {},
    "order.keep_until": {"count": "number"},
}
SUPPLY_NOTES: Phrases = {
    "order.supply_ends": {"what": "phrase", "day": "date", "arrives": "date"},
    "order.supply_ended": {"what": "phrase", "day": "date", "arrives": "date"},
}
PLACED: Phrases = {
    "order.placed_now": {"order_number": "digits", "arrives": "date"},
    "order.placed_held": {"order_number": "digits"},
    "order.placed_later": {"order_number": "digits", "arrives": "date", "day": "date"},
}


LINE = {"days": "number", "price": "money"}
"""What is told of a supply: how long it lasts and what it costs."""
