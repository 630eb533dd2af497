"""Callers for `bench/faults.py`: each a member with a script of their own, who note what they confirm and hear.

A caller answers each question as the script wants, whichever question comes: after a dead line, a lost answer or news of
an order the call goes on elsewhere than the script began. Who was cut off calls again and asks what became of it.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations

from fault_network import PUBLIC, BadNetwork, HungUpError
from faults_audit import Note, What
from hearing import catalogues

from ivr.phone.handset import Ended, Handset, Heard
from ivr.phone.transport import Transport, signed
from ivr.phone.verbs import TwimlPause, TwimlSound
from ivr.prompts import Slot, Words
from ivr.prompts.spoken import speak
from ivr.secret import Secret

GOOD_CARDS = ("5105105105105100", "4000056655665556", "6011000990139424", "378282246310005")
BAD_CARDS = ("4000000000000002", "4000000000009995", "4000000000000069", "4000000000000127", "4000000000000119")
EXPIRY, CODE, CODE_ON_FRONT = "0939", "073", "0739"
"""They begin with 0, as no process id, amount or count in a log does."""
ZIP = "02134"
TO_NUMBER = "+18002457979"
MOST_CALLS, MOST_TURNS, MOST_PAUSE_SECONDS = 8, 90, 3.0


@dataclass(frozen=True)
class Member:
    """Whom a caller is: their numbers, and what each of their prescriptions costs."""

    number: str
    born: str
    """As keyed: month, day, year."""
    rx: Mapping[str, int]
    """Prescription number -> cents."""
    on_file: bool

    @classmethod
    def of(cls, index: int) -> Member:
        """Return the member with this index; all their numbers differ from everybody else's."""
        rx = {f"{copy}{60_000_000 + index}": 1000 * copy + 13 * (index % 50) + copy for copy in (1, 2, 3)}
        born = f"{1 + index % 12:02}{1 + index % 28:02}{1930 + index % 60}"
        return cls(f"7{20_000_000 + index}", born, rx, on_file=index % 3 == 0)

    @property
    def phone(self) -> str:
        return f"+1510{self.number[2:]}"


@dataclass(frozen=True)
class Wish:
    """What a caller wants to happen."""

    cards: tuple[str, ...]
    """Keyed one after the other, as far as they are asked for."""
    chooses: str
    """The key at the question what to refill: all, from a list, by number."""
    declined: str
    """The key after a decline: another card, cancel, leave it."""
    keeps: str
    cancels: bool
    hangs_up: str
    """When the confirming key is pressed for the first time: "" not at all, "at once", "before" the answer comes."""

    @classmethod
    def drawn(cls, chance: random.Random) -> Wish:
        bad = chance.random() < 0.25
        good = chance.choice(GOOD_CARDS)
        return cls(
            cards=(chance.choice(BAD_CARDS), good) if bad else (good,),
            chooses=chance.choices("123", [6, 2, 2])[0],
            declined=chance.choices("139", [6, 2, 1])[0],
            keeps=chance.choice("12"),
            cancels=chance.random() < 0.2,
            hangs_up=chance.choices(["", "at once", "before"], [8, 1, 1])[0],
        )


# What is heard


@cache
def _pattern(words: Words, form: str) -> tuple[str, re.Pattern[str]]:
    """Return the longest fixed words of a prompt, and a pattern in which each value is a group."""
    parts = words.forms[form]
    fixed = max((part.strip() for part in parts if isinstance(part, str)), key=len)
    pattern = r"\s*".join(
        rf"(?P<{part.name}_{index}>.*?)" if isinstance(part, Slot) else r"\s+".join(map(re.escape, part.split()))
        for index, part in enumerate(parts)
    )
    return fixed, re.compile(pattern)


def matches(prompt: str, text: str, *, variants: bool = False) -> Iterator[re.Match[str]]:
    """Yield where a prompt is heard; with `variants` also its words after silence and a wrong key."""
    found = catalogues().by_language["en"].prompts[prompt]
    for words in (found.say, *(found.silence + found.wrong if variants else ())):
        for form in dict.fromkeys(words.forms):
            fixed, pattern = _pattern_of(prompt, id(words), form, words)
            if fixed in text:
                yield from pattern.finditer(text)


_PATTERNS: dict[tuple[str, int, str], tuple[str, re.Pattern[str]]] = {}


def _pattern_of(prompt: str, number: int, form: str, words: Words) -> tuple[str, re.Pattern[str]]:
    key = prompt, number, form
    if key not in _PATTERNS:
        _PATTERNS[key] = _pattern.__wrapped__(words, form)
    return _PATTERNS[key]


def value(match: re.Match[str], name: str) -> str:
    """Return the words of a value where it is spoken first."""
    return next(words for group, words in match.groupdict().items() if group.rpartition("_")[0] == name)


_DIGITS = {speak("digits", digit, "en"): digit for digit in "0123456789"}


def number_in(words: str) -> str | None:
    """Return an order number that was spoken digit by digit."""
    digits = [_DIGITS.get(word, "") for word in re.findall("[a-z]+", words)]
    return "".join(digits) if len(digits) == 8 else None
