"""Checks that a file of medicines can say no other strength, unit or name than a label has.

Units are compared with their names in the Unicode CLDR, which Babel brings along: a file in which "mcg" is called a
milligram would have callers hear a thousand times the strength.
"""

from __future__ import annotations

import re

from babel import Locale, UnknownLocaleError
from babel.units import format_unit

from ivr.errors import Report
from ivr.yaml_reader import Node

LONGEST_LABEL = 200
"""Characters that a whole label may be spoken with."""

_CLDR_UNITS = {
    "mg": "mass-milligram",
    "mcg": "mass-microgram",
    "g": "mass-gram",
    "ml": "volume-milliliter",
    "l": "volume-liter",
    "mm": "length-millimeter",
    "hour": "duration-hour",
    "day": "duration-day",
    "percent": "concentr-percent",
}
_DOSES = ("mg", "mg_iron", "mcg", "g", "meq", "mmol", "unit", "iu")
"""The units of strengths. No two of them may have the same name; that holds those, too, which the CLDR does not know."""
_FIELDS = {
    "phrases.counted": ({"name"}, {"form"}, {"strength", "strength_of_one", "of_strength"}),
    "phrases.other": ({"name"}, {"form"}, {"strength", "strength_of_one", "of_strength"}),
    "phrases.without_form": ({"name"}, {"strength", "strength_of_one", "of_strength"}),
    "phrases.device": ({"form"},),
    "per.one": ({"unit"},),
    "per.other": ({"amount"},),
}
"""Phrase -> what it must hold, one field of each set."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def check_units(units: Node, language: str, report: Report) -> None:
    """Report units that are not called by their own name.

    `language` is a tag, "es"; without one, or for a unit that the CLDR does not have, only names that stand twice and
    numbers in names are found.
    """
    names: dict[str, str] = {}
    for unit, forms in (units.fields or {}).items():
        for form, node in (forms.fields or {}).items():
            words = node.scalar or ""
            expected = _cldr_name(unit, 1 if form == "one" else 5, language)
            if expected and words.casefold() != expected:
                report.add(node.place, f'"units.{unit}.{form}" is called "{expected}", found "{words}"')
            elif _NUMBER.search(words):
                report.add(node.place, f'"units.{unit}.{form}" has a number, which labels alone may have')
            elif unit in _DOSES and names.setdefault(words.casefold(), unit) != unit:
                report.add(node.place, f'"{words}" is what "{names[words.casefold()]}" is called')


def _cldr_name(unit: str, number: int, language: str) -> str:
    """Return what a unit is called behind a number; "" where that is not known."""
    if unit not in _CLDR_UNITS or not language:
        return ""
    try:
        return (
            format_unit(number, _CLDR_UNITS[unit], locale=Locale.parse(language, sep="-"))
            .replace(str(number), "")
            .strip()
            .casefold()
        )
    except (UnknownLocaleError, ValueError):
        return ""


def check_fields(section: str, phrases: Node, report: Report) -> None:
    """Report phrases of a section that would leave out what they are for: a name, a strength, the unit of a volume."""
    for name, node in (phrases.fields or {}).items():
        for fields in _FIELDS.get(f"{section}.{name}", ()):
            if not any(f"{{{field}}}" in (node.scalar or "") for field in fields):
                wanted = " or ".join(f"{{{field}}}" for field in sorted(fields))
                report.add(node.place, f'"{section}.{name}" lacks {wanted}: callers would not hear it')


def check_spoken_for(written: str, node: Node, what: str, report: Report) -> None:
    """Report words for a label or a name that say nothing, too much, or a number that is not in it."""
    words = node.scalar or ""
    extra = [number for number in _NUMBER.findall(words) if number not in _numbers(written)]
    if not any(character.isalpha() for character in words):
        report.add(node.place, f'"{what}" has no word that could be spoken')
    elif len(words) > LONGEST_LABEL:
        report.add(node.place, f'"{what}" has {len(words)} characters; {LONGEST_LABEL} are the most')
    elif extra:
        report.add(node.within(extra[0]), f'"{what}" says {extra[0]}, which is not in the label')


def _numbers(written: str) -> frozenset[str]:
    """Return the numbers of a label, also without zeros and commas: 50,000 is 50000, .5 is 0.5, 5.0 is 5."""
    found = re.findall(r"\d*\.?\d+", re.sub(r"(?<=\d),(?=\d{3})", "", written))
    return frozenset([*found, *(f"{float(number):g}" for number in found)])
