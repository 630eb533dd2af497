"""The shapes of prompt files: which fields words, prompts, catalogues and medicines have.

The loader and the JSON Schema for editors are both made from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from babel import Locale

from ivr.languages import LANGUAGES
from ivr.prompts.catalogue import PROMPT_KINDS, plural_category
from ivr.prompts.spoken import label_words as written
from ivr.prompts.spoken.label_forms import FORMS
from ivr.prompts.spoken.medicines import PHRASES
from ivr.yaml_reader import Either, Field, ListOf, MapOf, Record, Shape, Text, field

NAME = "[a-z][a-z0-9_]*"

# Plural rules look at the last two digits of a number, and whether it is in thousands or millions.
_TRIED_COUNTS = range(201)


@cache
def categories(language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return all plural categories of a language, and those among them that counts from 0 to 200 need.

    Words must have the latter. Spanish also has `many`, for millions: words without it use `other` there.
    """
    used = {plural_category(count, language) for count in _TRIED_COUNTS} | {"other"}
    allowed = (*Locale.parse(language).plural_form.rules, "other")
    return allowed, tuple(category for category in allowed if category in used)


_ALL_CATEGORIES = sorted({category for language in LANGUAGES for category in categories(language)[0]})
_REQUIRED_CATEGORIES = frozenset.intersection(*(frozenset(categories(language)[1]) for language in LANGUAGES))

_SPOKEN_CHARACTER = r"[^{}\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
_CHARACTER_OR_VALUE = f"{_SPOKEN_CHARACTER}|\\{{{NAME}(:({'|'.join(PROMPT_KINDS)}))?\\}}"

TEXT = Text(
    f"Words as they are spoken. A value is written with its kind, as in {{total:money}}; kinds are "
    f"{', '.join(PROMPT_KINDS)}. A name from the top of the catalogue is written without, as in {{pharmacy}}.",
    f"({_CHARACTER_OR_VALUE})+",
)
PLURAL = Record(
    "plural",
    {
        "by": field(Text("The value that is counted.", NAME)),
        **{category: field(TEXT, required=category in _REQUIRED_CATEGORIES) for category in _ALL_CATEGORIES},
    },
    "Words in one form for each way to count.",
)
WORDS = Either((TEXT, PLURAL))
QUESTION = Record(
    "question",
    {
        "facts": field(
            Either((TEXT, PLURAL), "Said before all of these words: what the caller should know to answer."),
            required=False,
        ),
        "say": field(WORDS),
        "silence": field(ListOf(WORDS, "Said after a silence: the first time, then for later ones."), required=False),
        "wrong": field(ListOf(WORDS, "Said after a wrong key: the first time, then for later ones."), required=False),
    },
    "What asks for a key or a number: the question, and help for those who did not answer it.",
)
SUBJECT = MapOf(Either((TEXT, PLURAL, QUESTION)), NAME, "The prompts of one subject; refill.yaml holds refill.… .")

_DAY = Text("A day, as in 2026-12-24.", "[0-9]{4}-[0-9]{2}-[0-9]{2}")
NOTICE = Record(
    "notice",
    {"from": field(_DAY), "until": field(_DAY), "say": field(TEXT)},
    "What callers are told first, from one day until another.",
)
NOTICES = MapOf(NOTICE, NAME, "The notices of notices.yaml.")

CATALOGUE = Record(
    "catalogue",
    {
        "language": field(Text("The carrier's code of this language, as in en-US.", "[a-z]{2,3}(-[A-Za-z0-9]+)*")),
        "voice": field(Text("The carrier's name of the voice.")),
        "names": field(
            MapOf(Text(pattern=r"[^{}]+"), NAME, "Names that are spoken everywhere, each written only here."),
            required=False,
        ),
    },
    "What holds for a whole language.",
)

_WORDS = Text("Words as they are spoken.")


def _section_of(name: str, keys: Iterable[str], shape: Shape = _WORDS, about: str = "") -> Field:
    """Return a section of medicines.yaml that has words, or another shape, for each of `keys`."""
    return field(Record(f"medicine_{name}", {key: field(shape) for key in keys}, about))


MEDICINE_UNIT = Record(
    "medicine_unit", {"one": field(_WORDS), "other": field(_WORDS)}, "A unit's words for one and for more."
)
MEDICINES = Record(
    "medicines",
    {
        "labels": field(
            MapOf(_WORDS, about="Whole labels as the pharmacy writes them, with what is said for each."), required=False
        ),
        "names": field(
            MapOf(_WORDS, about="Names as labels write them, several between commas, with what is said for them.")
        ),
        "as_written": field(Text("Names that are said as they are written, between commas."), required=False),
        "forms": _section_of("forms", FORMS, about="What each form is called."),
        "modifiers": _section_of("modifiers", sorted({*written.MODIFIERS.values()})),
        "releases": _section_of("releases", [*sorted({*written.RELEASES.values()}), "with_hours"]),
        "ages": _section_of("ages", sorted({*written.AGES.values()}), about="A name, {name}, with whom it is for."),
        "units": _section_of("units", sorted({*written.UNITS.values(), "number"}), MEDICINE_UNIT),
        "per": _section_of("per", ("one", "other"), about="What an amount is in: per {unit}, per {amount}."),
        "and": field(MapOf(_WORDS, about='The word for "and" by how the name after it begins; other for all else.')),
        "before_amounts": field(
            MapOf(_WORDS, about="What stands before an amount of a unit; other behind a form."), required=False
        ),
        "phrases": _section_of(
            "phrases", PHRASES, about="How the parts follow each other; those in brackets only where they are."
        ),
    },
    "How medicines are spoken.",
)

FILE: Shape = Either((CATALOGUE, MEDICINES, NOTICES, SUBJECT))
