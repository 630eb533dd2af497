"""Prompts as loaded: words with values in them, one `Catalogue` per language.

A `Prompt` has the words for the first time and, when it is a question, lists of words for silence and for a wrong key,
each list growing more helpful. A call uses `Catalogue.words`, which takes a prompt's name and values and returns one
line of plain text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Literal, TypeAlias

from babel import Locale

from ivr.errors import Place
from ivr.languages import LANGUAGES
from ivr.prompts.spoken import KINDS, Value, Values, speak
from ivr.prompts.spoken.medicines import Medicines

PHRASE = "phrase"
"""The kind of a value that is spoken as another prompt of the same catalogue, or as a list of them; made by
`phrase`."""

NOTICES = "notices"
"""The subject of prompts that are told for some days only, in a file of its own."""

MEDICINE = "medicine"
"""The kind of a value that is a medicine's label."""

_OPENING = re.compile(r"[>|][-+0-9]*[^\n]*\n|['\"]")
"""What YAML has before the words of a text: the `>` or `|` line of a block of text, or a quotation mark."""

_CHARACTER = re.compile(r"\S")

PROMPT_KINDS = (*KINDS, PHRASE)

Variant: TypeAlias = Literal["say", "silence", "wrong"]


def phrase(name: str, /, **values: Value) -> Value:
    """Return a value of the kind `phrase`: it is spoken as the prompt `name` with the given values."""
    return {"prompt": name, "values": values}


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a value in the words of a prompt, such as {total:money}.

    `noun` is the word after it, with which a number has to agree in some languages; "" where none follows.
    """

    name: str
    kind: str
    noun: str = ""
    place: Place | None = field(default=None, compare=False)
    """Where it stands in the file."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what is spoken: either `fixed` words, the same in every call, which may be recorded, or a value."""

    text: str
    fixed: bool


def joined(pieces: Iterable[Piece]) -> str:
    """Return the text of pieces as one line with single spaces."""
    return " ".join("".join(piece.text for piece in pieces).split())


def written(parts: Iterable[str | Slot]) -> str:
    """Return the parts of words as one line with single spaces, values as [name]."""
    return " ".join("".join(part if isinstance(part, str) else f"[{part.name}]" for part in parts).split())


@dataclass(frozen=True, slots=True)
class SourceWords:
    """A text as it stands in its file, with values in braces."""

    text: str
    """The words as YAML reads them."""
    place: Place
    """Where the text begins."""
    raw: str
    """The same text in the file, with quotes, line ends and indentation."""

    def at(self, position: int) -> Place:
        """Return the place in the file of the letter at `position` of the text.

        Spaces and line ends differ between text and file, so only other characters are counted; the beginning of the
        text when the file has too few.
        """
        characters_before = len("".join(self.text[:position].split()))
        start = _OPENING.match(self.raw)
        characters = _CHARACTER.finditer(self.raw, start.end() if start else 0)
        character = next(islice(characters, characters_before, None), None)
        if character is None:
            return self.place
        index = character.start()
        line = self.raw.count("\n", 0, index)
        column = index - self.raw.rfind("\n", 0, index) if line else self.place.column + index
        return Place(self.place.file, self.place.line + line, column)


@dataclass(frozen=True, slots=True)
class Words:
    """Words with values in them: one form or, where `by` names the value that is counted, one per plural category."""

    forms: Mapping[str, tuple[str | Slot, ...]]
    """Plural category -> its parts in order; always has `other`."""
    by: str | None = None
    place: Place | None = field(default=None, compare=False)
    """Where the words stand in the file; None for words with a problem."""
    sources: Mapping[str, tuple[SourceWords, ...]] = field(default_factory=dict, compare=False)
    """Plural category -> the texts it was read from: the facts, if there are any, and then the words."""

    @property
    def slots(self) -> Iterator[Slot]:
        """The slots of all forms."""
        return (part for parts in self.forms.values() for part in parts if isinstance(part, Slot))

    @property
    def written(self) -> str:
        """The words as one line, values as [name]; of several plural forms the form `other`."""
        return written(self.forms["other"])

    def source(self, form: str) -> tuple[SourceWords, ...]:
        """Return the texts that a form was read from; those of `other` for a form that was not written."""
        return self.sources.get(form, self.sources.get("other", ()))

    def form(self, count: int, locale: str) -> tuple[str | Slot, ...]:
        """Return the parts of the form for a count; those of `other` for a category that was not written."""
        if self.by is None:
            return self.forms["other"]
        return self.forms.get(plural_category(count, locale)) or self.forms["other"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt with the words for every occasion."""

    name: str
    place: Place
    say: Words
    silence: tuple[Words, ...]
    wrong: tuple[Words, ...]
    values: Mapping[str, str]
    """Name of each value that the words speak -> its kind."""

    def at(self, value: str) -> Place:
        """Return where a value is first spoken in the file.

        That is the place of the prompt itself if it does not speak the value.
        """
        slots = (slot for words in (self.say, *self.silence, *self.wrong) for slot in words.slots)
        return next((slot.place for slot in slots if slot.name == value and slot.place), self.place)

    def variant(self, variant: Variant, tries: int) -> Words:
        """Return the words for the `tries`th time, counted from 1.

        After the last words of a list these are repeated; `say` where there are none for that variant.
        """
        words_of_tries = {"say": (), "silence": self.silence, "wrong": self.wrong}[variant]
        return words_of_tries[min(tries, len(words_of_tries)) - 1] if words_of_tries else self.say


@dataclass(frozen=True, slots=True)
class Notice:
    """The days on which callers are told a notice, both included; its words are a prompt."""

    begins: date
    ends: date
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All prompts of one language and the voice that speaks them.

    `locale` is the carrier's code of the language, such as en-US.
    """

    language: str
    locale: str
    voice: str
    prompts: Mapping[str, Prompt]
    head: Mapping[str, SourceWords] = field(default_factory=dict, compare=False)
    """The texts of catalogue.yaml by field: `language`, `voice`, and each of its names."""
    medicines: Medicines | None = None
    """How medicine labels are spoken; None, as in versions older than medicines.yaml, speaks them as they stand."""
    medicine_words: tuple[SourceWords, ...] = field(default=(), compare=False)
    """The texts of medicines.yaml, of names only those that are not plain ASCII."""

    notices: Mapping[str, Notice] = field(default_factory=dict)
    """The notices of notices.yaml, by the names of their prompts."""

    @property
    def title(self) -> str:
        """The language's name in English."""
        return LANGUAGES[self.language].title

    def words(self, name: str, values: Values, variant: Variant = "say", tries: int = 1) -> str:
        """Return what the caller hears, as one line with single spaces.

        `tries` counts from 1. Raises KeyError for a prompt or value that is missing and ValueError for a value that its
        kind cannot speak; both are mistakes in code that the flow checker should have caught.
        """
        return joined(self._render(name, values, variant, tries))

    def pieces(self, name: str, values: Values, variant: Variant = "say", tries: int = 1) -> tuple[Piece, ...]:
        """Return the same as `words`, but fixed words and values as separate pieces.

        Spaces are as they were written.
        """
        return tuple(self._render(name, values, variant, tries))

    def medicine(self, label: str) -> str:
        """Return a medicine's label as a caller hears it; as it stands where it is not understood."""
        spoken = self.medicines.spoken(label, LANGUAGES[self.language], self.language) if self.medicines else None
        return spoken or label

    def notices_on(self, day: date) -> str:
        """Return the notices of a day as one line, in the order of the file; "" when there are none."""
        names = [name for name, notice in self.notices.items() if notice.begins <= day <= notice.ends]
        return " ".join(self.words(name, {}) for name in names)

    def _render(self, name: str, values: Values, variant: Variant = "say", tries: int = 1) -> Iterator[Piece]:
        prompt = self.prompts.get(name)
        if prompt is None:
            raise KeyError(f'no prompt "{name}" in "{self.language}"')
        words = prompt.variant(variant, tries)
        count = 0 if words.by is None else _plural_count(_value(values, words.by, name), name, words.by)
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
        if isinstance(value, tuple | list):  # calls are stored as JSON, which turns tuples into lists
            pieces: tuple[Piece, ...] = ()
            for position, item in enumerate(value):
                if position:
                    yield _SPACE if position % ITEMS_AT_ONCE else BREAK
                # Long lists that are made as examples repeat one item, which is rendered once.
                if not position or item is not value[position - 1]:
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
"""Stands in a list after every `ITEMS_AT_ONCE` items; the carrier is to speak what is before it and after it
separately."""
ITEMS_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The catalogues of all languages, which have the same prompts."""

    by_language: Mapping[str, Catalogue]
    flawed: frozenset[str] = frozenset()
    """Names of prompts, and of whole subjects, with reported problems: their words may be incomplete."""

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
        """Name of each language in each of the languages, in lower case -> its tag: "spanish" and "español" are es."""
        named = (
            (Locale.parse(language).get_language_name(speaking), language)
            for language in self.by_language
            for speaking in self.by_language
        )
        return {name.lower(): language for name, language in named if name}

    def prompt(self, name: str) -> Prompt | None:
        """Return the prompt in the first language that has it, for its place and values.

        None where no language has such a prompt.
        """
        return next((found for c in self.by_language.values() if (found := c.prompts.get(name))), None)

    def values(self, name: str) -> Mapping[str, str]:
        """Return the values that a prompt speaks, each with its kind; empty where there is no such prompt."""
        prompt = self.prompt(name)
        return prompt.values if prompt else {}


@lru_cache
def _plural_rule(locale: str) -> Callable[[int], str]:
    return Locale.parse(locale).plural_form


@lru_cache(1024)
def plural_category(count: int, locale: str) -> str:
    """Return the plural category of a whole number by the rules of CLDR: `one` or `other` in English."""
    return _plural_rule(locale)(count)


def _value(values: Values, value: str, prompt: str) -> Value:
    if value not in values:
        raise KeyError(f'prompt "{prompt}" needs the value "{value}"')
    return values[value]


def _plural_count(value: Value, prompt: str, name: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f'prompt "{prompt}", value "{name}": expected a whole number to choose the form by')
