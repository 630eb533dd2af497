"""One table per language: everything about speaking values that differs between languages.

A new language is one more `Language` in `LANGUAGES`; names of days and months come from Babel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from babel.dates import get_day_names, get_month_names

from ivr.wording import abbreviations, numbers


@dataclass(frozen=True, slots=True)
class Language:
    """How one language speaks numbers, money, days and addresses."""

    cardinal: Callable[[int], str]
    ordinal: Callable[[int], str]
    year: Callable[[int], str]
    day_of_month: Callable[[int], str]
    house_number: Callable[[str], str]
    street_ordinal: Callable[[int], str]
    agree: Callable[[str, str], str]
    """Fits a number's words to the word after it."""

    weekdays: tuple[str, ...]
    """Monday first."""

    months: tuple[str, ...]
    date: str
    """With the fields `weekday`, `day`, `month`."""

    with_year: str
    """With the fields `date` and `year`."""

    dollar: tuple[str, str]
    cent: tuple[str, str]
    dollars_and_cents: str
    millions_of: str
    """What stands between whole millions and what they count."""

    plus: str
    """Before a country's code."""

    dash: str
    fractions: Mapping[str, str]
    post_office_box: str
    urbanization: str
    units: Mapping[str, str]
    """Unit designators by their postal abbreviation; the empty one is for a unit without any."""

    states: Mapping[str, str]


def _weekdays(language: str) -> tuple[str, ...]:
    names = get_day_names("wide", locale=language)
    return tuple(names[day] for day in range(7))


def _months(language: str) -> tuple[str, ...]:
    names = get_month_names("wide", locale=language)
    return tuple(names[month] for month in range(1, 13))


ENGLISH = Language(
    cardinal=numbers.english_cardinal,
    ordinal=numbers.english_ordinal,
    year=numbers.english_year,
    day_of_month=numbers.english_ordinal,
    house_number=numbers.english_house_number,
    street_ordinal=numbers.english_ordinal,
    agree=numbers.no_agreement,
    weekdays=_weekdays("en"),
    months=_months("en"),
    date="{weekday}, {month} {day}",
    with_year="{date}, {year}",
    dollar=("dollar", "dollars"),
    cent=("cent", "cents"),
    dollars_and_cents="{dollars} and {cents}",
    millions_of=" ",
    plus="plus",
    dash="dash",
    fractions={"1/2": "and a half", "1/4": "and a quarter", "3/4": "and three quarters"},
    post_office_box="P O Box",
    urbanization="urbanization",
    units={
        "": "unit",
        "APT": "apartment",
        "UNIT": "unit",
        "STE": "suite",
        "FL": "floor",
        "BLDG": "building",
        "RM": "room",
        "LOT": "lot",
        "SPC": "space",
        "TRLR": "trailer",
    },
    states=abbreviations.STATES,
)

SPANISH = Language(
    cardinal=numbers.spanish_cardinal,
    ordinal=numbers.spanish_ordinal,
    year=numbers.spanish_year,
    day_of_month=lambda day: "primero" if day == 1 else numbers.spanish_cardinal(day),
    house_number=numbers.spanish_house_number,
    street_ordinal=numbers.spanish_cardinal,
    agree=numbers.spanish_agreement,
    weekdays=_weekdays("es"),
    months=_months("es"),
    date="{weekday} {day} de {month}",
    with_year="{date} de {year}",
    dollar=("dólar", "dólares"),
    cent=("centavo", "centavos"),
    dollars_and_cents="{dollars} con {cents}",
    millions_of=" de ",
    plus="más",
    dash="guion",
    fractions={"1/2": "y medio", "1/4": "y un cuarto", "3/4": "y tres cuartos"},
    post_office_box="apartado postal",
    urbanization="urbanización",
    units={
        "": "unidad",
        "APT": "apartamento",
        "UNIT": "unidad",
        "STE": "oficina",
        "FL": "piso",
        "BLDG": "edificio",
        "RM": "habitación",
        "LOT": "lote",
        "SPC": "espacio",
        "TRLR": "remolque",
    },
    states={**abbreviations.STATES, **abbreviations.SPANISH_STATES},
)

LANGUAGES: Mapping[str, Language] = {"en": ENGLISH, "es": SPANISH}
