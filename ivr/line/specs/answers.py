"""The kinds of answers that callers key in, and whether they may be seen: the one table of it."""

from __future__ import annotations

from ivr.flow.definition import AnswerKind

MEMBER_NUMBER = AnswerKind("a member number")
ZIP = AnswerKind("a ZIP code")
PROOF = AnswerKind("a proof: a prescription number or a birth date")
RX_NUMBER = AnswerKind("a prescription number")
ORDER_NUMBER = AnswerKind("an order number")
CARD_NUMBER = AnswerKind("a card number", card=True)
CARD_EXPIRY = AnswerKind("a card's expiry date", card=True)
CARD_CODE = AnswerKind("a card's security code", card=True)
HOUSE_NUMBER = AnswerKind("a house number")
HOUSE_MARK = AnswerKind("a sign of a house number")
STREET_LETTERS = AnswerKind("letters of a street")
SPELLED_LETTERS = AnswerKind("letters of an address")
UNIT = AnswerKind("a unit")
ROUTE = AnswerKind("a postal route")
BOX = AnswerKind("a box number")
