"""Chooses what a caller hears of a prompt: recordings where there are any, and the carrier's voice between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivr.prompts import BREAK, Piece, joined
from ivr.prompts.recordings.folder import Recording, Recordings
from ivr.prompts.recordings.fragments import is_spoken


def recordings_and_words(pieces: Iterable[Piece], recordings: Recordings, language: str) -> Iterator[Recording | str]:
    """Yield recordings, and the words that a voice speaks between them.

    Text without words, such as a comma between two recordings, is left out; a `BREAK` begins a new text.
    """
    unrecorded: list[Piece] = []
    for piece in pieces:
        recording = recordings.saying(language, piece.text) if piece.fixed else None
        if recording is None and piece != BREAK:
            unrecorded.append(piece)
            continue
        yield from _spoken(unrecorded)
        unrecorded = []
        if recording:
            yield recording
    yield from _spoken(unrecorded)


def _spoken(pieces: Iterable[Piece]) -> Iterator[str]:
    text = joined(pieces)
    if is_spoken(text):
        yield text
