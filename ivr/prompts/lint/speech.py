"""What is looked for in the words of each language: names of keys, how keys are spoken of, how hard words are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+")


@dataclass(frozen=True, slots=True)
class Speech:
    """One language, as far as remarks need it."""

    name: str
    keys: Mapping[str, str]
    """Spoken name of a key -> how definitions write it."""
    press: str
    """A pattern of the words before a key: "press"."""
    after_key: frozenset[str]
    """Words that can follow a key: "press one *or* two"."""
    before_option: str
    """A pattern of the words that begin an option: "*for* refills"."""
    light: frozenset[str]
    """Words that can be left out or exchanged without saying something else."""
    typical: frozenset[str]
    """Words by which the language is recognised, and which no other one has."""
    grade: Callable[[str], float]
    """The years of school it takes to follow a text."""


def sentences(text: str) -> list[str]:
    """Split a text into its sentences."""
    return [sentence for sentence in _SENTENCE_END.split(" ".join(text.split())) if sentence]


def english_grade(text: str) -> float:
    """The grade by Flesch and Kincaid: long sentences and long words make a text hard."""
    words = WORD.findall(text)
    syllables = sum(map(english_syllables, words))
    return 0.39 * len(words) / len(sentences(text)) + 11.8 * syllables / len(words) - 15.59


def spanish_grade(text: str) -> float:
    """The grade by Crawford, made for Spanish: of a hundred words, how many sentences and syllables."""
    words = WORD.findall(text)
    syllables = sum(map(spanish_syllables, words))
    return -0.205 * 100 * len(sentences(text)) / len(words) + 0.049 * 100 * syllables / len(words) - 3.407


def english_syllables(word: str) -> int:
    """Count groups of vowels; a silent e at the end is none."""
    word = word.lower()
    groups = len(re.findall("[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee", "ye")) and groups > 1
    ending = word.endswith("ed") and not word.endswith(("ted", "ded")) and groups > 1
    return max(1, groups - silent - ending)


def spanish_syllables(word: str) -> int:
    """Count groups of vowels; two strong ones, or an accented weak one, stand apart."""
    word = re.sub("[gq]u(?=[eiéí])", "g", word.lower())
    groups = re.findall("[aeiouáéíóúü]+", word)
    apart = sum(len(re.findall("(?=[aeoáéó][aeoáéó]|[íú][aeoáéó]|[aeoáéó][íú])", group)) for group in groups)
    return max(1, len(groups) + apart)


def plain(word: str) -> str:
    """Return a word in small letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(c))


_ENGLISH_KEYS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SPANISH_KEYS = ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve")

SPEECHES: Mapping[str, Speech] = {
    "en": Speech(
        name="English",
        keys={name: str(number) for number, name in enumerate(_ENGLISH_KEYS)} | {"star": "star", "pound": "pound"},
        press=r"\bpress\b",
        after_key=frozenset({"or", "for", "to", "if", "then", "and", "when"}),
        before_option=r"(?:for|to|if)",
        light=frozenset(["a", "an", "the", "please", "now", "that", "this", "it", "your", "just"]),
        typical=frozenset(
            [
                "the",
                "your",
                "you",
                "and",
                "is",
                "are",
                "press",
                "with",
                "please",
                "key",
                "for",
                "of",
                "this",
                "that",
                "have",
                "will",
                "was",
                "not",
            ]
        ),
        grade=english_grade,
    ),
    "es": Speech(
        name="Spanish",
        keys={name: str(number) for number, name in enumerate(_SPANISH_KEYS)}
        | {"asterisco": "star", "numeral": "pound"},
        press=r"\b(?:oprima|presione|pulse)\b",
        after_key=frozenset({"o", "para", "si", "y", "al", "luego"}),
        before_option=r"(?:para|si)",
        light=frozenset(
            ["un", "una", "el", "la", "los", "las", "por", "favor", "ahora", "eso", "esto", "lo", "su", "sus", "ya"]
        ),
        typical=frozenset(
            [
                "el",
                "los",
                "las",
                "una",
                "su",
                "sus",
                "para",
                "oprima",
                "tecla",
                "por",
                "que",
                "usted",
                "número",
                "receta",
                "pedido",
            ]
        ),
        grade=spanish_grade,
    ),
}
