"""The languages that callers can hear, one module each: how each speaks numbers, dates, money and addresses.

The sentences themselves are prompts. To add a language, add a folder of prompts and a `Language` here; all other code
looks languages up in `LANGUAGES`.
"""

from collections.abc import Iterable

from ivr.languages.english import ENGLISH
from ivr.languages.language import Language, Speech
from ivr.languages.spanish import SPANISH

__all__ = ["FIRST", "LANGUAGES", "Language", "Speech", "reviewed_languages"]

LANGUAGES: dict[str, Language] = {language.tag: language for language in (ENGLISH, SPANISH)}
"""Tag -> language. The tag is also the name of its folder of prompts; menus that list all languages speak them in this
order."""

FIRST = ENGLISH
"""The language that a call is in until something chooses another one."""


def reviewed_languages(tags: Iterable[str]) -> tuple[str, ...]:
    """Return those of the language tags whose languages have been reviewed, that is, are no drafts."""
    return tuple(tag for tag in tags if not LANGUAGES[tag].draft)
