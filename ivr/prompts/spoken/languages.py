"""One table per language: everything about speaking values that differs between languages.

A new language is one more `Language` in `LANGUAGES`; names of days and months come from Babel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from babel.dates import get_day_names, get_month_names

from ivr import numerals
from ivr.postal.words import STATES


@dataclass(frozen=True, slots=True)
class Language:
    """How one language speaks numbers, money, days and addresses."""

    cardinal: Callable[[int], str]
    ordinal: Callable[[int], str]
    year: Callable[[int], str]
    day_of_month: Callable[[int], str]
    house_number: Callable[[str], str]
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
    point: str
    leading_zero: str
    """A zero that a house number has after its dash: 90-05."""

    fractions: Mapping[str, str]
    """What a fraction adds to the number before it."""

    fractions_alone: Mapping[str, str]
    urbanization: str
    between_parts: str
    """What stands between building and apartment, route and box."""

    designators: Mapping[str, str]
    """Units, boxes and routes by their postal abbreviation; the empty one is for a unit without any."""

    directions: Mapping[str, str]
    """What a street that is named in this language says for North and the like."""

    states: Mapping[str, str]


def _table(text: str) -> dict[str, str]:
    """Read `KEY words; …` as a table."""
    return dict(entry.strip().split(" ", 1) for entry in text.replace("\n", " ").split(";"))


def _weekdays(language: str) -> tuple[str, ...]:
    names = get_day_names("wide", locale=language)
    return tuple(names[day] for day in range(7))


def _months(language: str) -> tuple[str, ...]:
    names = get_month_names("wide", locale=language)
    return tuple(names[month] for month in range(1, 13))


ENGLISH = Language(
    cardinal=numerals.english_cardinal,
    ordinal=numerals.english_ordinal,
    year=numerals.english_year,
    day_of_month=numerals.english_ordinal,
    house_number=numerals.english_house_number,
    agree=numerals.no_agreement,
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
    point="point",
    leading_zero="oh",
    fractions=_table("""
        1/2 and a half; 1/4 and a quarter; 3/4 and three quarters; 1/3 and a third; 2/3 and two thirds;
        1/8 and an eighth; 3/8 and three eighths; 5/8 and five eighths; 7/8 and seven eighths
    """),
    fractions_alone=_table("1/2 one half; 1/4 one quarter; 3/4 three quarters; 1/3 one third; 2/3 two thirds"),
    urbanization="urbanization",
    between_parts=" ",
    designators={"": "unit"}
    | _table("""
        APT apartment; BSMT basement; BLDG building; DEPT department; FL floor; FRNT front; HNGR hangar; KEY key;
        LBBY lobby; LOT lot; LOWR lower; OFC office; PH penthouse; PIER pier; REAR rear; RM room; SIDE side; SLIP slip;
        SPC space; STOP stop; STE suite; TOWR tower; TRLR trailer; UNIT unit; UPPR upper; PMB mailbox; BOX Box; PO_BOX P O Box;
        RR Rural Route; HC Highway Contract; PSC P S C; CMR C M R; GENERAL_DELIVERY General Delivery; KM kilometer;
        HM hectometer
    """),
    directions={},
    states=STATES,
)

SPANISH = Language(
    cardinal=numerals.spanish_cardinal,
    ordinal=numerals.spanish_ordinal,
    year=numerals.spanish_cardinal,
    day_of_month=lambda day: "primero" if day == 1 else numerals.spanish_cardinal(day),
    house_number=numerals.spanish_house_number,
    agree=numerals.spanish_agreement,
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
    point="punto",
    leading_zero="cero",
    fractions=_table("""
        1/2 y medio; 1/4 y un cuarto; 3/4 y tres cuartos; 1/3 y un tercio; 2/3 y dos tercios;
        1/8 y un octavo; 3/8 y tres octavos; 5/8 y cinco octavos; 7/8 y siete octavos
    """),
    fractions_alone=_table("1/2 un medio; 1/4 un cuarto; 3/4 tres cuartos; 1/3 un tercio; 2/3 dos tercios"),
    urbanization="urbanización",
    between_parts=", ",
    designators={"": "unidad"}
    | _table("""
        APT apartamento; BSMT sótano; BLDG edificio; DEPT departamento; FL piso; FRNT al frente; HNGR hangar; KEY llave;
        LBBY vestíbulo; LOT lote; LOWR planta baja; OFC oficina; PH penthouse; PIER muelle; REAR al fondo; RM habitación;
        SIDE lado; SLIP atracadero; SPC espacio; STOP parada; STE oficina; TOWR torre; TRLR remolque; UNIT unidad;
        UPPR planta alta;
        PMB buzón; BOX casilla; PO_BOX apartado postal; RR ruta rural; HC ruta de contrato; PSC P S C; CMR C M R;
        GENERAL_DELIVERY entrega general; KM kilómetro; HM hectómetro
    """),
    directions=_table("""
        North Norte; South Sur; East Este; West Oeste; Northeast Noreste; Northwest Noroeste; Southeast Sureste;
        Southwest Suroeste
    """),
    states={
        **STATES,
        **_table("""
            DC Distrito de Columbia; HI Hawái; LA Luisiana; MI Míchigan; MS Misisipi; MO Misuri; NH Nuevo Hampshire;
            NJ Nueva Jersey; NM Nuevo México; NY Nueva York; NC Carolina del Norte; ND Dakota del Norte; OR Oregón;
            PA Pensilvania; SC Carolina del Sur; SD Dakota del Sur; WV Virginia Occidental; AS Samoa Americana;
            MP Islas Marianas del Norte; VI Islas Vírgenes; MH Islas Marshall; AA Fuerzas Armadas Américas;
            AE Fuerzas Armadas Europa; AP Fuerzas Armadas Pacífico
        """),
    },
)

LANGUAGES: Mapping[str, Language] = {"en": ENGLISH, "es": SPANISH}
