"""The class `Language`: everything about a language that is not in its folder of prompts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from babel.dates import get_day_names, get_month_names


@dataclass(frozen=True, eq=False)
class Speech:
    """What the checks of prompts have to know of a language, mostly lists of its words.

    Words are in lower case. Those that are compared with single words of a sentence about keys are also without
    accents.
    """

    keys: Mapping[str, str]
    """Spoken name of a key -> the key as flows write it: "one" -> "1"."""
    pressing: frozenset[str]
    """Words that ask to press a key, without accents: "press"."""
    keying: str
    """A regular expression for the words that ask to key a number: "enter"."""
    fillers: frozenset[str]
    """Words that may stand between a word such as "press" and the key: "press *the* star key"."""
    links: frozenset[str]
    """Words between one key and the next: "one *or* two"."""
    after_key: frozenset[str]
    """Words that can follow a key: "press one *to* order"."""
    counted: frozenset[str]
    """Words after which the name of a key is a number and no key: "press two *keys*"."""
    spans: frozenset[str]
    """Words between the first and the last of several keys: "one *to* four"."""
    slips: Mapping[str, str]
    """Likely misspelling of a key's name -> the name that was meant."""
    before_option: str
    """A regular expression for the words that begin an option: "*for* refills"."""
    light: frozenset[str]
    """Words that can be left out or exchanged without changing what a sentence says."""
    idle: frozenset[str]
    """Words that do not distinguish one option from another."""
    typical: frozenset[str]
    """Words by which a text is recognised as this language; no other language has them."""
    common: frozenset[str]
    """More such words, which may also occur in another language, for instance as a name."""
    openings: Mapping[str, str]
    """Mark at the end of a sentence -> the mark that must begin it: in Spanish "?" -> "¿"."""
    unaccented: Mapping[str, str]
    """Word with its accent left out -> the word as it should be written."""
    grade: Callable[[str], float]
    """Returns the years of school that it takes to follow a text."""

    @cached_property
    def press(self) -> re.Pattern[str]:
        """A pattern of the words that ask to press a key."""
        return re.compile(rf"\b(?:{'|'.join(sorted(self.pressing))})\b", re.IGNORECASE)

    @cached_property
    def key_first(self) -> re.Pattern[str]:
        """A pattern of a key that is named before what it is for: "press *one* for refills". Group 1 is the key."""
        keys = "|".join(map(re.escape, self.keys))
        return re.compile(rf"{self.press.pattern}\s+({keys})\s+{self.before_option}\b", re.IGNORECASE)

    @cached_property
    def tells_nothing(self) -> frozenset[str]:
        """Words that do not distinguish one option from another: `idle`, and those that ask to press a key."""
        return self.idle | self.pressing


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A language that callers can hear: how it speaks values, and what checks have to know of its words."""

    tag: str
    """The name of its folder of prompts."""

    title: str
    """The name of the language, in English."""

    pay_locale: str
    """What the carrier's `<Pay>` calls the language of words of its own."""

    cardinal: Callable[[int], str]
    ordinal: Callable[[int], str]
    year: Callable[[int], str]
    day_of_month: Callable[[int], str]
    house_number: Callable[[str], str]
    agree: Callable[[str, str], str]
    """Takes the words of a number and the noun after it, and returns the words as they agree with the noun."""

    weekdays: tuple[str, ...]
    """Monday first."""

    months: tuple[str, ...]
    date: str
    """A format string with the fields `weekday`, `day` and `month`."""

    time_of_day: Callable[[int, int], str]
    """Takes an hour, 0 to 23, and a minute."""

    with_year: str
    """A format string with the fields `date` and `year`."""

    dollar: tuple[str, str]
    """Singular and plural, as in `cent`."""

    cent: tuple[str, str]
    dollars_and_cents: str
    """A format string with the fields `dollars` and `cents`, both with their nouns."""

    millions_of: str
    """What stands between whole millions and the noun after them: " de " in "un millón de dólares"."""

    plus: str
    """The word for the "+" before a country's code."""

    dash: str
    point: str
    dot: str
    """The word for the "." of a web address."""

    leading_zero: str
    """How a zero is said after the dash of a house number, such as 90-05."""

    fractions: Mapping[str, str]
    """Fraction -> its words after a number: "1/2" -> "and a half"."""

    fractions_alone: Mapping[str, str]
    """Fraction -> its words without a number before it."""

    urbanization: str
    """What an urbanization, a named development in Puerto Rico, is called before its name."""

    between_parts: str
    """What stands between building and apartment, or route and box."""

    designators: Mapping[str, str]
    """Postal abbreviation of a unit, box or route -> its word; "" -> the word for a unit without an abbreviation."""

    directions: Mapping[str, str]
    """English direction -> what a street that is named in this language says for it; empty where it stays English."""

    states: Mapping[str, str]
    """Postal code of a state -> its name."""

    speech: Speech

    draft: bool = False
    """Nobody qualified has reviewed the language yet: only calls from this machine can be in it."""


def weekdays(tag: str) -> tuple[str, ...]:
    """Return the names of the days of the week, Monday first."""
    names = get_day_names("wide", locale=tag)
    return tuple(names[day] for day in range(7))


def months(tag: str) -> tuple[str, ...]:
    """Return the names of the months, January first."""
    names = get_month_names("wide", locale=tag)
    return tuple(names[month] for month in range(1, 13))


KEYS_BY_SIGN = {str(number): str(number) for number in range(10)} | {"*": "star", "#": "pound"}
"""Sign on a key -> how flows write the key."""


def digit_keys(*names: str) -> dict[str, str]:
    """Return the keys by their signs and, for the digits, by their names; `names` are those of zero to nine."""
    return KEYS_BY_SIGN | {name: str(number) for number, name in enumerate(names)}


def no_agreement(words: str, noun: str) -> str:  # noqa: ARG001 - `Language.agree` takes a noun in every language
    """Return the words of a number unchanged: the `agree` of languages in which numbers do not change with the noun."""
    return words
