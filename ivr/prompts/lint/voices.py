"""The voices of the carrier, and which language each speaks.

The names are those that the carrier's library takes for `<Say>`: three basic voices; Amazon's, such as Polly.Joanna, by
a first name; Google's, whose names begin with the language, such as Google.es-US-Standard-A.
"""

from __future__ import annotations

import re

from ivr.errors import did_you_mean

_BASIC = ("man", "woman", "alice")
"""Basic voices, which speak whatever language they are given."""
_POLLY_FIRST_NAMES = {
    "ar": "Hala Zayd Zeina",
    "ca": "Arlet",
    "cs": "Jitka",
    "cy": "Gwyneth",
    "da": "Mads Naja Sofie",
    "de": "Daniel Hans Hannah Marlene Sabrina Vicki",
    "en": (
        "Aditi Amy Aria Arthur Ayanda Brian Danielle Emma Geraint Gregory Ivy Joanna Joey Justin Kajal Kendra Kevin "
        "Kimberly Matthew Niamh Nicole Olivia Raveena Russell Ruth Salli Stephen"
    ),
    "es": "Andres Conchita Enrique Lucia Lupe Mia Miguel Pedro Penelope Raul Sergio",
    "fi": "Suvi",
    "fr": "Celine Chantal Gabrielle Isabelle Lea Liam Mathieu Remi",
    "is": "Dora Karl",
    "it": "Adriano Bianca Carla Giorgio",
    "ja": "Kazuha Mizuki Takumi Tomoko",
    "ko": "Jihye Seoyeon",
    "nb": "Ida Liv",
    "nl": "Laura Lisa Lotte Ruben",
    "pl": "Ewa Jacek Jan Maja Ola",
    "pt": "Camila Cristiano Ines Ricardo Thiago Vitoria",
    "ro": "Carmen",
    "ru": "Maxim Tatyana",
    "sv": "Astrid Elin",
    "tr": "Burcu Filiz",
    "yue": "Hiujin",
    "zh": "Zhiyu",
}
_LANGUAGES = {name: language for language, names in _POLLY_FIRST_NAMES.items() for name in names.split()}
_POLLY_NAME = re.compile(r"Polly\.([A-Za-z]+)(?:-Neural|-Generative)?")
_GOOGLE_NAME = re.compile(r"Google\.([a-z]{2,3})-[A-Z]{2}-(?:Standard|Wavenet|Neural2|Chirp3-HD)-[A-Za-z]+")
_NAME_FORMS = "it is written as in Polly.Joanna, Polly.Lupe-Neural or Google.es-US-Standard-A"


def voice_problem(voice: str, language: str) -> str:
    """Return what is wrong with a voice for words of a language, "" when it fits."""
    if voice in _BASIC:
        return ""
    voice_language = _voice_language(voice)
    if not voice_language:
        names = [*_BASIC, *(f"Polly.{name}{kind}" for name in _LANGUAGES for kind in ("", "-Neural"))]
        return f'the carrier has no voice "{voice}"{did_you_mean(voice, names) or f"; {_NAME_FORMS}"}'
    return (
        ""
        if voice_language == language
        else f'the voice "{voice}" speaks "{voice_language}", and these words are "{language}"'
    )


def _voice_language(voice: str) -> str:
    """Return the language that a voice speaks, "" when there is no such voice."""
    if match := _POLLY_NAME.fullmatch(voice):
        return _LANGUAGES.get(match[1], "")
    match = _GOOGLE_NAME.fullmatch(voice)
    return match[1] if match else ""
