"""What changed in the words between two versions, with just enough of the sentence to find it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ivr.languages import LANGUAGES
from ivr.prompts import Catalogue, Catalogues, Prompt, Words

CONTEXT = 3
"""Words shown on either side of a change."""

ALIKE = 3
"""The same words changed in so many prompts are told once."""

MOST_NAMES = 6

_SENTENCE = re.compile(r"(?<=[.;?!])\s+")


@dataclass(frozen=True, slots=True)
class _Edit:
    """One place where words changed: what gave way to what, and the same with the words around it."""

    prompt: str
    occasion: str
    old: str
    new: str
    was: str
    now: str


def word_changes(before: Catalogues, after: Catalogues) -> Iterator[str]:
    """Yield each difference between two sets of catalogues in a line of words, language by language."""
    for language in (*before.languages, *(name for name in after.languages if name not in before.languages)):
        old, new = before.by_language.get(language), after.by_language.get(language)
        if old is None and new is not None:
            yield f"{language}: a new language, with {_prompts(len(new.prompts))}"
        elif new is None:
            yield f"{language}: this language is gone"
        elif old is not None:
            yield from (f"{language}: {change}" for change in _within_language(old, new))
    yield from _missing(after)


def option(catalogues: Catalogues, prompt: str, key: str) -> str:
    """Return the words that offer a key in a menu, "To refill prescriptions"; empty when they cannot be told apart."""
    found = catalogues.prompt(prompt)
    if found is None or not key.isdigit():
        return ""
    language = next(name for name in catalogues.languages if prompt in catalogues.by_language[name].prompts)
    spoken = re.compile(rf"\b{LANGUAGES[language].cardinal(int(key))}\b", re.IGNORECASE)
    sentences = [sentence for sentence in _SENTENCE.split(_text(found.say)) if spoken.search(sentence)]
    if len(sentences) != 1 or "," not in sentences[0]:
        return ""
    return sentences[0][: spoken.search(sentences[0]).start()].rpartition(",")[0].strip()  # type: ignore[union-attr]


def _within_language(old: Catalogue, new: Catalogue) -> Iterator[str]:
    for what, was, now in (("code", old.locale, new.locale), ("voice", old.voice, new.voice)):
        if was != now:
            yield f"the {what} is {now} now, was {was}"
    if gone := [name for name in old.prompts if name not in new.prompts]:
        yield f"{_prompts(len(gone))} gone: {_names(gone)}"
    if added := [name for name in new.prompts if name not in old.prompts]:
        yield f"{_prompts(len(added))} new: {_names(added)}"
    edits = [
        edit for name in old.prompts if name in new.prompts for edit in _edits(old.prompts[name], new.prompts[name])
    ]
    yield from _told(edits)


def _told(edits: Iterable[_Edit]) -> Iterator[str]:
    """Yield edits, those that change the same words everywhere as one."""
    alike: dict[tuple[str, str], list[_Edit]] = defaultdict(list)
    for edit in edits:
        alike[edit.old, edit.new].append(edit)
    for (old, new), same in alike.items():
        prompts = list(dict.fromkeys(edit.prompt for edit in same))
        if len(prompts) >= ALIKE and old and new:
            yield f'"{new}" now, was "{old}", in {_prompts(len(prompts))}: {_names(prompts)}'
        else:
            for edit in same:
                yield f"{edit.prompt}{edit.occasion}: {_says(edit)}"


def _says(edit: _Edit) -> str:
    if not edit.was:
        return f'says "{edit.now}", and said nothing before'
    return f'says "{edit.now}" now, was "{edit.was}"' if edit.now else f'no longer says "{edit.was}"'


def _edits(old: Prompt, new: Prompt) -> Iterator[_Edit]:
    was, now = _texts(old), _texts(new)
    for occasion in (*was, *(occasion for occasion in now if occasion not in was)):
        before, after = was.get(occasion, ""), now.get(occasion, "")
        if before != after:
            yield _Edit(new.name, occasion, *_difference(before, after))


def _texts(prompt: Prompt) -> dict[str, str]:
    """Return all words of a prompt by the occasion they are for, "" for the first time."""
    texts: dict[str, str] = {}
    occasions = [("", prompt.say)]
    for what, tries in (("silence", prompt.silence), ("a wrong key", prompt.wrong)):
        occasions.extend((f", after {what}{_nth(number)}", words) for number, words in enumerate(tries, 1))
    for occasion, words in occasions:
        for form, parts in words.forms.items():
            if words.by is None or parts:
                label = occasion if words.by is None else f'{occasion}, "{form}" {words.by}'
                texts[label] = _text(Words({"other": parts}))
    return texts


def _nth(number: int) -> str:
    return "" if number == 1 else f", try {number}"


def _text(words: Words) -> str:
    parts = words.forms["other"]
    written = (part if isinstance(part, str) else f"{{{part.name}:{part.kind}}}" for part in parts)
    return " ".join("".join(written).split())


def _difference(old: str, new: str) -> tuple[str, str, str, str]:
    """Return the words that differ, bare and with some words around them."""
    was, now = old.split(), new.split()
    start = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    most = min(len(was), len(now)) - start
    end = next((i for i in range(most) if was[-1 - i] != now[-1 - i]), most)
    return (
        *(" ".join(words[start : len(words) - end]) for words in (was, now)),
        *(_around(w, start, end) for w in (was, now)),
    )  # type: ignore[return-value]


def _around(words: list[str], start: int, end: int) -> str:
    first, last = max(start - CONTEXT, 0), min(len(words) - end + CONTEXT, len(words))
    if first <= 1:
        first = 0
    if last >= len(words) - 1:
        last = len(words)
    return ("… " if first else "") + " ".join(words[first:last]) + (" …" if last < len(words) else "")


def _missing(catalogues: Catalogues) -> Iterator[str]:
    for language, catalogue in catalogues.by_language.items():
        if missing := sorted(catalogues.names - catalogue.prompts.keys()):
            yield f"{language}: {_prompts(len(missing))} missing: {_names(missing)}"


def _prompts(count: int) -> str:
    return f"{count} prompt{'' if count == 1 else 's'}"


def _names(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
