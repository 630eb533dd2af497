"""The words of a question, each wording by itself, with the keys that it speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ivr.errors import Place
from ivr.flow.states import State
from ivr.prompts import PHRASE, Catalogue
from ivr.prompts.catalogue import SourceWords, Words
from ivr.prompts.lint.keys import CHOICE, KeyWord, Slip, name_of, spoken_keys
from ivr.prompts.lint.speech import SPEECHES

NAMED = frozenset({"star", "pound"})
"""Keys whose names mean nothing else, in whatever words they stand."""
OPTIONS = "options"
"""The value in which a menu speaks its choices."""


@dataclass(frozen=True, slots=True)
class HeardKey:
    """A key where it is spoken, and the word for it."""

    word: KeyWord
    place: Place
    written: str

    @property
    def key(self) -> str:
        """The key, as definitions write it."""
        return self.word.key


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: its name, its own keys, those of its choices, and those that every question takes."""

    name: str
    state: State
    own: frozenset[str]
    choices: frozenset[str]
    universal: frozenset[str]

    def takes(self, heard: HeardKey) -> bool:
        """Tell whether a key that is spoken is taken; those of choices are named with them, or in a bare list of keys."""
        is_choice = heard.key == CHOICE or (heard.key in self.choices and not heard.word.gist)
        return is_choice or heard.key in self.own | self.universal


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said on one occasion, in one plural form."""

    kind: str
    """`say`, `silence` or `wrong`."""
    number: int
    is_last: bool
    """The last words of their kind, which are said again and again."""
    place: Place
    own: tuple[HeardKey, ...]
    inside: tuple[HeardKey, ...]
    """Keys of the phrases that may be spoken inside it."""
    named: frozenset[str]
    """Star and pound, in whatever words they are named."""
    slips: tuple[tuple[Place, Slip], ...]
    speaks_choices: bool

    @property
    def keys(self) -> frozenset[str]:
        """Every key that a caller may hear of."""
        return frozenset(heard.key for heard in (*self.own, *self.inside))


class QuestionWords:
    """The words of a question in one language."""

    def __init__(self, asked: Asked, catalogue: Catalogue, phrases: Mapping[str, frozenset[str]]) -> None:
        """`phrases` gives the prompts that each value of kind `phrase` may be."""
        self.asked, self.catalogue, self.phrases = asked, catalogue, phrases
        self.speech = SPEECHES[catalogue.language]
        self.prompt = catalogue.prompts[asked.state.prompt]

    @cached_property
    def wordings(self) -> tuple[Wording, ...]:
        """All that it says; words that could not be read are left out."""
        found = list(self._forms("say", 1, True, self.prompt.say))
        for kind, later in (("silence", self.prompt.silence), ("wrong", self.prompt.wrong)):
            for number, words in enumerate(later, 1):
                found += self._forms(kind, number, number == len(later), words)
        return tuple(found)

    @property
    def places(self) -> frozenset[Place]:
        """Where its texts begin."""
        words = (self.prompt.say, *self.prompt.silence, *self.prompt.wrong)
        return frozenset(source.place for one in words for sources in one.sources.values() for source in sources)

    def like(self, wording: Wording) -> tuple[Wording, ...]:
        """Return what is said on the occasion of another language's words: the last ones where there are fewer."""
        same = [one for one in self.wordings if one.kind == wording.kind]
        return tuple(one for one in same if one.number == wording.number) or tuple(one for one in same if one.is_last)

    def spoken(self, key: str) -> str:
        """Return the name of a key, in the language's own words."""
        return name_of(key, self.speech)

    def _forms(self, kind: str, number: int, is_last: bool, words: Words) -> Iterator[Wording]:
        inside = tuple(one for name in self._inside(words) for one in self._keys_of_phrase(name))
        speaks_choices = any(slot.name == OPTIONS for slot in words.slots)
        for sources in (sources for form, sources in words.sources.items() if words.forms.get(form)):
            spoken = [(source, spoken_keys(source.text, self.speech)) for source in sources]
            yield Wording(
                kind,
                number,
                is_last,
                sources[-1].at(0),
                tuple(heard_at(source, word) for source, found in spoken for word in found.keys),
                inside,
                frozenset().union(*(found.named & NAMED for _, found in spoken)),
                tuple((source.at(slip.start), slip) for source, found in spoken for slip in found.slips),
                speaks_choices,
            )

    def _inside(self, words: Words) -> list[str]:
        """Return the prompts that may be spoken as values of these words, at any depth."""
        found = [
            name for slot in words.slots if slot.kind == PHRASE for name in sorted(self.phrases.get(slot.name, ()))
        ]
        for name in found:  # grows while it is gone through
            prompt = self.catalogue.prompts.get(name)
            for slot in prompt.say.slots if prompt else ():
                found += [one for one in sorted(self.phrases.get(slot.name, ())) if one not in found]
        return found

    def _keys_of_phrase(self, name: str) -> Iterator[HeardKey]:
        prompt = self.catalogue.prompts.get(name)
        for source in (source for sources in prompt.say.sources.values() for source in sources) if prompt else ():
            yield from (heard_at(source, word) for word in spoken_keys(source.text, self.speech).keys)


def heard_at(source: SourceWords, word: KeyWord) -> HeardKey:
    """Return a key with the place where a text speaks of it."""
    written = source.text[word.start :].split(maxsplit=1)[0].rstrip(".,;:!?")
    return HeardKey(word, source.at(word.start), written)
