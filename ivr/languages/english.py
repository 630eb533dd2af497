"""American English. The library num2words spells out numbers; this module adds how Americans say them in a call."""

from __future__ import annotations

import re
from functools import lru_cache

from num2words import num2words

from ivr.languages.language import Language, Speech, digit_keys, months, no_agreement, weekdays
from ivr.languages.words import CACHE_SIZE, hard_words_and_length, word_pairs, word_set, word_table
from ivr.postal.words import STATES

_KEYS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@lru_cache(CACHE_SIZE)
def english_cardinal(number: int) -> str:
    """Return a number in words, 186 as "one hundred eighty-six".

    There is no "and" in it, and no comma, at which a voice would pause.
    """
    return _american(num2words(number, lang="en"))


@lru_cache(CACHE_SIZE)
def english_ordinal(number: int) -> str:
    """Return an ordinal number in words, 186 as "one hundred eighty-sixth"."""
    return _american(num2words(number, lang="en", to="ordinal"))


@lru_cache(CACHE_SIZE)
def english_year(year: int) -> str:
    """Return a year in words, 2026 as "twenty twenty-six"."""
    return _american(num2words(year, lang="en", to="year"))


def _american(words: str) -> str:
    return words.replace(" and ", " ").replace(",", "")


def english_house_number(digits: str) -> str:
    """Return a house number the way it is given over a telephone: "twelve oh four", "three hundred".

    Numbers of up to four digits are said in pairs, or as hundreds or thousands where they are round. 12600 is
    "one twenty-six hundred"; all other numbers of five or more digits are said digit by digit.
    """
    number = int(digits)
    if len(digits) == 5 and number % 100 == 0 and number % 1000:
        return f"{english_house_number(digits[:-2])} hundred"
    if len(digits) > 4:
        return english_digits(digits)
    if number < 100 or number % 1000 == 0:
        return english_cardinal(number)
    head, tail = divmod(number, 100)
    if tail == 0:
        return f"{english_cardinal(head)} hundred"
    return f"{english_cardinal(head)} {'oh ' if tail < 10 else ''}{english_cardinal(tail)}"


def english_time(hour: int, minute: int) -> str:
    """Return a time of day, 20:30 as "eight thirty in the evening"."""
    if minute == 0 and hour % 12 == 0:
        return "noon" if hour else "midnight"
    part = "in the morning" if hour < 12 else "in the afternoon" if hour < 17 else "in the evening"
    minutes = f" {'oh ' if minute < 10 else ''}{english_cardinal(minute)}" if minute else ""
    return f"{english_cardinal(hour % 12 or 12)}{minutes} {part}"


def english_digits(digits: str) -> str:
    """Return digits as words, one by one: "one two six"."""
    return " ".join(english_cardinal(int(digit)) for digit in digits)


def english_grade(text: str) -> float:
    """Return the school grade that a text is for, by the formula of Flesch and Kincaid.

    Long sentences and long words make a text hard.
    """
    words, length = hard_words_and_length(text)
    syllables = sum(map(english_syllables, words))
    return 0.39 * length + 11.8 * syllables / len(words) - 15.59 if words else 0.0


@lru_cache(CACHE_SIZE)
def english_syllables(word: str) -> int:
    """Return about how many syllables a word has: its groups of vowels.

    A silent e at the end, also in "-ed", does not count.
    """
    word = word.lower()
    groups = len(re.findall("[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee", "ye")) and groups > 1
    ending = word.endswith("ed") and not word.endswith(("ted", "ded")) and groups > 1
    return max(1, groups - silent - ending)


ENGLISH = Language(
    tag="en",
    title="English",
    pay_locale="en-US",
    cardinal=english_cardinal,
    ordinal=english_ordinal,
    year=english_year,
    day_of_month=english_ordinal,
    house_number=english_house_number,
    agree=no_agreement,
    weekdays=weekdays("en"),
    months=months("en"),
    date="{weekday}, {month} {day}",
    time_of_day=english_time,
    with_year="{date}, {year}",
    dollar=("dollar", "dollars"),
    cent=("cent", "cents"),
    dollars_and_cents="{dollars} and {cents}",
    millions_of=" ",
    plus="plus",
    dash="dash",
    point="point",
    dot="dot",
    leading_zero="oh",
    fractions=word_table("""
        1/2 and a half; 1/4 and a quarter; 3/4 and three quarters; 1/3 and a third; 2/3 and two thirds;
        1/8 and an eighth; 3/8 and three eighths; 5/8 and five eighths; 7/8 and seven eighths
    """),
    fractions_alone=word_table("1/2 one half; 1/4 one quarter; 3/4 three quarters; 1/3 one third; 2/3 two thirds"),
    urbanization="urbanization",
    between_parts=" ",
    designators={"": "unit"}
    | word_table("""
        APT apartment; BSMT basement; BLDG building; DEPT department; FL floor; FRNT front; HNGR hangar; KEY key;
        LBBY lobby; LOT lot; LOWR lower; OFC office; PH penthouse; PIER pier; REAR rear; RM room; SIDE side; SLIP slip;
        SPC space; STOP stop; STE suite; TOWR tower; TRLR trailer; UNIT unit; UPPR upper; PMB mailbox; BOX Box; PO_BOX P O Box;
        RR Rural Route; HC Highway Contract; PSC P S C; CMR C M R; GENERAL_DELIVERY General Delivery; KM kilometer;
        HM hectometer
    """),
    directions={},
    states=STATES,
    speech=Speech(
        keys=digit_keys(*_KEYS) | word_pairs("star star asterisk star pound pound hash pound"),
        pressing=word_set("press pressing hit push dial enter option"),
        keying=r"\b(?:key (?:it |them |one )?in|enter)\b",
        fillers=word_set("the key number button just only option"),
        links=word_set("or and nor"),
        after_key=word_set("or for to if then and when on at any again now once key button sign twice"),
        counted=word_set("of keys times more letters digits presses hundred"),
        spans=word_set("to through thru"),
        slips=word_pairs(
            "on one won one to two too two tow two tree three free three for four fore four five five fife five sex six "
            "sicks six ate eight nin nine start star ten ten eleven eleven twelve twelve"
        ),
        before_option=r"(?:for|to|if)",
        light=word_set("a an the please now that this it your just"),
        idle=word_set(
            "a an the please now that this it its your just you to for if of or and in on with by at from is are be as "
            "one do does then when go can we i me my them they here there again another"
        ),
        typical=word_set("the your you and is are press with please key for of this that have will was not"),
        common=word_set(
            "to on or it by at from be has can we if our press key order number call card when then it's they an "
            "number digits again goodbye sorry there what which been but could nothing else today due in i my here do "
            "does did as so all any more would should cannot after before until now yet into out up its them their"
        ),
        openings={},
        unaccented={},
        grade=english_grade,
    ),
)
