"""What there is to know of a language: one `Language` holds everything about it that is not in its folder of prompts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from babel.dates import get_day_names, get_month_names


@dataclass(frozen=True, eq=False)
class Speech:
    """One language, as far as checks of its words need it."""

    keys: Mapping[str, str]
    """Spoken name of a key -> how definitions write it."""
    pressing: frozenset[str]
    """Words that have a key pressed, without accents: "press"."""
    keying: str
    """A pattern of the words that have a number keyed: "enter"."""
    fillers: frozenset[str]
    """Words that may stand between those and the key: "press *the* star *key*"."""
    links: frozenset[str]
    """Words between one key and the next: "one *or* two"."""
    after_key: frozenset[str]
    """Words that can follow a key: "press one *to* order"."""
    counted: frozenset[str]
    """Words that make a number of a key's name: "press two *keys*"."""
    spans: frozenset[str]
    """Words between the first and the last of several keys: "one *to* four"."""
    slips: Mapping[str, str]
    """Words that are meant for a key, but are none."""
    before_option: str
    """A pattern of the words that begin an option: "*for* refills"."""
    light: frozenset[str]
    """Words that can be left out or exchanged without saying something else."""
    idle: frozenset[str]
    """Words that do not tell one option from another."""
    typical: frozenset[str]
    """Words by which the language is recognised, and which no other one has."""
    common: frozenset[str]
    """More of them, any of which may be a name in another language."""
    openings: Mapping[str, str]
    """Marks that are opened at the beginning of a sentence -> how they are opened."""
    unaccented: Mapping[str, str]
    """Words that are written with an accent, as those write them who leave it out -> with the accent."""
    grade: Callable[[str], float]
    """The years of school it takes to follow a text."""

    @cached_property
    def press(self) -> re.Pattern[str]:
        """The words that have a key pressed."""
        return re.compile(rf"\b(?:{'|'.join(sorted(self.pressing))})\b", re.IGNORECASE)

    @cached_property
    def key_first(self) -> re.Pattern[str]:
        """A key before what it is for, the key as its group: "press *one* for refills"."""
        keys = "|".join(map(re.escape, self.keys))
        return re.compile(rf"{self.press.pattern}\s+({keys})\s+{self.before_option}\b", re.IGNORECASE)

    @cached_property
    def tells_nothing(self) -> frozenset[str]:
        """Words that do not tell one option from another, those that have a key pressed among them."""
        return self.idle | self.pressing


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One language that callers can hear: how it speaks values, and what is looked for in its words."""

    tag: str
    """The name of its folder of prompts."""

    title: str
    """Its name in English."""

    cardinal: Callable[[int], str]
    ordinal: Callable[[int], str]
    year: Callable[[int], str]
    day_of_month: Callable[[int], str]
    house_number: Callable[[str], str]
    agree: Callable[[str, str], str]
    """Fits a number's words to the word after it."""

    weekdays: tuple[str, ...]
    """Monday first."""

    months: tuple[str, ...]
    date: str
    """With the fields `weekday`, `day`, `month`."""

    with_year: str
    """With the fields `date` and `year`."""

    dollar: tuple[str, str]
    cent: tuple[str, str]
    dollars_and_cents: str
    millions_of: str
    """What stands between whole millions and what they count."""

    plus: str
    """Before a country's code."""

    dash: str
    point: str
    leading_zero: str
    """A zero that a house number has after its dash: 90-05."""

    fractions: Mapping[str, str]
    """What a fraction adds to the number before it."""

    fractions_alone: Mapping[str, str]
    urbanization: str
    between_parts: str
    """What stands between building and apartment, route and box."""

    designators: Mapping[str, str]
    """Units, boxes and routes by their postal abbreviation; the empty one is for a unit without any."""

    directions: Mapping[str, str]
    """What a street that is named in this language says for North and the like."""

    states: Mapping[str, str]

    speech: Speech
    """What checks of its words need."""

    draft: bool = False
    """Nobody qualified has reviewed it yet: it is heard in calls from this machine only."""


def weekdays(tag: str) -> tuple[str, ...]:
    """Return the names of the days of the week, Monday first."""
    names = get_day_names("wide", locale=tag)
    return tuple(names[day] for day in range(7))


def months(tag: str) -> tuple[str, ...]:
    """Return the names of the months, January first."""
    names = get_month_names("wide", locale=tag)
    return tuple(names[month] for month in range(1, 13))


FIGURES = {str(number): str(number) for number in range(10)} | {"*": "star", "#": "pound"}
"""The keys by the signs on them."""


def digit_keys(*names: str) -> dict[str, str]:
    """Return the keys by their signs, and the digits' also by their names from zero to nine."""
    return FIGURES | {name: str(number) for number, name in enumerate(names)}


def no_agreement(words: str, noun: str) -> str:  # noqa: ARG001 - the shape every language's rule has
    """Leave a number alone, in a language where it does not change with what it counts."""
    return words
