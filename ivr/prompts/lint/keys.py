"""Which keys a prompt speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ivr.prompts.catalogue import Prompt, Words
from ivr.prompts.lint.speech import Speech, sentences

_PIECE = re.compile(r"[^\W\d_]+|[,.;:?!]|\[\w+\]")
_STOPS = frozenset(",.;:?!")


def spoken_keys(prompts: Iterable[Prompt], speech: Speech) -> dict[str, Words]:
    """Return each key that prompts speak, with the words that speak it first."""
    found: dict[str, Words] = {}
    for words in (words for prompt in prompts for words in (prompt.say, *prompt.silence, *prompt.wrong)):
        for key in keys_of(words, speech):
            found.setdefault(key, words)
    return found


def keys_of(words: Words, speech: Speech) -> Iterator[str]:
    """Yield the keys that words speak, in any of their forms."""
    for parts in words.forms.values():
        text = "".join(part if isinstance(part, str) else f" [{part.name}] " for part in parts)
        for sentence in sentences(text):
            yield from _keys(sentence, speech)


def _keys(sentence: str, speech: Speech) -> Iterator[str]:
    """Yield keys: "press one", "press one, two or nine", and the short "for an order, two."."""
    pieces = [piece.lower() for piece in _PIECE.findall(sentence)]
    presses = re.search(speech.press, sentence, re.IGNORECASE) is not None
    for position, piece in enumerate(pieces):
        if piece not in speech.keys:
            continue
        before = pieces[position - 1] if position else ""
        after = pieces[position + 1] if position + 1 < len(pieces) else "."
        alone = before not in speech.keys and after not in speech.keys
        ends = after in _STOPS or after in speech.after_key
        if alone and ends and (presses or (before == "," and after == ".")):
            yield speech.keys[piece]
