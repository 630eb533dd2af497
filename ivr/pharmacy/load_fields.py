"""What one field of a CSV file may hold.

A parser takes the text of a field and today's date, and returns the value for the database. What it cannot take it
refuses with a ValueError that says what was expected; file, row, column and what was found are added by the reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, time, timedelta

from ivr.keypad import check_digit
from ivr.pharmacy.numbers import is_well_formed
from ivr.secret import Secret

Parser = Callable[[str, date], object]

LARGEST_INTEGER = 2**31 - 1  # what an integer column holds on PostgreSQL
_DAYS = re.compile(r"[+-]?\d{1,5}d")
_YEARS = re.compile(r"[+-]\d{1,2}y")


def text(found: str, today: date) -> str:  # noqa: ARG001
    """Take any words; line ends, control characters and bytes that are not UTF-8 are none."""
    if not found or not found.isprintable():
        raise ValueError("words in UTF-8 on one line")
    return found


def secret(found: str, today: date) -> Secret:
    """Take any words and keep them from being seen."""
    return Secret(text(found, today))


def taking(wanted: str, fits: Callable[[str], object], value: Callable[[str], object] = str) -> Parser:
    """Return what takes a plain text that fits, as a value made of it, and says else what was wanted."""

    def parse(found: str, today: date) -> object:  # noqa: ARG001
        if not (found.isascii() and fits(found)):
            raise ValueError(wanted)
        return value(found)

    return parse


flag = taking("true or false", ("true", "false").__contains__, "true".__eq__)
state = taking("a state like MA", re.compile("[A-Z]{2}").fullmatch)
phone = taking("a phone number like +14135550123", re.compile(r"\+[1-9]\d{7,14}").fullmatch)


def day(found: str, today: date) -> date:
    """Take a date, or days from today: `-76d`, `+200d`, `0d`."""
    try:
        if found.isascii() and _DAYS.fullmatch(found):
            return today + timedelta(days=int(found[:-1]))
        return datetime.strptime(found, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except (ValueError, OverflowError):
        raise ValueError("a date like 1950-03-14 or -76d") from None


def noon(on: date) -> datetime:
    """Return the instant that lies on this day in every time zone of the United States."""
    return datetime.combine(on, time(12), UTC)


def instant(found: str, today: date) -> datetime:
    """Take a moment with its time zone, or a day, which stands for noon UTC."""
    try:
        if len(found) <= len("1950-03-14"):
            return noon(day(found, today))
        moment = datetime.fromisoformat(found)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("a time like 1950-03-14T09:30:00Z, or a date like 1950-03-14 or -76d")


def year(found: str, today: date) -> int:
    """Take a year, or years from this one: `+3y`."""
    if found.isascii() and _YEARS.fullmatch(found):
        return today.year + int(found[:-1])
    if found.isascii() and found.isdigit() and len(found) == 4:
        return int(found)
    raise ValueError("a year like 2031 or +3y")


def number(low: int = 0, high: int = LARGEST_INTEGER) -> Parser:
    """Take a whole number within bounds."""
    wanted = f"a whole number from {low} to {high}" if high < LARGEST_INTEGER else f"a whole number of at least {low}"

    return taking(wanted, lambda found: found.isdigit() and len(found) <= 10 and low <= int(found) <= high, int)


def digits(low: int, high: int) -> Parser:
    """Take digits that are dialled or read aloud: zeros in front of them count."""
    wanted = f"{low} digits" if low == high else f"{low} to {high} digits"
    return taking(wanted, re.compile(rf"\d{{{low},{high}}}").fullmatch)


def checked_digits(found: str, today: date) -> object:
    """Take a number with a check digit, as members are given them."""
    digits(4, 12)(found, today)
    if not is_well_formed(found):
        raise ValueError(f"{found[:-1]}{check_digit(found[:-1])}, by its check digit (Luhn)")
    return found


class Word:
    """Take one of these words, or of those that a table has by then."""

    def __init__(self, *known: str, of: Collection[str] = ()) -> None:
        self.known: Collection[str] = of or known

    def __call__(self, found: str, today: date) -> str:  # noqa: ARG002
        """Take the word."""
        if found not in self.known:
            raise ValueError(f"one of {', '.join(self.known)}")
        return found
