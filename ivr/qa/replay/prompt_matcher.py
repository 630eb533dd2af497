"""Matches what the caller heard after an act against what a script expects.

A prompt counts as heard when the line spoke it by its name and its words reached the caller. It does not count when an
early key cut it off. Prompts inside others (a medicine's name, an order's state) count as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ivr.flow.definition import Flows
from ivr.flow.graph import all_states
from ivr.flow.verbs import Speak
from ivr.phone.outcomes import Heard
from ivr.prompts import Catalogues, Slot
from ivr.qa.scripts.row_patterns import matches
from ivr.qa.scripts.script import Hears
from ivr.simulator.world import Pattern


@dataclass(frozen=True, slots=True)
class SpokenPrompt:
    """A prompt that the line spoke. `position` counts whole prompts; a prompt inside another one has that one's."""

    position: int
    speak: Speak


def spoken_prompts(words: Sequence[Speak]) -> Iterator[SpokenPrompt]:
    """Yield the prompts of a turn in the order spoken, each followed by those inside its values."""
    for position, speak in enumerate(words):
        yield SpokenPrompt(position, speak)
        for inner in _prompts_inside(speak.values, speak.language):
            yield SpokenPrompt(position, inner)


def _prompts_inside(value: object, language: str) -> Iterator[Speak]:
    if isinstance(value, Mapping):
        prompt, values = value.get("prompt"), value.get("values")
        if isinstance(prompt, str) and isinstance(values, Mapping):
            yield Speak(prompt, language, dict(values))
        for part in value.values():
            yield from _prompts_inside(part, language)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from _prompts_inside(part, language)


class PromptMatcher:
    """Tells whether the prompts that a script expects were heard, in that order, since the caller last acted."""

    def __init__(self, catalogues: Catalogues, heard: Heard, words: Sequence[Speak], today: date) -> None:
        self._catalogues = catalogues
        self._text = heard.text
        self._recorded = any(spoken.url for spoken in heard.words)
        self._spoken_prompts = tuple(spoken_prompts(words))
        self._today = today
        self._position = 0

    @property
    def text(self) -> str:
        """All the words that were heard."""
        return self._text

    def hears(self, wanted: Hears) -> bool:
        """Return whether a prompt was heard at or after the place of the one that was matched before it."""
        for spoken in self._spoken_prompts:
            if (
                spoken.position >= self._position
                and self._is_wanted(wanted, spoken.speak)
                and self._reached(spoken.speak)
            ):
                self._position = spoken.position
                return True
        return False

    def spoke(self, unwanted: Hears) -> bool:
        """Return whether a prompt was heard anywhere since the caller last acted."""
        return any(
            self._is_wanted(unwanted, spoken.speak) and self._reached(spoken.speak) for spoken in self._spoken_prompts
        )

    def what_was_heard(self, wanted: Hears) -> str:
        """Return in words what was heard instead of a prompt, or that the prompt was cut short."""
        unheard = [spoken.speak for spoken in self._spoken_prompts if self._is_wanted(wanted, spoken.speak)]
        if unheard and not self._reached(unheard[0]):
            return "it was cut short before a word of it was spoken"
        names = [_prompt_and_occasion(spoken.speak) for spoken in self._spoken_prompts if self._reached(spoken.speak)]
        return f"heard {', '.join(dict.fromkeys(names)) or 'nothing'}"

    def nearest_values(self, wanted: Hears) -> Mapping[str, object] | None:
        """Return the values that a prompt was spoken with, of those that are wanted; None when it was not spoken."""
        for spoken in self._spoken_prompts:
            if spoken.speak.prompt == wanted.prompt and wanted.values:
                return {name: spoken.speak.values.get(name, "") for name in wanted.values}
        return None

    def _is_wanted(self, wanted: Hears, speak: Speak) -> bool:
        occasion = not wanted.variant or (speak.variant == wanted.variant and wanted.tries in (0, speak.tries))
        return (
            speak.prompt == wanted.prompt
            and occasion
            and all(value_is(value, speak.values.get(name), self._today) for name, value in wanted.values.items())
        )

    def _reached(self, speak: Speak) -> bool:
        if self._recorded:
            return True
        catalogue = self._catalogues.by_language[speak.language]
        return catalogue.words(speak.prompt, speak.values, speak.variant, speak.tries) in self._text


def value_is(pattern: Pattern, value: object, today: date) -> bool:
    """Return whether a value of a prompt matches a pattern.

    A phrase (a value that is itself a prompt) matches by its prompt's name, or by that and a pattern of its values.
    """
    if isinstance(value, Mapping) and isinstance(name := value.get("prompt"), str):
        inner = value.get("values")
        if isinstance(pattern, Mapping):
            return set(pattern) == {name} and value_is(pattern[name], inner, today)
        return pattern == name
    if isinstance(value, Mapping) and isinstance(pattern, Mapping):
        return all(value_is(part, value.get(name), today) for name, part in pattern.items())
    if isinstance(value, list | tuple):
        wanted = pattern if isinstance(pattern, tuple) else (pattern,)
        return len(wanted) == len(value) and all(value_is(w, v, today) for w, v in zip(wanted, value, strict=True))
    return matches(pattern, value, today)


def _prompt_and_occasion(speak: Speak) -> str:
    return speak.prompt if speak.variant == "say" else f"{speak.prompt} ({speak.variant} {speak.tries})"


def words_heard(wanted: str, text: str) -> bool:
    """Return whether `wanted` is part of `text`, ignoring case and repeated spaces in `wanted`."""
    return " ".join(wanted.split()).casefold() in text.casefold()


def could_be(catalogues: Catalogues, wanted: Hears, language: str, text: str) -> bool | None:
    """Return whether a prompt's words, with any values, are part of what was heard.

    None when the prompt has no words of its own, only values. This is for lines elsewhere: of these the words that are
    heard are known, but not the names of prompts.
    """
    catalogue = catalogues.by_language.get(language)
    prompt = catalogue.prompts.get(wanted.prompt) if catalogue else None
    if prompt is None:
        return None
    helps = {"silence": prompt.silence, "wrong": prompt.wrong}
    possible_words = helps.get(wanted.variant, (prompt.say, *prompt.silence, *prompt.wrong))
    if wanted.tries:
        possible_words = possible_words[wanted.tries - 1 : wanted.tries]
    forms = [form for words in possible_words for form in words.forms.values()]
    if not any(isinstance(part, str) and part.strip(" .,;:") for form in forms for part in form):
        return None
    return any(_words_pattern(form).search(" ".join(text.split())) for form in forms)


def _words_pattern(parts: Sequence[str | Slot]) -> re.Pattern[str]:
    """Return a pattern of a prompt's words with any values between them; an empty value needs no space around it."""
    texts = (".*?" if isinstance(part, Slot) else r"\s+".join(map(re.escape, part.split())) for part in parts)
    return re.compile(r"\s*".join(texts), re.IGNORECASE)


def may_confirm(flows: Flows, catalogues: Catalogues, text: str) -> bool:
    """Return whether `text` may contain a question at which a key confirms something, in any language."""
    return any(
        could_be(catalogues, Hears(state.place, state.prompt), language, text)
        for _, state in all_states(flows)
        if any(target.confirms for target in state.keys.values())
        for language in catalogues.languages
    )
