"""Remarks on the words of one prompt: too long, too hard, or written in a way that a voice cannot speak."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import ceil

from ivr.languages import LANGUAGES, Language, Speech
from ivr.languages.words import WORD, plain, sentences
from ivr.prompts.catalogue import Prompt, Words
from ivr.prompts.spoken import speaking_seconds

MOST_SECONDS = 8
"""Seconds that a caller may have to listen before there is a key to press or a value to hear."""
MOST_GRADE = 6
"""The highest school grade that words may be for."""
FEWEST_WORDS = 8
"""Texts with fewer words have no grade: it would say nothing."""
MOST_DIGITS = 4
"""How many digits in a row a caller can write down while listening."""

_FIGURES = re.compile(r"\d(?:[\d.,:]*\d)?")
_MARKUP = re.compile(r"[<>&*_#\[\]|~^`\\/@%$+=]")
_NAME = re.compile(r"\{(\w+)\}")
_VALUE = re.compile(r"\{\w+:\w+\}")
_NUMBERS = ("number", "zip", "last4", "phone", "ending", "code")
_IN_DIGITS = ("digits", "phone", "phrase", "address")

Remarks = Iterator[tuple[str, str]]
"""Pairs of the name of a rule and a message."""


def form_texts(words: Words) -> list[str]:
    """Return the text of every form, values as [name]."""
    return ["".join(p if isinstance(p, str) else f"[{p.name}]" for p in parts) for parts in words.forms.values()]


def prompt_remarks(prompt: Prompt, words: Words, names: Mapping[str, str], language: Language) -> Remarks:
    """Yield remarks on some words of a prompt; `names` are the names of the catalogue with their words."""
    speech = language.speech
    if words is prompt.say:  # later words are for callers who did not answer, and may be longer
        for sources in words.sources.values():
            yield from _long_remarks(sources[-1].text if sources else "", names, speech)
    for parts in words.forms.values():
        written = "".join(part if isinstance(part, str) else " it " for part in parts)
        yield from _hard_remarks(written, speech)
        yield from _key_first_remarks(prompt, words, written, speech)
        for part in parts:
            if isinstance(part, str):
                yield from _unspeakable_remarks(part)
                yield from _foreign_remarks(part, language)
                yield from _accent_remarks(part, speech)
                yield from _digits_remarks(part, speech)
            elif part.name.endswith(_NUMBERS) and part.kind not in _IN_DIGITS:
                yield "digits", f"{{{part.name}:{part.kind}}} is not spoken in groups; write {{{part.name}:digits}}"


def _long_remarks(written: str, names: Mapping[str, str], speech: Speech) -> Remarks:
    """Remark on words that go on too long before there is a key to press or a value to hear.

    Callers can press a key as soon as it is offered, and they listen as long as they hear facts. So only the time
    without either counts, and what is written as `facts` is not part of `written`.
    """
    longest = length = 0.0
    for sentence in sentences(_NAME.sub(lambda name: names.get(name[1], name[1]), written)):
        before_number, *keyed = re.split(speech.keying, sentence, flags=re.IGNORECASE)
        length = 0.0 if _VALUE.search(sentence) else length + speaking_seconds(before_number)
        longest = max(longest, length)
        if keyed or speech.press.search(sentence):
            length = 0.0
    if longest > MOST_SECONDS:
        yield "long", f"takes {ceil(longest)} seconds before there is anything to press; {MOST_SECONDS} are enough"


def _hard_remarks(written: str, speech: Speech) -> Remarks:
    if len(WORD.findall(written)) >= FEWEST_WORDS and (grade := speech.grade(written)) > MOST_GRADE:
        message = f"is for grade {ceil(grade)}; shorter sentences and words bring it to grade {MOST_GRADE}"
        yield "hard", message


def _unspeakable_remarks(part: str) -> Remarks:
    for figures in _FIGURES.findall(part):
        yield "figures", f'"{figures}" is written in figures; write it as it is spoken'
    for character in sorted(set(_MARKUP.findall(part))):
        yield "markup", f'"{character}" is a character that nobody speaks; write the word for it'


def _foreign_remarks(part: str, language: Language) -> Remarks:
    words = {word.lower() for word in WORD.findall(part)} - language.speech.typical
    for other in (other for other in LANGUAGES.values() if other is not language):
        if foreign_words := sorted(words & other.speech.typical):
            yield "foreign", f'"{foreign_words[0]}" is {other.title}, not {language.title}'


def _accent_remarks(part: str, speech: Speech) -> Remarks:
    for word in sorted({word.lower() for word in WORD.findall(part)} & speech.unaccented.keys()):
        yield "accents", f'"{word}" lacks its accent; write "{speech.unaccented[word]}"'


def _digits_remarks(part: str, speech: Speech) -> Remarks:
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


def _key_first_remarks(prompt: Prompt, words: Words, written: str, speech: Speech) -> Remarks:
    """Remark on a key that is named before what it is for; words after silence or a wrong key may do so."""
    if words is not prompt.say:
        return
    for sentence in sentences(written):
        if match := speech.key_first.search(sentence):
            yield "key-first", f'says the key "{match[1]}" before what it is for; say the key last'
