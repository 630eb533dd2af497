"""American addresses in words: house numbers as people say them, abbreviations in full, the ZIP code in digits.

What a street, a unit or a box is made of is read in `ivr.postal`. Spanish speakers in the United States call streets
and cities by their English names, numbers in them too, so only house numbers, units, boxes and states change with the
language; a street that is named in Spanish, `CALLE 1`, is said in it.
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
    """Return an address in words; a part that is not there is left out."""
    house, street = parts.get("house_number", ""), parts.get("street", "")
    if house and (fraction := _LEADING_FRACTION.fullmatch(street)):  # directories put the half of 12 1/2 here
        house, street = f"{house} {fraction[1]}", fraction[2]
    state = parts.get("state", "").upper()
    number, name = _numbered(house, language), speak_street(street, language, state)
    spoken = (
        f"{number}, {name}" if number and _begins_with_a_number(street) else f"{number} {name}".strip(),
        speak_unit(parts.get("unit", ""), language),
        speak_urbanization(parts.get("urbanization", ""), language),
        speak_city(parts.get("city", ""), language),
        language.states.get(state, parts.get("state", "")),
        _zip(parts.get("zip", ""), language),
    )
    return ", ".join(part for part in spoken if part)


def _begins_with_a_number(street: str) -> bool:
    """Tell whether a pause is needed before a street: without one, 1340 5th Street is 13 45th Street to the ear."""
    first = street.split(" ", 1)[0].upper()
    return first[:1].isdigit() or first in ORDINALS


def speak_street(street: str, language: Language, state: str = "") -> str:
    """Return a street as it is said: `N 186TH ST` as "North one hundred eighty-sixth Street".

    `state` are two letters; they tell Colorado's highways from counties' roads.
    """
    words = take_apart(street, state if state in language.states else "")
    if words.line:
        return _parts(words.line, language)
    numbers = language if words.spanish else ENGLISH
    named = _road(words, numbers) if words.road else _words(words.name, numbers)
    said = (
        _numbered(words.fraction, numbers),
        *_words((words.before, *words.lead), numbers),
        *named,
        *_words((words.kind, *words.after), numbers),
        _parts(words.unit, language),
    )
    return " ".join(word for word in said if word)


def _road(words: StreetWords, language: Language) -> Iterable[str]:
    """Say what numbers a road; its letters are said one by one."""
    first, *rest = words.name
    name = (*first.split("/"), *rest)  # 25/3 are two numbers, the first of which may look like a half
    return (" ".join(word) if _ROADS_LETTERS.fullmatch(word) else _word(word, language) for word in name)


def _words(words: Iterable[str], language: Language) -> list[str]:
    return [_word(word, language) for word in words]


def _word(word: str, language: Language) -> str:
    if ordinal := _ORDINAL.fullmatch(word.upper()):
        return english_ordinal(int(ordinal[1]))
    if any(character.isdigit() for character in word):
        return _numbered(word, language)
    return language.directions.get(word) or _title(word)


def speak_city(city: str, language: Language) -> str:
    """Return a city as it is said: `ST LOUIS` as "Saint Louis"."""
    words = split_words(city)
    before = DIRECTIONS.get(words[0].upper(), "") if len(words) > 1 else ""
    name, _ = full_words(words[1:] if before else words)
    return " ".join([*([before] if before else ()), *_words(name, language)])


def _numbered(text: str, language: Language) -> str:
    """Speak a text with numbers in it, such as a house number: `123B`, `90-05`, `1204 1/2`."""
    said: list[str] = []
    for word in text.upper().split():
        if word in language.fractions:
            said.append(language.fractions[word])
        else:
            pieces = _PIECES.findall(word)
            said += (_piece(piece, after, language) for piece, after in zip(pieces, ["", *pieces], strict=False))
    return " ".join(said)


def _piece(piece: str, after: str, language: Language) -> str:
    """Speak digits, letters or a mark; zeros count after a dash or a point, and before a number they do not."""
    if piece in "-.":
        return language.dash if piece == "-" else language.point
    if not piece.isdecimal():
        return " ".join(piece) if len(piece) <= 2 else _title(piece)
    number = piece.lstrip("0") or "0"
    zeros = len(piece) - len(number) if after in ("-", ".") else 0
    return " ".join([*[language.leading_zero] * zeros, language.house_number(number)])


def speak_unit(unit: str, language: Language) -> str:
    """Speak `APT 5B`, `BLDG 4 APT 2`, and a bare `5B`, which is called a unit."""
    return _parts(take_parts(unit), language)


def _parts(parts: Iterable[AddressPart], language: Language) -> str:
    return language.between_parts.join(_part(part, language) for part in parts)


def _part(part: AddressPart, language: Language) -> str:
    name = language.designators[part.code]
    if ordinal := _ORDINAL.fullmatch(part.value.upper()):  # 2ND FLOOR
        return f"{language.agree(language.ordinal(int(ordinal[1])), name)} {name}"
    value = language.fractions_alone.get(part.value) or _numbered(part.value, language)
    return f"{name} {value}".strip()


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
