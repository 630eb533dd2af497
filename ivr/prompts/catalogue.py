"""Prompts as loaded: words with values in them, one catalogue per language.

A `Prompt` has the words for the first time and, for a question, those for silence and for a wrong key, each list
growing more helpful. `Catalogue.words` is what a call uses: name and values in, one line of plain text out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Literal, TypeAlias

from babel import Locale

from ivr.errors import Place
from ivr.languages import LANGUAGES
from ivr.prompts.spoken import KINDS, Value, Values, speak
from ivr.prompts.spoken.medicines import Medicines

PHRASE = "phrase"
"""The kind of a value that is words of its own: a prompt of the same catalogue, or several."""

MEDICINE = "medicine"
"""The kind of a value that is a medicine's label."""

_HEAD = re.compile(r"[>|][-+0-9]*[^\n]*\n|['\"]")
"""What stands before the words of a text: the sign of long words, or a quotation mark."""

_SIGN = re.compile(r"\S")

PROMPT_KINDS = (*KINDS, PHRASE)

Variant: TypeAlias = Literal["say", "silence", "wrong"]


def phrase(name: str, /, **values: Value) -> Value:
    """Return a value that is spoken as the words of another prompt with values of its own."""
    return {"prompt": name, "values": values}


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value stands in words; `noun` is the word after it, which a number may have to agree with."""

    name: str
    kind: str
    noun: str = ""
    place: Place | None = field(default=None, compare=False)
    """Where it is written."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of what is spoken: the same words in every call when `fixed`, so that they can be a recording, or a value."""

    text: str
    fixed: bool


def joined(pieces: Iterable[Piece]) -> str:
    """Return pieces as one line of words with single spaces."""
    return " ".join("".join(piece.text for piece in pieces).split())


def written(parts: Iterable[str | Slot]) -> str:
    """Return words as they are written, values as [name]."""
    return " ".join("".join(part if isinstance(part, str) else f"[{part.name}]" for part in parts).split())


@dataclass(frozen=True, slots=True)
class SourceWords:
    """Words as they were read, values in braces and all."""

    text: str
    place: Place
    """Where they begin."""
    raw: str
    """The same in the file, with quotes, line ends and the spaces before each line."""

    def at(self, position: int) -> Place:
        """Return where a letter of the text stands in the file: as many signs after the beginning, spaces apart."""
        before = len("".join(self.text[:position].split()))
        start = _HEAD.match(self.raw)
        signs = _SIGN.finditer(self.raw, start.end() if start else 0)
        found = next(islice(signs, before, None), None)
        if found is None:
            return self.place
        index = found.start()
        line = self.raw.count("\n", 0, index)
        column = index - self.raw.rfind("\n", 0, index) if line else self.place.column + index
        return Place(self.place.file, self.place.line + line, column)


@dataclass(frozen=True, slots=True)
class Words:
    """Words with values in them, in one form or, with `by`, in a form per plural category of the language."""

    forms: Mapping[str, tuple[str | Slot, ...]]
    by: str | None = None
    place: Place | None = field(default=None, compare=False)
    """Where they are written."""
    sources: Mapping[str, tuple[SourceWords, ...]] = field(default_factory=dict, compare=False)
    """Form -> what it was read from: the words, after the facts before them."""

    @property
    def slots(self) -> Iterator[Slot]:
        """Every place a value stands in, over all forms."""
        return (part for parts in self.forms.values() for part in parts if isinstance(part, Slot))

    @property
    def written(self) -> str:
        """The words as they are written, values as [name]; `other` stands for every plural form."""
        return written(self.forms["other"])

    def source(self, form: str) -> tuple[SourceWords, ...]:
        """Return what a form was read from; `other` stands in for a form that was not written."""
        return self.sources.get(form, self.sources.get("other", ()))

    def form(self, count: int, locale: str) -> tuple[str | Slot, ...]:
        """Return the parts for a count; `other` stands in for a category that was not written."""
        if self.by is None:
            return self.forms["other"]
        return self.forms.get(plural_category(count, locale)) or self.forms["other"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything one name stands for; `values` gives the kind of every value its words use."""

    name: str
    place: Place
    say: Words
    silence: tuple[Words, ...]
    wrong: tuple[Words, ...]
    values: Mapping[str, str]

    def at(self, value: str) -> Place:
        """Return where a value is spoken first; where the prompt begins, when it is not."""
        slots = (slot for words in (self.say, *self.silence, *self.wrong) for slot in words.slots)
        return next((slot.place for slot in slots if slot.name == value and slot.place), self.place)

    def variant(self, variant: Variant, tries: int) -> Words:
        """Return the words for an occasion: the last ones again when tries exceed them, `say` when there are none."""
        told = {"say": (), "silence": self.silence, "wrong": self.wrong}[variant]
        return told[min(tries, len(told)) - 1] if told else self.say


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All prompts of one language, and the voice that speaks them; `locale` is the carrier's code, such as en-US."""

    language: str
    locale: str
    voice: str
    prompts: Mapping[str, Prompt]
    head: Mapping[str, SourceWords] = field(default_factory=dict, compare=False)
    """What catalogue.yaml says, by field: `language`, `voice`, and each of its names."""
    medicines: Medicines | None = None
    """How labels are spoken; None, in versions older than that, for as they stand."""
    medicine_words: tuple[SourceWords, ...] = field(default=(), compare=False)
    """What medicines.yaml says: all but names, and those that are not plain ASCII."""

    @property
    def title(self) -> str:
        """The language's name in English."""
        return LANGUAGES[self.language].title

    def words(self, name: str, values: Values, variant: Variant = "say", tries: int = 1) -> str:
        """Return what the caller hears: one line with single spaces.

        `tries` counts from 1. KeyError names a prompt or value that is missing, ValueError a value its kind cannot
        take; both are mistakes in code that the flow checker should have caught.
        """
        return joined(self._render(name, values, variant, tries))

    def pieces(self, name: str, values: Values, variant: Variant = "say", tries: int = 1) -> tuple[Piece, ...]:
        """Return the same words with what is fixed and what is a value kept apart, spaces as they were written."""
        return tuple(self._render(name, values, variant, tries))

    def medicine(self, label: str) -> str:
        """Return a medicine as a caller hears it; as it stands where its label is not understood."""
        spoken = self.medicines.spoken(label, LANGUAGES[self.language], self.language) if self.medicines else None
        return spoken or label

    def _render(self, name: str, values: Values, variant: Variant = "say", tries: int = 1) -> Iterator[Piece]:
        prompt = self.prompts.get(name)
        if prompt is None:
            raise KeyError(f'no prompt "{name}" in "{self.language}"')
        words = prompt.variant(variant, tries)
        count = 0 if words.by is None else _count(_value(values, words.by, name), name, words.by)
        for part in words.form(count, self.language):
            if isinstance(part, str):
                yield Piece(part, fixed=True)
            else:
                yield from self._speak(part, _value(values, part.name, name), name)

    def _speak(self, slot: Slot, value: Value, name: str) -> Iterator[Piece]:
        try:
            if slot.kind == PHRASE:
                yield from self._phrase(value)
            elif slot.kind == MEDICINE:
                yield Piece(self.medicine(speak(MEDICINE, value, self.language)), fixed=False)
            else:
                yield Piece(speak(slot.kind, value, self.language, slot.noun), fixed=False)
        except ValueError as error:
            raise ValueError(f'prompt "{name}", value "{slot.name}": {error}') from error

    def _phrase(self, value: Value) -> Iterator[Piece]:
        if isinstance(value, tuple | list):  # a call that was stored comes back with lists
            pieces: tuple[Piece, ...] = ()
            for position, item in enumerate(value):
                if position:
                    yield _SPACE if position % AT_ONCE else BREAK
                if not position or item is not value[position - 1]:  # examples of long lists are one thing many times
                    pieces = tuple(self._phrase(item))
                yield from pieces
            return
        if isinstance(value, Mapping):
            prompt, values = value.get("prompt"), value.get("values", {})
            if isinstance(prompt, str) and isinstance(values, Mapping):
                yield from self._render(prompt, values)
                return
        raise ValueError("phrase to speak: expected the name of a prompt and its values")


_SPACE = Piece(" ", fixed=False)
BREAK = Piece("\n", fixed=False)
"""Stands in a long list after every few items: what is before it and what is after it are better spoken one by one."""
AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The same prompts in every language."""

    by_language: Mapping[str, Catalogue]
    flawed: frozenset[str] = frozenset()
    """Prompts and whole subjects with problems, which were told: what they say may not be what they should."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages a caller can choose."""
        return tuple(self.by_language)

    @property
    def names(self) -> frozenset[str]:
        """The names of all prompts, which every language has."""
        return frozenset(name for catalogue in self.by_language.values() for name in catalogue.prompts)

    @property
    def titles(self) -> dict[str, str]:
        """The name of each language in English."""
        return {language: catalogue.title for language, catalogue in self.by_language.items()}

    @property
    def languages_by_name(self) -> dict[str, str]:
        """What each language is called in each of them, in small letters: "spanish" and "español" are es."""
        named = (
            (Locale.parse(language).get_language_name(speaking), language)
            for language in self.by_language
            for speaking in self.by_language
        )
        return {name.lower(): language for name, language in named if name}

    def prompt(self, name: str) -> Prompt | None:
        """Return a prompt in the first language, for its place and values, which are alike in all."""
        return next((found for c in self.by_language.values() if (found := c.prompts.get(name))), None)

    def values(self, name: str) -> Mapping[str, str]:
        """Return the values that a prompt speaks, each with its kind; none where there is no such prompt."""
        found = self.prompt(name)
        return found.values if found else {}


@lru_cache
def _plural_rule(locale: str) -> Callable[[int], str]:
    return Locale.parse(locale).plural_form


@lru_cache(1024)
def plural_category(count: int, locale: str) -> str:
    """Return the plural category of a whole number, `one` or `other` in English."""
    return _plural_rule(locale)(count)


def _value(values: Values, value: str, prompt: str) -> Value:
    if value not in values:
        raise KeyError(f'prompt "{prompt}" needs the value "{value}"')
    return values[value]


def _count(value: Value, prompt: str, name: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f'prompt "{prompt}", value "{name}": expected a whole number to choose the form by')
