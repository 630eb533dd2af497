"""Describes what changed in the words between two versions, with just enough of each sentence to find it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ivr.languages import LANGUAGES
from ivr.prompts import Catalogue, Catalogues, Prompt, Words

CONTEXT = 3
"""The number of words shown on either side of a change."""

ALIKE = 3
"""The same change in at least this many prompts is described once."""

MOST_NAMES = 6
"""The most prompts that a description names; the rest are counted."""

_SENTENCE = re.compile(r"(?<=[.;?!])\s+")


@dataclass(frozen=True, slots=True)
class _Edit:
    """One place where words changed: the words that differ, then the same with some words around them."""

    prompt: str
    occasion: str
    """When the words are said, such as `, after silence`; "" for the first words."""
    old: str
    new: str
    was: str
    now: str


def word_changes(before: Catalogues, after: Catalogues) -> Iterator[str]:
    """Yield each difference between two sets of catalogues as a line of text, language by language."""
    for language in (*before.languages, *(name for name in after.languages if name not in before.languages)):
        old, new = before.by_language.get(language), after.by_language.get(language)
        if old is None and new is not None:
            yield f"{language}: a new language, with {_count_prompts(len(new.prompts))}"
        elif new is None:
            yield f"{language}: this language is gone"
        elif old is not None:
            yield from (f"{language}: {change}" for change in _within_language(old, new))
    yield from _missing_prompts(after)


def words_for_key(catalogues: Catalogues, prompt: str, key: str) -> str:
    """Return the words that offer a key in a menu, "To refill prescriptions"; "" when they cannot be singled out."""
    offering = catalogues.prompt(prompt)
    if offering is None or not key.isdigit():
        return ""
    language = next(name for name in catalogues.languages if prompt in catalogues.by_language[name].prompts)
    spoken = re.compile(rf"\b{LANGUAGES[language].cardinal(int(key))}\b", re.IGNORECASE)
    sentences = [sentence for sentence in _SENTENCE.split(_written(offering.say)) if spoken.search(sentence)]
    if len(sentences) != 1 or "," not in sentences[0]:
        return ""
    return spoken.split(sentences[0])[0].rpartition(",")[0].strip()


def _within_language(old: Catalogue, new: Catalogue) -> Iterator[str]:
    """Yield what changed in one language: code, voice, prompts that are gone or new, and words."""
    for what, was, now in (("code", old.locale, new.locale), ("voice", old.voice, new.voice)):
        if was != now:
            yield f"the {what} is {now} now, was {was}"
    yield from _in_medicines(old, new)
    if removed := [name for name in old.prompts if name not in new.prompts]:
        yield f"{_count_prompts(len(removed))} gone: {_shorten_names(removed)}"
    if added := [name for name in new.prompts if name not in old.prompts]:
        yield f"{_count_prompts(len(added))} new: {_shorten_names(added)}"
    for name in sorted(old.notices.keys() & new.notices.keys()):
        before, after = old.notices[name], new.notices[name]
        if before != after:
            is_told = f"from {after.begins} until {after.ends} now, was from {before.begins} until {before.ends}"
            yield f"{name}: told {is_told}"
    edits = [
        edit for name in old.prompts if name in new.prompts for edit in _edits(old.prompts[name], new.prompts[name])
    ]
    yield from _describe_edits(edits)


def _in_medicines(old: Catalogue, new: Catalogue) -> Iterator[str]:
    """Yield the medicines whose spoken names were added, removed or changed, by what labels write."""
    was = old.medicines.entries if old.medicines else {}
    now = new.medicines.entries if new.medicines else {}
    for what, names in (
        ("not known any more", [name for name in was if name not in now]),
        ("known now", [name for name in now if name not in was]),
        ("said otherwise", [name for name in now if name in was and now[name] != was[name]]),
    ):
        if names:
            yield f"medicines, {what}: {_shorten_names(names)}"


def _describe_edits(edits: Iterable[_Edit]) -> Iterator[str]:
    """Yield a line of text for each edit. The same change in many prompts becomes one line."""
    edits_by_words: dict[tuple[str, str], list[_Edit]] = defaultdict(list)
    for edit in edits:
        edits_by_words[edit.old, edit.new].append(edit)
    for (old, new), same_edits in edits_by_words.items():
        prompts = list(dict.fromkeys(edit.prompt for edit in same_edits))
        if len(prompts) >= ALIKE and old and new:
            yield f'"{new}" now, was "{old}", in {_count_prompts(len(prompts))}: {_shorten_names(prompts)}'
        else:
            for edit in same_edits:
                yield f"{edit.prompt}{edit.occasion}: {_describe_edit(edit)}"


def _describe_edit(edit: _Edit) -> str:
    if not edit.was:
        return f'says "{edit.now}", and said nothing before'
    return f'says "{edit.now}" now, was "{edit.was}"' if edit.now else f'no longer says "{edit.was}"'


def _edits(old: Prompt, new: Prompt) -> Iterator[_Edit]:
    was, now = _texts_by_occasion(old), _texts_by_occasion(new)
    for occasion in (*was, *(occasion for occasion in now if occasion not in was)):
        before, after = was.get(occasion, ""), now.get(occasion, "")
        if before != after:
            yield _Edit(new.name, occasion, *_difference(before, after))


def _texts_by_occasion(prompt: Prompt) -> dict[str, str]:
    """Return all texts of a prompt by the occasion they are for; "" is the first time."""
    texts: dict[str, str] = {}
    occasions = [("", prompt.say)]
    for what, tries in (("silence", prompt.silence), ("a wrong key", prompt.wrong)):
        occasions.extend((f", after {what}{_nth(number)}", words) for number, words in enumerate(tries, 1))
    for occasion, words in occasions:
        for form, parts in words.forms.items():
            if words.by is None or parts:
                label = occasion if words.by is None else f'{occasion}, "{form}" {words.by}'
                texts[label] = _written(Words({"other": parts}))
    return texts


def _nth(number: int) -> str:
    return "" if number == 1 else f", try {number}"


def _written(words: Words) -> str:
    parts = words.forms["other"]
    written = (part if isinstance(part, str) else f"{{{part.name}:{part.kind}}}" for part in parts)
    return " ".join("".join(written).split())


def _difference(old: str, new: str) -> tuple[str, str, str, str]:
    """Return the old and the new words that differ, then both with some words around them."""
    old_words, new_words = old.split(), new.split()
    start = next(
        (i for i, (old_word, new_word) in enumerate(zip(old_words, new_words, strict=False)) if old_word != new_word),
        min(len(old_words), len(new_words)),
    )
    most = min(len(old_words), len(new_words)) - start
    end = next((i for i in range(most) if old_words[-1 - i] != new_words[-1 - i]), most)
    old_part, new_part = (" ".join(words[start : len(words) - end]) for words in (old_words, new_words))
    return old_part, new_part, _with_context(old_words, start, end), _with_context(new_words, start, end)


def _with_context(words: list[str], start: int, end: int) -> str:
    first, last = max(start - CONTEXT, 0), min(len(words) - end + CONTEXT, len(words))
    if first <= 1:
        first = 0
    if last >= len(words) - 1:
        last = len(words)
    return ("… " if first else "") + " ".join(words[first:last]) + (" …" if last < len(words) else "")


def _missing_prompts(catalogues: Catalogues) -> Iterator[str]:
    for language, catalogue in catalogues.by_language.items():
        if missing := sorted(catalogues.names - catalogue.prompts.keys()):
            yield f"{language}: {_count_prompts(len(missing))} missing: {_shorten_names(missing)}"


def _count_prompts(count: int) -> str:
    return f"{count} prompt{'' if count == 1 else 's'}"


def _shorten_names(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
