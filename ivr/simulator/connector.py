"""The connector of `<Pay>` in test mode: it knows the published test cards, and gives each its own token.

It blocks any other number, as the carrier's connectors in test mode do, since that could be a real card's.
"""

from __future__ import annotations

from ivr.payment.published_cards import KNOWN_CARDS
from ivr.phone.card_step import CapturedCard, ConnectorFailure

_TOKENS = {card.number: card.token for card in KNOWN_CARDS}
_BLOCKED = ConnectorFailure("this number is no test card's", "test_mode")


def published_token(card: CapturedCard, _charge: str) -> str | ConnectorFailure:
    """Return the token of a published test card."""
    return _TOKENS.get(card.number.reveal(), _BLOCKED)
