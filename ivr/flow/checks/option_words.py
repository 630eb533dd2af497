"""Checks that each option has the same key in all words of a menu, and that a key for a language sets that language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import permutations

from ivr.errors import Place, Report
from ivr.flow.checks.wordings import HeardKey, QuestionWords
from ivr.flow.parts import Target
from ivr.flow.states import State
from ivr.keypad import key_name
from ivr.languages import LANGUAGES, Language
from ivr.prompts import Catalogues

SAME = 0.5
"""Similarity from which two options count as the same: the words that they share, over all words of both."""
CLEARLY = 0.25
"""How much more similar they must be than the words that the key has elsewhere."""


def check_options(words: QuestionWords, report: Report) -> None:
    """Report each option that is on another key than in the first words.

    Where most of the later words agree against the first ones, these are reported instead.
    """
    first_words: dict[str, list[HeardKey]] = {}
    later_words: list[list[HeardKey]] = []
    for wording in words.wordings:
        options = [heard for heard in wording.own if heard.word.gist and heard.key not in words.question.universal]
        if wording.kind != "say":
            later_words.append(options)
            continue
        for heard in options:
            first_words.setdefault(heard.key, []).append(heard)
    later_with_options = [options for options in later_words if options]
    moved_by_wording = [
        pairs for options in later_with_options if (pairs := list(_moved_options(options, first_words)))
    ]
    if len(moved_by_wording) > 1 and 2 * len(moved_by_wording) > len(later_with_options):
        heard, original = moved_by_wording[0][0]
        _report_moved(original, heard, "later words", report)
        return
    for heard, original in (pair for pairs in moved_by_wording for pair in pairs):
        _report_moved(heard, original, "first words", report)


def _report_moved(misplaced: HeardKey, original: HeardKey, other_words: str, report: Report) -> None:
    """Report an option that is on another key than it has elsewhere."""
    report.add(
        misplaced.place,
        f'"{misplaced.word.option}" is on the key "{misplaced.written}" here, and "{original.word.option}" on '
        f'"{original.written}" in the {other_words} (line {original.place.line}): the same has the same key in all '
        "words of a question",
    )


def _moved_options(options: list[HeardKey], first: Mapping[str, list[HeardKey]]) -> Iterator[tuple[HeardKey, HeardKey]]:
    """Yield each option that the first words have on another key, with its words there."""
    gist_by_key = {heard.key: heard.word.gist for heard in options}
    for heard in options:
        on_other_keys = [original for key, spoken in first.items() if key != heard.key for original in spoken]
        original = max(
            on_other_keys, key=lambda original: _similarity(heard.word.gist, original.word.gist), default=heard
        )
        similarity = _similarity(heard.word.gist, original.word.gist)
        to_own_key = max((_similarity(heard.word.gist, own.word.gist) for own in first.get(heard.key, ())), default=0.0)
        to_that_key = _similarity(gist_by_key.get(original.key, frozenset()), original.word.gist)
        if similarity >= SAME and similarity >= to_own_key + CLEARLY and similarity > to_that_key:
            yield heard, original


def _similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of words that two options have in common, from 0 to 1."""
    return len(one & other) / len(one | other) if one and other else 0.0


def check_targets(words: QuestionWords, menu: State, report: Report) -> None:
    """Report a key whose target is named after what the words say on another key, and not after its own words.

    Targets have plain names (`refill`, `new_address`), so the names show when two were exchanged in the flow.
    """
    said_on: dict[str, list[HeardKey]] = {}
    for heard in (heard for wording in words.wordings for heard in wording.own if heard.word.gist):
        said_on.setdefault(heard.key, []).append(heard)
    targets = {key_name(key): target for key, target in menu.keys.items() if key_name(key) in said_on}
    for key, other in permutations(targets, 2):
        is_right = _is_named(targets[key], said_on[key]) or _is_named(targets[other], said_on[other])
        if not is_right and _is_named(targets[key], said_on[other]):
            on_key, on_other_key = said_on[key][0], said_on[other][0]
            report.add(
                targets[key].at("next", "end"),
                f'leads to "{targets[key].state or targets[key].end}" on the key "{on_key.written}", on which the words '
                f'say "{on_key.word.option}", and "{on_other_key.word.option}" on "{on_other_key.written}" '
                f"({_file_and_line(on_key.place)}): exchange the keys in the words, too, or these back",
            )
            return


def _is_named(target: Target, spoken: list[HeardKey]) -> bool:
    """Tell whether the name of a target, or of what it says or sets, shares a word with what is said."""
    names = {
        word
        for text in (target.state, target.end, target.say, *target.sets.values())
        for word in _NAME.findall(text.lower())
    }
    spoken_stems = {word[:ALIKE] for heard in spoken for word in heard.word.gist}
    return any(name[:ALIKE] in spoken_stems for name in names)


_NAME = re.compile("[a-z]{4,}")
"""The words of a name that are long enough to compare."""
ALIKE = 4
"""Letters at the beginning that make two words forms of one: refill, refills; order, ordered."""


def check_languages(together: list[QuestionWords], menu: State, catalogues: Catalogues, report: Report) -> None:
    """Report each key that sets another language than its words offer, whether by name or by being in it."""
    languages, titles = catalogues.languages_by_name, catalogues.titles
    sets = {key_name(key): target for key, target in menu.keys.items() if "language" in target.sets}
    for key, target in sets.items():
        if (language := LANGUAGES.get(_language_set(target))) and language.draft:
            _check_draft(key, language, together, report)
        set_here = titles.get(_language_set(target), _language_set(target))
        offers = [
            (spoken_key, words)
            for words in together
            for wording in words.wordings
            for spoken_key in wording.own
            if spoken_key.key == key
        ]
        wrong_offers = [
            (spoken_key, name)
            for spoken_key, words in offers
            if (name := _offered(spoken_key, words, menu, languages)) not in ("", _language_set(target))
        ]
        if len(wrong_offers) == len(offers) > 1:  # all words agree against the flow
            spoken_key, name = wrong_offers[0]
            report.add(
                target.place,
                f"sets {set_here}, but the words offer {titles[name]} on this key: {_file_and_line(spoken_key.place)}",
            )
            continue
        for spoken_key, name in wrong_offers:
            report.add(
                spoken_key.place,
                f'offers {titles[name]} on the key "{spoken_key.written}", which sets {set_here}: '
                f"{_file_and_line(target.place)}",
            )


def _check_draft(key: str, language: Language, together: list[QuestionWords], report: Report) -> None:
    """Report each offer of a draft in other words than its own, which callers from elsewhere would hear."""
    for words in (words for words in together if words.catalogue.language != language.tag):
        for spoken_key in (one for wording in words.wordings for one in wording.own if one.key == key):
            report.add(
                spoken_key.place,
                f"offers {language.title}, a draft that only calls from this machine hear: leave it to its own words, in a "
                "menu of every_language",
            )


def _offered(heard: HeardKey, words: QuestionWords, menu: State, languages: Mapping[str, str]) -> str:
    """Return the language that words offer, "" for none.

    It is the one that they name or, in a menu that speaks every language, their own.
    """
    named = [languages[word] for word in heard.word.option.lower().split() if word in languages]
    return named[0] if named else words.catalogue.language if menu.every_language else ""


def _language_set(target: Target) -> str:
    return target.sets["language"]


def _file_and_line(place: Place) -> str:
    return f"{place.file}:{place.line}"
