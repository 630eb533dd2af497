"""What words are made of in any language: words, sentences, letters without accents, and how long both are."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_COMMA = re.compile(r",\s")
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+")
REMEMBERED = 4096
"""Words that are remembered: prompts use few, over and over."""


def sentences(text: str) -> list[str]:
    """Split a text into its sentences."""
    return [sentence for sentence in _SENTENCE_END.split(" ".join(text.split())) if sentence]


def measured(text: str) -> tuple[list[str], float]:
    """Return the words of a text that can be hard, and the length of its sentences in words.

    Names are not hard, whatever their length; and what is told one by one, between commas, is followed one by one.
    """
    words: list[str] = []
    clauses = 0
    for sentence in sentences(text):
        first, *others = WORD.findall(sentence) or [""]
        words += [word for word in (first, *others) if word and (word is first or not word[0].isupper())]
        commas = len(_COMMA.findall(sentence))
        clauses += 1 + (commas if commas > 1 else 0)
    return words, len(words) / max(1, clauses)


@lru_cache(REMEMBERED)
def plain(word: str) -> str:
    """Return a word in small letters without accents."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(c))


def several(text: str) -> frozenset[str]:
    """Read words with spaces between them."""
    return frozenset(text.split())


def pairs(text: str) -> dict[str, str]:
    """Read words, each with the one after it."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def table(text: str) -> dict[str, str]:
    """Read `KEY words; …` as a table."""
    return dict(entry.strip().split(" ", 1) for entry in text.replace("\n", " ").split(";"))


def accents(text: str) -> dict[str, str]:
    """Read words with accents, each known by what it is without them."""
    return {plain(word): word for word in text.split()}
