"""Parsing of a street as a directory writes it, into its parts in full words, which are spoken and keyed.

`N 186TH ST` is a direction, a name and a kind; `COUNTY RD 12` and `CALLE LUNA` have the kind before the name; `US-40 E`
is a numbered road. The state of the street can matter: CO 12 is a state highway in Colorado and a county road
elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from ivr.postal.parts import AddressPart, line_parts, take_parts, unit_at
from ivr.postal.people import Person, person_at
from ivr.postal.roads import QUALIFIERS, ROAD_WORDS, Road, read_road, unglue
from ivr.postal.words import (
    BEFORE_A_NAME,
    DIRECTION_LETTERS,
    DIRECTIONS,
    OTHER_SPANISH_KINDS,
    SPANISH_DIRECTIONS,
    SPANISH_KINDS,
    SPANISH_ORDINALS,
    SPANISH_SAINTS,
    STATES,
    SUFFIXES,
    TITLES,
    in_a_name,
    table,
)

REMEMBERED = 1 << 16
"""How many streets are cached."""

_PARTED = re.compile(r"(?<=[A-Za-z])-(?=\d)|(?<=\d)-(?=[A-Za-z])")
_LETTERS_ALONE = re.compile("[A-Za-z ]*")
_STOP = re.compile(r"\.(?!\d)|(?<!\d)\.|,")
_MARKS = re.compile("[^A-Za-z0-9/.]")
_FRACTION = re.compile(r"\d/\d")

_UNITS = (
    *("", "FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH", "SIXTH", "SEVENTH", "EIGHTH", "NINTH", "TENTH", "ELEVENTH"),
    *("TWELFTH", "THIRTEENTH", "FOURTEENTH", "FIFTEENTH", "SIXTEENTH", "SEVENTEENTH", "EIGHTEENTH", "NINETEENTH"),
)
_TENS = ("TWENTY", "THIRTY", "FORTY", "FIFTY", "SIXTY", "SEVENTY", "EIGHTY", "NINETY")
_TEN_VALUES = {ten: 10 * tens for tens, ten in enumerate(_TENS, 2)}
ORDINALS: Mapping[str, int] = {
    **{word: number for number, word in enumerate(_UNITS) if word},
    **{f"{ten[:-1]}IETH": ten_value for ten, ten_value in _TEN_VALUES.items()},
    **{f"{ten} {_UNITS[unit]}": ten_value + unit for ten, ten_value in _TEN_VALUES.items() for unit in range(1, 10)},
}
"""Ordinal numbers that directories write in words, up to ninety-ninth."""

_ONES = ("ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE", "TEN", "ELEVEN", "TWELVE")
CARDINALS: Mapping[str, int] = {
    **{word: number for number, word in enumerate(_ONES, 1)},
    **_TEN_VALUES,
    **{f"{ten} {_ONES[unit - 1]}": ten_value + unit for ten, ten_value in _TEN_VALUES.items() for unit in range(1, 10)},
}
"""Cardinal numbers that names begin with: Eight Mile Road is 8 MILE RD."""

_DIRECTION: Mapping[str, str] = {**DIRECTIONS, "NO": "North", "SO": "South", "EA": "East"}
_NOT_NORTH = frozenset(("NAME", "MAN", "MANS", "MAN'S", "RETURN", "OUTLET", "WAY", "END", "LONG", "HIGH", "EASY"))
"""Words before which NO and SO are not North and South: No Name Road, So Long Lane."""

_NEAR = frozenset(("NORTH", "SOUTH"))
_TAIL: Mapping[str, str] = {
    **_DIRECTION,
    **{word: full for word, full in SUFFIXES.items() if full in ("Extension", "Extensions", "Bypass")},
}
"""Words that may follow a street's kind."""

_AFTER_A_ROAD: Mapping[str, str] = {
    **SUFFIXES,
    **_DIRECTION,
    **table(
        "Business: BUS; Alternate: ALT; Truck: TRK; Service: SVC SERV; Access: ACC; Frontage: FRTG FRNTG; Interior: INT"
    ),
}
_SPANISH = frozenset((*SPANISH_KINDS.values(), *OTHER_SPANISH_KINDS.values()))
_ARTICLES = frozenset(("DE", "DEL", "LA", "LAS", "EL", "LOS"))


@dataclass(frozen=True)
class StreetWords:
    """The parts of a street in full words, as they are spoken; numbers stay in figures.

    `before` and `after` are mostly directions, `lead` is a kind before the name (County Road, Calle), `kind` the kind
    after it (Street). A box or a rural route has `line` only.
    """

    name: tuple[str, ...]
    fraction: str = ""
    before: str = ""
    lead: tuple[str, ...] = ()
    kind: str = ""
    after: tuple[str, ...] = ()
    unit: tuple[AddressPart, ...] = ()
    line: tuple[AddressPart, ...] = ()
    road: Road | None = None
    person: Person | None = None
    written: str = ""
    """The name as the directory writes it, without spaces."""

    number: str = ""
    """The number that the name stands for: 100 for 1st North in Utah, 1 for Calle Primera."""

    @property
    def qualifiers(self) -> tuple[str, ...]:
        """The words that tell a numbered road from another of the same number: Old 40, 40 Business."""
        if not self.road:
            return ()
        return (*self.road.qualifiers, *(word for word in self.after if word in QUALIFIERS))

    @property
    def spanish(self) -> bool:
        """Return whether the street is named in Spanish, so that its numbers are spoken in Spanish too."""
        return bool(self.lead) and (self.lead[0] in _SPANISH or self.lead == ("Puerto", "Rico"))

    @cached_property
    def whole(self) -> str:
        """The full name in a normal form, which is the same for one street written in two ways.

        LA SALLE is LASALLE; FIFTH is 5TH; US HIGHWAY 40 is US 40; a person's titles are left out.
        """
        after = tuple(word for word in self.after if word not in self.qualifiers)
        if self.road:
            letters = (DIRECTION_LETTERS.get(part.title(), part) for part in self.name)  # AVENUE SOUTH
            name_parts = (*self.qualifiers, self.road.system, *letters)
        elif self.person:
            left_out = {*self.person.names, *TITLES.values(), "Junior"}
            name_parts = (*self.person.names, *(word for word in self.name if word.title() not in left_out))
        else:
            name_parts = (*self.lead, self.number or _letters_and_digits("".join(figures(self.name))))
        units = (f"{part.code} {part.value}" for part in (*self.unit, *self.line))
        parts = (self.fraction, self.before, *name_parts, self.kind, *after, *units)
        return " ".join(part for part in parts if part).upper()


def _letters_and_digits(name: str) -> str:
    """Return a name without accents, apostrophes and hyphens; one that has nothing else comes back unchanged."""
    if name.isascii() and name.isalnum():
        return name
    return _MARKS.sub("", unicodedata.normalize("NFKD", name)) or name


def figures(name: Sequence[str]) -> tuple[str, ...]:
    """Return a name with its first number in figures: `Twenty` `First` as `21ST`, `Eight` `Mile` as `8` `Mile`."""
    for length in (2, 1):
        words = " ".join(name[:length]).upper() if len(name) >= length else ""
        if number := ORDINALS.get(words):
            return (with_ending(number), *name[length:])
        if len(name) > length and (count := CARDINALS.get(words)):
            return (str(count), *name[length:])
    return tuple(name)


def with_ending(number: int) -> str:
    """Return a number with its ordinal ending: 21 as `21ST`."""
    ending = "TH" if number % 100 in (11, 12, 13) else {1: "ST", 2: "ND", 3: "RD"}.get(number % 10, "TH")
    return f"{number}{ending}"


def split_words(text: str) -> list[str]:
    """Split a directory's text into words; the letters and number of a road (US-50, I35) become two words."""
    if not text.isascii() or not _LETTERS_ALONE.fullmatch(text):
        text = _STOP.sub(" ", _PARTED.sub(" ", text)).replace("&", " and ").replace("#", " # ")
    words: list[str] = []
    for word in text.split():
        if word.isalpha():
            words.append(word)
            continue
        first, _, second = word.partition("-")
        if second and f"{first} {second}".upper() in ORDINALS:
            words += (first, second)
        else:
            words += unglue(word) if word[-1].isdigit() or word[-2:-1].isdigit() else (word,)
    return words


@lru_cache(REMEMBERED)
def take_apart(street: str, state: str = "") -> StreetWords:
    """Return the parts of a street; except for a box or rural route, its name is never empty.

    `state` is two letters, or "" if unknown.
    """
    line = line_parts(street)
    if line and not (state == "TX" and len(line) == 1 and line[0].code == "RR"):
        return StreetWords((), line=line)
    # Oklahoma's counties write direction and number as one word: E0750 RD is East 750.
    words = split_words(_GRID.sub(r"\1 \2", street) if state == "OK" else street)
    capitals = [word.upper() for word in words]
    start = 1 if len(words) > 1 and _FRACTION.fullmatch(words[0]) else 0
    end = _unit_position(capitals)
    parsed = _without_unit(words[start:end], capitals[start:end], state)
    if start or end < len(words):
        unit = take_parts(" ".join(words[end:]))
        return replace(parsed, fraction=words[0] if start else "", unit=unit)
    return parsed


_GRID = re.compile(r"^([NSEW])0+([1-9]\d*)\b")


def _unit_position(words: Sequence[str]) -> int:
    """Return the position of the unit after a street and its kind, or the number of words if there is none."""
    for position in range(2, len(words)):
        if unit_at(words, position) and any(word in SUFFIXES or word in ROAD_WORDS for word in words[:position]):
            return position
    return len(words)


def _without_unit(words: Sequence[str], capitals: Sequence[str], state: str) -> StreetWords:
    if road := _numbered_road(capitals, state, ""):
        return road
    before = _direction_before(capitals)
    if before and (road := _numbered_road(capitals[1:], state, before)):
        return road
    if capitals[-2:-1] and capitals[0] in SPANISH_KINDS and capitals[-2].isdigit():  # CALLE 5 NORESTE
        capitals = (*capitals[:-1], SPANISH_DIRECTIONS.get(capitals[-1], capitals[-1]))
    kind_at = _kind_position(capitals)
    if kind_at == 1:  # E ST
        before = ""
    return _named_street(words, capitals, before, kind_at, state)


def _numbered_road(words: Sequence[str], state: str, before: str) -> StreetWords | None:
    names_county = len(words) > 3 and "COUNTY" in words[1:3]
    if not words or not (words[0] in ROAD_WORDS or names_county or (state and "".join(words[:2]) == state)):
        return None
    road = read_road(words, state)
    if road is None or (before and road.numbers[0] in DIRECTIONS and "County" not in road.words):  # NORTH AVE N
        return None
    after = tuple(_after_road(words[position]) for position in range(road.length, len(words)))
    return StreetWords(road.numbers, before=before, lead=road.words, after=after, road=road)


def _after_road(word: str) -> str:
    return _AFTER_A_ROAD.get(word) or in_a_name(word) or word


def _direction_before(words: Sequence[str]) -> str:
    if len(words) < 2 or (words[0] in ("NO", "SO", "EA") and (words[1] in _NOT_NORTH or words[1].isdigit())):
        return ""
    return _DIRECTION.get(words[0], "")


def _kind_position(words: Sequence[str]) -> int:
    """Return the position of the street's kind, which only directions and the like follow.

    Without a kind it is the position after the name, where a direction may be: BROADWAY N, 300 S.
    """
    end = len(words)
    while end > 1 and words[end - 1] in _TAIL and not (end == 2 and words[0] in SUFFIXES):
        end -= 1
    kind_at = next((position for position in range(max(1, end - 1), len(words)) if words[position] in SUFFIXES), end)
    return kind_at if all(word in _TAIL for word in words[kind_at + 1 :]) else end


def _named_street(words: Sequence[str], capitals: Sequence[str], before: str, kind_at: int, state: str) -> StreetWords:
    """Return a street that is not a numbered road, with the kind after its name or, in Spanish, before it."""
    kind = SUFFIXES.get(capitals[kind_at], "") if kind_at < len(words) else ""
    start = 1 if before else 0
    tail = capitals[kind_at + (1 if kind else 0) :]
    lead = _spanish_lead(capitals[start:kind_at], bool(kind), state)
    start += len(lead)
    written = words[start:kind_at]
    name, person = full_words(written, kind)
    if len(name) == 1 and kind:
        name = _single_word_name(name[0])
    name = _with_ordinal(name, kind)
    if kind and len(name) > 1 and _GRID_LINE.fullmatch(name[-2]):  # N 500 W ST
        name = (*name[:-1], DIRECTIONS.get(name[-1], name[-1]))
    if lead or state == "PR":
        name = tuple(SPANISH_SAINTS.get(word, word) for word in name)
    return StreetWords(
        name,
        number=_number_meant(name, lead, tail if state == "UT" and not kind else ()),
        before=before,
        lead=lead,
        kind=kind,
        after=_tail(tail) if tail else (),
        person=person,
        written="".join(written),
    )


def _single_word_name(word: str) -> tuple[str, ...]:
    """Return the words of a name that is a single word: NE ST is Northeast.

    The letters of a state are read one by one, since they may be an abbreviation of anything.
    """
    if word in DIRECTIONS and len(word) > 1:
        return (DIRECTIONS[word],)
    return tuple(word) if word in STATES and word not in _STATE_WORDS else (word,)


def _with_ordinal(name: tuple[str, ...], kind: str) -> tuple[str, ...]:
    """Add the ordinal ending to a number that counts streets: 8 ST, 7 STREET RD, but not 39 RD or 8 MILE RD."""
    is_counted = (
        kind in _COUNTED if len(name) == 1 else name[1:2] in (("Street",), ("Avenue",), ("STREET",), ("AVENUE",))
    )
    if is_counted and name[0].isdecimal() and not name[0].startswith("0") and len(name[0]) <= 3:
        return (with_ending(int(name[0])), *name[1:])
    return name


_GRID_LINE = re.compile("[0-9]{3,5}")
_COUNTED = frozenset(("Street", "Avenue", "Terrace", "Court", "Place", "Lane"))
"""Kinds of streets that are counted: First Street."""

_ORDINAL = re.compile(r"([0-9]{1,2})(?:ST|ND|RD|TH)")


def _number_meant(name: Sequence[str], lead: Sequence[str], grid: Sequence[str]) -> str:
    """Return the number that a name means, or "": 1 for Calle Primera; on Utah's grids 200 for 2nd South."""
    if len(name) != 1:
        return ""
    if lead and (number := SPANISH_ORDINALS.get(name[0].upper())):
        return str(number)
    ordinal = _ORDINAL.fullmatch(figures(name)[0].upper())
    return f"{ordinal[1]}00" if ordinal and grid and grid[0] in DIRECTIONS else ""


_STATE_WORDS = frozenset(("IN", "OR", "ME", "HI", "AL", "DE", "LA", "MA", "ID", "AS", "OH", "CO"))
"""Letters of states that are also words or names."""


def _tail(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words after the kind in full; N W is Northwest."""
    full = [_TAIL.get(word, word) for word in words]
    for position in range(len(full) - 1, 0, -1):
        if (
            len(words[position - 1]) == len(words[position]) == 1
            and full[position - 1].upper() in _NEAR
            and full[position] in ("East", "West")
        ):
            full[position - 1 : position + 1] = [f"{full[position - 1]}{full[position].lower()}"]
    return tuple(full)


def _spanish_lead(words: Sequence[str], has_kind: bool, state: str) -> tuple[str, ...]:
    """Return the Spanish kind that a name begins with, or (); an abbreviation only if it cannot be English."""
    if len(words) < 2:
        return ()
    is_spanish = state == "PR" or words[0] in _SPANISH_ANYWHERE
    full = SPANISH_KINDS.get(words[0]) or (OTHER_SPANISH_KINDS.get(words[0]) if is_spanish else None)
    if full is None:
        return ()
    if words[0] == full.upper() or words[1] in _ARTICLES:
        return () if has_kind and full in ("Rancho", "Vista") else (full,)
    return (full,) if is_spanish and not has_kind else ()


_SPANISH_ANYWHERE = frozenset(("CAM", "CLL", "PSO", "AVDA", "CARR", "CMT", "CLLJ", "CMNO"))
"""Abbreviations of Spanish kinds that mean nothing in English."""


def full_words(words: Sequence[str], kind: str = "") -> tuple[tuple[str, ...], Person | None]:
    """Return the words of a name in full, `ST CLAIR` as Saint Clair, and the person it names, or None.

    `kind` is the kind that follows the name: the ST of OLD ST RD is State.
    """
    full: list[str] = []
    named_person: Person | None = None
    capitals = [word.upper() for word in words]
    position = 0
    while position < len(words):
        person, length = person_at(capitals, position)
        if person:
            named_person = person
            full += words[position : position + 2] if length == 2 and len(words[position]) > 2 else person.names
            position += length
        else:
            full.append(_full_word(words[position], capitals, position, kind))
            position += 1
    return tuple(" ".join(full).split()), named_person


def _full_word(written: str, words: Sequence[str], position: int, kind: str) -> str:
    word, following = words[position], words[position + 1] if position + 1 < len(words) else ""
    if word == "ST" and kind in ("Road", "Highway", "Route") and not following:
        return "State"
    if following and not following[0].isdigit() and word in BEFORE_A_NAME and following != "OP":
        # OAK DR NORTH DR
        kind_within = position and word in SUFFIXES and word not in _SAINTS and words[position - 1] not in TITLES
        return SUFFIXES[word] if kind_within else BEFORE_A_NAME[word]
    if word in _SHORT_SUFFIXES and (following[:1].isdigit() or (position and not following)):  # FIRE LN 3, MAIN ST DR
        return SUFFIXES[word]
    if word == "CAM" and position and following:
        return "Camino"
    return in_a_name(word) or written


_SHORT_SUFFIXES = frozenset(word for word, full in SUFFIXES.items() if word != full.upper()) - {"IS", "UN", "KY"}
_SAINTS = frozenset(("ST", "STE", "MT", "FT"))
