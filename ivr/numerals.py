"""Numbers in words, as Americans say them in English and in Spanish; num2words knows the numerals, this the habits."""

from __future__ import annotations

import re
from functools import lru_cache

from num2words import num2words

_CACHED = 4096

_APOCOPE_BEFORE_MIL = ((re.compile(r"\bveintiuno mil\b"), "veintiún mil"), (re.compile(r"\buno mil\b"), "un mil"))
_NOT_COUNTED = re.compile(
    "a|al|con|del?|en|es|hasta|la|las|los|más|menos|ni|o|para|por|pero|que|si|sin|son|su|sus|u|y", re.IGNORECASE
)
_FEMININE = re.compile(".*(?:as?|ión|iones|dad|dades)|calles?|claves?|noches?|orden|órdenes|vez|veces", re.IGNORECASE)
_MASCULINE = re.compile("días?|(?:progra|proble|siste)mas?", re.IGNORECASE)
_SPANISH_ORDINALS = (
    *("primero", "segundo", "tercero", "cuarto", "quinto"),
    *("sexto", "séptimo", "octavo", "noveno", "décimo"),
)


@lru_cache(_CACHED)
def english_cardinal(number: int) -> str:
    """Return 186 as "one hundred eighty-six": no "and", and no commas for a voice to pause at."""
    return _american(num2words(number, lang="en"))


@lru_cache(_CACHED)
def english_ordinal(number: int) -> str:
    """Return 186 as "one hundred eighty-sixth"."""
    return _american(num2words(number, lang="en", to="ordinal"))


@lru_cache(_CACHED)
def english_year(year: int) -> str:
    """Return 2026 as "twenty twenty-six"."""
    return _american(num2words(year, lang="en", to="year"))


def _american(words: str) -> str:
    return words.replace(" and ", " ").replace(",", "")


def english_house_number(digits: str) -> str:
    """Return a house number the way it is given over a telephone: "twelve oh four", "three hundred".

    Up to four digits are said in pairs, round ones as hundreds or thousands; 12600 is "one twenty-six hundred", other long ones are said digit by digit.
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


def english_digits(digits: str) -> str:
    """Return every digit as a word."""
    return " ".join(english_cardinal(int(digit)) for digit in digits)


@lru_cache(_CACHED)
def spanish_cardinal(number: int) -> str:
    """Return 186 as "ciento ochenta y seis"; 21,000 keeps its shortened "veintiún mil"."""
    words = str(num2words(number, lang="es"))
    for long, short in _APOCOPE_BEFORE_MIL:
        words = long.sub(short, words)
    return words


def spanish_ordinal(number: int) -> str:
    """Return 3 as "tercero"; past ten people use the plain number, and so does this."""
    return _SPANISH_ORDINALS[number - 1] if 1 <= number <= len(_SPANISH_ORDINALS) else spanish_cardinal(number)


def spanish_house_number(digits: str) -> str:
    """Return a house number as a whole number; more than four digits are said one by one."""
    if len(digits) > 4:
        return " ".join(spanish_cardinal(int(digit)) for digit in digits)
    return spanish_cardinal(int(digits))


def no_agreement(words: str, noun: str) -> str:  # noqa: ARG001 - the shape every language's rule has
    """Leave a number alone: in English it does not change with what it counts."""
    return words


def spanish_agreement(words: str, noun: str) -> str:
    """Make a number or ordinal agree with the word after it: "veintiún días", "una receta", "primer pedido".

    The gender is read off the noun's ending, with the exceptions a pharmacy needs; little words that cannot be
    counted ("de", "y" …) change nothing.
    """
    if not noun or _NOT_COUNTED.fullmatch(noun):
        return words
    if _FEMININE.fullmatch(noun) and not _MASCULINE.fullmatch(noun):
        words = words.replace("cientos", "cientas").replace("quinientos", "quinientas")
        ordinal = words in _SPANISH_ORDINALS
        return f"{words[:-1]}a" if ordinal or words.endswith("uno") else words
    if words.endswith("veintiuno"):
        return f"{words[:-3]}ún"
    return words[:-1] if words in ("primero", "tercero") or words.endswith("uno") else words
