"""Remarks on prompts: every rule over every prompt, in every language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ivr.errors import Place
from ivr.prompts.catalogue import Catalogue, Catalogues, Prompt, Variant, Words
from ivr.prompts.lint import keys, measures, wording
from ivr.prompts.lint.speech import SPEECHES, Speech
from ivr.wording import Values

RULES = {
    "language": "a language that no call is ever in",
    "unused": "a prompt nobody uses",
    "unknown-key": "a key spoken that the question does not take",
    "unspoken-key": "a key taken that the question never speaks",
    "key-first": "a key before what it is for",
    "long": "words that take too long to listen to",
    "hard": "words that are too hard to follow",
    "digits": "digits that are not spoken in groups",
    "figures": "a number written in figures",
    "markup": "characters nobody can speak",
    "foreign": "words of another language",
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
class Use:
    """A menu and its prompt: the keys it takes itself, and those that every question takes."""

    state: str
    prompt: str
    keys: frozenset[str]
    universal: frozenset[str]
    has_choices: bool = False
    every_language: bool = False


@dataclass(frozen=True, slots=True)
class Lint:
    """What prompts are looked at with: how they are used, and values to hear them with."""

    uses: tuple[Use, ...]
    used: frozenset[str]
    """Prompts that something speaks."""
    languages: frozenset[str]
    """Languages that a call can be in."""
    phrases: Mapping[str, frozenset[str]]
    """Value name -> the prompts it may be."""
    examples: Callable[[Prompt], Values]


def lint(catalogues: Catalogues, how: Lint) -> tuple[Remark, ...]:
    """Return all remarks, by place."""
    found = set(_unused(catalogues, how))
    for catalogue in catalogues.by_language.values():
        speech = SPEECHES.get(catalogue.language)
        if speech is None:
            continue
        for prompt in catalogue.prompts.values():
            for variant, tries, words in occasions(prompt):
                text = _heard(catalogue, prompt, how.examples, variant, tries)
                found.update(_of_words(prompt, words, text, speech))
        found.update(_of_language(catalogue, speech))
    found.update(_of_keys(catalogues, how))
    return tuple(sorted(found))


def occasions(prompt: Prompt) -> Iterator[tuple[Variant, int, Words]]:
    """Yield all words of a prompt: for the first time, for each silence and for each wrong key."""
    yield "say", 1, prompt.say
    for tries, words in enumerate(prompt.silence, 1):
        yield "silence", tries, words
    for tries, words in enumerate(prompt.wrong, 1):
        yield "wrong", tries, words


def _heard(
    catalogue: Catalogue, prompt: Prompt, examples: Callable[[Prompt], Values], variant: Variant, tries: int
) -> str:
    return catalogue.words(prompt.name, examples(prompt), variant, tries)


def _unused(catalogues: Catalogues, how: Lint) -> Iterator[Remark]:
    for catalogue in catalogues.by_language.values():
        for prompt in catalogue.prompts.values():
            if prompt.name not in how.used:
                yield Remark(prompt.place, f'nobody uses the prompt "{prompt.name}"', "unused")
        if catalogue.language not in how.languages and catalogue.prompts:
            place = next(iter(catalogue.prompts.values())).place
            yield Remark(Place(place.file), f'no call is ever in the language "{catalogue.language}"', "language")


def _of_words(prompt: Prompt, words: Words, text: str, speech: Speech) -> Iterator[Remark]:
    place = words.place or prompt.place
    for rule, message in measures.remarks(prompt, words, text, speech):
        yield Remark(place, message, rule)


def _of_language(catalogue: Catalogue, speech: Speech) -> Iterator[Remark]:
    told = [
        (words.place or prompt.place, text)
        for prompt in catalogue.prompts.values()
        for _, _, words in occasions(prompt)
        for text in measures.texts(words)
    ]
    for place, message in wording.two_ways(told, speech):
        yield Remark(place, message, "two-ways")


def _of_keys(catalogues: Catalogues, how: Lint) -> Iterator[Remark]:
    for use in how.uses:
        spoken = {
            language: keys.spoken_keys(_with_phrases(prompt, catalogue, how), SPEECHES[language])
            for language, catalogue in catalogues.by_language.items()
            if language in SPEECHES and (prompt := catalogue.prompts.get(use.prompt))
        }
        everywhere = frozenset().union(*(frozenset(found) for found in spoken.values()))
        for language, found in spoken.items():
            prompt = catalogues.by_language[language].prompts[use.prompt]
            heard = everywhere if use.every_language else frozenset(found)
            yield from _unknown(use, prompt, found)
            yield from _unspoken(use, prompt, heard)


def _with_phrases(prompt: Prompt, catalogue: Catalogue, how: Lint) -> list[Prompt]:
    """Return a prompt and those that it may speak as its values, at any depth."""
    found = [prompt]
    for known in found:  # grows while it is gone through
        names = {name for value in known.values for name in how.phrases.get(value, ())}
        phrases = (catalogue.prompts[name] for name in sorted(names & catalogue.prompts.keys()))
        found.extend(phrase for phrase in phrases if phrase not in found)
    return found


def _unknown(use: Use, prompt: Prompt, found: Mapping[str, Words]) -> Iterator[Remark]:
    choices = frozenset("123456789") if use.has_choices else frozenset()
    for key in sorted(found.keys() - use.keys - use.universal - choices):
        place = found[key].place or prompt.place
        yield Remark(place, f'speaks of the key {key}, which "{use.state}" does not take', "unknown-key")


def _unspoken(use: Use, prompt: Prompt, heard: frozenset[str]) -> Iterator[Remark]:
    for key in sorted(use.keys - heard):
        yield Remark(prompt.place, f'"{use.state}" takes the key {key}, which is never spoken', "unspoken-key")
    if use.has_choices and "options" not in prompt.values:
        message = f'"{use.state}" offers choices, which are never spoken: write {{options:phrase}} where they belong'
        yield Remark(prompt.place, message, "unspoken-key")
