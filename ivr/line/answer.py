"""What one turn answers: a verb, and its words as they are spoken. Needs no database, so that a version can be tried."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow.verbs import Speak, Verb
from ivr.prompts import Catalogues, Piece


@dataclass(frozen=True, slots=True)
class SpokenWords:
    """Words as they are spoken, fixed ones and values apart; the carrier's language code and voice."""

    pieces: tuple[Piece, ...]
    language: str
    voice: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the carrier is to do now; `turn` is the one it comes back for."""

    sid: str
    turn: int
    language: str
    verb: Verb
    words: tuple[SpokenWords, ...]


def as_spoken(catalogues: Catalogues, words: tuple[Speak, ...]) -> tuple[SpokenWords, ...]:
    """Return words as they are spoken, each in its own language."""
    return tuple(_spoken(catalogues, speak) for speak in words)


def _spoken(catalogues: Catalogues, speak: Speak) -> SpokenWords:
    catalogue = catalogues.by_language[speak.language]
    pieces = catalogue.pieces(speak.prompt, speak.values, speak.variant, speak.tries)
    return SpokenWords(pieces, catalogue.locale, catalogue.voice)
