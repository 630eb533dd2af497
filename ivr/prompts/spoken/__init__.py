"""Speaks values: money, dates, times, digits, telephone numbers and addresses in words of a language.

A value has a kind (`money`, `date` …), which the prompt names; `speak` turns value and kind into words. Nothing here
knows prompts, the time or markup. The result is plain text without control characters; whoever writes XML has to escape
it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

from ivr.languages import LANGUAGES, Language
from ivr.prompts.spoken.addresses import speak_address

Value: TypeAlias = "str | int | bool | tuple[Value, ...] | Mapping[str, Value] | None"
"""A value that a call carries: anything that JSON can hold, never changed in place."""

Values: TypeAlias = Mapping[str, Value]

NATIONAL_DIGITS = 10
"""The digits of a telephone number of the US or Canada, area code first."""

_UNITED_STATES = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})
"""Where a telephone number may be at home: the states, and the territories with numbers of the same form."""

_DIALED = _UNITED_STATES | {"CA"}
"""The regions whose numbers the line dials: the United States with their territories, and Canada."""

WORDS_A_MINUTE = 165
"""How fast a voice speaks."""

_LARGEST = 999_999_999_999
"""The largest number that is spoken in words."""

_WEB_ADDRESS = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*\.[a-z]{2,}")
_AMERICAN = re.compile(r"\+1[0-9]{10}")
_TIME = re.compile("([01][0-9]|2[0-3]):([0-5][0-9])")
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")

_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPOKEN_WORD = re.compile(r"\d|[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


def speak(kind: str, value: Value | date, language: str, noun: str = "") -> str:
    """Return a value in words.

    `kind` is one of `KINDS`. `noun` is the word after the value, for languages in which a number agrees with it. Raises
    KeyError for an unknown kind or language and ValueError for a value that the kind cannot speak; the message never
    holds the value, which may be private.
    """
    table = LANGUAGES[language]
    spoken = KINDS[kind](value, table)
    return table.agree(spoken, noun) if noun and kind in ("number", "ordinal") else spoken


def clean(text: str) -> str:
    """Return a text without control characters and other characters that XML 1.0 does not allow."""
    return _UNSPEAKABLE.sub("", text)


def count_words(text: str) -> int:
    """Return how many words a voice has to say: every digit counts as one, and "twenty-one" as two."""
    return len(_SPOKEN_WORD.findall(text))


def speaking_seconds(text: str) -> float:
    """Return about how many seconds a voice takes to say a text."""
    return count_words(text) * 60 / WORDS_A_MINUTE


def group_digits(digits: str) -> tuple[str, ...]:
    """Split a long number into groups that can be written down while listening.

    Up to five characters stay together (a ZIP code, the last four digits of a card). Longer numbers are split into as
    few groups of at most four as possible, of lengths as equal as possible, the longer groups last: 7 digits are 3+4, 8
    are 4+4, 10 are 3+3+4, 16 are 4+4+4+4.
    """
    if len(digits) <= 5:
        return (digits,)
    count = -(-len(digits) // 4)
    size, longer = divmod(len(digits), count)
    sizes = [size] * (count - longer) + [size + 1] * longer
    ends = [sum(sizes[: index + 1]) for index in range(count)]
    return tuple(digits[end - size : end] for end, size in zip(ends, sizes, strict=True))


def _text(value: Value | date, _: Language) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return clean(_string(value, "text"))


def _digits(value: Value | date, language: Language) -> str:
    characters = "".join(c for c in _string(value, "digits") if c.isascii() and c.isalnum())
    if not characters:
        raise ValueError("digits to speak: expected digits or letters, found none")
    return ", ".join(_one_by_one(group, language) for group in group_digits(characters))


def _one_by_one(characters: str, language: Language) -> str:
    return " ".join(language.cardinal(int(c)) if c.isdigit() else c.upper() for c in characters)


def _number(value: Value | date, language: Language) -> str:
    return language.cardinal(_whole(value, "number"))


def _ordinal(value: Value | date, language: Language) -> str:
    return language.ordinal(_whole(value, "ordinal"))


def _money(value: Value | date, language: Language) -> str:
    dollars, cents = divmod(_whole(value, "money"), 100)
    spoken_dollars = _amount(dollars, language.dollar, language)
    if cents == 0:
        return spoken_dollars
    spoken_cents = _amount(cents, language.cent, language)
    return language.dollars_and_cents.format(dollars=spoken_dollars, cents=spoken_cents) if dollars else spoken_cents


def _amount(number: int, unit: tuple[str, str], language: Language) -> str:
    noun = unit[0] if number == 1 else unit[1]
    separator = language.millions_of if number and number % 1_000_000 == 0 else " "
    return f"{language.agree(language.cardinal(number), noun)}{separator}{noun}"


def _date(value: Value | date, language: Language) -> str:
    day = _day(value)
    return language.date.format(
        weekday=language.weekdays[day.weekday()],
        day=language.day_of_month(day.day),
        month=language.months[day.month - 1],
    )


def _full_date(value: Value | date, language: Language) -> str:
    return language.with_year.format(date=_date(value, language), year=language.year(_day(value).year))


def _time(value: Value | date, language: Language) -> str:
    match = _TIME.fullmatch(_string(value, "time"))
    if match is None:
        raise ValueError("time to speak: expected a time of day such as 08:30")
    return language.time_of_day(int(match[1]), int(match[2]))


def _time_zone(value: Value | date, language: Language) -> str:
    try:
        zone = ZoneInfo(_string(value, "time zone"))
    except (KeyError, OSError, ValueError):
        raise ValueError("time zone to speak: expected one such as America/Los_Angeles") from None
    changes = zone.utcoffset(datetime(2026, 1, 1)) != zone.utcoffset(datetime(2026, 7, 1))  # noqa: DTZ001 - of its clocks
    return get_timezone_name(zone, locale=language.tag, zone_variant="generic" if changes else "standard")


def _phonenumbers() -> Any:
    """Import the library for telephone numbers when one is spoken.

    It is large, and checks of flows that speak no telephone number do without it.
    """
    import phonenumbers

    return phonenumbers


def _phone(value: Value | date, language: Language) -> str:
    text = _string(value, "phone")
    if _AMERICAN.fullmatch(text):
        return _digits(text.removeprefix("+1"), language)
    phonenumbers = _phonenumbers()
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return _digits(text, language)
    grouped = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    groups = (_one_by_one(group, language) for group in re.findall("[0-9]+", grouped))
    return f"{language.plus} {', '.join(groups)}"


def us_phone(digits: str) -> str | None:
    """Return ten digits as a telephone number of the United States in E.164 form, or None if no line there has it.

    The exchange 555 belongs to directory assistance and to films, except in toll-free numbers.
    """
    if len(digits) != 10:
        return None
    phonenumbers = _phonenumbers()
    number = phonenumbers.parse(f"+1{digits}", None)
    if phonenumbers.region_code_for_number(number) not in _UNITED_STATES:
        return None
    kind, kinds = phonenumbers.number_type(number), phonenumbers.PhoneNumberType
    if kind in (kinds.PREMIUM_RATE, kinds.PERSONAL_NUMBER) or (digits[3:6] == "555" and kind != kinds.TOLL_FREE):
        return None
    return f"+1{digits}"


def is_possible_phone(text: str) -> bool:
    """Tell whether a text is a telephone number in E.164 form whose country and length exist."""
    if not _E164.fullmatch(text):
        return False
    phonenumbers = _phonenumbers()
    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(text, None)))
    except phonenumbers.NumberParseException:
        return False


def _spelled(value: Value | date, language: Language) -> str:
    """Spell a web address in groups of letters; its last part, such as "com", is said as a word."""
    address = _string(value, "spelled").lower()
    if not _WEB_ADDRESS.fullmatch(address):
        raise ValueError("web address to speak: expected one such as meadowlark.example")
    spelled, _, ending = address.rpartition(".")
    marks = {".": language.dot, "-": language.dash}
    parts = (marks.get(part) or _digits(part, language) for part in re.split("([.-])", spelled))
    return f"{', '.join(parts)}, {language.dot} {ending}"


def phone_keyed(digits: str) -> tuple[Literal["dialable", "too_short", "abroad", "impossible"], str]:
    """Return what a keyed telephone number is, and its E.164 form if the line can dial it: one of the US or Canada."""
    phonenumbers = _phonenumbers()
    if digits.startswith(("00", "011")):
        return "abroad", ""
    if len(digits) < NATIONAL_DIGITS:
        return "too_short", ""
    number = phonenumbers.parse(digits, "US")
    kinds = phonenumbers.PhoneNumberType
    costs_extra = phonenumbers.number_type(number) in (kinds.PREMIUM_RATE, kinds.PERSONAL_NUMBER)
    if costs_extra or not phonenumbers.is_valid_number(number):
        return "impossible", ""
    if phonenumbers.region_code_for_number(number) not in _DIALED:
        return "abroad", ""
    return "dialable", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _groups(formatted: str, language: Language) -> str:
    return ", ".join(_one_by_one(group, language) for group in re.findall("[0-9]+", formatted))


def _address(value: Value | date, language: Language) -> str:
    if not isinstance(value, Mapping):
        raise ValueError("address to speak: expected a mapping of its parts")  # noqa: TRY004 - all kinds do
    parts = {name: clean(str(part)) for name, part in value.items() if part not in (None, "")}
    return speak_address(parts, language)


def _string(value: Value | date, kind: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{kind} to speak: expected text, found {type(value).__name__}")  # noqa: TRY004 - all kinds do
    return value


def _whole(value: Value | date, kind: str) -> int:
    """Return a whole number from 0 to `_LARGEST`, given as such or as digits; ValueError for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LARGEST)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise ValueError(f"{kind} to speak: expected a whole number from 0 to {_LARGEST:,}")
    return value


def _day(value: Value | date) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(_string(value, "date"))
    except ValueError:
        raise ValueError("date to speak: expected a day such as 2026-12-01") from None


def _medicine(value: Value | date, _: Language) -> str:
    """Return a medicine's label as it stands; `Catalogue.medicine` speaks it, for a catalogue has the names."""
    return clean(_string(value, "medicine"))


KINDS: Mapping[str, Callable[[Value | date, Language], str]] = {
    "text": _text,
    "digits": _digits,
    "number": _number,
    "ordinal": _ordinal,
    "money": _money,
    "date": _date,
    "full_date": _full_date,
    "time": _time,
    "time_zone": _time_zone,
    "phone": _phone,
    "spelled": _spelled,
    "address": _address,
    "medicine": _medicine,
}
