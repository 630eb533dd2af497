"""The urbanizations of Puerto Rico in words: `URB JARD DE CAPARRA` as "urbanización Jardines de Caparra"."""

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
"""Abbreviations of the post office's own list of names in Puerto Rico, and what they stand for."""

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
"""Areas that are no urbanizations and are called what they are."""

_URBANIZATION = frozenset(("URB", "URBANIZACION", "URBANIZACIÓN"))
_SMALL = frozenset(("DE", "DEL", "LA", "LAS", "LOS", "EL", "Y"))


def speak_urbanization(name: str, language: Language) -> str:
    """Return an urbanization as it is said, "" for none."""
    words = name.replace(".", " ").split()
    if not words:
        return ""
    kind, rest = OTHER_AREAS.get(words[0].upper()), words[1:]
    if kind is None:
        kind, rest = language.urbanization, rest if words[0].upper() in _URBANIZATION else words
    return " ".join([kind, *(_word(word, language, first=not at) for at, word in enumerate(rest))])


def _word(word: str, language: Language, *, first: bool) -> str:
    if word.isdecimal():
        return language.cardinal(int(word))
    if word.upper() in AREAS:
        return AREAS[word.upper()]
    if word.upper() in _SMALL:
        return word.capitalize() if first else word.lower()
    return word.capitalize() if word.isupper() else word
