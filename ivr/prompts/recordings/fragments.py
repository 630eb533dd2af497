"""What there is to record in a language: every prompt's words, those between two values apart.

A fragment's name is the name of its file: the prompt's, then the occasion if it is not the first one, the plural form
if there are several, and the part if values stand between: `refill.how.wrong2`, `refill.how.one.part3`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from ivr.prompts import Catalogue, Prompt, Words, written
from ivr.prompts.spoken import seconds

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")

_CLOSING = " .,;:!?)"
"""What ends a value that stands before; it is not read out."""

FIRST_TIME = "the first time"
_OCCASIONS = {"silence": "after silence", "wrong": "after a wrong key"}


@dataclass(frozen=True, slots=True)
class Fragment:
    """Words that are the same in every call; `also` are other places that say them, which one recording serves too."""

    name: str
    words: str
    prompt: str
    occasion: str
    sentence: str
    """All the words they stand among, values as [name], for the tone of voice."""
    also: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """About how long they take."""
        return seconds(self.words)


@lru_cache(8192)
def spoken_words(text: str) -> str:
    """Return what of a text is spoken: two texts with the same are one recording, whatever their commas."""
    return " ".join(_WORD.findall(text.casefold()))


def is_spoken(text: str) -> bool:
    """Tell whether a text holds anything that a voice can speak."""
    return bool(_WORD.search(text))


def fragments(catalogue: Catalogue) -> tuple[Fragment, ...]:
    """Return everything to record in a language, each words once, in the order of the files."""
    first: dict[str, Fragment] = {}
    for prompt in sorted(catalogue.prompts.values(), key=lambda prompt: prompt.place):
        for fragment in _of_prompt(prompt):
            key = spoken_words(fragment.words)
            known = first.setdefault(key, fragment)
            if known is not fragment:
                first[key] = replace(known, also=(*known.also, fragment.name))
    return tuple(first.values())


def by_name(found: Iterable[Fragment]) -> Mapping[str, Fragment]:
    """Return fragments by each name that their recording can have."""
    return {name: fragment for fragment in found for name in (fragment.name, *fragment.also)}


def _of_prompt(prompt: Prompt) -> Iterator[Fragment]:
    yield from _of_words(prompt, "", FIRST_TIME, prompt.say)
    for variant, tries in (("silence", prompt.silence), ("wrong", prompt.wrong)):
        for number, words in enumerate(tries, 1):
            yield from _of_words(prompt, f".{variant}{number}", f"{_OCCASIONS[variant]}, {number}", words)


def _of_words(prompt: Prompt, ending: str, occasion: str, words: Words) -> Iterator[Fragment]:
    for form, parts in sorted(words.forms.items(), key=lambda pair: pair[0] == "other"):
        name = prompt.name + ending + (f".{form}" if words.by else "")
        fixed = [part for part in parts if isinstance(part, str) and is_spoken(part)]
        for number, text in enumerate(fixed, 1):
            part = f".part{number}" if len(parts) > 1 else ""
            when = f"{occasion} ({form})" if words.by else occasion
            yield Fragment(name + part, " ".join(text.split()).lstrip(_CLOSING), prompt.name, when, written(parts))
