"""Checks what a caller keyed of a bank card, before any processor is asked.

The checks of number, expiry and security code are pure functions. What is wrong is returned as a value, so that the
caller can be told so. Numbers and codes are always passed as `Secret`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stdnum import luhn

from ivr.secret import DOT, Secret

MOST_YEARS_AHEAD = 20
"""How many years ahead an expiry may be."""


class Brand(StrEnum):
    """The brands of cards that the pharmacy takes."""

    VISA = "visa"
    MASTERCARD = "mastercard"
    DISCOVER = "discover"
    AMEX = "amex"


class NumberProblem(StrEnum):
    """Why a keyed card number is not accepted."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    BAD_NUMBER = "bad_number"  # a digit is wrong: the check digit does not match
    UNSUPPORTED_BRAND = "unsupported_brand"


class ExpiryProblem(StrEnum):
    """Why a keyed expiry is not accepted."""

    NOT_FOUR_DIGITS = "not_four_digits"
    NO_SUCH_MONTH = "no_such_month"
    PAST = "past"
    TOO_FAR = "too_far"


@dataclass(frozen=True, slots=True)
class Expiry:
    """The last month in which a card can be used; the year has four digits."""

    month: int
    year: int


@dataclass(frozen=True, slots=True)
class Card:
    """A whole card as the caller keyed it. It is sent to the processor and never stored."""

    number: Secret
    exp_month: int
    exp_year: int
    code: Secret


# First and last leading digits of each range. Discover's are those issued under its own name in the United States;
# UnionPay (62…) and Diners (30, 36, 38) use its network but are other brands to the person holding the card.
_RANGES: tuple[tuple[str, str, Brand], ...] = (
    ("4", "4", Brand.VISA),
    ("51", "55", Brand.MASTERCARD),
    ("2221", "2720", Brand.MASTERCARD),
    ("6011", "6011", Brand.DISCOVER),
    ("644", "659", Brand.DISCOVER),
    ("34", "34", Brand.AMEX),
    ("37", "37", Brand.AMEX),
)

# Issuers in the United States use one length per brand. Visa's 13 digits were withdrawn long ago, and the 19 that Visa
# and Discover allow are not issued here; accepting them would let a number with three digits too many pass one time in
# ten.
_DIGITS = {Brand.VISA: 16, Brand.MASTERCARD: 16, Brand.DISCOVER: 16, Brand.AMEX: 15}
_CODE_DIGITS = {Brand.VISA: 3, Brand.MASTERCARD: 3, Brand.DISCOVER: 3, Brand.AMEX: 4}
FIRST_CENTURY_YEAR = 2020
"""The year that two keyed digits 20 would mean. It is over, so they can only begin a year keyed with four digits."""
_SHORTEST, _LONGEST = 12, 19  # of any card number at all


def check_number(number: Secret) -> Brand | NumberProblem:
    """Return the brand of a card number, or what is wrong with the number."""
    digits = number.reveal()
    if digits and not _all_digits(digits):
        return NumberProblem.BAD_NUMBER
    brand = _brand(digits)
    shortest, longest = (_DIGITS[brand], _DIGITS[brand]) if brand else (_SHORTEST, _LONGEST)
    if len(digits) < shortest:
        return NumberProblem.TOO_SHORT
    if len(digits) > longest:
        return NumberProblem.TOO_LONG
    if not luhn.is_valid(digits):
        return NumberProblem.BAD_NUMBER
    return brand or NumberProblem.UNSUPPORTED_BRAND


def check_expiry(mmyy: Secret | str, today: date) -> Expiry | ExpiryProblem:
    """Return the expiry that was keyed as MMYY, or what is wrong with it; a card is valid through its whole month."""
    digits = mmyy.reveal() if isinstance(mmyy, Secret) else mmyy
    if len(digits) != 4 or not _all_digits(digits):
        return ExpiryProblem.NOT_FOUR_DIGITS
    month, year = int(digits[:2]), 2000 + int(digits[2:])
    if not 1 <= month <= 12:
        return ExpiryProblem.NO_SUCH_MONTH
    if (year, month) < (today.year, today.month):
        return ExpiryProblem.PAST
    if (year, month) > (today.year + MOST_YEARS_AHEAD, today.month):
        return ExpiryProblem.TOO_FAR
    return Expiry(month, year)


def month_before_year_of_four(keyed: Secret, today: date) -> int | None:
    """Return the month if four keyed digits can only begin a six-digit expiry (0320 of 032030), else None."""
    digits = keyed.reveal()
    if len(digits) != 4 or not _all_digits(digits) or digits[2:] != "20" or today.year <= FIRST_CENTURY_YEAR:
        return None
    month = int(digits[:2])
    return month if 1 <= month <= 12 else None


def check_code(brand: Brand, code: Secret) -> bool:
    """Return whether a security code has as many digits as its brand's codes."""
    digits = code.reveal()
    return len(digits) == _CODE_DIGITS[brand] and _all_digits(digits)


def without_cards(keys: str) -> str:
    """Return keys with dots for every possible card number among them, since one may be keyed at any question."""
    for length in sorted(set(_DIGITS.values()), reverse=True):
        for start in range(len(keys) - length + 1):
            if isinstance(check_number(Secret(keys[start : start + length])), Brand):
                keys = keys[:start] + DOT * length + keys[start + length :]
    return keys


def last4(number: Secret) -> str:
    """Return the last four digits, by which a card may be spoken of."""
    return number.reveal()[-4:]


def _brand(digits: str) -> Brand | None:
    for low, high, brand in _RANGES:
        if low <= digits[: len(low)] <= high and len(digits) >= len(low):
            return brand
    return None


def _all_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
