"""Finds prompts by name in what a caller hears, so that tests need not quote words, which staff may change."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ivr.errors import Report
from ivr.prompts import PHRASE, Catalogues, Slot, Variant, load_prompts
from ivr.prompts.spoken import Value, speak
from ivr.yaml_reader import texts_below

PROMPTS = Path(__file__).parent.parent / "prompts"
_TAG = re.compile(r"<[^>]*>")


@cache
def catalogues() -> Catalogues:
    """Return the catalogues of the project's own prompts, loaded once."""
    report = Report()
    loaded = load_prompts(texts_below(PROMPTS, report, "prompts"), report)
    report.raise_if_any()
    return loaded


def source(prompt: str, language: str = "en") -> str:
    """Return the lines of a prompt in its YAML file, with its name."""
    subject, _, name = prompt.partition(".")
    return entry((PROMPTS / language / f"{subject}.yaml").read_text(encoding="utf-8"), name)


def entry(text: str, name: str) -> str:
    """Return the lines of the first entry with a name in a YAML text, without the last line end.

    Raises LookupError if there is none.
    """
    match = re.search(rf"^( *){name}:.*\n(?:\1 +.*\n|\n(?=\1 ))*", text + "\n", re.MULTILINE)
    if match is None:
        raise LookupError(name)
    return match[0].rstrip("\n")


def words(prompt: str, language: str = "en", variant: Variant = "say", tries: int = 1, **values: Value) -> str:
    """Return the words of a prompt as they are spoken with all its values."""
    return catalogues().by_language[language].words(prompt, values, variant, tries)


def hears(text: str, prompt: str, language: str = "en", variant: Variant = "say", **values: Value) -> bool:
    """Tell whether a prompt is in spoken words or in TwiML; values that are not given may be anything."""
    return _pattern(prompt, language, variant, values).search(_spoken(text)) is not None


def begins(text: str, prompt: str, language: str = "en", variant: Variant = "say", **values: Value) -> bool:
    """Tell whether spoken words or TwiML begin with a prompt."""
    return _pattern(prompt, language, variant, values).match(_spoken(text)) is not None


def where(text: str, prompt: str, language: str = "en") -> int:
    """Return the index at which a prompt begins in a text, which may break its words over several lines.

    Raises LookupError for a prompt that is not in it.
    """
    match = _pattern(prompt, language, "say", {}).search(text)
    if match is None:
        raise LookupError(f"{prompt} is not heard")
    return match.start()


def _spoken(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def _pattern(name: str, language: str, variant: Variant, values: Mapping[str, Value]) -> re.Pattern[str]:
    prompt = catalogues().by_language[language].prompts[name]
    assert values.keys() <= prompt.values.keys(), f"{name} speaks {set(prompt.values)}"
    variant_words = {"say": (prompt.say,), "silence": prompt.silence, "wrong": prompt.wrong}[variant]
    forms = [form for words in variant_words for form in words.forms.values()]
    assert any(isinstance(part, str) and part.strip(" .,;:") for form in forms for part in form), f"{name} has no words"
    return re.compile("|".join(r"\s*".join(_part(part, language, values) for part in form) for form in forms))


def _part(part: str | Slot, language: str, values: Mapping[str, Value]) -> str:
    """Return a regular expression for fixed words or a value; a value that is not given may be anything."""
    if isinstance(part, Slot):
        if part.name not in values:
            return ".*?"
        part = _value(part, values[part.name], language)
    return r"\s+".join(map(re.escape, part.split()))


def _value(slot: Slot, value: Value, language: str) -> str:
    if slot.kind == PHRASE:
        phrase: Any = value
        return words(phrase["prompt"], language, **phrase["values"])
    return speak(slot.kind, value, language, slot.noun)
