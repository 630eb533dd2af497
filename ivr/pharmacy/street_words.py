"""Everything a caller may key for a street.

Directories write `N 186TH ST`, callers key `186`, `186th` or `North 186`. So a street has many forms, each the
keys of one way to say it from its beginning; a caller keys as much of one of them as they like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product

from ivr.keypad import KEYS, letters_to_keys
from ivr.postal.people import CALLED_OTHERWISE, Person
from ivr.postal.roads import ROAD_LETTERS, ROAD_WORDS, Road
from ivr.postal.streets import CARDINALS, ORDINALS, REMEMBERED, StreetWords, figures, take_apart, with_ending
from ivr.postal.words import (
    DIRECTION_LETTERS,
    SHORTENED,
    SPANISH_KINDS,
    STATES,
    SUFFIX_LETTERS,
    SUFFIXES,
    TITLES,
)
from ivr.wording.numbers import english_house_number, english_ordinal

_ORDINAL = re.compile(r"([0-9]{1,4})(?:ST|ND|RD|TH)")
_DIGIT = re.compile("[0-9]")
_FRACTION = re.compile("[0-9]/[0-9]")
_HUNDREDS = re.compile("[0-9]{1,2}00")
_TITLES = frozenset(title.upper() for title in TITLES.values())
_SHORTENED = {full.upper(): short for full, short in SHORTENED.items()}
_LETTERS = {**SUFFIX_LETTERS, **DIRECTION_LETTERS}
_SPANISH_LETTERS = {full: short for short, full in reversed([*SPANISH_KINDS.items()]) if short != full.upper()}
_NUMBERS_IN_WORDS = frozenset(number.split()[0] for number in (*ORDINALS, *CARDINALS))
_MOST_FORMS = 512

# How people call a road by its number, by whose numbering it is; the number comes after each of these.

_ANY_HIGHWAY = ("HIGHWAY", "HWY", "ROUTE", "RTE", "")
_US = ("US HIGHWAY", "US HWY", "US ROUTE", "US RTE", "US", "UNITED STATES HIGHWAY", "UNITED STATES ROUTE")
_STATE = ("STATE", "STATE HIGHWAY", "STATE HWY", "STATE ROUTE", "STATE RTE", "STATE ROAD", "STATE RD", "SH", "SR")
_OF_A_STATE = ("{}", "{} HIGHWAY", "{} HWY", "{} ROUTE", "{} RTE", "{} ROAD", "{} STATE HIGHWAY", "{} STATE ROUTE")
_CALLED = {
    "Interstate": ("INTERSTATE", "I", "IH", "INTERSTATE HIGHWAY", *_ANY_HIGHWAY),
    "US": (*_US, *_ANY_HIGHWAY),
    "State": (*_STATE, "ST HWY", "ST RTE", "ST RD", "ROAD", *_ANY_HIGHWAY),
    "County": (
        *("COUNTY ROAD", "CR", "CO RD", "CNTY RD", "COUNTY RD", "COUNTY", "COUNTY HIGHWAY", "COUNTY HWY", "CO HWY"),
        *("CTH", "COUNTY ROUTE", "CO RTE", "ROAD", "RD", *_ANY_HIGHWAY),
    ),
    "Farm": ("FARM TO MARKET", "FM", "FR", "FARM ROAD", "FM ROAD", "FARM TO MARKET ROAD", "ROAD", "RD", *_ANY_HIGHWAY),
    "Ranch": (
        *("RANCH TO MARKET", "RM", "RANCH ROAD", "RANCH RD", "RR", "RM ROAD", "RANCH TO MARKET ROAD", "ROAD", "RD"),
        *_ANY_HIGHWAY,
    ),
    "Township": ("TOWNSHIP ROAD", "TOWNSHIP RD", "TWP RD", "TOWNSHIP", "TR", "TOWNSHIP HIGHWAY", "ROAD", "RD", ""),
    "RR": ("RURAL ROUTE", "RR", "ROUTE", "RTE", ""),
    "HC": ("HIGHWAY CONTRACT", "HC", "HIGHWAY", "ROUTE", ""),
    "PO_BOX": ("PO BOX", "POST OFFICE BOX", "BOX", ""),
}


@lru_cache(REMEMBERED)
def forms(street: str, state: str = "") -> tuple[str, ...]:
    """Return the keys of every way to say a street, the plainest first; a caller keys the beginning of one."""
    words = take_apart(street, state)
    heads, tails = _heads(words), _tails(words)
    said = [f"{head}{name}{tail}" for name in _names(words, state) for head in heads for tail in tails]
    keys = dict.fromkeys(map(letters_to_keys, [*said, street]))
    return tuple(key for key in keys if key)[:_MOST_FORMS]


@lru_cache(REMEMBERED)
def forms_text(street: str, state: str = "") -> str:
    """Return the forms as one text, each after a space: whether one begins with some keys is one search then."""
    return f" {' '.join(forms(street, state))}"


@lru_cache(REMEMBERED)
def first_keys(street: str) -> str:
    """Return every key that a form may begin with, quicker than the forms themselves; some may turn out wrong."""
    words = street.upper().replace("-", " ").replace(".", " ").split()
    if not _MANY_NAMES.isdisjoint(words) or _DIGIT.search(street) or any(map(_is_lettered, words, words[1:])):
        return KEYS
    return letters_to_keys("".join(word[0] for word in words))


def _is_lettered(before: str, word: str) -> bool:
    return len(word) <= 2 and before in ROAD_WORDS and word not in SUFFIXES


_MANY_NAMES = _NUMBERS_IN_WORDS | CALLED_OTHERWISE
"""Words of names that may be said by another beginning."""


@lru_cache(REMEMBERED)
def whole_names(street: str, state: str = "") -> frozenset[str]:
    """Return the keys of the name alone, without directions and kind: keyed in full, it is meant."""
    return frozenset(letters_to_keys(name) for name in _names(take_apart(street, state), state))


def _heads(words: StreetWords) -> list[str]:
    """Return what may stand before a name: nothing, the direction, its letter; the half of a house number too."""
    heads = ["", words.before, _LETTERS.get(words.before, "")] if words.before else [""]
    return [*heads, *(f"{words.fraction}{head}" for head in heads)] if words.fraction else heads


def _tails(words: StreetWords) -> list[str]:
    """Return what may follow a name: the kind in full and in short, directions; only the longest of what begins alike."""
    short = SUFFIX_LETTERS.get(words.kind, words.kind)
    if not words.after:
        return [words.kind] if words.kind.upper().startswith(short) else [words.kind, short]
    kinds = [words.kind, short]
    afters = ["".join(words.after), "".join(_LETTERS.get(word, word) for word in words.after)]
    tails = dict.fromkeys([*(f"{kind}{after}" for kind in kinds for after in afters), *afters])
    return [tail for tail in tails if not any(t != tail and t.upper().startswith(tail.upper()) for t in tails)]


def _names(words: StreetWords, state: str) -> list[str]:
    """Return the ways to say a name: numbers in figures or words, Saint or St, roads by their number alone."""
    if words.line:
        return _called(_CALLED.get(words.line[0].code, ("",)), [part.value for part in words.line[:1]])
    if words.road:
        return _road_names(words.road, state)
    name = figures(tuple(word.upper() for word in words.name))
    if len(name) == 1 and not (words.lead or words.after or name[0][0].isdigit() or words.person):
        return list(dict.fromkeys((name[0], words.written.upper())))
    ways = [*_person_names(words.person, name)] if words.person else [*_ways(name), words.written.upper()]
    if words.lead:  # Camino Real, Camino or Cam before it or not
        leads = (*words.lead, *(_SPANISH_LETTERS.get(lead, lead) for lead in words.lead))
        ways = [*(f"{lead}{way}" for lead in leads for way in ways), *ways]
    if words.after and _HUNDREDS.fullmatch(name[0]):  # 300 South is Third South
        ways += [*_number_ways(with_ending(int(name[0][:-2]))), *_number_ways(with_ending(int(name[0])))]
    return list(dict.fromkeys(ways))


def _ways(name: Sequence[str]) -> Iterator[str]:
    yield from ("".join(way) for way in product(*(_word_ways(word) for word in name[:2]), ["".join(name[2:])]))
    if len(name) > 1 and name[0] in _TITLES:
        yield from _ways(name[1:])
    for at, word in enumerate(name):
        if at and word[0].isdigit():  # a number is a name by itself
            yield "".join(name[at:])
    if any(len(word) == 1 and word.isalpha() for word in name[1:-1]):  # John Kennedy, Kennedy for John F Kennedy
        yield "".join(word for at, word in enumerate(name) if len(word) > 1 or at in (0, len(name) - 1))
        yield name[-1]


def _word_ways(word: str) -> list[str]:
    if _ORDINAL.fullmatch(word):
        return _number_ways(word)
    if word.isdigit():
        return [word, english_house_number(word.lstrip("0") or "0").upper()]
    return [word, _SHORTENED[word]] if word in _SHORTENED else [word]


def _number_ways(ordinal: str) -> list[str]:
    """Return 5TH as it is, as 5 and as FIFTH."""
    figure = ordinal[:-2]
    return [ordinal, figure, english_ordinal(int(figure)).upper()]


def _person_names(person: Person, name: Sequence[str]) -> Iterator[str]:
    """Say Martin Luther King from any part of it on, with and without what stands before and after it."""
    full = tuple(part.upper() for part in person.names)
    at = next(at for at in range(len(name)) if name[at : at + 1] == full[:1])
    titles, rest = "".join(name[:at]), "".join(word for word in name[at:] if word not in full)
    given = "".join(part[0] for part in full[:-1])
    said = [
        *("".join(full[start:]) for start in range(len(full))),
        *(f"{given}{full[-1]}", person.initials, f"{full[0]}{given[1:]}{full[-1]}", f"{full[0]}{full[-1]}"),
    ]
    heads = ["", *([titles, *(_SHORTENED.get(word, word) for word in name[:at])] if titles else ["DR", "DOCTOR"])]
    for way, head in product(said, heads if "KING" in full or titles else [""]):
        yield from (f"{head}{way}{end}" for end in dict.fromkeys(("", rest, "JR" if rest == "JUNIOR" else rest)))


# Numbered roads


def _road_names(road: Road, state: str) -> list[str]:
    system, own = road.system, " ".join(road.lead).upper()
    called = _CALLED.get("County" if system.startswith("County") else system.split()[0])
    if system in ("Highway", "Route"):
        called = (*_ANY_HIGHWAY, *_US, *_STATE)
    if called is None:
        called = (*_in_short(road), " ".join(road.words[:-1]), road.words[-1], "")
    if system in ("State", "Highway", "Route"):
        called = (*called, *_of_a_state(road.state or state))
    elif system.startswith("State"):
        called = (*_in_short(road), road.words[-1], "")
    if road.words[-1] in ("K", "M"):
        called = (*called, road.words[-1])
    names = _called((own, *called), road.numbers)
    for qualifier in road.qualifiers:
        names += [f"{qualifier}{name}" for name in names if not name.startswith(qualifier.upper())]
    return list(dict.fromkeys(names))


def _of_a_state(state: str) -> Iterator[str]:
    if state in STATES:
        for name in (STATES[state].upper(), state):
            yield from (way.format(name) for way in _OF_A_STATE)
        yield from ("CARRETERA", "CARR") if state == "PR" else ()


def _in_short(road: Road) -> tuple[str, str]:
    """Return a road's kind in short letters, `PVTRD`, and by its initials, `PR`."""
    return "".join(ROAD_LETTERS.get(phrase, phrase) for phrase in road.lead), "".join(word[0] for word in road.words)


def _called(leads: Iterable[str], numbers: Sequence[str]) -> list[str]:
    """Put a number behind each of the ways to call a road; one of several numbers goes by itself too."""
    number = "".join(numbers)
    names = [f"{lead}{number}" for lead in leads]
    if number.isdigit():
        spoken = english_house_number(number.lstrip("0") or "0")
        names += [f"{lead}{spoken}" for lead in [*leads][:1]] + [spoken]
    several = [part for whole in numbers if not _FRACTION.fullmatch(whole) for part in whole.split("/")]
    if len(several) > 1:
        names += [f"{lead}{part}" for part in several if part.isdigit() for lead in ("", "HIGHWAY")]
    return names
