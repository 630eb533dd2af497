"""Numbered and lettered roads (county, state, federal, farm and ranch roads), in the many ways directories write them.

The sources are Publication 28, appendix F (county, state and local highways), and the directories of states and
counties. The words before a road's number, its lead, say who owns it and what kind of road it is: `COUNTY` `ROAD`,
`US`, `TEXAS` `HIGHWAY`. Each is looked up by itself, so that every mixture of abbreviations and full words can be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.postal.words import DIRECTION_LETTERS, DIRECTIONS, STATE_LETTERS, STATES, SUFFIXES

_KINDS = """
    Highway: HWY HIWAY HIWY HWAY HIGHWY; Route: RTE RT; Road: RD; Trunk: TRUNK; Loop: LP; Spur: SPUR; Park: PARK;
    Expressway: EXPY EXPWY; Beltway: BLTWY; Tollway: TOLLWAY; Toll: TOLL; Avenue: AVE AV; Lane: LN; Carretera: CARR
"""
_OWNERS = """
    County: CNTY CTY; State: STATE; US: USA|U S|UNITED STATES; Interstate: IH|I H; Township: TWP TWNSHP TWSP;
    Town: TOWN; Private: PVT PRIV; Parish: PARISH; Forest: FOREST; Forest Service: FS|FOREST SVC|FOREST SERV;
    National Forest: NF|NATL FOREST|NAT FOREST; Farm to Market: FM|F M|FARM MARKET; Ranch to Market: RM|R M;
    National Forest Development: NFD; Farm: FARM; Ranch: RANCH; Tribal: TRIBAL; Indian: INDIAN; Navajo: NAVAJO;
    Reservation: RESERVATION; Lease: LEASE
"""
_CODES = """
    County Road: CR|C R; County Highway: CH; County Trunk Highway: CTH; County State Aid Highway: CSAH;
    State Route: SR|S R; State Highway: SH|S H; State Trunk Highway: STH; US Highway: USH; Township Road: TR TSR;
    Forest Road: FR; Forest Service Road: FSR; National Forest Road: NFR NFSR; US Forest Service: USFS;
    Private Road: PVR; Indian Route: IR; B I A: BIA; New York State: NYS
"""
_QUALIFIERS = (
    "Old: OLD; New: NEW; Business: BUS BUSN; Alternate: ALT; Bypass: BYP; Historic: HIST; Truck: TRK; Scenic: SCENIC"
)


def _phrases(text: str) -> dict[tuple[str, ...], str]:
    full_by_phrase = {}
    for entry in text.replace("\n", " ").split(";"):
        full, _, spellings = entry.strip().partition(": ")
        divider = "|" if "|" in spellings else " "
        for spelling in (full.upper(), *spellings.split(divider)):
            full_by_phrase[tuple(spelling.split())] = full
    return full_by_phrase


_STATE_PHRASES = {
    tuple(spelling.split()): name for letters, name in STATES.items() for spelling in (letters, name.upper())
} | {
    tuple(name.upper().replace("NORTH", "N").replace("SOUTH", "S").replace("WEST", "W").split()): name
    for name in STATES.values()
    if name.split()[0] in DIRECTIONS.values()
}
_STATE_NAMES = frozenset(STATES.values())
_OWNER = _phrases(_OWNERS)
_CODE = _phrases(_CODES)
_KIND = _phrases(_KINDS)
_QUALIFIER = _phrases(_QUALIFIERS)
QUALIFIERS = frozenset(_QUALIFIER.values())
QUALIFIER_LETTERS: Mapping[str, str] = {
    full: phrase[0] for phrase, full in reversed(_QUALIFIER.items()) if phrase[0] != full.upper()
}
"""A short way to write each qualifier, a word that tells roads of the same number apart: Business, Old."""
_LEAD_PHRASES: Mapping[tuple[str, ...], str] = {**_QUALIFIER, **_STATE_PHRASES, **_KIND, **_OWNER, **_CODE}
_LONGEST = 3

ROAD_WORDS = frozenset(phrase[0] for phrase in _LEAD_PHRASES) | {
    *("ST", "CO", "I", "K", "M", "RR", "TH", "T", "WCR", "LCR")
}
"""Words that a numbered road may begin with."""

_STATES_OF_A_LETTER: Mapping[str, str] = {"K": "KS", "M": "MI"}
"""States whose highways are named by one letter: K-10, M-37."""

_SAY_STATE = frozenset(("State", "Highway", "Route", "Road", "Trunk", "Carretera", *_STATES_OF_A_LETTER))
"""Words that only say that a road is a state's highway. Loop and Spur are not among them: they are numbered apart."""

ROAD_LETTERS: Mapping[str, str] = {
    full: "".join(phrase)
    for phrase, full in reversed([*_KIND.items(), *_OWNER.items()])
    if " ".join(phrase) != full.upper()
}
"""The first abbreviation of a kind or owner of a road."""


_REGIONAL: Mapping[str, Mapping[str, str]] = {
    "TX": {"RR": "Ranch Road", "PR": "Private Road", "FR": "Farm Road"},
    "MO": {"FR": "Farm Road"},
    "MN": {"TH": "Trunk Highway"},
    "VT": {"TH": "Town Highway"},
    "PR": {"AVE": "Avenida", "AV": "Avenida"},
    "CO": {"WCR": "Weld County Road", "LCR": "Larimer County Road"},
    "PA": {"T": "Township Road"},
    "OH": {"T": "Township Road"},
}
"""What letters mean in one state only."""

_NUMBER_WORDS = ("NO", "NUM", "NUMBER", "#")
_NUMBER = re.compile(r"(?!\d+(?:ST|ND|RD|TH)$)[A-Z]{0,2}\d+(?:\.\d+)?[A-Z]{0,2}")
_SEVERAL = re.compile(r"\d+(?:[/-]\d+)+")
"""Several numbers of one road: 49/088, 16-60; West Virginia's 25/3 is a branch of county route 25."""
_FRACTION = re.compile(r"\d/\d")
_GLUED = re.compile(r"(I|IH|US|USH|SR|SH|STH|CR|CH|CTH|CSAH|FM|RM|RR|TR|HWY|RT|RTE|CO|NFR|FS|FR)(\d+[A-Z]?)")
_LETTERED = frozenset(("Highway", "Route", "Road", "Trunk", "Avenue", "County", "Missouri"))
"""Kinds of roads that can have letters instead of numbers."""


@dataclass(frozen=True, slots=True)
class Road:
    """A numbered road: the lead before its number, its numbers, and how many words of the street these are."""

    lead: tuple[str, ...]
    """The phrases that say who owns it and what kind it is: `New Mexico`, `Highway`."""

    numbers: tuple[str, ...]
    length: int

    @property
    def words(self) -> tuple[str, ...]:
        """The lead, split into words."""
        return tuple(" ".join(self.lead).split())

    @property
    def qualifiers(self) -> tuple[str, ...]:
        """The words of the lead that tell it from another road of the same number: Old, Business."""
        return tuple(phrase for phrase in self.lead if (phrase.upper(),) in _QUALIFIER)

    @property
    def system(self) -> str:
        """The system that numbers it: "County Road", "Interstate", "US", "State" and so on.

        Roads with the same system and number are the same road, whatever kind of road they are called.
        """
        phrases = [phrase for phrase in self.lead if phrase not in self.qualifiers] or list(self.lead)
        words = " ".join(phrases).split()
        if "County" in words:
            return " ".join(phrase for phrase in phrases if phrase not in _STATE_NAMES)
        for system in ("Interstate", "US", "Farm", "Ranch"):
            if system in words and "Forest" not in words:
                return system
        if not self.state and words[0] not in ("State", "Trunk"):
            return " ".join(words)
        other_words = " ".join(phrase for phrase in phrases if phrase.removesuffix(" State") not in _STATE_NAMES)
        return " ".join(["State", *(word for word in other_words.split() if word not in _SAY_STATE)])

    @property
    def state(self) -> str:
        """The letters of the state that the road's lead names, or ""."""
        phrase_with_state = next((phrase for phrase in self.lead if phrase.removesuffix(" State") in _STATE_NAMES), "")
        if "Carretera" in self.lead:
            return "PR"
        return STATE_LETTERS.get(phrase_with_state.removesuffix(" State"), _STATES_OF_A_LETTER.get(self.lead[-1], ""))


def unglue(word: str) -> tuple[str, ...]:
    """Split `I35` and `FM1960` into letters and number; return any other word whole."""
    match = _GLUED.fullmatch(word)
    return match.groups() if match else (word,)


def read_road(words: Sequence[str], state: str) -> Road | None:
    """Return the numbered road that words in capitals begin with, or None. `state` is its letters, or "" if unknown."""
    position = _county_position(words)
    lead = [(" ".join(words[:position]).title(), position)] if position else []
    while position < len(words):
        full, length = _lead_phrase(words, position, state)
        if length:
            lead.append((full, length))
        elif (
            lead and words[position] in _NUMBER_WORDS and position + 1 < len(words) and _is_number(words[position + 1])
        ):
            lead[-1], length = (lead[-1][0], lead[-1][1] + 1), 1
        else:
            break
        position += length
    while lead and not _number_follows(words, position, lead):
        position -= lead.pop()[1]
    if not lead:
        return None
    start = position
    while position < len(words) and (position == start or _number_continues(words, position)):
        position += 2 if words[position] == "AND" else 1
    numbers = tuple(word.lower() if word == "AND" else word.lstrip("0") or word for word in words[start:position])
    if numbers[-1].isdigit() and _is_letter_of_number(words, position):  # 12 A
        return Road(_without_first_highway(lead), (*numbers[:-1], numbers[-1] + words[position]), position + 1)
    return Road(_without_first_highway(lead), numbers, position)


def _is_letter_of_number(words: Sequence[str], position: int) -> bool:
    """Return whether a letter belongs to the number before it (COUNTY ROAD 12 A), and is not a direction."""
    if (
        position == len(words)
        or len(words[position]) > 1
        or not words[position].isalpha()
        or words[position] in DIRECTIONS
    ):
        return False
    return position + 1 == len(words) or words[position + 1] in DIRECTIONS


def _county_position(words: Sequence[str]) -> int:
    """Return the position of COUNTY after the name of a county (WELD COUNTY RD 74), or 0 if no county is named."""
    if words[0] in ROAD_WORDS or words[0] in DIRECTIONS:
        return 0
    return next((position for position in (1, 2) if words[position : position + 1] in (["COUNTY"], ["CNTY"])), 0)


def _without_first_highway(lead: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Return the phrases of the lead, leaving out a Highway before the owner: HWY FM 1320."""
    full = [phrase for phrase, _ in lead]
    return tuple(full[1:] if full[0] == "Highway" and len(full) > 1 else full)


def _lead_phrase(words: Sequence[str], position: int, state: str) -> tuple[str, int]:
    word, following = words[position], words[position + 1] if position + 1 < len(words) else ""
    regional_words = _REGIONAL.get(state, {})
    if word in regional_words and (len(word) > 1 or following[:1].isdigit()):
        return regional_words[word], 1
    if state and word + following == state and len(word) == 1:  # N C HIGHWAY 54
        return STATES[state], 2
    if len(word) == 1 and not (word in "UFRCSIH" and len(following) == 1 and not following.isdigit()):
        if word == "I" and following[:1].isdigit():
            return "Interstate", 1
        road_state = _STATES_OF_A_LETTER.get(word)
        if road_state and state in ("", road_state) and following[:1].isdigit() and not position:
            return word, 1
        return "", 0
    if word == "CO":
        return ("Colorado" if _is_colorado(following, state) else "County"), 1
    if word == "ST":
        return ("State", 1) if (following,) in _KIND else ("", 0)
    if word == "NE" and state not in ("NE", ""):  # a direction
        return "", 0
    for length in range(min(_LONGEST, len(words) - position), 0, -1):
        if full := _LEAD_PHRASES.get(tuple(words[position : position + length])):
            return full, length
    return "", 0


def _is_colorado(following: str, state: str) -> bool:
    """Return whether CO means Colorado, not county: in CO 12 and CO HWY 12 there, and in CO 12 if no state is known."""
    if following[:1].isdigit():
        return state in ("CO", "")
    return state == "CO" and _KIND.get((following,)) == "Highway"


def _is_number(word: str) -> bool:
    return bool(_NUMBER.fullmatch(word) or _SEVERAL.fullmatch(word))


def _number_follows(words: Sequence[str], position: int, lead: Sequence[tuple[str, int]]) -> bool:
    if position == len(words):
        return False
    word = words[position]
    return _is_number(word) or _is_lettered(word, position, words, " ".join(full for full, _ in lead).split())


def _is_lettered(word: str, position: int, words: Sequence[str], lead: Sequence[str]) -> bool:
    """Return whether a word is the letters of a lettered road (COUNTY ROAD KK), and not a direction or a kind."""
    kind, last = lead[-1], position + 1 == len(words)
    if not word.isalpha() or kind not in _LETTERED or (len(word) > 2 and word not in DIRECTIONS):
        return False
    alone = kind == lead[0] == "Avenue"
    if kind == "Avenue" and not alone:  # FLORIDA AVE N has a name
        return False
    if word in DIRECTIONS:
        if len(word) > 1:  # AVENUE SOUTH is AVENUE S
            return alone and last and len(DIRECTION_LETTERS.get(word.title(), word)) == 1
        followed = position + 2 == len(words) and words[position + 1] in DIRECTIONS and (alone or "County" in lead)
        return (last or followed) and lead[0] != "Old" and (kind != "Road" or "County" in lead)
    if len(word) == 1:
        return True
    if word in SUFFIXES or kind in ("Avenue", "County"):
        return last and (word[0] == word[1] or ("County" in lead and kind != "County"))
    return last or words[position + 1] in DIRECTIONS


def _number_continues(words: Sequence[str], position: int) -> bool:
    """Return whether a word continues the road's number: 12 1/2, 45 46, 6 AND 50."""
    if words[position] == "AND":
        return position + 1 < len(words) and _is_number(words[position + 1])
    return bool(_FRACTION.fullmatch(words[position])) or (_is_number(words[position]) and words[position].isdigit())
