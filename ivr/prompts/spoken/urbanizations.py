"""Speaks urbanizations, the named developments of Puerto Rico that are part of many addresses there.

`URB JARD DE CAPARRA` is spoken as "urbanización Jardines de Caparra".
"""

from __future__ import annotations

from ivr.languages import Language

AREAS = {
    "ALT": "Altura",
    "ALTS": "Alturas",
    "EST": "Estancias",
    "EXT": "Extensión",
    "GDNS": "Gardens",
    "HACDA": "Hacienda",
    "JARD": "Jardines",
    "MANS": "Mansiones",
    "QTA": "Quinta",
    "QTAS": "Quintas",
    "REPTO": "Reparto",
    "SECC": "Sección",
    "STA": "Santa",
    "STO": "Santo",
    "TERR": "Terrazas",
}
"""Abbreviation in the Postal Service's list of names in Puerto Rico -> what it stands for."""

OTHER_AREAS = {
    "BDA": "barriada",
    "BO": "barrio",
    "COM": "comunidad",
    "COND": "condominio",
    "PARC": "parcelas",
    "PARQ": "parque",
    "RES": "residencial",
    "SECT": "sector",
}
"""Abbreviation of an area that is no urbanization -> what it is called."""

_URBANIZATION_WORDS = frozenset(("URB", "URBANIZACION", "URBANIZACIÓN"))
_SMALL_WORDS = frozenset(("DE", "DEL", "LA", "LAS", "LOS", "EL", "Y"))


def speak_urbanization(name: str, language: Language) -> str:
    """Return an urbanization in words, "" for none."""
    words = name.replace(".", " ").split()
    if not words:
        return ""
    kind, rest = OTHER_AREAS.get(words[0].upper()), words[1:]
    if kind is None:
        kind, rest = language.urbanization, rest if words[0].upper() in _URBANIZATION_WORDS else words
    return " ".join(
        [kind, *(_speak_area_word(word, language, first=not position) for position, word in enumerate(rest))]
    )


def _speak_area_word(word: str, language: Language, *, first: bool) -> str:
    if word.isdecimal():
        return language.cardinal(int(word))
    if word.upper() in AREAS:
        return AREAS[word.upper()]
    if word.upper() in _SMALL_WORDS:
        return word.capitalize() if first else word.lower()
    return word.capitalize() if word.isupper() else word
