"""The carrier's voices: how their names are made, and which language each speaks.

By the names that the carrier's library takes for `<Say>`: three without a maker; Amazon's, by a first name; Google's, whose
names begin with their language.
"""

from __future__ import annotations

import re

from ivr.errors import did_you_mean

_BASIC = ("man", "woman", "alice")
"""They speak the language they are told to."""
_POLLY = {
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
_LANGUAGES = {name: language for language, names in _POLLY.items() for name in names.split()}
_POLLY_NAME = re.compile(r"Polly\.([A-Za-z]+)(?:-Neural|-Generative)?")
_GOOGLE_NAME = re.compile(r"Google\.([a-z]{2,3})-[A-Z]{2}-(?:Standard|Wavenet|Neural2|Chirp3-HD)-[A-Za-z]+")
_WRITTEN = "it is written as in Polly.Joanna, Polly.Lupe-Neural or Google.es-US-Standard-A"


def fault(voice: str, language: str) -> str:
    """Return what is wrong with a voice for a language, "" when nothing is."""
    if voice in _BASIC:
        return ""
    spoken = _language(voice)
    if not spoken:
        names = [*_BASIC, *(f"Polly.{name}{kind}" for name in _LANGUAGES for kind in ("", "-Neural"))]
        return f'the carrier has no voice "{voice}"{did_you_mean(voice, names) or f"; {_WRITTEN}"}'
    return "" if spoken == language else f'the voice "{voice}" speaks "{spoken}", and these words are "{language}"'


def _language(voice: str) -> str:
    """Return the language of a voice, "" when there is no such voice."""
    if found := _POLLY_NAME.fullmatch(voice):
        return _LANGUAGES.get(found[1], "")
    found = _GOOGLE_NAME.fullmatch(voice)
    return found[1] if found else ""
