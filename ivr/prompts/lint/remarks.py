"""Applies every rule of the remarks to every prompt of every language."""

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
"""Name of each rule -> what it remarks on."""


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something that could be said better, and the rule that found it."""

    place: Place
    message: str
    rule: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class PromptUsage:
    """How flows use the prompts that `lint` checks."""

    used: frozenset[str]
    """Names of the prompts that something speaks."""
    languages: frozenset[str]
    """Tags of the languages that a call can be in."""


def lint(catalogues: Catalogues, use: PromptUsage) -> tuple[Remark, ...]:
    """Return all remarks on prompts, sorted by place."""
    remarks = {*_unused_remarks(catalogues, use), *_folder_remarks(catalogues)}
    for catalogue in catalogues.by_language.values():
        language = LANGUAGES[catalogue.language]
        for prompt in catalogue.prompts.values():
            for words in words_of_occasions(prompt):
                remarks.update(_words_remarks(prompt, words, catalogue, language))
        remarks.update(_language_remarks(catalogue, language))
    return tuple(sorted(remarks))


def words_of_occasions(prompt: Prompt) -> tuple[Words, ...]:
    """Return all words of a prompt: for the first time, for each silence and for each wrong key, in this order."""
    return (prompt.say, *prompt.silence, *prompt.wrong)


def _folder_remarks(catalogues: Catalogues) -> Iterator[Remark]:
    files = (
        prompt.place.file for catalogue in catalogues.by_language.values() for prompt in catalogue.prompts.values()
    )
    root = next((PurePath(file).parent.parent for file in files), None)
    for tag, language in LANGUAGES.items():
        if root and tag not in catalogues.by_language:
            message = f"{language.title} has an entry in ivr/languages and no folder of prompts here"
            yield Remark(Place(str(root / tag / "catalogue.yaml")), message, "folder")


def _unused_remarks(catalogues: Catalogues, use: PromptUsage) -> Iterator[Remark]:
    for catalogue in catalogues.by_language.values():
        for prompt in catalogue.prompts.values():
            if prompt.name not in use.used:
                yield Remark(prompt.place, f'nobody uses the prompt "{prompt.name}"', "unused")
        if catalogue.language not in use.languages and catalogue.prompts:
            place = next(iter(catalogue.prompts.values())).place
            yield Remark(Place(place.file), f'no call is ever in the language "{catalogue.language}"', "language")


def _words_remarks(prompt: Prompt, words: Words, catalogue: Catalogue, language: Language) -> Iterator[Remark]:
    place = words.place or prompt.place
    names = {name: source.text for name, source in catalogue.head.items()}
    for rule, message in measures.prompt_remarks(prompt, words, names, language):
        yield Remark(place, message, rule)


def _language_remarks(catalogue: Catalogue, language: Language) -> Iterator[Remark]:
    texts = [
        (words.place or prompt.place, text)
        for prompt in catalogue.prompts.values()
        for words in words_of_occasions(prompt)
        for text in measures.form_texts(words)
    ]
    for place, message in wording.differently_worded(texts, language.speech):
        yield Remark(place, message, "two-ways")
