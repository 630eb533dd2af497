"""Order numbers and references: eight digits that do not begin with 0 and end in a check digit (Luhn).

Orders and renewal requests share one space of numbers, so that one question can answer for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, bindparam, exists, or_, select

from ivr.keypad import check_digit
from ivr.pharmacy.tables import RefillOrder, RenewalRequest

RandomNumber = Callable[[], int]
"""Returns a random whole number of at least 0. It is passed in so that tests can choose the numbers."""

LENGTH = 8
FIRST = 10 ** (LENGTH - 2)
TRIES = 20
"""How many numbers are drawn at most until one is free."""

_IS_TAKEN = select(
    or_(
        exists().where(RefillOrder.order_number == bindparam("number")),
        exists().where(RenewalRequest.reference == bindparam("number")),
    )
)


def make_number(random_number: RandomNumber) -> str:
    """Return a random number, which may be taken."""
    digits = str(FIRST + random_number() % (9 * FIRST))
    return digits + check_digit(digits)


def free_numbers(connection: Connection, random_number: RandomNumber) -> Iterator[str]:
    """Yield those of `TRIES` random numbers that neither an order nor a renewal request has.

    Another transaction may take one at the same moment, so the insert that uses it must stand a conflict.
    """
    for _ in range(TRIES):
        number = make_number(random_number)
        if not connection.scalar(_IS_TAKEN, {"number": number}):
            yield number


def is_well_formed(number: str) -> bool:
    """Return whether a keyed number has the right check digit; one wrong key makes it false."""
    return number.isascii() and number.isdigit() and len(number) > 1 and check_digit(number[:-1]) == number[-1]
