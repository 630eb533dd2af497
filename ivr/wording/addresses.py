"""American addresses in words: house numbers as people say them, abbreviations in full, the ZIP code in digits.

Street directories write `N 186TH ST` in capitals. Spanish speakers in the United States call streets and cities by
their English names, so only numbers, units and states change with the language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ivr.wording.abbreviations import ALWAYS, BEFORE_A_NAME, BEFORE_A_NUMBER, DIRECTIONS, STATES, STREET_KINDS
from ivr.wording.languages import Language
from ivr.wording.urbanizations import speak_urbanization

_ORDINAL = re.compile(r"([0-9]{1,6})(?:ST|ND|RD|TH)")
_PIECES = re.compile(r"[0-9]+|[^\W\d_]+|-")
_CAPITALS = re.compile(r"[^\W\d_]+(?:'S\b)?")
_INITIALS = re.compile(r"(?!MC)[B-DF-HJ-NP-TV-XZ]{2}")
_POST_OFFICE_BOX = re.compile(r"P\.?\s*O\.?\s*BOX\b", re.IGNORECASE)
_LEADING_FRACTION = re.compile(r"(\d/\d)\s+(.+)")
_ORDINAL_WORDS = frozenset(("FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH", "SIXTH", "SEVENTH", "EIGHTH", "NINTH"))
_UNIT = re.compile(r"(?:([A-Za-z]{2,})\b\.?)?\s*#?\s*(.*)")

_KINDS = frozenset(STREET_KINDS) | {kind.upper() for kind in STREET_KINDS.values()}
_AFTER_A_KIND = frozenset(DIRECTIONS) | {"EXT", "EXTENSION", "APT", "UNIT", "STE", "BLDG", "SPC", "LOT", "TRLR", "RM"}
_NUMBERED_ROADS = frozenset({"ROAD", "RD", "HIGHWAY", "HWY", "ROUTE", "RTE"})


def speak_address(parts: Mapping[str, str], language: Language) -> str:
    """Return an address in words; a part that is not there is left out."""
    house, street = parts.get("house_number", ""), parts.get("street", "")
    if house and (fraction := _LEADING_FRACTION.fullmatch(street)):  # directories put the half of 12 1/2 here
        house, street = f"{house} {fraction[1]}", fraction[2]
    state = parts.get("state", "")
    number, name = _numbered(house, language), speak_street(street, language)
    spoken = (
        f"{number}, {name}" if number and _begins_with_a_number(street) else f"{number} {name}".strip(),
        _unit(parts.get("unit", "").strip(), language),
        speak_urbanization(parts.get("urbanization", ""), language),
        speak_city(parts.get("city", ""), language),
        language.states.get(state.upper(), state),
        _zip(parts.get("zip", ""), language),
    )
    return ", ".join(part for part in spoken if part)


def _begins_with_a_number(street: str) -> bool:
    """Tell whether a pause is needed before a street: without one, 1340 5th Street is 13 45th Street to the ear."""
    first = street.split(" ", 1)[0].upper()
    return first[:1].isdigit() or first in _ORDINAL_WORDS


def speak_street(street: str, language: Language) -> str:
    """Return a street as it is said: `N 186TH ST` as "North one hundred eighty-sixth Street".

    Some abbreviations mean one thing before a name and another after it (`ST JAMES ST`), and a lone letter between
    direction and kind is the street's name (`N E ST`), so each word is read by where it stands.
    """
    if box := _POST_OFFICE_BOX.match(street):
        return f"{language.post_office_box} {_numbered(street[box.end() :], language)}".strip()
    words = _split(street)
    kind_at = _kind_position([word.upper() for word in words])
    return " ".join(_street_word(words, index, kind_at, language) for index in range(len(words)))


def speak_city(city: str, language: Language) -> str:
    """Return a city as it is said: `ST LOUIS` as "Saint Louis"."""
    words = _split(city)
    return " ".join(_street_word(words, index, -1, language) for index in range(len(words)))


def _split(text: str) -> list[str]:
    return text.replace(".", " ").replace(",", " ").replace("&", " and ").split()


def _kind_position(words: Sequence[str]) -> int:
    """Find the word that says what kind of street it is, or -1; a name stands before it, no more name after it."""
    for index in range(1, len(words)):
        if words[index] in _KINDS and (index == len(words) - 1 or words[index + 1] in _AFTER_A_KIND):
            return index
    return -1


def _street_word(words: Sequence[str], index: int, kind_at: int, language: Language) -> str:
    word = words[index].upper()
    if index == kind_at:
        return STREET_KINDS.get(word) or _title(words[index])
    if word in DIRECTIONS and _is_direction(words, index, kind_at):
        return DIRECTIONS[word]
    if ordinal := _ORDINAL.fullmatch(word):
        return language.street_ordinal(int(ordinal[1]))
    if any(character.isdigit() for character in word):
        return _numbered(word, language)
    return _before(word, [following.upper() for following in words[index + 1 :]], language) or _name(words[index])


def _is_direction(words: Sequence[str], index: int, kind_at: int) -> bool:
    """Tell a direction from a street that is named by a letter: `E ST`, `AVENUE N`."""
    if index == 0:
        return len(words) > 1 and kind_at != 1
    if index == kind_at + 1 and kind_at > 0:
        return True
    return index == len(words) - 1 and not (len(words) == 2 and words[0].upper() in _KINDS)


def _before(word: str, following: Sequence[str], language: Language) -> str | None:
    """Return what an abbreviation means by what comes after it, or None when that says nothing."""
    if not following:
        return None
    if word in language.units and (following[0][:1].isdigit() or len(following[0]) == 1):
        return language.units[word]
    if word in BEFORE_A_NUMBER and following[0][:1].isdigit():
        return BEFORE_A_NUMBER[word]
    if following[0] in _NUMBERED_ROADS and any(later[0].isdigit() for later in following):
        return "State" if word == "ST" else ALWAYS.get(word) or STATES.get(word)
    return BEFORE_A_NAME.get(word)


def _name(word: str) -> str:
    return ALWAYS.get(word.upper()) or _title(word)


def _numbered(text: str, language: Language) -> str:
    """Speak a text with numbers in it, such as a house number: `123B`, `12-34`, `1204 1/2`."""
    words: list[str] = []
    for word in text.upper().split():
        if word in language.fractions:
            words.append(language.fractions[word])
        else:
            words += (_piece(piece, language) for piece in _PIECES.findall(word))
    return " ".join(words)


def _piece(piece: str, language: Language) -> str:
    if piece == "-":
        return language.dash
    return language.house_number(piece.lstrip("0") or "0") if piece.isdecimal() else _title(piece)


def _unit(unit: str, language: Language) -> str:
    """Speak `APT 5B` and a bare `5B`, which is called a unit."""
    if not unit:
        return ""
    found = _UNIT.fullmatch(unit)
    name = language.units.get(found[1].upper()) if found and found[1] else None
    if found is None or name is None:
        return f"{language.units['']} {_numbered(unit, language)}"
    return f"{name} {_numbered(found[2], language)}".strip()


def _zip(code: str, language: Language) -> str:
    runs = re.findall("[0-9]+", code)
    return ", ".join(" ".join(language.cardinal(int(digit)) for digit in run) for run in runs)


def _title(word: str) -> str:
    """Set a word in capitals as a name and two consonants as initials; one that is not all capitals is left alone."""
    if not word.isupper() or len(word) == 1:
        return word
    if _INITIALS.fullmatch(word):
        return " ".join(word)
    return _CAPITALS.sub(lambda found: found[0].capitalize(), word)
