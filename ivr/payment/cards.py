"""What can be told about a bank card by looking at it, before any processor is asked.

Pure checks of a keyed number, expiry and security code. What is wrong comes back as a value, so that the caller can
be told in words of its own. Numbers and codes are secrets throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stdnum import luhn

from ivr.secret import DOT, Secret

MOST_YEARS_AHEAD = 20


class Brand(StrEnum):
    """The cards the pharmacy takes."""

    VISA = "visa"
    MASTERCARD = "mastercard"
    DISCOVER = "discover"
    AMEX = "amex"


class NumberProblem(StrEnum):
    """Why a keyed card number cannot be one that is taken."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    BAD_NUMBER = "bad_number"  # a digit is wrong: the check digit does not fit
    UNSUPPORTED_BRAND = "unsupported_brand"


class ExpiryProblem(StrEnum):
    """Why four keyed digits are no month and year a card can be used until."""

    NOT_FOUR_DIGITS = "not_four_digits"
    NO_SUCH_MONTH = "no_such_month"
    PAST = "past"
    TOO_FAR = "too_far"


@dataclass(frozen=True, slots=True)
class Expiry:
    """The last month a card can be used in; the year has four digits."""

    month: int
    year: int


@dataclass(frozen=True, slots=True)
class Card:
    """A whole card as the caller keyed it; it goes to the processor and is forgotten."""

    number: Secret
    exp_month: int
    exp_year: int
    code: Secret


# First and last leading digits of each range. Discover's are those issued under its own name in the United States;
# UnionPay (62…) and Diners (30, 36, 38) ride on its network but are other brands to the person holding the card.
_RANGES: tuple[tuple[str, str, Brand], ...] = (
    ("4", "4", Brand.VISA),
    ("51", "55", Brand.MASTERCARD),
    ("2221", "2720", Brand.MASTERCARD),
    ("6011", "6011", Brand.DISCOVER),
    ("644", "659", Brand.DISCOVER),
    ("34", "34", Brand.AMEX),
    ("37", "37", Brand.AMEX),
)

# Issuers in the United States use one length a brand. Visa's 13 digits are long withdrawn, and the 19 that Visa and
# Discover allow are not issued here; taking them would let a number with three digits too many pass one time in ten.
_DIGITS = {Brand.VISA: 16, Brand.MASTERCARD: 16, Brand.DISCOVER: 16, Brand.AMEX: 15}
_CODE_DIGITS = {Brand.VISA: 3, Brand.MASTERCARD: 3, Brand.DISCOVER: 3, Brand.AMEX: 4}
FIRST_CENTURY_YEAR = 2020
"""The year that two digits of 20 stand for: over, so that they begin a year of four digits."""
_SHORTEST, _LONGEST = 12, 19  # of any card number at all


def check_number(number: Secret) -> Brand | NumberProblem:
    """Name the brand of a number that could be a card's, or what is wrong with it."""
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
    """Read month and year as they stand on the card; it is good through the last day of its month."""
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
    """Return the month where what was keyed can only begin a year of four digits: 0320 of 032030, None elsewhere."""
    digits = keyed.reveal()
    if len(digits) != 4 or not _all_digits(digits) or digits[2:] != "20" or today.year <= FIRST_CENTURY_YEAR:
        return None
    month = int(digits[:2])
    return month if 1 <= month <= 12 else None


def check_code(brand: Brand, code: Secret) -> bool:
    """Say whether the security code has the length and digits its brand prints."""
    digits = code.reveal()
    return len(digits) == _CODE_DIGITS[brand] and _all_digits(digits)


def without_cards(keys: str) -> str:
    """Return keys with dots in the place of every number that a card could have: one may be keyed at any question."""
    for length in sorted(set(_DIGITS.values()), reverse=True):
        for start in range(len(keys) - length + 1):
            if isinstance(check_number(Secret(keys[start : start + length])), Brand):
                keys = keys[:start] + DOT * length + keys[start + length :]
    return keys


def last4(number: Secret) -> str:
    """Return the digits a card may be spoken by."""
    return number.reveal()[-4:]


def _brand(digits: str) -> Brand | None:
    for low, high, brand in _RANGES:
        if low <= digits[: len(low)] <= high and len(digits) >= len(low):
            return brand
    return None


def _all_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
