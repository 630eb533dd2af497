"""The answer of one turn: a verb, and the words to speak. Needs no database, so that any version can be tried out."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow.tempo import USUAL, USUAL_TEMPO, Tempo
from ivr.flow.verbs import Pay, Speak, Verb
from ivr.prompts import Catalogues, Piece, joined
from ivr.prompts.spoken import speaking_seconds


@dataclass(frozen=True, slots=True)
class SpokenWords:
    """Words to speak, as pieces of fixed text and values, with the carrier's language code and voice."""

    pieces: tuple[Piece, ...]
    language: str
    voice: str
    rate: int = USUAL
    """How fast they are spoken, in percent of the usual."""

    @property
    def seconds(self) -> float:
        """How long it takes to speak them."""
        return speaking_seconds(joined(self.pieces)) * USUAL / self.rate


@dataclass(frozen=True, slots=True)
class Answer:
    """What the carrier is to do; `turn` is the number of the turn that it asks for next."""

    sid: str
    turn: int
    language: str
    verb: Verb
    words: tuple[SpokenWords, ...]
    card_words: tuple[tuple[SpokenWords, ...], ...] = ()
    """The words of each of the verb's card prompts, if it lets the carrier take a card."""


def spoken_answer(
    sid: str, turn: int, language: str, verb: Verb, catalogues: Catalogues, tempo: Tempo = USUAL_TEMPO
) -> Answer:
    """Return the answer of a verb, with its prompts in words."""
    card_words = tuple(as_spoken(catalogues, one.words, tempo) for one in verb.prompts) if isinstance(verb, Pay) else ()
    return Answer(sid, turn, language, verb, as_spoken(catalogues, verb.words, tempo), card_words)


def as_spoken(catalogues: Catalogues, words: tuple[Speak, ...], tempo: Tempo = USUAL_TEMPO) -> tuple[SpokenWords, ...]:
    """Return each prompt's words as they are spoken, in its language and at the call's tempo."""
    return tuple(_spoken(catalogues, speak, tempo.speech_rate or USUAL) for speak in words)


def _spoken(catalogues: Catalogues, speak: Speak, rate: int) -> SpokenWords:
    catalogue = catalogues.by_language[speak.language]
    pieces = catalogue.pieces(speak.prompt, speak.values, speak.variant, speak.tries)
    return SpokenWords(pieces, catalogue.locale, catalogue.voice, rate)
