"""Checks that words can be spoken, that voices exist, and that words are in the language of their folder.

Unlike remarks, what these checks find are problems, which keep words from being published.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from ivr.errors import Place, Report
from ivr.languages import LANGUAGES, Language, Speech
from ivr.languages.words import WORD
from ivr.prompts.catalogue import Catalogue, Catalogues, SourceWords
from ivr.prompts.lint import voices

FEWEST_WORDS = 3
"""A text needs this many words of another language, and more than twice as many as of its own, to be reported."""

_MISREAD = re.compile(
    "(?:[\u00c2\u00c3][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u2122]?)+|\u00e2\u20ac[^\\s\\w]?|\ufffd+"
)
"""What letters look like that were saved as UTF-8 and read in an older encoding: Ã© for é, â€™ for an apostrophe."""
_BRACES = re.compile(r"\{[^{}]*\}")
_SIGN_CATEGORIES = ("So", "Sm", "Sk", "Sc", "No", "Me", "Co", "Cn")
"""Unicode categories of characters that nobody speaks: emoji and ™, arrows, accents without a letter, €, ½."""
_PUNCTUATION_SIGNS = "\u2022\u00b7\u2020\u2021\u00a7\u00b6\u2030\u203b\u2023\u2043"
"""Further such characters, which Unicode counts as punctuation: bullets, daggers, section marks."""


def check_faults(catalogues: Catalogues, report: Report) -> frozenset[Place]:
    """Report characters that nobody can speak, voices that do not fit, and texts in another language.

    Returns the places where texts in another language begin.
    """
    foreign: set[Place] = set()
    for catalogue in catalogues.by_language.values():
        texts = [*_texts(catalogue), *catalogue.medicine_words]
        for source in (*catalogue.head.values(), *texts):
            _check_characters(source, report)
        voice = catalogue.head.get("voice")
        if (
            voice
            and catalogue.voice.isprintable()
            and (message := voices.voice_problem(catalogue.voice, catalogue.language))
        ):
            report.add(voice.place, message)
        language = LANGUAGES[catalogue.language]
        for source in texts:
            _check_marks(source, language.speech, report)
        foreign.update(_check_language(texts, language, report))
    return frozenset(foreign)


def _texts(catalogue: Catalogue) -> Iterator[SourceWords]:
    """Yield every text of every prompt once, including facts."""
    for prompt in catalogue.prompts.values():
        seen: set[Place] = set()
        for words in (prompt.say, *prompt.silence, *prompt.wrong):
            for source in (source for sources in words.sources.values() for source in sources):
                if source.place not in seen:
                    seen.add(source.place)
                    yield source


def _check_characters(source: SourceWords, report: Report) -> None:
    if source.text.isascii():
        return
    text = source.text
    for match in _MISREAD.finditer(text):
        report.add(
            source.at(match.start()),
            f'"{match[0]}" is what is left of a letter that was saved in another encoding{_repair_hint(match[0])}; '
            "type it again, and save the file as UTF-8",
        )
    for match in _signs(_MISREAD.sub(lambda match: " " * len(match[0]), text)):
        report.add(
            source.at(match.start()), f'"{match[0]}" is a sign that nobody speaks; write the word for it, or nothing'
        )


def _check_marks(source: SourceWords, speech: Speech, report: Report) -> None:
    """Report a "?" or "!" that has no opening mark, in a language that needs one.

    It is often what is left of a letter that could not be saved.
    """
    for mark, opening in speech.openings.items():
        if source.text.count(mark) > source.text.count(opening):
            report.add(
                source.at(source.text.index(mark)),
                f'"{mark}" is never opened with "{opening}"; or it is what is left of a letter that could not be '
                "saved: type that again, and save the file as UTF-8",
            )


def _signs(text: str) -> Iterator[re.Match[str]]:
    signs = {
        sign
        for sign in text
        if not sign.isascii() and (sign in _PUNCTUATION_SIGNS or unicodedata.category(sign) in _SIGN_CATEGORIES)
    }
    if signs:
        yield from re.finditer(f"[{re.escape(''.join(sorted(signs)))}]", text)


def _repair_hint(misread: str) -> str:
    """Return the hint that names the letters that were meant, "" where they cannot be told."""
    try:
        return f' (did you mean "{misread.encode("cp1252").decode("utf-8")}"?)'
    except UnicodeError:
        return ""


@dataclass(slots=True)
class _WordCounts:
    """How many words of a text belong to its own language, and to each other language by its English name."""

    own: int = 0
    others: dict[str, int] = field(default_factory=dict)

    def add(self, other: _WordCounts) -> None:
        self.own += other.own
        for name, count in other.others.items():
            self.others[name] = self.others.get(name, 0) + count

    @property
    def foreign(self) -> str:
        """The English name of the other language that these words are in, "" for their own."""
        name = max(self.others, key=lambda name: self.others[name], default="")
        return name if name and self.others[name] >= FEWEST_WORDS and self.others[name] > 2 * self.own else ""


def _check_language(texts: list[SourceWords], language: Language, report: Report) -> Iterator[Place]:
    """Report each file that is mostly in another language, or else each such text; yield where these texts begin."""
    by_file: dict[str, list[tuple[SourceWords, _WordCounts]]] = {}
    for source in texts:
        by_file.setdefault(source.place.file, []).append((source, _count_telling_words(source.text, language)))
    for file, counted in by_file.items():
        whole = _WordCounts()
        for _, count in counted:
            whole.add(count)
        if whole.foreign:
            report.add(Place(file), f"most of these words are {whole.foreign}, and the folder is for {language.title}")
            yield from (source.place for source, _ in counted)
            continue
        for source, count in counted:
            if count.foreign:
                report.add(source.place, f"these words are {count.foreign}, and the folder is for {language.title}")
                yield source.place


def _count_telling_words(text: str, language: Language) -> _WordCounts:
    words = [word.lower() for word in WORD.findall(_BRACES.sub(" ", text))]
    telling_words = _telling_words(language.speech)
    others = {other.title: _telling_words(other.speech) for other in LANGUAGES.values() if other is not language}
    only_own = telling_words.difference(*others.values())
    return _WordCounts(
        sum(word in only_own for word in words),
        {
            name: sum(word in other_words and word not in telling_words for word in words)
            for name, other_words in others.items()
        },
    )


@cache
def _telling_words(speech: Speech) -> frozenset[str]:
    return speech.typical | speech.common
