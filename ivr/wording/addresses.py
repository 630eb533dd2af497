"""American addresses in words: house numbers as people say them, abbreviations in full, the ZIP code in digits.

Street directories write `N 186TH ST` in capitals. Spanish speakers in the United States call streets and cities by
their English names, so only numbers, units and states change with the language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ivr.wording.abbreviations import ALWAYS, BEFORE_A_NAME, BEFORE_A_NUMBER, DIRECTIONS, STREET_KINDS
from ivr.wording.languages import Language

_ORDINAL = re.compile(r"(\d+)(?:ST|ND|RD|TH)")
_PIECES = re.compile(r"\d+|[^\W\d_]+|-")
_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]{2,})?")
_POST_OFFICE_BOX = re.compile(r"^P\.?\s*O\.?\s*BOX\b", re.IGNORECASE)
_UNIT = re.compile(r"(?:([A-Za-z]{2,})\b\.?)?\s*#?\s*(.*)")
_KINDS = frozenset(STREET_KINDS) | {kind.upper() for kind in STREET_KINDS.values()}
_KIND_BEFORE_NUMBER = frozenset({"ROAD", "RD", "HIGHWAY", "HWY", "ROUTE", "RTE"})


def speak_address(parts: Mapping[str, str], language: Language) -> str:
    """Return an address in words; a part that is not there is left out."""
    house, street = parts.get("house_number", ""), parts.get("street", "")
    city, state = parts.get("city", ""), parts.get("state", "")
    spoken = (
        f"{_numbered(house, language)} {spoken_street(street, language)}".strip(),
        _unit(parts.get("unit", ""), language),
        spoken_street(city, language, is_city=True),
        language.states.get(state.upper(), state),
        ", ".join(" ".join(language.cardinal(int(c)) for c in run) for run in re.findall(r"\d+", parts.get("zip", ""))),
    )
    return ", ".join(part for part in spoken if part)


def spoken_street(street: str, language: Language, is_city: bool = False) -> str:
    """Return a street or city as it is said: `N 186TH ST` as "North one hundred eighty-sixth Street".

    Some abbreviations mean one thing before a name and another after it (`ST ST` is "Saint … Street"), and a lone
    letter between direction and kind is the street's name (`E ST`), so each word is read by where it stands.
    """
    box = _POST_OFFICE_BOX.match(street)
    if box:
        return f"{language.post_office_box} {_numbered(street[box.end() :], language)}".strip()
    words = street.replace(".", " ").split()
    kind_at = -1 if is_city else _kind_position([word.upper() for word in words])
    return " ".join(_street_word(words, index, kind_at, language) for index in range(len(words)))


def _kind_position(words: list[str]) -> int:
    """Find the last word that says what kind of street it is, with nothing but a direction after it."""
    last = len(words) - 1
    if last >= 2 and words[last] in DIRECTIONS and words[last - 1] in STREET_KINDS:
        last -= 1
    return last if last >= 1 and words[last] in STREET_KINDS else -1


def _street_word(words: list[str], index: int, kind_at: int, language: Language) -> str:
    word = words[index].upper()
    following = words[index + 1].upper() if index + 1 < len(words) else ""
    if index == kind_at:
        return STREET_KINDS[word]
    if word in DIRECTIONS and _is_direction(words, index, kind_at):
        return DIRECTIONS[word]
    if ordinal := _ORDINAL.fullmatch(word):
        return language.street_ordinal(int(ordinal[1]))
    if any(character.isdigit() for character in word):
        return _numbered(word, language)
    if word in BEFORE_A_NUMBER and following[:1].isdigit():
        return BEFORE_A_NUMBER[word]
    if word == "ST" and following in _KIND_BEFORE_NUMBER:
        return "State"
    if word in BEFORE_A_NAME and following:
        return BEFORE_A_NAME[word]
    return ALWAYS.get(word) or _title(words[index])


def _is_direction(words: list[str], index: int, kind_at: int) -> bool:
    """Tell a direction from a street that is named by a letter: `E ST`, `AVENUE N`."""
    if index == 0:
        return len(words) > 1 and kind_at != 1
    if index == kind_at + 1 and kind_at > 0:
        return True
    return index == len(words) - 1 and words[0].upper() not in _KINDS


def _numbered(text: str, language: Language) -> str:
    """Speak a text with numbers in it, such as a house number: `123B`, `12-34`, `1204 1/2`."""
    words = []
    for word in text.upper().split():
        if word == "1/2":
            words.append(language.half)
            continue
        for piece in _PIECES.findall(word):
            words.append(language.dash if piece == "-" else _piece(piece, language))
    return " ".join(words)


def _piece(piece: str, language: Language) -> str:
    return language.house_number(piece) if piece.isdigit() and piece.isascii() else _title(piece)


def _unit(unit: str, language: Language) -> str:
    if not unit.strip():
        return ""
    found = _UNIT.fullmatch(unit.strip())
    designator, rest = (found[1] or "", found[2]) if found else ("", unit)
    name = language.units.get(designator.upper())
    if name is None:
        name, rest = language.units[""], unit
    return f"{name} {_numbered(rest, language)}".strip()


def _title(word: str) -> str:
    """Set a word in capitals as a name; a word that is not all capitals is left as somebody wrote it."""
    if not word.isupper() or len(word) == 1:
        return word
    return _WORDS.sub(lambda found: "'".join(part.capitalize() for part in found[0].split("'")), word)
