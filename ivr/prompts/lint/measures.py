"""Remarks on one prompt's words: how long, how hard, and what a voice would stumble over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import ceil

from ivr.languages import LANGUAGES, Language, Speech
from ivr.languages.words import WORD, plain, sentences
from ivr.prompts.catalogue import Prompt, Words
from ivr.prompts.spoken import seconds

MOST_SECONDS = 8
MOST_GRADE = 6
FEWEST_WORDS = 8
"""Words below which a grade says nothing."""
MOST_DIGITS = 4
"""Digits in a row that can be written along."""

_FIGURES = re.compile(r"\d(?:[\d.,:]*\d)?")
_MARKUP = re.compile(r"[<>&*_#\[\]|~^`\\/@%$+=]")
_NAME = re.compile(r"\{(\w+)\}")
_VALUE = re.compile(r"\{\w+:\w+\}")
_NUMBERS = ("number", "zip", "last4", "phone", "ending", "code")
_IN_DIGITS = ("digits", "phone", "phrase", "address")

Remarks = Iterator[tuple[str, str]]
"""Rule and message."""


def texts(words: Words) -> list[str]:
    """Return the words of every form, with a value's name in the place of each value."""
    return ["".join(p if isinstance(p, str) else f"[{p.name}]" for p in parts) for parts in words.forms.values()]


def remarks(prompt: Prompt, words: Words, names: Mapping[str, str], language: Language) -> Remarks:
    """Yield what could be better in words; `names` are those of the catalogue."""
    speech = language.speech
    if words is prompt.say:  # helps are heard by those who did not answer, and may take their time
        for sources in words.sources.values():
            yield from _long(sources[-1].text if sources else "", names, speech)
    for parts in words.forms.values():
        written = "".join(part if isinstance(part, str) else " it " for part in parts)
        yield from _hard(written, speech)
        yield from _key_first(prompt, words, written, speech)
        for part in parts:
            if isinstance(part, str):
                yield from _unspeakable(part)
                yield from _foreign(part, language)
                yield from _unaccented(part, speech)
                yield from _in_a_row(part, speech)
            elif part.name.endswith(_NUMBERS) and part.kind not in _IN_DIGITS:
                yield "digits", f"{{{part.name}:{part.kind}}} is not spoken in groups; write {{{part.name}:digits}}"


def _long(written: str, names: Mapping[str, str], speech: Speech) -> Remarks:
    """A caller can press a key as soon as it is offered, and listens for as long as there are facts to hear.

    So what counts is how long there is neither a key nor a value; what is written as `facts` does not count at all.
    """
    longest = length = 0.0
    for sentence in sentences(_NAME.sub(lambda name: names.get(name[1], name[1]), written)):
        before_number, *keyed = re.split(speech.keying, sentence, flags=re.IGNORECASE)
        length = 0.0 if _VALUE.search(sentence) else length + seconds(before_number)
        longest = max(longest, length)
        if keyed or speech.press.search(sentence):
            length = 0.0
    if longest > MOST_SECONDS:
        yield "long", f"takes {ceil(longest)} seconds before there is anything to press; {MOST_SECONDS} are enough"


def _hard(written: str, speech: Speech) -> Remarks:
    if len(WORD.findall(written)) >= FEWEST_WORDS and (grade := speech.grade(written)) > MOST_GRADE:
        message = f"is for grade {ceil(grade)}; shorter sentences and words bring it to grade {MOST_GRADE}"
        yield "hard", message


def _unspeakable(part: str) -> Remarks:
    for figures in _FIGURES.findall(part):
        yield "figures", f'"{figures}" is written in figures; write it as it is spoken'
    for character in sorted(set(_MARKUP.findall(part))):
        yield "markup", f'"{character}" is a character that nobody speaks; write the word for it'


def _foreign(part: str, language: Language) -> Remarks:
    words = {word.lower() for word in WORD.findall(part)} - language.speech.typical
    for other in (other for other in LANGUAGES.values() if other is not language):
        if found := sorted(words & other.speech.typical):
            yield "foreign", f'"{found[0]}" is {other.title}, not {language.title}'


def _unaccented(part: str, speech: Speech) -> Remarks:
    for word in sorted({word.lower() for word in WORD.findall(part)} & speech.unaccented.keys()):
        yield "accents", f'"{word}" lacks its accent; write "{speech.unaccented[word]}"'


def _in_a_row(part: str, speech: Speech) -> Remarks:
    run: list[str] = []
    for piece in re.findall(r"[^\W\d_]+|[,.;:]", part):
        if plain(piece) in speech.keys and speech.keys[plain(piece)].isdigit():
            run.append(piece)
        elif len(run) > MOST_DIGITS:
            break
        else:
            run = []
    if len(run) > MOST_DIGITS:
        yield "digits", f'"{" ".join(run)}" is hard to write along; put commas between groups of three or four'


def _key_first(prompt: Prompt, words: Words, written: str, speech: Speech) -> Remarks:
    """A caller hears what a key is for, and then the key; after a slip the keys may come first."""
    if words is not prompt.say:
        return
    for sentence in sentences(written):
        if found := speech.key_first.search(sentence):
            yield "key-first", f'says the key "{found[1]}" before what it is for; say the key last'
