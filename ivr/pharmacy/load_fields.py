"""Parsers for the fields of CSV files.

A parser takes the text of a field and today's date, and returns the value for the database. It raises a ValueError
whose message says what was expected ("a state like MA"); the reader adds file, line, column and the text it found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, time, timedelta

from ivr.keypad import check_digit
from ivr.pharmacy.numbers import is_well_formed
from ivr.secret import Secret

Parser = Callable[[str, date], object]

LARGEST_INTEGER = 2**31 - 1  # the most that an integer column of PostgreSQL can store
_DAYS = re.compile(r"[+-]?\d{1,5}d")
_YEARS = re.compile(r"[+-]\d{1,2}y")


def text(field_text: str, today: date) -> str:  # noqa: ARG001 - a Parser
    """Return the text; refuse line ends, control characters and bytes that are not UTF-8."""
    if not field_text or not field_text.isprintable():
        raise ValueError("words in UTF-8 on one line")
    return field_text


def secret(field_text: str, today: date) -> Secret:
    """Return the text as a `Secret`."""
    return Secret(text(field_text, today))


def taking(expected: str, fits: Callable[[str], object], value: Callable[[str], object] = str) -> Parser:
    """Return a parser of ASCII text that meets `fits`; `value` converts it, `expected` is the error's message."""

    def parse(field_text: str, today: date) -> object:  # noqa: ARG001 - a Parser
        if not (field_text.isascii() and fits(field_text)):
            raise ValueError(expected)
        return value(field_text)

    return parse


flag = taking("true or false", ("true", "false").__contains__, "true".__eq__)
state = taking("a state like MA", re.compile("[A-Z]{2}").fullmatch)
phone = taking("a phone number like +14135550123", re.compile(r"\+[1-9]\d{7,14}").fullmatch)


def day(field_text: str, today: date) -> date:
    """Return the date of `1950-03-14`, or of a number of days from today: `-76d`, `+200d`, `0d`."""
    try:
        if field_text.isascii() and _DAYS.fullmatch(field_text):
            return today + timedelta(days=int(field_text[:-1]))
        return datetime.strptime(field_text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except (ValueError, OverflowError):
        raise ValueError("a date like 1950-03-14 or -76d") from None


def noon(on: date) -> datetime:
    """Return noon UTC, which falls on this day in every time zone of the United States."""
    return datetime.combine(on, time(12), UTC)


def instant(field_text: str, today: date) -> datetime:
    """Return the time of ISO 8601 text with a time zone, or noon UTC of a day."""
    try:
        if len(field_text) <= len("1950-03-14"):
            return noon(day(field_text, today))
        moment = datetime.fromisoformat(field_text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("a time like 1950-03-14T09:30:00Z, or a date like 1950-03-14 or -76d")


def year(field_text: str, today: date) -> int:
    """Return the year of `2031`, or of a number of years from this one: `+3y`."""
    if field_text.isascii() and _YEARS.fullmatch(field_text):
        return today.year + int(field_text[:-1])
    if field_text.isascii() and field_text.isdigit() and len(field_text) == 4:
        return int(field_text)
    raise ValueError("a year like 2031 or +3y")


def number(low: int = 0, high: int = LARGEST_INTEGER) -> Parser:
    """Return a parser of whole numbers from `low` to `high`."""
    expected = f"a whole number from {low} to {high}" if high < LARGEST_INTEGER else f"a whole number of at least {low}"

    return taking(
        expected,
        lambda field_text: field_text.isdigit() and len(field_text) <= 10 and low <= int(field_text) <= high,
        int,
    )


def digits(low: int, high: int) -> Parser:
    """Return a parser of `low` to `high` digits, kept as text so that leading zeros stay."""
    expected = f"{low} digits" if low == high else f"{low} to {high} digits"
    return taking(expected, re.compile(rf"\d{{{low},{high}}}").fullmatch)


def checked_digits(field_text: str, today: date) -> object:
    """Return the digits of an order number or reference, whose last one is a check digit."""
    digits(4, 12)(field_text, today)
    if not is_well_formed(field_text):
        raise ValueError(f"{field_text[:-1]}{check_digit(field_text[:-1])}, by its check digit (Luhn)")
    return field_text


class Word:
    """A parser that takes one of a list of words, or of the words that are in `of` when it is asked."""

    def __init__(self, *allowed: str, of: Collection[str] = ()) -> None:
        self.allowed: Collection[str] = of or allowed

    def __call__(self, field_text: str, today: date) -> str:  # noqa: ARG002 - a Parser
        """Return the word; raise ValueError if it is not in the list."""
        if field_text not in self.allowed:
            raise ValueError(f"one of {', '.join(self.allowed)}")
        return field_text
