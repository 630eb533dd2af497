"""Fragments: what there is to record in a language, that is, the fixed words of every prompt, split where values stand.

The name of a fragment is also that of its file: the name of the prompt, then the occasion if it is not the first time,
the plural form if there are several, and the number of the part if there are values: `refill.how.wrong2`,
`refill.how.one.part3`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from ivr.prompts import Catalogue, Prompt, Words, written
from ivr.prompts.spoken import speaking_seconds

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")

_CLOSING_MARKS = " .,;:!?)"
"""Marks at the beginning of a fragment that belong to the value before it, and are not read out."""

FIRST_TIME = "the first time"
_OCCASIONS = {"silence": "after silence", "wrong": "after a wrong key"}


@dataclass(frozen=True, slots=True)
class Fragment:
    """Words that are the same in every call, which can be recorded."""

    name: str
    words: str
    prompt: str
    occasion: str
    sentence: str
    """The whole text that they are part of, values as [name], so that the speaker finds the tone."""
    also: tuple[str, ...] = ()
    """Names of the other fragments with the same words, which share one recording."""

    @property
    def seconds(self) -> float:
        """About how long it takes to say the words."""
        return speaking_seconds(self.words)


@lru_cache(8192)
def spoken_words(text: str) -> str:
    """Return the words of a text in lower case, without marks: texts for which these are equal share a recording."""
    return " ".join(_WORD.findall(text.casefold()))


def is_spoken(text: str) -> bool:
    """Tell whether a text holds any word or number, and not only marks and spaces."""
    return bool(_WORD.search(text))


def fragments(catalogue: Catalogue) -> tuple[Fragment, ...]:
    """Return everything to record in a language, the same words only once, in the order of the files."""
    by_words: dict[str, Fragment] = {}
    for prompt in sorted(catalogue.prompts.values(), key=lambda prompt: prompt.place):
        for fragment in _prompt_fragments(prompt):
            key = spoken_words(fragment.words)
            first = by_words.setdefault(key, fragment)
            if first is not fragment:
                by_words[key] = replace(first, also=(*first.also, fragment.name))
    return tuple(by_words.values())


def fragments_by_name(fragments: Iterable[Fragment]) -> Mapping[str, Fragment]:
    """Return fragments by each name that their recording may have."""
    return {name: fragment for fragment in fragments for name in (fragment.name, *fragment.also)}


def _prompt_fragments(prompt: Prompt) -> Iterator[Fragment]:
    yield from _words_fragments(prompt, "", FIRST_TIME, prompt.say)
    for variant, tries in (("silence", prompt.silence), ("wrong", prompt.wrong)):
        for number, words in enumerate(tries, 1):
            yield from _words_fragments(prompt, f".{variant}{number}", f"{_OCCASIONS[variant]}, {number}", words)


def _words_fragments(prompt: Prompt, ending: str, occasion: str, words: Words) -> Iterator[Fragment]:
    for form, parts in sorted(words.forms.items(), key=lambda pair: pair[0] == "other"):
        name = prompt.name + ending + (f".{form}" if words.by else "")
        fixed = [part for part in parts if isinstance(part, str) and is_spoken(part)]
        for number, text in enumerate(fixed, 1):
            part = f".part{number}" if len(parts) > 1 else ""
            when = f"{occasion} ({form})" if words.by else occasion
            yield Fragment(
                name + part, " ".join(text.split()).lstrip(_CLOSING_MARKS), prompt.name, when, written(parts)
            )
