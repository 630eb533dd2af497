"""What a caller hears of a prompt: recordings where there are some, and a voice between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivr.prompts import BREAK, Piece, joined
from ivr.prompts.recordings.folder import Recording, Recordings
from ivr.prompts.recordings.fragments import is_spoken


def heard(pieces: Iterable[Piece], recordings: Recordings, language: str) -> Iterator[Recording | str]:
    """Yield recordings, and the words between them; what has nothing to say, a comma between two, is left out."""
    unrecorded: list[Piece] = []
    for piece in pieces:
        found = recordings.saying(language, piece.text) if piece.fixed else None
        if found is None and piece != BREAK:
            unrecorded.append(piece)
            continue
        yield from _spoken(unrecorded)
        unrecorded = []
        if found:
            yield found
    yield from _spoken(unrecorded)


def _spoken(pieces: Iterable[Piece]) -> Iterator[str]:
    text = joined(pieces)
    if is_spoken(text):
        yield text
