"""The kinds of answers that callers key: their names, how many digits they have, and which of them are card data."""

from __future__ import annotations

from ivr.flow.definition import AnswerKind

MEMBER_NUMBER = AnswerKind("a member number", digits=(8, 10))
ZIP = AnswerKind("a ZIP code", digits=(5, 5))
PROOF = AnswerKind("a proof: a prescription number or a birth date", digits=(7, 12))
RX_NUMBER = AnswerKind("a prescription number", digits=(7, 12))
ORDER_NUMBER = AnswerKind("an order or request number", digits=(8, 8))
THEIR_RX_NUMBER = AnswerKind("a prescription number of another pharmacy", digits=(4, 15))
PHONE = AnswerKind("a telephone number", digits=(10, 10))
ANY_PHONE = AnswerKind("a telephone number of any country")
PHONE_REST = AnswerKind("the last digit of a telephone number", digits=(1, 1))
SHIP_DAY = AnswerKind("a day, as month and day", secret=False, digits=(3, 4))
CARD_NUMBER = AnswerKind("a card number", card=True, digits=(12, 19))
CARD_EXPIRY = AnswerKind("a card's expiry date", card=True, digits=(4, 4))
CARD_EXPIRY_REST = AnswerKind("the rest of a card's expiry date", card=True, digits=(2, 2))
CARD_CODE = AnswerKind("a card's security code", card=True, digits=(3, 4), in_parts=True)
CARRIER_CARD = AnswerKind("what the carrier tells of a card", card=True)
HOUSE_NUMBER = AnswerKind("a house number")
HOUSE_MARK = AnswerKind("a sign of a house number")
STREET_LETTERS = AnswerKind("letters of a street")
SPELLED_LETTERS = AnswerKind("letters of an address")
UNIT = AnswerKind("a unit")
ROUTE = AnswerKind("a postal route")
BOX = AnswerKind("a box number")
