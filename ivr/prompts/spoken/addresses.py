"""Speaks American addresses: house numbers as people say them, abbreviations in full, the ZIP code digit by digit.

`ivr.postal` takes streets, units and boxes apart. Spanish speakers in the United States call streets and cities by
their English names, and also say the numbers in them in English; so only house numbers, units, boxes and states change
with the language. A street that is named in Spanish, `CALLE 1`, is spoken in Spanish.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ivr.languages import Language
from ivr.languages.english import ENGLISH, english_ordinal
from ivr.postal.parts import AddressPart, take_parts
from ivr.postal.streets import ORDINALS, StreetWords, full_words, split_words, take_apart
from ivr.postal.words import DIRECTIONS
from ivr.prompts.spoken.urbanizations import speak_urbanization

_ORDINAL = re.compile(r"([0-9]{1,6})(?:ST|ND|RD|TH)")
_PIECES = re.compile(r"[0-9]+|[^\W\d_]+|[-.]")
_CAPITALS = re.compile(r"[^\W\d_]+(?:'S\b)?")
_INITIALS = re.compile(r"(?!MC)[B-DF-HJ-NP-TV-XZ]{2}|US|EW")
_LEADING_FRACTION = re.compile(r"(\d/\d)\s+(.+)")
_ROADS_LETTERS = re.compile("[A-Z]{2}")


def speak_address(parts: Mapping[str, str], language: Language) -> str:
    """Return an address in words; parts that are missing are left out.

    `parts` may have `house_number`, `street`, `unit`, `urbanization`, `city`, `state` (two letters) and `zip`.
    """
    house, street = parts.get("house_number", ""), parts.get("street", "")
    # Directories write the half of 12 1/2 before the street.
    if house and (fraction := _LEADING_FRACTION.fullmatch(street)):
        house, street = f"{house} {fraction[1]}", fraction[2]
    state = parts.get("state", "").upper()
    number, name = _speak_numbered(house, language), speak_street(street, language, state)
    spoken = (
        f"{number}, {name}" if number and _begins_with_a_number(street) else f"{number} {name}".strip(),
        speak_unit(parts.get("unit", ""), language),
        speak_urbanization(parts.get("urbanization", ""), language),
        speak_city(parts.get("city", ""), language),
        language.states.get(state, parts.get("state", "")),
        _speak_zip(parts.get("zip", ""), language),
    )
    return ", ".join(part for part in spoken if part)


def _begins_with_a_number(street: str) -> bool:
    """Tell whether a street needs a pause before it: without one, 1340 5th Street sounds like 13 45th Street."""
    first = street.split(" ", 1)[0].upper()
    return first[:1].isdigit() or first in ORDINALS


def speak_street(street: str, language: Language, state: str = "") -> str:
    """Return a street in words: `N 186TH ST` as "North one hundred eighty-sixth Street".

    The two letters of `state` decide what `CO` in a street stands for: Colorado, or a county's road.
    """
    words = take_apart(street, state if state in language.states else "")
    if words.line:
        return _speak_parts(words.line, language)
    numbers = language if words.spanish else ENGLISH
    named = _speak_road(words, numbers) if words.road else _speak_words(words.name, numbers)
    spoken = (
        _speak_numbered(words.fraction, numbers),
        *_speak_words((words.before, *words.lead), numbers),
        *named,
        *_speak_words((words.kind, *words.after), numbers),
        _speak_parts(words.unit, language),
    )
    return " ".join(word for word in spoken if word)


def _speak_road(words: StreetWords, language: Language) -> Iterable[str]:
    """Yield the number of a road in words; its letters are spoken one by one."""
    first, *rest = words.name
    name = (*first.split("/"), *rest)  # 25/3 is two numbers and no fraction
    return (" ".join(word) if _ROADS_LETTERS.fullmatch(word) else _speak_word(word, language) for word in name)


def _speak_words(words: Iterable[str], language: Language) -> list[str]:
    return [_speak_word(word, language) for word in words]


def _speak_word(word: str, language: Language) -> str:
    if ordinal := _ORDINAL.fullmatch(word.upper()):
        return english_ordinal(int(ordinal[1]))
    if any(character.isdigit() for character in word):
        return _speak_numbered(word, language)
    return language.directions.get(word) or _as_name(word)


def speak_city(city: str, language: Language) -> str:
    """Return a city in words: `ST LOUIS` as "Saint Louis"."""
    words = split_words(city)
    before = DIRECTIONS.get(words[0].upper(), "") if len(words) > 1 else ""
    name, _ = full_words(words[1:] if before else words)
    return " ".join([*([before] if before else ()), *_speak_words(name, language)])


def _speak_numbered(text: str, language: Language) -> str:
    """Return a text with numbers, such as a house number, in words: `123B`, `90-05`, `1204 1/2`."""
    spoken: list[str] = []
    for word in text.upper().split():
        if word in language.fractions:
            spoken.append(language.fractions[word])
        else:
            pieces = _PIECES.findall(word)
            spoken += (
                _speak_piece(piece, after, language) for piece, after in zip(pieces, ["", *pieces], strict=False)
            )
    return " ".join(spoken)


def _speak_piece(piece: str, after: str, language: Language) -> str:
    """Return digits, letters, "-" or "." in words; leading zeros are only spoken when `after` is a dash or a point."""
    if piece in "-.":
        return language.dash if piece == "-" else language.point
    if not piece.isdecimal():
        return " ".join(piece) if len(piece) <= 2 else _as_name(piece)
    number = piece.lstrip("0") or "0"
    zeros = len(piece) - len(number) if after in ("-", ".") else 0
    return " ".join([*[language.leading_zero] * zeros, language.house_number(number)])


def speak_unit(unit: str, language: Language) -> str:
    """Return a unit in words, such as `APT 5B` or `BLDG 4 APT 2`; a bare `5B` is called a unit."""
    return _speak_parts(take_parts(unit), language)


def _speak_parts(parts: Iterable[AddressPart], language: Language) -> str:
    return language.between_parts.join(_speak_part(part, language) for part in parts)


def _speak_part(part: AddressPart, language: Language) -> str:
    name = language.designators[part.code]
    if ordinal := _ORDINAL.fullmatch(part.value.upper()):  # 2ND FLOOR
        return f"{language.agree(language.ordinal(int(ordinal[1])), name)} {name}"
    value = language.fractions_alone.get(part.value) or _speak_numbered(part.value, language)
    return f"{name} {value}".strip()


def _speak_zip(code: str, language: Language) -> str:
    runs = re.findall("[0-9]+", code)
    return ", ".join(" ".join(language.cardinal(int(digit)) for digit in run) for run in runs)


def _as_name(word: str) -> str:
    """Return a word in capitals as a name, or two consonants as initials; other words are returned as they are."""
    if not word.isupper() or len(word) == 1:
        return word
    if _INITIALS.fullmatch(word):
        return " ".join(word)
    return _CAPITALS.sub(lambda match: match[0].capitalize(), word)
