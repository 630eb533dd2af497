"""What was heard after one action of the caller, and whether it is what a script says.

A prompt counts as heard when the line spoke it by its name and its words reached the caller: one that a key pressed
too early kept from being spoken does not. Prompts inside others (a medicine's name, an order's state) count as well.
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
    """A prompt the line spoke; `position` is that of the whole prompt it stands in."""

    position: int
    speak: Speak


def said(words: Sequence[Speak]) -> Iterator[SpokenPrompt]:
    """Yield prompts as spoken, each followed by those inside it."""
    for position, speak in enumerate(words):
        yield SpokenPrompt(position, speak)
        for inner in _inside(speak.values, speak.language):
            yield SpokenPrompt(position, inner)


def _inside(value: object, language: str) -> Iterator[Speak]:
    if isinstance(value, Mapping):
        prompt, values = value.get("prompt"), value.get("values")
        if isinstance(prompt, str) and isinstance(values, Mapping):
            yield Speak(prompt, language, dict(values))
        for part in value.values():
            yield from _inside(part, language)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from _inside(part, language)


class PromptMatcher:
    """Holds what a script says against what was heard since the caller last acted, in order."""

    def __init__(self, catalogues: Catalogues, heard: Heard, words: Sequence[Speak], today: date) -> None:
        self._catalogues = catalogues
        self._text = heard.text
        self._recorded = any(spoken.url for spoken in heard.words)
        self._said = tuple(said(words))
        self._today = today
        self._position = 0

    @property
    def text(self) -> str:
        """All the words."""
        return self._text

    def hears(self, wanted: Hears) -> bool:
        """Say whether a prompt, by its name, comes after what was asserted before."""
        for one in self._said:
            if one.position >= self._position and self._is(wanted, one.speak) and self._reached(one.speak):
                self._position = one.position
                return True
        return False

    def spoke(self, unwanted: Hears) -> bool:
        """Say whether a prompt reached the caller at all since they last acted."""
        return any(self._is(unwanted, one.speak) and self._reached(one.speak) for one in self._said)

    def told(self, wanted: Hears) -> str:
        """Say in words what was heard instead."""
        unheard = [one.speak for one in self._said if self._is(wanted, one.speak)]
        if unheard and not self._reached(unheard[0]):
            return "it was cut short before a word of it was spoken"
        names = [_name(one.speak) for one in self._said if self._reached(one.speak)]
        return f"heard {', '.join(dict.fromkeys(names)) or 'nothing'}"

    def nearest_values(self, wanted: Hears) -> Mapping[str, object] | None:
        """Return the values a prompt was spoken with, when only they differ."""
        for one in self._said:
            if one.speak.prompt == wanted.prompt and wanted.values:
                return {name: one.speak.values.get(name, "") for name in wanted.values}
        return None

    def _is(self, wanted: Hears, speak: Speak) -> bool:
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
    """Compare a prompt's value: texts and numbers as they are, a phrase by its prompt's name, perhaps with values."""
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


def _name(speak: Speak) -> str:
    return speak.prompt if speak.variant == "say" else f"{speak.prompt} ({speak.variant} {speak.tries})"


def words_heard(wanted: str, text: str) -> bool:
    """Say whether words are part of what was heard, whatever the capitals and spaces."""
    return " ".join(wanted.split()).casefold() in text.casefold()


def could_be(catalogues: Catalogues, wanted: Hears, language: str, text: str) -> bool | None:
    """Say whether a prompt's words, with any values, are part of what was heard; None when it has no words of its own.

    For lines elsewhere, of which nothing but the words is known.
    """
    catalogue = catalogues.by_language.get(language)
    prompt = catalogue.prompts.get(wanted.prompt) if catalogue else None
    if prompt is None:
        return None
    helps = {"silence": prompt.silence, "wrong": prompt.wrong}
    told = helps.get(wanted.variant, (prompt.say, *prompt.silence, *prompt.wrong))
    if wanted.tries:
        told = told[wanted.tries - 1 : wanted.tries]
    forms = [form for words in told for form in words.forms.values()]
    if not any(isinstance(part, str) and part.strip(" .,;:") for form in forms for part in form):
        return None
    return any(_pattern(form).search(" ".join(text.split())) for form in forms)


def _pattern(parts: Sequence[str | Slot]) -> re.Pattern[str]:
    """Return what finds words with whatever values in them; a value may be nothing, with no space around it then."""
    texts = (".*?" if isinstance(part, Slot) else r"\s+".join(map(re.escape, part.split())) for part in parts)
    return re.compile(r"\s*".join(texts), re.IGNORECASE)


def may_confirm(flows: Flows, catalogues: Catalogues, text: str) -> bool:
    """Say whether a question that a key confirms may have been heard, in any language; by its words, for lines elsewhere."""
    return any(
        could_be(catalogues, Hears(state.place, state.prompt), language, text)
        for _, state in all_states(flows)
        if any(target.confirms for target in state.keys.values())
        for language in catalogues.languages
    )
