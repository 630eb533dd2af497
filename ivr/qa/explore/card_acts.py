"""What explored and random callers do in the carrier's card step: cards, and every way of not giving one."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.phone.outcomes import Paying
from ivr.qa.explore.answers import CARDS, CODES, EXPIRIES
from ivr.qa.explore.found_calls import NOWHERE
from ivr.qa.scripts.script import GOES_ON, Act, Pays, Presses, ProcessorIs, Waits

GOOD, DECLINED, AMEX, UNFUNDED, WRONG_DIGIT, UNKNOWN = CARDS[0], CARDS[1], CARDS[2], CARDS[3], CARDS[4], CARDS[8]
RESULTS = (
    *("payment-connector-error", "internal-error", "validation-error", "too-many-failed-attempts"),
    *("success", "transaction-cancelled", GOES_ON),
)
"""Results that a carrier may come to by itself; a success that tells of no card, and one that nobody has heard of."""

UNKNOWN_TOKEN = "tok_unknown"  # noqa: S105 - no secret: no processor knows it
CardWay = tuple[str, str, tuple[Act, ...]]
"""What a caller does with the card step: the card's number if one is given, the outcome of the step, and the acts."""


def card_ways(most_attempts: int) -> Iterator[CardWay]:
    """Yield all ways through the card step, likely ones first."""
    for number in (GOOD, DECLINED, AMEX, UNFUNDED):
        yield number, "taken", (paid(number),)
    yield "", "star", (Presses(NOWHERE, "*"),)
    yield "", "too_many_tries", (Waits(NOWHERE, most_attempts),)
    yield "", "failed", (paid(UNKNOWN),)
    yield "", "too_many_tries", (Presses(NOWHERE, WRONG_DIGIT),) * most_attempts
    if most_attempts > 1:
        yield GOOD, "taken", (Presses(NOWHERE, WRONG_DIGIT), paid(GOOD))
    yield GOOD, "taken", (Pays(NOWHERE, {**paid(GOOD).fields, "token": UNKNOWN_TOKEN}),)
    yield GOOD, "taken", (ProcessorIs(NOWHERE, "declines"), paid(GOOD))
    yield "", "too_many_tries", (Pays(NOWHERE, {"result": GOES_ON}),)
    yield "", "failed", (Pays(NOWHERE, {"result": "internal-error"}),)


def paid(number: str) -> Pays:
    """Return the act of keying a card."""
    code = CODES[1] if number == AMEX else CODES[0]
    return Pays(NOWHERE, {"card": number, "expiry": EXPIRIES[0], "code": code})


def entries(paying: Paying) -> tuple[str, ...]:
    """Return the keys of possible entries at a step, likely ones first."""
    match paying.step:
        case "payment-card-number":
            return CARDS
        case "expiration-date":
            return EXPIRIES
        case _:
            return CODES
