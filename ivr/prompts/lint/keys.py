"""Finds which keys a text names, what each is for, and likely misspellings of keys.

A key is named after a word such as "press" ("press one, two or nine", "oprima una tecla del uno al cuatro"), or alone
at the end of a sentence, after a comma ("For an order, two."). Below, "press" stands for all words of a language that
ask to press a key, and an option is what a key is for.
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
"""Stands for the key of a choice in a list, which prompts speak as the value `{key:digits}`."""

_TOKEN = re.compile(r"\{[^{}]*\}|\d+|[^\W\d_]+(?:['\u2019][^\W\d_]+)*|[*#]|[.,;:!?]")
_ENDS = frozenset(".;:!?")
_SIMILARITY = 0.75
"""How similar a misspelt word has to be to the one that was meant: the `cutoff` of difflib."""
_STEM_LENGTH = 5
"""How many letters words of one family share: refill, refills, refilled."""


@dataclass(frozen=True, slots=True)
class KeyWord:
    """A key that a text names."""

    key: str
    """As flows write it, such as "1" or "star"."""
    start: int
    """Where its name begins in the text."""
    option: str
    """The words that say what the key is for, as they stand in the text; "" for none."""
    gist: frozenset[str]
    """What distinguishes this option from others, as `gist` returns it."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A misspelt key, or a misspelt word such as "press"."""

    start: int
    """Where the word begins in the text."""
    written: str
    """The word as it stands there."""
    meant: str
    """The word that was meant, "" when that is unclear."""
    of_key: bool
    """Whether the key is misspelt, and not the word before it."""


@dataclass(frozen=True, slots=True)
class SpokenKeys:
    """The keys that one text names, in the order of the text."""

    keys: tuple[KeyWord, ...]
    slips: tuple[Slip, ...]
    named: frozenset[str]
    """All keys whose names occur anywhere in the text, also those that only occur as a number."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A word, a mark, or a value in braces."""

    text: str
    start: int
    word: str
    """The same in lower case and without accents."""

    @property
    def is_word(self) -> bool:
        return self.word[0].isalnum()


_NO_TOKEN = _Token(".", 0, ".")
"""What stands before the first and after the last token of a sentence."""


def keys_of(words: Words, speech: Speech) -> Iterator[str]:
    """Yield the keys that words name, in any of their forms."""
    for source in (source for sources in words.sources.values() for source in sources):
        yield from (word.key for word in spoken_keys(source.text, speech).keys)


@lru_cache(4096)
def spoken_keys(text: str, speech: Speech) -> SpokenKeys:
    """Return the keys that a text names and the likely misspellings of keys."""
    readers = [_Sentence(text, tokens, speech) for tokens in _sentences(text)]
    for reader in readers:
        reader.read()
    keys = tuple(key for reader in readers for key in reader.keys)
    slips = tuple(slip for reader in readers for slip in reader.slips)
    named = frozenset(speech.keys.get(token.word, "") for reader in readers for token in reader.tokens)
    return SpokenKeys(keys, slips, named)


def name_of(key: str, speech: Speech) -> str:
    """Return the name of a key in a language: "one", "pound"."""
    return next((name for name, key_of_name in speech.keys.items() if key_of_name == key and name.isalpha()), key)


def words_up_to(key: str, text: str, speech: Speech) -> str | None:
    """Return a text up to and including the first name of a key; None where it does not name the key."""
    first = next((word for word in spoken_keys(text, speech).keys if word.key == key), None)
    return None if first is None else text[: first.start] + name_of(key, speech)


def gist(text: str, speech: Speech) -> frozenset[str]:
    """Return the stems of the words that distinguish a text from others.

    Words such as "the" and "press" are left out.
    """
    words = (plain(token) for token in _TOKEN.findall(text) if token[0].isalpha())
    return frozenset(word[:_STEM_LENGTH] for word in words if word not in speech.tells_nothing)


def _sentences(text: str) -> Iterator[list[_Token]]:
    """Yield the tokens of each sentence; a phrase at the beginning of one, such as {options:phrase}, is left out."""
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(text):
        token = _Token(match[0], match.start(), plain(match[0]))
        if token.word in _ENDS:
            yield tokens
            tokens = []
        elif not (token.word.endswith(":phrase}") and not tokens):
            tokens.append(token)
    yield tokens


@dataclass(slots=True)
class _Sentence:
    """Reads one sentence from left to right, and collects its keys and slips.

    Positions are indexes of `tokens`.
    """

    text: str
    tokens: list[_Token]
    speech: Speech
    keys: list[KeyWord] = field(default_factory=list)
    slips: list[Slip] = field(default_factory=list)
    press_position: int = -1
    """Position of the last "press" so far, -1 for none."""
    option_start: int = 0
    """Position where the words of the next option begin."""

    def read(self) -> None:
        """Fill `keys` and `slips`."""
        position = 0
        while position < len(self.tokens):
            token = self.tokens[position]
            if token.word in self.speech.pressing:
                self.press_position = position
                position = self._after_press(position)
            elif self._is_misspelt_press(position):
                meant = difflib.get_close_matches(token.word, self.speech.pressing, n=1)[0]
                self.slips.append(Slip(token.start, token.text, meant, of_key=False))
                self.press_position = position
                position += 1
            elif self._is_next_key(position):
                position = self._take_keys(position)
            else:
                position += 1

    def _at(self, position: int) -> _Token:
        return self.tokens[position] if 0 <= position < len(self.tokens) else _NO_TOKEN

    def _key(self, position: int) -> str:
        """Return the key that the word at a position names, "" for any other word."""
        word = self._at(position).word
        return CHOICE if word == "{key:digits}" else self.speech.keys.get(word, "")

    def _can_follow_key(self, position: int) -> bool:
        """Tell whether what stands here can follow the name of a key, which is then no number before a noun."""
        token = self._at(position)
        return (not token.is_word and not token.text.startswith("{")) or token.word in self.speech.after_key

    def _after_press(self, position: int) -> int:
        """Take the key after a "press", or note a misspelling there; return the position to read on from."""
        after = position + 1
        while self._at(after).word in self.speech.fillers and self._at(after) is not _NO_TOKEN:
            after += 1
        if self._is_alone(after) or (self._key(after) and not self._is_number_of(after)):
            return self._take_keys(after)
        self._note_slip(after)
        return position + 1

    def _is_alone(self, position: int) -> bool:
        """Tell whether a key is named here, and not a part of a number or of "one of these"."""
        if not self._key(position):
            return False
        spans = self._at(position + 1).word in self.speech.spans and self._key(position + 2)
        return bool(spans) or (not self._key(position - 1) and self._can_follow_key(position + 1))

    def _is_number_of(self, position: int) -> bool:
        """Tell whether the name of a key is here a number of something, or a part of one."""
        return self._at(position + 1).word in self.speech.counted or bool(self._key(position + 1))

    def _is_next_key(self, position: int) -> bool:
        """Tell whether a key is named here without a "press" right before it."""
        if not self._is_alone(position):
            return False
        before, after = self._at(position - 1).word, self._at(position + 1)
        if self.press_position < 0:
            return before == "," and position > 1 and after is _NO_TOKEN
        in_span = self._at(position + 1).word in self.speech.spans and bool(self._key(position + 2))
        return before == "," or before in self.speech.links or in_span

    def _is_misspelt_press(self, position: int) -> bool:
        word = self._at(position).word
        if len(word) < 4 or not self._is_alone(position + 1):
            return False
        is_common = word in self.speech.idle | self.speech.fillers | self.speech.links
        return not is_common and bool(difflib.get_close_matches(word, self.speech.pressing, n=1, cutoff=_SIMILARITY))

    def _take_keys(self, position: int) -> int:
        """Note the key here, or all keys of "one to four"; return the position to read on from."""
        last = position
        if self._at(position + 1).word in self.speech.spans and self._key(position + 2):
            last = position + 2
        option = self._option(position, last)
        for key in self._keys_between(position, last):
            self.keys.append(KeyWord(key, self._at(position).start, option, gist(option, self.speech)))
        self.option_start = last + 1
        return last + 1

    def _keys_between(self, first: int, last: int) -> list[str]:
        low, high = self._key(first), self._key(last)
        if first == last or not (low.isdigit() and high.isdigit()):
            return [low]
        return [str(number) for number in range(int(low), int(high) + 1)]

    def _option(self, first: int, last: int) -> str:
        """Return the words of an option: those before its key or, where these say nothing, those after it."""
        end = self.press_position if self.press_position >= self.option_start else first
        before = self._text(self.option_start, end)
        begins_anew = not self.keys or not self.keys[-1].option or self.press_position >= self.option_start
        if begins_anew and gist(before, self.speech):
            return before
        end = last + 1
        while end < len(self.tokens) and not self._begins_next_option(end):
            end += 1
        return self._text(last + 1, end)

    def _begins_next_option(self, position: int) -> bool:
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
        if token is _NO_TOKEN or not token.is_word or self._key(position):
            return
        ends_clause = not self._at(position + 1).is_word and not self._at(position + 1).text.startswith("{")
        meant = self.speech.slips.get(token.word, "") if ends_clause else ""
        if not meant and token.word not in self.speech.idle | self.speech.after_key | self.speech.light:
            meant = next(
                iter(difflib.get_close_matches(token.word, _key_names(self.speech), n=1, cutoff=_SIMILARITY)), ""
            )
        if meant:
            self.slips.append(Slip(token.start, token.text, "" if meant == token.word else meant, of_key=True))


def _key_names(speech: Speech) -> list[str]:
    return [name for name in speech.keys if name.isalpha()]
