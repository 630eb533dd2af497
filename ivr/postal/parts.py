"""Parts of an address that are a designator and a value: units in a building, boxes, rural routes.

`BLDG 4 APT 2` are two parts. A designator is a word such as APT or PO BOX; its code is the standard abbreviation. The
delivery line is the line of an address above city and state.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.postal.words import DESIGNATORS, DIRECTIONS, NEED_NO_NUMBER, SUFFIXES

_PHRASES: Mapping[str, str] = {
    **DESIGNATORS,
    **{
        phrase: code
        for code, phrases in {
            "PMB": "PMB|PRIVATE MAILBOX|PRIVATE MAIL BOX|MAILBOX",
            "BOX": "BOX|BUZON|CASILLA",
            "PO_BOX": "PO BOX|P O BOX|POB|P O B|POBOX|POST OFFICE BOX|POSTAL BOX|PO DRAWER|P O DRAWER|POST OFFICE DRAWER"
            "|DRAWER|FIRM CALLER|CALLER|LOCKBOX|LOCK BOX|BIN|APARTADO POSTAL|APARTADO",
            "RR": "RR|R R|RURAL ROUTE|RURAL RTE|RURAL RT|RFD ROUTE|RFD|R F D|RUTA RURAL",
            "HC": "HC|H C|HCR|HIGHWAY CONTRACT ROUTE|HIGHWAY CONTRACT|HWY CONTRACT|STAR ROUTE|STAR RTE|STAR RT",
            "PSC": "PSC|P S C",
            "CMR": "CMR|C M R",
            "KM": "KM|KILOMETRO|KILOMETER",
            "HM": "HM|HECTOMETRO",
            "GENERAL_DELIVERY": "GENERAL DELIVERY|GEN DELIVERY|GEN DEL",
            "DEPT": "DEPTO|DEPARTAMENTO",
            "UPPR": "UPPER LEVEL|UPPER LVL",
            "LOWR": "LOWER LEVEL|LOWER LVL",
            "TOWR": "TOWER|TWR|TORRE",
        }.items()
        for phrase in phrases.split("|")
    },
}
"""The code of a designator by each way to write it."""

_ROUTES_OF_A_BOX: Mapping[str, str] = {"RT": "RR", "RTE": "RR", "ROUTE": "RR", "RD": "RR", "SR": "HC"}
"""Words that mean a rural route or a star route only if a box follows (sections 244 and 254)."""

_LINES = frozenset(("PO_BOX", "RR", "HC", "PSC", "CMR", "GENERAL_DELIVERY"))
"""Codes that a delivery line without a street begins with."""

_FIRST_WORDS = frozenset(
    (
        *(phrase.split()[0] for phrase, code in _PHRASES.items() if code in (*_LINES, "BOX", "UNIT")),
        *_ROUTES_OF_A_BOX,
        "P.O",
    )
)
_NUMBER_WORDS = frozenset(("#", "NO", "NUM", "NUMBER"))
_GLUED = re.compile(r"([A-Z]{2,9})-?([0-9]+[A-Z]?)")
_STOP = re.compile(r"\.(?!\d)|(?<!\d)\.|,")
_ORDINAL = re.compile("[0-9]+(?:ST|ND|RD|TH)")
_LONGEST = 3


@dataclass(frozen=True, slots=True)
class AddressPart:
    """The code of a designator and its value, `APT` and `2`; the code is "" where no designator is written."""

    code: str
    value: str = ""


def take_parts(text: str) -> tuple[AddressPart, ...]:
    """Split a unit into its parts: `BLDG 4 APT 2` into two, `5B` into one without a designator."""
    words = _split(text)
    parts: list[AddressPart] = []
    position, code, value = 0, "", list[str]()
    while position < len(words):
        next_code, length = _designator(words, position)
        if length and not code and len(value) == 1 and _ORDINAL.fullmatch(value[0].upper()):  # 2ND FLOOR
            code, position = next_code, position + length
            continue
        if length or (words[position] == "#" and value):
            _append_part(parts, code, value)
            code, value = next_code, []
        elif words[position].upper() not in _NUMBER_WORDS:
            value.append(words[position])
        position += max(length, 1)
    _append_part(parts, code, value)
    return tuple(parts)


def _append_part(parts: list[AddressPart], code: str, value: Sequence[str]) -> None:
    if code or value:
        parts.append(AddressPart(code, " ".join(value)))


def line_parts(text: str) -> tuple[AddressPart, ...]:
    """Split a delivery line without a street, `RR 2 BOX 18`, into its parts; return () if it has a street."""
    if text.partition(" ")[0].upper().replace(".", "").rstrip(",0123456789") not in _FIRST_WORDS:
        return ()
    words = _split(text)
    code, length = _designator(words, 0)
    route = _ROUTES_OF_A_BOX.get(words[0].upper()) if len(words) == 4 and words[2].upper() == "BOX" else None
    if route:
        return (AddressPart(route, words[1]), AddressPart("BOX", words[3]))
    if not length or (code not in _LINES and code not in ("BOX", "UNIT")):
        return ()
    parts = take_parts(" ".join(words))
    if code == "UNIT" and len(parts) < 2:  # only as UNIT 2050 BOX 4190, an address of the armed forces
        return ()
    return parts if code == "GENERAL_DELIVERY" or any(c.isdigit() for c in words[-1]) or len(words[-1]) == 1 else ()


def unit_at(words: Sequence[str], position: int) -> bool:
    """Return whether a unit begins at a position of a delivery line's words, which are in capitals."""
    word = words[position]
    if word == "#":
        return position + 1 < len(words)
    code = _PHRASES.get(word)
    if code is None or code == "BOX":
        return False
    if position + 1 == len(words):  # OAK AVE REAR has a unit, N LAKE FRONT has none
        return code in NEED_NO_NUMBER and words[position - 1] in SUFFIXES and words[0] not in DIRECTIONS
    following = words[position + 1]
    return following == "#" or len(following) == 1 or any(character.isdigit() for character in following)


def _split(text: str) -> list[str]:
    words: list[str] = []
    for word in _STOP.sub(" ", text).replace("#", " # ").split():
        glued = _GLUED.fullmatch(word.upper())
        words += glued.groups() if glued and glued[1] in _PHRASES else (word,)
    return words


def _designator(words: Sequence[str], position: int) -> tuple[str, int]:
    """Return the code of the longest designator at a position and its length in words, or ("", 0)."""
    for length in range(min(_LONGEST, len(words) - position), 0, -1):
        if code := _PHRASES.get(" ".join(words[position : position + length]).upper()):
            return code, length
    return "", 0
