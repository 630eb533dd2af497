"""Which keys words speak of, each with what it is for, and where somebody meant a key and wrote something else.

A key is spoken after a word that has it pressed ("press one, two or nine", "oprima una tecla del uno al cuatro"), or in
short at the end of a sentence, after a comma ("For an order, two.").
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from ivr.languages import Speech
from ivr.languages.words import plain
from ivr.prompts.catalogue import Words

CHOICE = "choice"
"""Stands for the key of a choice, which is spoken as a value: `{key:digits}`."""

_TOKEN = re.compile(r"\{[^{}]*\}|\d+|[^\W\d_]+(?:['\u2019][^\W\d_]+)*|[*#]|[.,;:!?]")
_ENDS = frozenset(".;:!?")
_CLOSE = 0.75
"""How alike a misspelt word is to the one that was meant."""
_STEM = 5
"""Letters by which words of one family are known: refill, refills, refilled."""


@dataclass(frozen=True, slots=True)
class KeyWord:
    """A key that words speak of."""

    key: str
    """As definitions write it."""
    start: int
    option: str
    """The words that say what it is for, as they stand there; "" for none."""
    gist: frozenset[str]
    """What tells these from others."""


@dataclass(frozen=True, slots=True)
class Slip:
    """Words that were meant to speak of a key."""

    start: int
    found: str
    meant: str
    """The word that was meant, "" when it cannot be told."""
    of_key: bool
    """The key is misspelt; else the word before it."""


@dataclass(frozen=True, slots=True)
class SpokenKeys:
    """The keys of one text, in the order they are spoken."""

    keys: tuple[KeyWord, ...]
    slips: tuple[Slip, ...]
    named: frozenset[str]
    """Keys that are named in whatever words."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word, a sign or a value."""

    text: str
    start: int
    word: str
    """In small letters without accents."""

    @property
    def is_word(self) -> bool:
        return self.word[0].isalnum()


_NOTHING = _Token(".", 0, ".")
"""Stands where a sentence has no token."""


def keys_of(words: Words, speech: Speech) -> Iterator[str]:
    """Yield the keys that words speak, in any of their forms."""
    for source in (source for sources in words.sources.values() for source in sources):
        yield from (found.key for found in spoken_keys(source.text, speech).keys)


@lru_cache(4096)
def spoken_keys(text: str, speech: Speech) -> SpokenKeys:
    """Return the keys that a text speaks of, and the slips in speaking of them."""
    readers = [_Sentence(text, tokens, speech) for tokens in _sentences(text)]
    for reader in readers:
        reader.read()
    keys = tuple(key for reader in readers for key in reader.keys)
    slips = tuple(slip for reader in readers for slip in reader.slips)
    named = frozenset(speech.keys.get(token.word, "") for reader in readers for token in reader.tokens)
    return SpokenKeys(keys, slips, named)


def name_of(key: str, speech: Speech) -> str:
    """Return what a key is called: "one", "pound"."""
    return next((name for name, known in speech.keys.items() if known == key and name.isalpha()), key)


def words_up_to(key: str, text: str, speech: Speech) -> str | None:
    """Return a text up to where it first names a key, the name included; None where it never does."""
    found = next((word for word in spoken_keys(text, speech).keys if word.key == key), None)
    return None if found is None else text[: found.start] + name_of(key, speech)


def gist(text: str, speech: Speech) -> frozenset[str]:
    """Return what tells some words from others, each word by its stem."""
    words = (plain(found) for found in _TOKEN.findall(text) if found[0].isalpha())
    return frozenset(word[:_STEM] for word in words if word not in speech.tells_nothing)


def _sentences(text: str) -> Iterator[list[_Token]]:
    """Yield the tokens of each sentence; a value that stands as a sentence of its own, {options:phrase}, is none."""
    found: list[_Token] = []
    for match in _TOKEN.finditer(text):
        token = _Token(match[0], match.start(), plain(match[0]))
        if token.word in _ENDS:
            yield found
            found = []
        elif not (token.word.endswith(":phrase}") and not found):
            found.append(token)
    yield found


@dataclass(slots=True)
class _Sentence:
    """Reads one sentence from left to right."""

    text: str
    tokens: list[_Token]
    speech: Speech
    keys: list[KeyWord] = field(default_factory=list)
    slips: list[Slip] = field(default_factory=list)
    pressed: int = -1
    """The last word that has a key pressed, up to where it is read."""
    begun: int = 0
    """Where the words of the next option begin."""

    def read(self) -> None:
        position = 0
        while position < len(self.tokens):
            token = self.tokens[position]
            if token.word in self.speech.pressing:
                self.pressed = position
                position = self._after_press(position)
            elif self._is_misspelt_press(position):
                meant = difflib.get_close_matches(token.word, self.speech.pressing, n=1)[0]
                self.slips.append(Slip(token.start, token.text, meant, of_key=False))
                self.pressed = position
                position += 1
            elif self._is_next_key(position):
                position = self._take(position)
            else:
                position += 1

    def _at(self, position: int) -> _Token:
        return self.tokens[position] if 0 <= position < len(self.tokens) else _NOTHING

    def _key(self, position: int) -> str:
        """Return the key that a word is the name of, "" for any other word."""
        word = self._at(position).word
        return CHOICE if word == "{key:digits}" else self.speech.keys.get(word, "")

    def _stops(self, position: int) -> bool:
        """Tell whether a key's name, and not a number before some noun, ends here."""
        token = self._at(position)
        return (not token.is_word and not token.text.startswith("{")) or token.word in self.speech.after_key

    def _after_press(self, position: int) -> int:
        """Take the key after a word like "press", or note what stands there in the place of one."""
        after = position + 1
        while self._at(after).word in self.speech.fillers and self._at(after) is not _NOTHING:
            after += 1
        if self._is_alone(after) or (self._key(after) and not self._counts(after)):
            return self._take(after)
        self._note_slip(after)
        return position + 1

    def _is_alone(self, position: int) -> bool:
        """Tell whether a key's name is neither part of a number nor of "one of these"."""
        if not self._key(position):
            return False
        spans = self._at(position + 1).word in self.speech.spans and self._key(position + 2)
        return bool(spans) or (not self._key(position - 1) and self._stops(position + 1))

    def _counts(self, position: int) -> bool:
        """Tell whether a key's name is a number of something, or a part of one."""
        return self._at(position + 1).word in self.speech.counted or bool(self._key(position + 1))

    def _is_next_key(self, position: int) -> bool:
        """Tell whether a key is spoken without a word that has it pressed right before it."""
        if not self._is_alone(position):
            return False
        before, after = self._at(position - 1).word, self._at(position + 1)
        if self.pressed < 0:
            return before == "," and position > 1 and after is _NOTHING
        in_span = self._at(position + 1).word in self.speech.spans and bool(self._key(position + 2))
        return before == "," or before in self.speech.links or in_span

    def _is_misspelt_press(self, position: int) -> bool:
        word = self._at(position).word
        if len(word) < 4 or not self._is_alone(position + 1):
            return False
        known = word in self.speech.idle | self.speech.fillers | self.speech.links
        return not known and bool(difflib.get_close_matches(word, self.speech.pressing, n=1, cutoff=_CLOSE))

    def _take(self, position: int) -> int:
        """Note a key, or all of "one to four", and return where to read on."""
        last = position
        if self._at(position + 1).word in self.speech.spans and self._key(position + 2):
            last = position + 2
        option = self._option(position, last)
        for key in self._keys_between(position, last):
            self.keys.append(KeyWord(key, self._at(position).start, option, gist(option, self.speech)))
        self.begun = last + 1
        return last + 1

    def _keys_between(self, first: int, last: int) -> list[str]:
        low, high = self._key(first), self._key(last)
        if first == last or not (low.isdigit() and high.isdigit()):
            return [low]
        return [str(number) for number in range(int(low), int(high) + 1)]

    def _option(self, first: int, last: int) -> str:
        """Return the words a key is for: those before it or, where these say nothing, those after it."""
        end = self.pressed if self.pressed >= self.begun else first
        before = self._text(self.begun, end)
        begins_anew = not self.keys or not self.keys[-1].option or self.pressed >= self.begun
        if begins_anew and gist(before, self.speech):
            return before
        end = last + 1
        while end < len(self.tokens) and not self._divides(end):
            end += 1
        return self._text(last + 1, end)

    def _divides(self, position: int) -> bool:
        """Tell whether the words of one option end here and those of the next begin."""
        token = self._at(position)
        return (token.word == "," or token.word in self.speech.links) and bool(self._key(position + 1))

    def _text(self, first: int, last: int) -> str:
        tokens = self.tokens[first:last]
        while tokens and (not tokens[0].is_word or tokens[0].word in self.speech.links):
            tokens = tokens[1:]
        while tokens and tokens[-1].word == ",":
            tokens = tokens[:-1]
        return self.text[tokens[0].start : tokens[-1].start + len(tokens[-1].text)] if tokens else ""

    def _note_slip(self, position: int) -> None:
        token = self._at(position)
        if token is _NOTHING or not token.is_word or self._key(position):
            return
        stops = not self._at(position + 1).is_word and not self._at(position + 1).text.startswith("{")
        meant = self.speech.slips.get(token.word, "") if stops else ""
        if not meant and token.word not in self.speech.idle | self.speech.after_key | self.speech.light:
            meant = next(iter(difflib.get_close_matches(token.word, _names(self.speech), n=1, cutoff=_CLOSE)), "")
        if meant:
            self.slips.append(Slip(token.start, token.text, "" if meant == token.word else meant, of_key=True))


def _names(speech: Speech) -> list[str]:
    return [name for name in speech.keys if name.isalpha()]
