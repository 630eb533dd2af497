"""Remarks on all words of a language together: what is said in two ways should be said in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivr.errors import Place
from ivr.languages import Speech
from ivr.languages.words import WORD, sentences

FEWEST_WORDS = 3
"""Words beyond the light ones that a sentence has to have, to say the same as another."""


def two_ways(told: Iterable[tuple[Place, str]], speech: Speech) -> Iterator[tuple[Place, str]]:
    """Yield each sentence that is worded in another way elsewhere, the rarer way as the one to change."""
    ways: dict[tuple[str, ...], dict[str, list[Place]]] = {}
    for place, text in told:
        for sentence in sentences(text):
            gist = _gist(sentence, speech)
            if len(gist) >= FEWEST_WORDS:
                ways.setdefault(gist, {}).setdefault(sentence, []).append(place)
    for worded in ways.values():
        usual = max(worded, key=lambda sentence: (len(worded[sentence]), sentence))
        for sentence, places in worded.items():
            if sentence != usual:
                yield places[0], f'"{sentence}" is worded "{usual}" elsewhere; say it in one way'


def _gist(sentence: str, speech: Speech) -> tuple[str, ...]:
    return tuple(word for word in map(str.lower, WORD.findall(sentence)) if word not in speech.light)
