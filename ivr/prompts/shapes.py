"""The shapes of prompt files: which fields words, prompts and catalogues have. Loader and JSON Schema go by them."""

from __future__ import annotations

from ivr.prompts.catalogue import PROMPT_KINDS
from ivr.yaml_reader import Either, ListOf, MapOf, Record, Shape, Text, field

NAME = "[a-z][a-z0-9_]*"
CATEGORIES = ("zero", "one", "two", "few", "many", "other")
"""Plural categories that languages have; which of them one needs, the loader knows."""

_SPOKEN = r"[^{}\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
_PART = f"{_SPOKEN}|\\{{{NAME}(:({'|'.join(PROMPT_KINDS)}))?\\}}"

TEXT = Text(
    f"Words as they are spoken. A value is written with its kind, as in {{total:money}}; kinds are "
    f"{', '.join(PROMPT_KINDS)}. A name from the top of the catalogue is written without, as in {{pharmacy}}.",
    f"({_PART})+",
)
PLURAL = Record(
    "plural",
    {
        "by": field(Text("The value that is counted.", NAME)),
        **{category: field(TEXT, required=category == "other") for category in CATEGORIES},
    },
    "Words in one form for each way to count.",
)
WORDS = Either((TEXT, PLURAL))
QUESTION = Record(
    "question",
    {
        "say": field(WORDS),
        "silence": field(ListOf(WORDS, "Said after a silence: the first time, then for later ones."), required=False),
        "wrong": field(ListOf(WORDS, "Said after a wrong key: the first time, then for later ones."), required=False),
    },
    "What asks for a key or a number: the question, and help for those who did not answer it.",
)
SUBJECT = MapOf(Either((TEXT, PLURAL, QUESTION)), NAME, "The prompts of one subject; refill.yaml holds refill.… .")

CATALOGUE = Record(
    "catalogue",
    {
        "language": field(Text("The carrier's code of this language, as in en-US.")),
        "voice": field(Text("The carrier's name of the voice.")),
        "names": field(
            MapOf(Text(pattern=r"[^{}]+"), NAME, "Names that are spoken everywhere, each written only here."),
            required=False,
        ),
    },
    "What holds for a whole language.",
)

FILE: Shape = Either((CATALOGUE, SUBJECT))
