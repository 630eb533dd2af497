"""The words of a question, one wording at a time, with the keys that each speaks of.

A wording is what is said on one occasion in one plural form: the first words, or those after a silence or a wrong key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ivr.errors import Place
from ivr.flow.states import State
from ivr.languages import LANGUAGES
from ivr.prompts import PHRASE, Catalogue
from ivr.prompts.catalogue import SourceWords, Words
from ivr.prompts.lint.keys import CHOICE, KeyWord, Slip, name_of, spoken_keys

NAMED = frozenset({"star", "pound"})
"""Keys whose names mean nothing else, so that they count wherever they are written."""
OPTIONS = "options"
"""The value by which a menu speaks its choices."""


@dataclass(frozen=True, slots=True)
class HeardKey:
    """A key that is spoken in some words: the word for it, its place in the file, and how it is written there."""

    word: KeyWord
    place: Place
    written: str

    @property
    def key(self) -> str:
        """The key as definitions write it."""
        return self.word.key


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question: its name, the keys of its own, those of its choices, and those that every question takes."""

    name: str
    state: State
    own: frozenset[str]
    choices: frozenset[str]
    universal: frozenset[str]

    def takes(self, heard: HeardKey) -> bool:
        """Tell whether the question takes a key that is spoken.

        The keys of choices are spoken with the choices, or in a bare list of keys.
        """
        is_choice = heard.key == CHOICE or (heard.key in self.choices and not heard.word.gist)
        return is_choice or heard.key in self.own | self.universal


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said on one occasion, in one plural form."""

    kind: str
    """When it is said: `say` (first), `silence` or `wrong`."""
    number: int
    """Which try it is for, from 1."""
    is_last: bool
    """Whether these are the last words of their kind, which are repeated for all later tries."""
    place: Place
    own: tuple[HeardKey, ...]
    """The keys that the words themselves speak of."""
    inside: tuple[HeardKey, ...]
    """The keys of phrases that may be spoken inside them."""
    named: frozenset[str]
    """Star and pound, wherever they are written."""
    slips: tuple[tuple[Place, Slip], ...]
    """Words that look like a misspelt key, each with its place."""
    speaks_choices: bool

    @property
    def keys(self) -> frozenset[str]:
        """Every key that a caller may hear of."""
        return frozenset(heard.key for heard in (*self.own, *self.inside))


class QuestionWords:
    """The words of a question in one language."""

    def __init__(self, question: AskedQuestion, catalogue: Catalogue, phrases: Mapping[str, frozenset[str]]) -> None:
        """`phrases` gives, for each value of kind `phrase`, the prompts that it may be."""
        self.question, self.catalogue, self.phrases = question, catalogue, phrases
        self.speech = LANGUAGES[catalogue.language].speech
        self.prompt = catalogue.prompts[question.state.prompt]

    @cached_property
    def wordings(self) -> tuple[Wording, ...]:
        """All wordings of the question; those that could not be read are left out."""
        wordings = list(self._wordings_of("say", 1, True, self.prompt.say))
        for kind, helps in (("silence", self.prompt.silence), ("wrong", self.prompt.wrong)):
            for number, words in enumerate(helps, 1):
                wordings += self._wordings_of(kind, number, number == len(helps), words)
        return tuple(wordings)

    @property
    def places(self) -> frozenset[Place]:
        """The places where its texts begin."""
        words = (self.prompt.say, *self.prompt.silence, *self.prompt.wrong)
        return frozenset(source.place for part in words for sources in part.sources.values() for source in sources)

    def like(self, wording: Wording) -> tuple[Wording, ...]:
        """Return this language's words for the occasion of another's, the last ones where there are fewer."""
        same_kind = [own for own in self.wordings if own.kind == wording.kind]
        return tuple(own for own in same_kind if own.number == wording.number) or tuple(
            own for own in same_kind if own.is_last
        )

    def spoken_name(self, key: str) -> str:
        """Return the name of a key in this language."""
        return name_of(key, self.speech)

    def _wordings_of(self, kind: str, number: int, is_last: bool, words: Words) -> Iterator[Wording]:
        """Yield a wording for each plural form of some words."""
        inside = tuple(key for name in self._phrases_inside(words) for key in self._keys_of_phrase(name))
        speaks_choices = any(slot.name == OPTIONS for slot in words.slots)
        for sources in (sources for form, sources in words.sources.items() if words.forms.get(form)):
            keys_by_source = [(source, spoken_keys(source.text, self.speech)) for source in sources]
            yield Wording(
                kind,
                number,
                is_last,
                sources[-1].at(0),
                tuple(locate_key(source, word) for source, key_words in keys_by_source for word in key_words.keys),
                inside,
                frozenset().union(*(key_words.named & NAMED for _, key_words in keys_by_source)),
                tuple(
                    (source.at(slip.start), slip) for source, key_words in keys_by_source for slip in key_words.slips
                ),
                speaks_choices,
            )

    def _phrases_inside(self, words: Words) -> list[str]:
        """Return the prompts that may be spoken as values of these words, at any depth."""
        names = [
            name for slot in words.slots if slot.kind == PHRASE for name in sorted(self.phrases.get(slot.name, ()))
        ]
        for name in names:  # the list grows during the loop
            prompt = self.catalogue.prompts.get(name)
            for slot in prompt.say.slots if prompt else ():
                names += [inner for inner in sorted(self.phrases.get(slot.name, ())) if inner not in names]
        return names

    def _keys_of_phrase(self, name: str) -> Iterator[HeardKey]:
        prompt = self.catalogue.prompts.get(name)
        for source in (source for sources in prompt.say.sources.values() for source in sources) if prompt else ():
            yield from (locate_key(source, word) for word in spoken_keys(source.text, self.speech).keys)


def locate_key(source: SourceWords, word: KeyWord) -> HeardKey:
    """Return a key with its place in a text."""
    written = source.text[word.start :].split(maxsplit=1)[0].rstrip(".,;:!?")
    return HeardKey(word, source.at(word.start), written)
