"""Remarks on prompts: every rule over every prompt, in every language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from ivr.errors import Place
from ivr.languages import LANGUAGES, Language
from ivr.prompts.catalogue import Catalogue, Catalogues, Prompt, Words
from ivr.prompts.lint import measures, wording

RULES = {
    "folder": "a language that has no folder of prompts",
    "language": "a language that no call is ever in",
    "unused": "a prompt nobody uses",
    "key-first": "a key before what it is for",
    "long": "words that take too long to listen to",
    "hard": "words that are too hard to follow",
    "digits": "digits that are not spoken in groups",
    "figures": "a number written in figures",
    "markup": "characters nobody can speak",
    "foreign": "words of another language",
    "accents": "words that lack their accent",
    "two-ways": "the same sentence, worded two ways",
}
"""Every rule by its name, and what it remarks on."""


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something that could be said better: where, what, and by which rule."""

    place: Place
    message: str
    rule: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class Lint:
    """What prompts are looked at with: how they are used."""

    used: frozenset[str]
    """Prompts that something speaks."""
    languages: frozenset[str]
    """Languages that a call can be in."""


def lint(catalogues: Catalogues, how: Lint) -> tuple[Remark, ...]:
    """Return all remarks, by place."""
    found = {*_unused(catalogues, how), *_without_folder(catalogues)}
    for catalogue in catalogues.by_language.values():
        language = LANGUAGES[catalogue.language]
        for prompt in catalogue.prompts.values():
            for words in occasions(prompt):
                found.update(_of_words(prompt, words, catalogue, language))
        found.update(_of_language(catalogue, language))
    return tuple(sorted(found))


def occasions(prompt: Prompt) -> tuple[Words, ...]:
    """Return all words of a prompt: for the first time, for each silence and for each wrong key."""
    return (prompt.say, *prompt.silence, *prompt.wrong)


def _without_folder(catalogues: Catalogues) -> Iterator[Remark]:
    files = (
        prompt.place.file for catalogue in catalogues.by_language.values() for prompt in catalogue.prompts.values()
    )
    root = next((PurePath(file).parent.parent for file in files), None)
    for tag, language in LANGUAGES.items():
        if root and tag not in catalogues.by_language:
            message = f"{language.title} has an entry in ivr/languages and no folder of prompts here"
            yield Remark(Place(str(root / tag / "catalogue.yaml")), message, "folder")


def _unused(catalogues: Catalogues, how: Lint) -> Iterator[Remark]:
    for catalogue in catalogues.by_language.values():
        for prompt in catalogue.prompts.values():
            if prompt.name not in how.used:
                yield Remark(prompt.place, f'nobody uses the prompt "{prompt.name}"', "unused")
        if catalogue.language not in how.languages and catalogue.prompts:
            place = next(iter(catalogue.prompts.values())).place
            yield Remark(Place(place.file), f'no call is ever in the language "{catalogue.language}"', "language")


def _of_words(prompt: Prompt, words: Words, catalogue: Catalogue, language: Language) -> Iterator[Remark]:
    place = words.place or prompt.place
    names = {name: source.text for name, source in catalogue.head.items()}
    for rule, message in measures.remarks(prompt, words, names, language):
        yield Remark(place, message, rule)


def _of_language(catalogue: Catalogue, language: Language) -> Iterator[Remark]:
    told = [
        (words.place or prompt.place, text)
        for prompt in catalogue.prompts.values()
        for words in occasions(prompt)
        for text in measures.texts(words)
    ]
    for place, message in wording.two_ways(told, language.speech):
        yield Remark(place, message, "two-ways")
