"""Remarks on sentences that say the same in different words somewhere else in the same language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivr.errors import Place
from ivr.languages import Speech
from ivr.languages.words import WORD, sentences

FEWEST_WORDS = 3
"""Sentences with fewer words than this, `Speech.light` words not counted, are not compared."""


def differently_worded(texts: Iterable[tuple[Place, str]], speech: Speech) -> Iterator[tuple[Place, str]]:
    """Yield a place and a message for each sentence that is worded differently elsewhere.

    `texts` are all texts of a language with their places. The remark is made at the rarer wording.
    """
    wordings_by_gist: dict[tuple[str, ...], dict[str, list[Place]]] = {}
    for place, text in texts:
        for sentence in sentences(text):
            gist = _telling_words_of(sentence, speech)
            if len(gist) >= FEWEST_WORDS:
                wordings_by_gist.setdefault(gist, {}).setdefault(sentence, []).append(place)
    for places_by_wording in wordings_by_gist.values():
        usual = max(places_by_wording, key=lambda sentence: (len(places_by_wording[sentence]), sentence))
        for sentence, places in places_by_wording.items():
            if sentence != usual:
                yield places[0], f'"{sentence}" is worded "{usual}" elsewhere; say it in one way'


def _telling_words_of(sentence: str, speech: Speech) -> tuple[str, ...]:
    return tuple(word for word in map(str.lower, WORD.findall(sentence)) if word not in speech.light)
