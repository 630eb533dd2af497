"""Order numbers and references: eight digits that do not begin with 0 and end in a check digit (Luhn)."""

from __future__ import annotations

from collections.abc import Callable

from ivr.keypad import check_digit

RandomNumber = Callable[[], int]
"""Returns a random whole number of at least 0. It is passed in so that tests can choose the numbers."""

LENGTH = 8
FIRST = 10 ** (LENGTH - 2)
TRIES = 20
"""How many numbers are drawn at most until one is free."""


def make_number(random_number: RandomNumber) -> str:
    """Return a random number; its user finds out from the database whether it is taken."""
    digits = str(FIRST + random_number() % (9 * FIRST))
    return digits + check_digit(digits)


def is_well_formed(number: str) -> bool:
    """Return whether a keyed number has the right check digit; one wrong key makes it false."""
    return number.isascii() and number.isdigit() and len(number) > 1 and check_digit(number[:-1]) == number[-1]
