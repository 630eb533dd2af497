"""Whether a key is for the same in all words of a menu, and sets the language that its words offer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import permutations

from ivr.errors import Place, Report
from ivr.flow.checks.wordings import HeardKey, QuestionWords
from ivr.flow.parts import Target
from ivr.flow.states import State
from ivr.keypad import key_name
from ivr.prompts import Catalogues

SAME = 0.5
"""How alike words are that are for the same: the words they share, of all words of both."""
CLEARLY = 0.25
"""How much more alike they must be than the words that the key has elsewhere."""


def check_options(said: QuestionWords, report: Report) -> None:
    """Note each option that is on another key than in the first words; or these, where the others agree against them."""
    first: dict[str, list[HeardKey]] = {}
    later: list[list[HeardKey]] = []
    for wording in said.wordings:
        options = [heard for heard in wording.own if heard.word.gist and heard.key not in said.asked.universal]
        if wording.kind != "say":
            later.append(options)
            continue
        for heard in options:
            first.setdefault(heard.key, []).append(heard)
    said_later = [options for options in later if options]
    moved = [pairs for options in said_later if (pairs := list(_moved(options, first)))]
    if len(moved) > 1 and 2 * len(moved) > len(said_later):
        heard, known = moved[0][0]
        _note(known, heard, "later words", report)
        return
    for heard, known in (pair for pairs in moved for pair in pairs):
        _note(heard, known, "first words", report)


def _note(here: HeardKey, there: HeardKey, where: str, report: Report) -> None:
    report.add(
        here.place,
        f'"{here.word.option}" is on the key "{here.written}" here, and "{there.word.option}" on "{there.written}" in the '
        f"{where} (line {there.place.line}): the same has the same key in all words of a question",
    )


def _moved(options: list[HeardKey], first: Mapping[str, list[HeardKey]]) -> Iterator[tuple[HeardKey, HeardKey]]:
    """Yield each option that the first words have on another key, with what they say."""
    here = {heard.key: heard.word.gist for heard in options}
    for heard in options:
        others = [known for key, knowns in first.items() if key != heard.key for known in knowns]
        known = max(others, key=lambda known: _alike(heard.word.gist, known.word.gist), default=heard)
        likeness = _alike(heard.word.gist, known.word.gist)
        as_itself = max((_alike(heard.word.gist, own.word.gist) for own in first.get(heard.key, ())), default=0.0)
        as_there = _alike(here.get(known.key, frozenset()), known.word.gist)
        if likeness >= SAME and likeness >= as_itself + CLEARLY and likeness > as_there:
            yield heard, known


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def check_ways(said: QuestionWords, menu: State, report: Report) -> None:
    """Note a key whose way is named after what the words say on another key, while neither way is named as its own words.

    Ways have names in plain words (`refill`, `new_address`), so that two that were exchanged in the flow are seen by them.
    """
    said_on: dict[str, list[HeardKey]] = {}
    for heard in (heard for wording in said.wordings for heard in wording.own if heard.word.gist):
        said_on.setdefault(heard.key, []).append(heard)
    targets = {key_name(key): target for key, target in menu.keys.items() if key_name(key) in said_on}
    for key, other in permutations(targets, 2):
        own = _is_named(targets[key], said_on[key]) or _is_named(targets[other], said_on[other])
        if not own and _is_named(targets[key], said_on[other]):
            here, there = said_on[key][0], said_on[other][0]
            report.add(
                targets[key].at("next", "end"),
                f'leads to "{targets[key].state or targets[key].end}" on the key "{here.written}", on which the words say '
                f'"{here.word.option}", and "{there.word.option}" on "{there.written}" ({_line(here.place)}): exchange the '
                "keys in the words, too, or these back",
            )
            return


def _is_named(target: Target, said_later: list[HeardKey]) -> bool:
    """Tell whether a way's name has a word that is said."""
    names = {
        word
        for text in (target.state, target.end, target.say, *target.sets.values())
        for word in _NAME.findall(text.lower())
    }
    said = {word[:ALIKE] for heard in said_later for word in heard.word.gist}
    return any(name[:ALIKE] in said for name in names)


_NAME = re.compile("[a-z]{4,}")
ALIKE = 4
"""Letters at the beginning by which a word is known in its other forms: refill, refills; order, ordered."""


def check_languages(together: list[QuestionWords], menu: State, catalogues: Catalogues, report: Report) -> None:
    """Note each key that sets another language than its words offer, by name or by being in it."""
    languages, titles = catalogues.languages_by_name, catalogues.titles
    sets = {key_name(key): target for key, target in menu.keys.items() if "language" in target.sets}
    for key, target in sets.items():
        set_here = titles.get(_set(target), _set(target))
        heard = [(one, said) for said in together for wording in said.wordings for one in wording.own if one.key == key]
        wrong = [
            (one, name)
            for one, said in heard
            if (name := _offered(one, said, menu, languages)) not in ("", _set(target))
        ]
        if len(wrong) == len(heard) > 1:  # the flow against all words
            one, name = wrong[0]
            report.add(
                target.place, f"sets {set_here}, but the words offer {titles[name]} on this key: {_line(one.place)}"
            )
            continue
        for one, name in wrong:
            report.add(
                one.place,
                f'offers {titles[name]} on the key "{one.written}", which sets {set_here}: {_line(target.place)}',
            )


def _offered(heard: HeardKey, said: QuestionWords, menu: State, languages: Mapping[str, str]) -> str:
    """Return the language that words offer: the one they name or, where all languages speak in turn, their own."""
    named = [languages[word] for word in heard.word.option.lower().split() if word in languages]
    return named[0] if named else said.catalogue.language if menu.every_language else ""


def _set(target: Target) -> str:
    return target.sets["language"]


def _line(place: Place) -> str:
    return f"{place.file}:{place.line}"
