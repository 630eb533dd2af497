"""Everything a caller may key for a street.

Directories write `N 186TH ST`, callers key `186`, `186th` or `North 186`. So a street has many forms, each the
keys of one way to say it from its beginning; a caller keys as much of one of them as they like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product

from ivr.keypad import KEYS, letters_to_keys
from ivr.languages.english import english_house_number, english_ordinal
from ivr.languages.spanish import spanish_cardinal
from ivr.postal.people import CALLED_OTHERWISE, Person
from ivr.postal.roads import QUALIFIER_LETTERS, ROAD_LETTERS, ROAD_WORDS, Road
from ivr.postal.streets import CARDINALS, ORDINALS, REMEMBERED, StreetWords, figures, take_apart, with_ending
from ivr.postal.words import (
    DIRECTION_LETTERS,
    OTHER_SPANISH_KINDS,
    SHORTENED,
    SPANISH_KINDS,
    SPANISH_ORDINALS,
    STATES,
    SUFFIX_LETTERS,
    SUFFIXES,
    TITLES,
)

_ORDINAL = re.compile(r"([0-9]{1,4})(?:ST|ND|RD|TH)")
_DIGIT = re.compile("[0-9]")
_FRACTION = re.compile("[0-9]/[0-9]")
_LETTERED = re.compile("[A-Z]+([0-9]+)")
_HUNDREDS = re.compile("[0-9]{1,3}00")
_TITLES = frozenset(title.upper() for title in TITLES.values())
_SHORTENED = {full.upper(): short for full, short in SHORTENED.items()}
_BETWEEN = {full.upper(): short for full, short in DIRECTION_LETTERS.items() if len(short) > 1}
_LETTERS = {**SUFFIX_LETTERS, **DIRECTION_LETTERS}
_SPANISH_LETTERS = {
    full: short
    for short, full in reversed([*SPANISH_KINDS.items(), *OTHER_SPANISH_KINDS.items()])
    if short != full.upper()
}
_NUMBERS_IN_WORDS = frozenset(number.split()[0] for number in (*ORDINALS, *CARDINALS))
_LEFT_OUT = frozenset(("SAINT", "SAINTE", "LA", "LAS", "LOS", "EL"))
_MOST_FORMS = 1024
_TEN = 10

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
        *("COUNTY TRUNK", "COUNTY TRUNK HIGHWAY"),
        *("CTH", "COUNTY ROUTE", "CO RTE", "ROAD", "RD", *_ANY_HIGHWAY),
    ),
    "Farm": ("FARM TO MARKET", "FM", "FR", "FARM ROAD", "FM ROAD", "FARM TO MARKET ROAD", "ROAD", "RD", *_ANY_HIGHWAY),
    "Ranch": (
        *("RANCH TO MARKET", "RM", "RANCH ROAD", "RANCH RD", "RR", "RM ROAD", "RANCH TO MARKET ROAD", "ROAD", "RD"),
        *_ANY_HIGHWAY,
    ),
    "Township": ("TOWNSHIP ROAD", "TOWNSHIP RD", "TWP RD", "TOWNSHIP", "TR", "TOWNSHIP HIGHWAY", "ROAD", "RD", ""),
    "Forest": (
        *("FOREST ROAD", "FOREST RD", "FR", "NATIONAL FOREST", "NF", "NATIONAL FOREST ROAD", "FOREST SERVICE ROAD"),
        *("FS ROAD", "FS RD", "FSR", "ROAD", "RD", ""),
    ),
    "Tribal": ("INDIAN ROUTE", "IR", "BIA ROUTE", "BIA", "TRIBAL ROUTE", "TRIBAL ROAD", *_ANY_HIGHWAY),
    "RR": ("RURAL ROUTE", "RR", "ROUTE", "RTE", ""),
    "HC": ("HIGHWAY CONTRACT", "HC", "HIGHWAY", "ROUTE", ""),
    "GENERAL_DELIVERY": ("GENERAL DELIVERY",),
    "PO_BOX": ("PO BOX", "POST OFFICE BOX", "BOX", ""),
}


@lru_cache(REMEMBERED)
def forms(street: str, state: str = "") -> tuple[str, ...]:
    """Return the keys of every way to say a street, the plainest first; a caller keys the beginning of one."""
    return _keys([*_said(take_apart(street, state), state), street])


def _keys(said: Iterable[str]) -> tuple[str, ...]:
    keys = dict.fromkeys(map(letters_to_keys, said))
    return tuple(key for key in keys if key)[:_MOST_FORMS]


def _said(words: StreetWords, state: str) -> list[str]:
    heads, tails = _heads(words), _tails(words)
    return [f"{head}{name}{tail}" for name in _names(words, state) for head in heads for tail in tails]


@lru_cache(REMEMBERED)
def loose_forms(street: str, state: str = "") -> str:
    """Return what people key although the street is not so written, as one text, each after a space.

    Its direction at the other end, West 71 for 71 West; James for Saint James. Only where nothing else fits is it meant.
    """
    words = take_apart(street, state)
    said = _said(turned, state) if (turned := _turned(words)) else []
    if len(words.name) > 1 and words.name[0].upper() in _LEFT_OUT:
        said += _said(replace(words, name=words.name[1:], written="".join(words.name[1:])), state)
    return f" {' '.join(_keys(said))}" if said else ""


def _turned(words: StreetWords) -> StreetWords | None:
    """Put a direction at the other end of the street."""
    after = [word for word in words.after if word in DIRECTION_LETTERS]
    if words.before and not after:
        return replace(words, before="", after=(*words.after, words.before))
    if len(after) == 1 and not words.before:
        return replace(words, before=after[0], after=tuple(word for word in words.after if word != after[0]))
    return None


@lru_cache(REMEMBERED)
def forms_text(street: str, state: str = "") -> str:
    """Return the forms as one text, each after a space: whether one begins with some keys is one search then."""
    return f" {' '.join(forms(street, state))}"


@lru_cache(REMEMBERED)
def first_keys(street: str) -> str:
    """Return every key that a form may begin with, quicker than the forms themselves; some may turn out wrong."""
    words = street.upper().replace("-", " ").replace(".", " ").split()
    if (
        not (_MANY_NAMES.isdisjoint(words) and _ABBREVIATED.isdisjoint(words[:-1]))
        or _DIGIT.search(street)
        or any(map(_is_lettered, words, words[1:]))
    ):
        return KEYS
    return letters_to_keys("".join(word[0] for word in words))


def _is_lettered(before: str, word: str) -> bool:
    return len(word) <= 2 and before in ROAD_WORDS and word not in SUFFIXES


_MANY_NAMES = _NUMBERS_IN_WORDS | CALLED_OTHERWISE | frozenset(SPANISH_ORDINALS)
"""Words of names that may be said by another beginning."""

_ABBREVIATED = frozenset((*STATES, "BLVD", "BO", "STA", "STO")) - {"LA", "DE"}
"""Words that may be said by another beginning where more follows."""


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
    ends = {words.after, tuple(word for word in words.after if word in DIRECTION_LETTERS)} - {()}  # FM 1960 RD W
    afters = ["".join(way) for end in ends for way in (end, [_LETTERS.get(word, word) for word in end])]
    tails = dict.fromkeys([*(f"{kind}{after}" for kind in kinds for after in afters), *afters])
    return [tail for tail in tails if not any(t != tail and t.upper().startswith(tail.upper()) for t in tails)]


def _names(words: StreetWords, state: str) -> list[str]:
    """Return the ways to say a name: numbers in figures or words, Saint or St, roads by their number alone."""
    if words.line:
        return _called(_CALLED.get(words.line[0].code, ("",)), [part.value for part in words.line[:1]])
    if words.road:
        return _road_names(words.road, words.qualifiers, state)
    name = figures(tuple(word.upper() for word in words.name))
    written = words.written.upper()
    lettered = (
        f"{words.kind}{written}" if len(written) < 3 and words.kind in ("Highway", "Route") else written
    )  # DD HWY
    if len(name) == 1 and not (words.lead or words.after or name[0][0].isdigit() or words.person):
        return list(dict.fromkeys((name[0], written, _BETWEEN.get(name[0], written), lettered)))  # SW FWY
    ways = [*_person_names(words.person, name)] if words.person else [*_ways(name), *_word_ways(written), lettered]
    if written in STATES:  # CT ST may be Court Street or Connecticut's
        ways += [STATES[written].upper(), SUFFIXES.get(written, "").upper()]
    if words.number:
        ways += _word_ways(words.number)
    if words.spanish and name[0].isdecimal():
        ways.append(spanish_cardinal(int(name[0])).upper())
    if words.lead:  # Camino Real, Camino or Cam before it or not
        leads = (*words.lead, *(_SPANISH_LETTERS.get(lead, lead) for lead in words.lead))
        ways = [*(f"{lead}{way}" for lead in leads for way in ways), *ways]
    if _HUNDREDS.fullmatch(name[0]) and (words.after or len(name) > 1):  # 300 South is Third South
        rest = "".join(name[1:])
        ways += [f"{way}{rest}" for at in (-2, None) for way in _number_ways(with_ending(int(name[0][:at])))]
    return [way for way in dict.fromkeys(ways) if way]


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
    if word.isdecimal():
        return [word, english_house_number(word.lstrip("0") or "0").upper()]
    return [word, _SHORTENED[word]] if word in _SHORTENED else [word]


def _number_ways(ordinal: str) -> list[str]:
    """Return 5TH as it is, as 5 and as FIFTH; 103RD as hundred third, 186TH as one eighty-sixth too."""
    figure = ordinal[:-2]
    ways = [ordinal, figure, english_ordinal(int(figure)).upper()]
    hundreds, rest = divmod(int(figure), 100)
    if hundreds and rest:
        oh = "OH" if rest < _TEN else ""
        ways.append(f"{english_house_number(str(hundreds))}{oh}{english_ordinal(rest)}".upper())
    return [*ways, ways[2].removeprefix("ONE ")] if hundreds == 1 else ways


def _person_names(person: Person, name: Sequence[str]) -> Iterator[str]:
    """Say Martin Luther King from any part of it on, with and without what stands before and after it."""
    full = tuple(part.upper() for part in person.names)
    at = next(at for at in range(len(name)) if name[at : at + 1] == full[:1])
    titles, rest = "".join(name[:at]), "".join(word for word in name[at:] if word not in full)
    rests = ["", "JR", "JUNIOR"] if "KING" in full and rest in ("", "JUNIOR") else [*dict.fromkeys(("", rest))]
    given = "".join(part[0] for part in full[:-1])
    said = [
        *("".join(full[start:]) for start in range(len(full))),
        *(f"{given}{full[-1]}", person.initials, f"{full[0]}{given[1:]}{full[-1]}", f"{full[0]}{full[-1]}"),
    ]
    heads = ["", *([titles, *(_SHORTENED.get(word, word) for word in name[:at])] if titles else ["DR", "DOCTOR"])]
    for way, head in product(said, heads if "KING" in full or titles else [""]):
        yield from (f"{head}{way}{end}" for end in rests)


# Numbered roads


def _road_names(road: Road, qualifiers: Sequence[str], state: str) -> list[str]:
    system, own = road.system, " ".join(road.lead).upper()
    called = _CALLED.get(_whose(system))
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
    if _whose(system) in ("County", "Forest"):  # WCR 74
        names.append(f"{_in_short(road)[1]}{road.numbers[0]}")
    for qualifier in qualifiers:
        short = QUALIFIER_LETTERS.get(qualifier, qualifier)
        plain = [name for name in names if not name.upper().startswith(qualifier.upper())]
        names += [f"{way}{name}" for way in dict.fromkeys((qualifier.upper(), short)) for name in plain]
    return list(dict.fromkeys(names))


def _whose(system: str) -> str:
    """Return which of the ways to call a road are a system's."""
    words = system.split()
    whose = next((word for word in ("County", "Forest") if word in words), words[0])
    return "Tribal" if whose in ("Indian", "B", "Navajo") else whose


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
    if number.isdecimal():
        spoken = english_house_number(number.lstrip("0") or "0")
        names += [f"{lead}{spoken}" for lead in [*leads][:1]] + [spoken]
    several = [
        part for at, whole in enumerate(numbers) if not (at and _FRACTION.fullmatch(whole)) for part in _parts(whole)
    ]
    if len(several) > 1:
        names += [f"{lead}{part}" for part in several if part.isdigit() for lead in ("", "HIGHWAY")]
    if (lettered := _LETTERED.fullmatch(number)) is not None:  # W42
        names.append(lettered[1])
    return names


def _parts(number: str) -> list[str]:
    return re.split("[/-]", number)
