"""Numbers a caller keys back: short, never beginning with 0, the last digit a check on the others (Luhn)."""

from __future__ import annotations

from collections.abc import Callable

from ivr.keypad import check_digit

RandomNumber = Callable[[], int]
"""Returns a whole number from 0 up, at random; where chance comes from is the caller's choice."""

LENGTH = 8
FIRST = 10 ** (LENGTH - 2)
TRIES = 20


def make_number(random_number: RandomNumber) -> str:
    """Return a fresh number; whether it is taken already, the database tells."""
    digits = str(FIRST + random_number() % (9 * FIRST))
    return digits + check_digit(digits)


def is_well_formed(number: str) -> bool:
    """Tell whether a keyed number can be one of ours at all: a slip in one key shows here."""
    return number.isascii() and number.isdigit() and len(number) > 1 and check_digit(number[:-1]) == number[-1]
