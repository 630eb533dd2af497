"""What is a word and a number: units within a building, boxes, rural routes. `BLDG 4 APT 2` are two such parts."""

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
"""Every way to write a designator, by its code."""

_ROUTES_OF_A_BOX: Mapping[str, str] = {"RT": "RR", "RTE": "RR", "ROUTE": "RR", "RD": "RR", "SR": "HC"}
"""What stands for a rural route or a star route only where a box follows (sections 244 and 254)."""

_LINES = frozenset(("PO_BOX", "RR", "HC", "PSC", "CMR", "GENERAL_DELIVERY"))
"""What a delivery line without a street begins with."""

_BEGINNINGS = frozenset(
    (
        *(phrase.split()[0] for phrase, code in _PHRASES.items() if code in (*_LINES, "BOX", "UNIT")),
        *_ROUTES_OF_A_BOX,
        "P.O",
    )
)
_SAYS_NOTHING = frozenset(("#", "NO", "NUM", "NUMBER"))
_GLUED = re.compile(r"([A-Z]{2,9})-?([0-9]+[A-Z]?)")
_STOP = re.compile(r"\.(?!\d)|(?<!\d)\.|,")
_ORDINAL = re.compile("[0-9]+(?:ST|ND|RD|TH)")
_LONGEST = 3


@dataclass(frozen=True, slots=True)
class AddressPart:
    """A designator by its code and what it designates: `APT` and `2`; the code is empty where none is written."""

    code: str
    value: str = ""


def take_parts(text: str) -> tuple[AddressPart, ...]:
    """Take a unit apart: `BLDG 4 APT 2` into two parts, `5B` into one without a designator."""
    words = _split(text)
    parts: list[AddressPart] = []
    at, code, value = 0, "", list[str]()
    while at < len(words):
        found, length = _designator(words, at)
        if length and not code and len(value) == 1 and _ORDINAL.fullmatch(value[0].upper()):  # 2ND FLOOR
            code, at = found, at + length
            continue
        if length or (words[at] == "#" and value):
            _end(parts, code, value)
            code, value = found, []
        elif words[at].upper() not in _SAYS_NOTHING:
            value.append(words[at])
        at += max(length, 1)
    _end(parts, code, value)
    return tuple(parts)


def _end(parts: list[AddressPart], code: str, value: Sequence[str]) -> None:
    if code or value:
        parts.append(AddressPart(code, " ".join(value)))


def line_parts(text: str) -> tuple[AddressPart, ...]:
    """Take a delivery line that has no street apart, `RR 2 BOX 18`; nothing when it has one."""
    if text.partition(" ")[0].upper().replace(".", "").rstrip(",0123456789") not in _BEGINNINGS:
        return ()
    words = _split(text)
    code, length = _designator(words, 0)
    route = _ROUTES_OF_A_BOX.get(words[0].upper()) if len(words) == 4 and words[2].upper() == "BOX" else None
    if route:
        return (AddressPart(route, words[1]), AddressPart("BOX", words[3]))
    if not length or (code not in _LINES and code not in ("BOX", "UNIT")):
        return ()
    parts = take_parts(" ".join(words))
    if code == "UNIT" and len(parts) < 2:  # UNIT 2050 BOX 4190 is of the armed forces
        return ()
    return parts if code == "GENERAL_DELIVERY" or any(c.isdigit() for c in words[-1]) or len(words[-1]) == 1 else ()


def unit_at(words: Sequence[str], at: int) -> bool:
    """Tell whether a unit begins at a word of a delivery line: a designator with what it needs."""
    word = words[at]
    if word == "#":
        return at + 1 < len(words)
    code = _PHRASES.get(word)
    if code is None or code == "BOX":
        return False
    if at + 1 == len(words):  # OAK AVE REAR, but no N LAKE FRONT
        return code in NEED_NO_NUMBER and words[at - 1] in SUFFIXES and words[0] not in DIRECTIONS
    following = words[at + 1]
    return following == "#" or len(following) == 1 or any(character.isdigit() for character in following)


def _split(text: str) -> list[str]:
    words: list[str] = []
    for word in _STOP.sub(" ", text).replace("#", " # ").split():
        glued = _GLUED.fullmatch(word.upper())
        words += glued.groups() if glued and glued[1] in _PHRASES else (word,)
    return words


def _designator(words: Sequence[str], at: int) -> tuple[str, int]:
    """Return the designator that is written from a word on, the longest one, and how many words it takes."""
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        if code := _PHRASES.get(" ".join(words[at : at + length]).upper()):
            return code, length
    return "", 0
