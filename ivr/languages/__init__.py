"""The languages callers can hear, one module each: all that differs between them beside the words, which are prompts.

A language is its folder of prompts and its `Language` here. Everything else asks this table.
"""

from collections.abc import Iterable

from ivr.languages.english import ENGLISH
from ivr.languages.language import Language, Speech
from ivr.languages.spanish import SPANISH

__all__ = ["FIRST", "LANGUAGES", "Language", "Speech", "reviewed"]

LANGUAGES: dict[str, Language] = {language.tag: language for language in (ENGLISH, SPANISH)}
"""Every language by its tag, which is also the name of its folder of prompts; a menu of all speaks them in this order."""

FIRST = ENGLISH
"""What is heard where nothing says otherwise."""


def reviewed(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the languages that are no drafts, by their tags."""
    return tuple(tag for tag in tags if not LANGUAGES[tag].draft)
