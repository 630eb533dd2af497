"""A street's name taken apart, and everything a caller may key for it.

Directories write `N 186TH ST`, callers key `186`, `186th` or `North 186`. So a street has many forms, each the
keys of one way to say it from its beginning; a caller keys as much of one of them as they like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from ivr.keypad import KEYS, letters_to_keys
from ivr.wording.abbreviations import ALWAYS, BEFORE_A_NAME, BEFORE_A_NUMBER, DIRECTIONS, STATES, STREET_KINDS
from ivr.wording.numbers import english_ordinal

REMEMBERED = 1 << 16
"""Names whose forms are kept in memory; they depend on nothing but the name."""

_DIRECTION_WORDS = {word: full.upper() for word, full in DIRECTIONS.items()} | {
    full.upper(): full.upper() for full in DIRECTIONS.values()
}
_DIRECTION_LETTERS = {full.upper(): short for short, full in DIRECTIONS.items() if len(short) <= 2}
_KINDS = {short: full.upper() for short, full in STREET_KINDS.items()} | {
    full.upper(): full.upper() for full in STREET_KINDS.values()
}
_KIND_LETTERS: dict[str, str] = {}
for _short, _full in STREET_KINDS.items():
    if len(_full.upper()) > len(_KIND_LETTERS.get(_full.upper(), "")) and _short != _full.upper():
        _KIND_LETTERS.setdefault(_full.upper(), _short)

_ORDINAL = re.compile(r"([0-9]{1,4})(?:ST|ND|RD|TH)")
_HIGHWAYS = ("U", "S", "US", "INTERSTATE", "HIGHWAY", "HWY", "ROUTE", "RTE", "FARM", "TO", "MARKET", "RANCH", "FM")
_ROAD_WORDS = frozenset((*_HIGHWAYS, "STATE", "ST", "COUNTY", "CO", "ROAD", "RD", "CR", "SR", "RR", *STATES))
_LEFT_OUT = frozenset(("DR", "DOCTOR", "REV", "REVEREND", "PRES", "PRESIDENT", "THE"))
_SHORTENED = {full.upper(): short for short, full in BEFORE_A_NAME.items()}
_BY_INITIALS = {"MARTIN LUTHER KING": "MLK", "JOHN F KENNEDY": "JFK"}
_MOST_FORMS = 48


@lru_cache(1)
def _ordinals() -> dict[str, str]:
    return {english_ordinal(n).upper().replace("-", " "): str(n) for n in range(1, 100)}


@lru_cache(1)
def _ordinal_beginnings() -> frozenset[str]:
    return frozenset(ordinal.split()[0] for ordinal in _ordinals())


@dataclass(frozen=True, slots=True)
class StreetWords:
    """A street's name in full words, in capitals: `before` and `after` are directions, `kind` is Street, Avenue …"""

    before: str
    name: tuple[str, ...]
    kind: str
    after: str

    @property
    def plain(self) -> bool:
        """Say whether its name is one word that is said in one way, as with most streets."""
        name = self.name[0]
        return not (self.before or self.after or len(self.name) > 1 or name in _SHORTENED or name[:1].isdigit())

    @property
    def whole(self) -> str:
        """The name in full, by which the same street written in two ways is known to be one."""
        return " ".join(part for part in (self.before, *self.name, self.kind, self.after) if part)


@lru_cache(REMEMBERED)
def take_apart(street: str) -> StreetWords:
    """Take a street's name apart; something is always left for its name."""
    words = street.upper().replace(".", " ").replace(",", " ").replace("-", " ").replace("&", " AND ").split()
    after = kind = before = ""
    if _ends_in_direction(words):
        after = _DIRECTION_WORDS[words.pop()]
    if len(words) > 1 and words[-1] in _KINDS:
        kind = _KINDS[words.pop()]
    if len(words) > 1 and words[0] in _DIRECTION_WORDS:
        before = _DIRECTION_WORDS[words.pop(0)]
    return StreetWords(before, _full_name(words), kind, after)


def _ends_in_direction(words: Sequence[str]) -> bool:
    """Tell `MAIN ST N` and `BROADWAY NORTH` from `AVENUE N`, where the letter is the name."""
    if len(words) < 2 or words[-1] not in _DIRECTION_WORDS:
        return False
    return len(words) > 2 if words[-2] in _KINDS else len(words[-1]) > 2


def _full_name(words: Sequence[str]) -> tuple[str, ...]:
    """Write a name's words in full: `ST CLAIR` as Saint Clair, `5TH` as it is, `FIFTH` as `5TH`."""
    ordinals = _ordinals()
    for length in (2, 1):
        number = ordinals.get(" ".join(words[:length]))
        if number and len(words) >= length:
            return (_with_ending(number), *_full_words(words[length:]))
    return _full_words(words)


def _full_words(words: Sequence[str]) -> tuple[str, ...]:
    full: list[str] = []
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        if following[:1].isdigit() and word in BEFORE_A_NUMBER:
            full.append(BEFORE_A_NUMBER[word].upper())
        elif following and not following[:1].isdigit() and word in BEFORE_A_NAME:
            full.append("STATE" if word == "ST" and following in _ROAD_WORDS else BEFORE_A_NAME[word].upper())
        else:
            full.append(ALWAYS.get(word, word).upper())
    return tuple(" ".join(full).split())


def _with_ending(number: str) -> str:
    last = "TH" if number[-2:] in ("11", "12", "13") else {"1": "ST", "2": "ND", "3": "RD"}.get(number[-1], "TH")
    return number + last


@lru_cache(REMEMBERED)
def forms(street: str) -> tuple[str, ...]:
    """Return the keys of every way to say a street, the plainest first; a caller keys the beginning of one."""
    words = take_apart(street)
    if words.plain:
        kind = _KIND_LETTERS.get(words.kind, "")
        said = [
            f"{words.name[0]}{words.kind}",
            *([f"{words.name[0]}{kind}"] if not words.kind.startswith(kind) else []),
        ]
        return tuple(letters_to_keys(form) for form in said)
    heads = ["", words.before, _DIRECTION_LETTERS.get(words.before, "")] if words.before else [""]
    tails = _tails(words)
    said = [f"{head}{name}{tail}" for name, head, tail in product(_names(words.name), heads, tails)]
    return tuple(dict.fromkeys(letters_to_keys(form) for form in [*said, street]))[:_MOST_FORMS]


@lru_cache(REMEMBERED)
def forms_text(street: str) -> str:
    """Return the forms as one text, each after a space: whether one begins with some keys is one search then."""
    return f" {' '.join(forms(street))}"


@lru_cache(REMEMBERED)
def first_keys(street: str) -> str:
    """Return every key that a form may begin with, quicker than the forms themselves; some may turn out wrong."""
    words = street.upper().replace("-", " ").split()
    if any(word[0].isdigit() or word in _ordinal_beginnings() for word in words):
        return KEYS
    return letters_to_keys("".join(word[0] for word in words))


@lru_cache(REMEMBERED)
def whole_names(street: str) -> frozenset[str]:
    """Return the keys of the name alone, without directions and kind: keyed in full, it is meant."""
    return frozenset(letters_to_keys(name) for name in _names(take_apart(street).name))


def _tails(words: StreetWords) -> list[str]:
    kinds = [words.kind, _KIND_LETTERS.get(words.kind, "")] if words.kind else [""]
    afters = [words.after, _DIRECTION_LETTERS.get(words.after, "")] if words.after else [""]
    tails = [f"{kind}{after}" for kind in kinds for after in afters]
    return [
        tail for tail in dict.fromkeys([*tails, *afters]) if not any(t != tail and t.startswith(tail) for t in tails)
    ]


def _names(name: tuple[str, ...]) -> list[str]:
    """Return the ways to say a name: numbers in figures or words, Saint or St, roads by their number alone."""
    ways = ["".join(way) for way in product(*(_ways_to_say(word) for word in name[:2]), ["".join(name[2:])])]
    joined = " ".join(name)
    if len(name) > 1 and name[0] in _LEFT_OUT:
        ways += _names(name[1:])
    for full, initials in _BY_INITIALS.items():
        if full in joined:
            ways.append(joined.replace(full, initials))
    if any(len(word) == 1 and word.isalpha() for word in name[1:-1]):  # John Kennedy for John F Kennedy
        ways.append("".join(word for at, word in enumerate(name) if len(word) > 1 or at in (0, len(name) - 1)))
    return [*ways, *_road_numbers(name)]


def _ways_to_say(word: str) -> list[str]:
    if found := _ORDINAL.fullmatch(word):
        return [word, found[1], english_ordinal(int(found[1])).upper()]
    return [word, _SHORTENED[word]] if word in _SHORTENED else [word]


def _road_numbers(name: Sequence[str]) -> Iterable[str]:
    """Say `US HIGHWAY 98` as Highway 98 and as 98 too."""
    number_at = next((at for at, word in enumerate(name) if word[:1].isdigit()), 0)
    if number_at and all(word in _ROAD_WORDS or len(word) == 1 for word in name[:number_at]):
        for start in (number_at - 1, number_at):
            if start:
                yield "".join(name[start:])
