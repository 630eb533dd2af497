"""The keys that a caller may press to name a street.

A street is keyed by its letters and digits on a telephone keypad. Directories write `N 186TH ST`, but callers key
`186`, `186th` or `North 186`. Each street therefore has many forms: the keys of one way to say it. A caller keys the
beginning of one of them.
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

# What people say before the number of a road, by the system that the number belongs to (see `Road.system`).

_ANY_HIGHWAY = ("HIGHWAY", "HWY", "ROUTE", "RTE", "")
_US = ("US HIGHWAY", "US HWY", "US ROUTE", "US RTE", "US", "UNITED STATES HIGHWAY", "UNITED STATES ROUTE")
_STATE = ("STATE", "STATE HIGHWAY", "STATE HWY", "STATE ROUTE", "STATE RTE", "STATE ROAD", "STATE RD", "SH", "SR")
_STATE_PATTERNS = ("{}", "{} HIGHWAY", "{} HWY", "{} ROUTE", "{} RTE", "{} ROAD", "{} STATE HIGHWAY", "{} STATE ROUTE")
_LEADS = {
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
    """Return the keys of every way to say a street, the plainest first.

    `street` is the directory's name, `state` its two letters, or "" if unknown.
    """
    return _keys([*_spoken_forms(take_apart(street, state), state), street])


def _keys(spoken_forms: Iterable[str]) -> tuple[str, ...]:
    keys = dict.fromkeys(map(letters_to_keys, spoken_forms))
    return tuple(key for key in keys if key)[:_MOST_FORMS]


def _spoken_forms(words: StreetWords, state: str) -> list[str]:
    heads, tails = _heads(words), _tails(words)
    return [f"{head}{name}{tail}" for name in _names(words, state) for head in heads for tail in tails]


@lru_cache(REMEMBERED)
def loose_forms(street: str, state: str = "") -> str:
    """Return forms that do not follow the street's written name, in one text with a space before each, or "".

    They have its direction at the other end (West 71 for 71 West) or leave out a word (James for Saint James). They
    count only if no street's proper form fits.
    """
    words = take_apart(street, state)
    spoken = _spoken_forms(turned, state) if (turned := _turned(words)) else []
    if len(words.name) > 1 and words.name[0].upper() in _LEFT_OUT:
        spoken += _spoken_forms(replace(words, name=words.name[1:], written="".join(words.name[1:])), state)
    return f" {' '.join(_keys(spoken))}" if spoken else ""


def _turned(words: StreetWords) -> StreetWords | None:
    """Return the street with its direction at the other end, or None if that cannot be done."""
    after = [word for word in words.after if word in DIRECTION_LETTERS]
    if words.before and not after:
        return replace(words, before="", after=(*words.after, words.before))
    if len(after) == 1 and not words.before:
        return replace(words, before=after[0], after=tuple(word for word in words.after if word != after[0]))
    return None


@lru_cache(REMEMBERED)
def forms_text(street: str, state: str = "") -> str:
    """Return the forms in one text with a space before each; one search then finds a form by its beginning."""
    return f" {' '.join(forms(street, state))}"


@lru_cache(REMEMBERED)
def first_keys(street: str) -> str:
    """Return the keys that a form may begin with, without computing the forms. It may include keys that no form has."""
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
"""Words of names whose forms may begin with other letters than the word's own."""

_ABBREVIATED = frozenset((*STATES, "BLVD", "BO", "STA", "STO")) - {"LA", "DE"}
"""Abbreviations whose full word begins with other letters; they count unless they are the last word."""


@lru_cache(REMEMBERED)
def whole_names(street: str, state: str = "") -> frozenset[str]:
    """Return the keys of the name without directions and kind; a street whose whole name was keyed is ranked first."""
    return frozenset(letters_to_keys(name) for name in _names(take_apart(street, state), state))


def _heads(words: StreetWords) -> list[str]:
    """Return what may be keyed before a name: nothing, the direction or its letter, with or without a fraction."""
    heads = ["", words.before, _LETTERS.get(words.before, "")] if words.before else [""]
    return [*heads, *(f"{words.fraction}{head}" for head in heads)] if words.fraction else heads


def _tails(words: StreetWords) -> list[str]:
    """Return what may be keyed after a name: the kind in full or in short, and directions.

    An ending that is the beginning of another one is left out.
    """
    short = SUFFIX_LETTERS.get(words.kind, words.kind)
    if not words.after:
        return [words.kind] if words.kind.upper().startswith(short) else [words.kind, short]
    kinds = [words.kind, short]
    ends = {words.after, tuple(word for word in words.after if word in DIRECTION_LETTERS)} - {()}  # FM 1960 RD W
    afters = ["".join(wording) for end in ends for wording in (end, [_LETTERS.get(word, word) for word in end])]
    tails = dict.fromkeys([*(f"{kind}{after}" for kind in kinds for after in afters), *afters])
    return [tail for tail in tails if not any(t != tail and t.upper().startswith(tail.upper()) for t in tails)]


def _names(words: StreetWords, state: str) -> list[str]:
    """Return the ways to say a name: numbers in figures or words, Saint or St, a numbered road by its number alone."""
    if words.line:  # a box or rural route
        return _with_numbers(_LEADS.get(words.line[0].code, ("",)), [part.value for part in words.line[:1]])
    if words.road:
        return _road_names(words.road, words.qualifiers, state)
    name = figures(tuple(word.upper() for word in words.name))
    written = words.written.upper()
    lettered = (
        f"{words.kind}{written}" if len(written) < 3 and words.kind in ("Highway", "Route") else written
    )  # DD HWY
    if len(name) == 1 and not (words.lead or words.after or name[0][0].isdigit() or words.person):
        return list(dict.fromkeys((name[0], written, _BETWEEN.get(name[0], written), lettered)))  # SW FWY
    spoken_names = (
        [*_person_names(words.person, name)] if words.person else [*_name_forms(name), *_word_forms(written), lettered]
    )
    if written in STATES:  # CT ST may be Court Street or Connecticut's
        spoken_names += [STATES[written].upper(), SUFFIXES.get(written, "").upper()]
    if words.number:
        spoken_names += _word_forms(words.number)
    if words.spanish and name[0].isdecimal():
        spoken_names.append(spanish_cardinal(int(name[0])).upper())
    if words.lead:  # Camino Real, Camino or Cam before it or not
        leads = (*words.lead, *(_SPANISH_LETTERS.get(lead, lead) for lead in words.lead))
        spoken_names = [*(f"{lead}{spoken_name}" for lead in leads for spoken_name in spoken_names), *spoken_names]
    if _HUNDREDS.fullmatch(name[0]) and (words.after or len(name) > 1):  # 300 South is Third South
        following = "".join(name[1:])
        spoken_names += [
            f"{spoken_name}{following}"
            for end in (-2, None)
            for spoken_name in _ordinal_forms(with_ending(int(name[0][:end])))
        ]
    return [spoken_name for spoken_name in dict.fromkeys(spoken_names) if spoken_name]


def _name_forms(name: Sequence[str]) -> Iterator[str]:
    yield from (
        "".join(combination) for combination in product(*(_word_forms(word) for word in name[:2]), ["".join(name[2:])])
    )
    if len(name) > 1 and name[0] in _TITLES:
        yield from _name_forms(name[1:])
    for position, word in enumerate(name):
        if position and word[0].isdigit():  # a number is a name by itself
            yield "".join(name[position:])
    if any(len(word) == 1 and word.isalpha() for word in name[1:-1]):  # John Kennedy, Kennedy for John F Kennedy
        yield "".join(word for position, word in enumerate(name) if len(word) > 1 or position in (0, len(name) - 1))
        yield name[-1]


def _word_forms(word: str) -> list[str]:
    if _ORDINAL.fullmatch(word):
        return _ordinal_forms(word)
    if word.isdecimal():
        return [word, english_house_number(word.lstrip("0") or "0").upper()]
    return [word, _SHORTENED[word]] if word in _SHORTENED else [word]


def _ordinal_forms(ordinal: str) -> list[str]:
    """Return 5TH as 5TH, 5 and FIFTH; 103RD also as HUNDRED THIRD, 186TH also as ONE EIGHTY-SIXTH."""
    figure = ordinal[:-2]
    spoken_forms = [ordinal, figure, english_ordinal(int(figure)).upper()]
    hundreds, remainder = divmod(int(figure), 100)
    if hundreds and remainder:
        oh = "OH" if remainder < _TEN else ""
        spoken_forms.append(f"{english_house_number(str(hundreds))}{oh}{english_ordinal(remainder)}".upper())
    return [*spoken_forms, spoken_forms[2].removeprefix("ONE ")] if hundreds == 1 else spoken_forms


def _person_names(person: Person, name: Sequence[str]) -> Iterator[str]:
    """Yield Martin Luther King from each of its words on, with and without titles before and words after it."""
    full = tuple(part.upper() for part in person.names)
    position = next(position for position in range(len(name)) if name[position : position + 1] == full[:1])
    titles, other_words = "".join(name[:position]), "".join(word for word in name[position:] if word not in full)
    endings = (
        ["", "JR", "JUNIOR"]
        if "KING" in full and other_words in ("", "JUNIOR")
        else [*dict.fromkeys(("", other_words))]
    )
    given_initials = "".join(part[0] for part in full[:-1])
    spoken_names = [
        *("".join(full[start:]) for start in range(len(full))),
        *(
            f"{given_initials}{full[-1]}",
            person.initials,
            f"{full[0]}{given_initials[1:]}{full[-1]}",
            f"{full[0]}{full[-1]}",
        ),
    ]
    heads = ["", *([titles, *(_SHORTENED.get(word, word) for word in name[:position])] if titles else ["DR", "DOCTOR"])]
    for spoken_name, head in product(spoken_names, heads if "KING" in full or titles else [""]):
        yield from (f"{head}{spoken_name}{end}" for end in endings)


# Numbered roads ------------------------------------------------------------------------------------------------------


def _road_names(road: Road, qualifiers: Sequence[str], state: str) -> list[str]:
    system, full_lead = road.system, " ".join(road.lead).upper()
    leads = _LEADS.get(_system_key(system))
    if system in ("Highway", "Route"):
        leads = (*_ANY_HIGHWAY, *_US, *_STATE)
    if leads is None:
        leads = (*_in_short(road), " ".join(road.words[:-1]), road.words[-1], "")
    if system in ("State", "Highway", "Route"):
        leads = (*leads, *_state_leads(road.state or state))
    elif system.startswith("State"):
        leads = (*_in_short(road), road.words[-1], "")
    if road.words[-1] in ("K", "M"):
        leads = (*leads, road.words[-1])
    names = _with_numbers((full_lead, *leads), road.numbers)
    if _system_key(system) in ("County", "Forest"):  # WCR 74
        names.append(f"{_in_short(road)[1]}{road.numbers[0]}")
    for qualifier in qualifiers:
        short = QUALIFIER_LETTERS.get(qualifier, qualifier)
        plain = [name for name in names if not name.upper().startswith(qualifier.upper())]
        names += [
            f"{said_qualifier}{name}" for said_qualifier in dict.fromkeys((qualifier.upper(), short)) for name in plain
        ]
    return list(dict.fromkeys(names))


def _system_key(system: str) -> str:
    """Return the key of `_CALLED` for a numbering system."""
    words = system.split()
    key = next((word for word in ("County", "Forest") if word in words), words[0])
    return "Tribal" if key in ("Indian", "B", "Navajo") else key


def _state_leads(state: str) -> Iterator[str]:
    if state in STATES:
        for name in (STATES[state].upper(), state):
            yield from (pattern.format(name) for pattern in _STATE_PATTERNS)
        yield from ("CARRETERA", "CARR") if state == "PR" else ()


def _in_short(road: Road) -> tuple[str, str]:
    """Return the words before a road's number as abbreviations, `PVTRD`, and as initials, `PR`."""
    return "".join(ROAD_LETTERS.get(phrase, phrase) for phrase in road.lead), "".join(word[0] for word in road.words)


def _with_numbers(leads: Iterable[str], numbers: Sequence[str]) -> list[str]:
    """Return each lead with the road's number after it; one of several numbers may also be said by itself."""
    number = "".join(numbers)
    names = [f"{lead}{number}" for lead in leads]
    if number.isdecimal():
        spoken = english_house_number(number.lstrip("0") or "0")
        names += [f"{lead}{spoken}" for lead in [*leads][:1]] + [spoken]
    several = [
        part
        for position, whole in enumerate(numbers)
        if not (position and _FRACTION.fullmatch(whole))
        for part in _parts(whole)
    ]
    if len(several) > 1:
        names += [f"{lead}{part}" for part in several if part.isdigit() for lead in ("", "HIGHWAY")]
    if (lettered := _LETTERED.fullmatch(number)) is not None:  # W42
        names.append(lettered[1])
    return names


def _parts(number: str) -> list[str]:
    return re.split("[/-]", number)
