"""Helpers for text of any language: sentences, words, accents, and the word lists of the languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_COMMA = re.compile(r",\s")
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+")
CACHE_SIZE = 4096
"""How many results the caches of this room keep: prompts use few words and numbers, over and over."""


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; a colon ends one too."""
    return [sentence for sentence in _SENTENCE_END.split(" ".join(text.split())) if sentence]


def hard_words_and_length(text: str) -> tuple[list[str], float]:
    """Return the words of a text that may be hard to follow, and the average length of its sentences in words.

    Names are left out: they are not hard, however long. In a sentence with several commas each part between them counts
    as a sentence, since listeners follow a list item by item.
    """
    words: list[str] = []
    clauses = 0
    for sentence in sentences(text):
        first, *others = WORD.findall(sentence) or [""]
        words += [word for word in (first, *others) if word and (word is first or not word[0].isupper())]
        commas = len(_COMMA.findall(sentence))
        clauses += 1 + (commas if commas > 1 else 0)
    return words, len(words) / max(1, clauses)


@lru_cache(CACHE_SIZE)
def plain(word: str) -> str:
    """Return a word in lower case and without accents."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(c))


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text that separates them by spaces."""
    return frozenset(text.split())


def word_pairs(text: str) -> dict[str, str]:
    """Return a mapping from a text `KEY value KEY value …`, all single words."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def word_table(text: str) -> dict[str, str]:
    """Return a mapping from a text `KEY words; KEY words; …`."""
    return dict(entry.strip().split(" ", 1) for entry in text.replace("\n", " ").split(";"))


def with_accents(text: str) -> dict[str, str]:
    """Return a mapping from each word without its accents to the word as it is written."""
    return {plain(word): word for word in text.split()}
