"""The place of a ZIP code: its city and state, other names of the city, and how its houses are numbered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MILITARY_STATES = ("AA", "AE", "AP")
PUERTO_RICO = "PR"

IN_FRONT, INSIDE = 3, 4
"""The fewest digits of a house number with one letter in front (N812), and of one with letters inside (5S118).

Such letters belong to the grid by which a county numbers its houses; a caller cannot key them as digits.
"""

LETTERED_NUMBERS: Mapping[tuple[str, str], int] = {
    ("IL", "dupage county"): INSIDE,
    ("IL", "kane county"): INSIDE,
    ("WI", "dodge county"): IN_FRONT,
    ("WI", "fond du lac county"): IN_FRONT,
    ("WI", "ozaukee county"): INSIDE,
    ("WI", "washington county"): INSIDE,
    ("WI", "waukesha county"): INSIDE,
}
"""Counties whose house numbers contain the letters of a grid, and the fewest digits of such a number.

N6W23001 in Waukesha County (USPS Publication 28, appendix D), W156N8480 from Menomonee Falls to Germantown and
Cedarburg (CBS 58 Milwaukee, "What's up with those long addresses?"), 32W346 and 5S118 in Kane and DuPage Counties
(Chicago Tribune, 26 May 2001), N100 and W100 in Dodge and Fond du Lac Counties (the counties' own numbering rules).
"""

RURAL_DIGITS = 4
"""The fewest digits of a number with letters on a rural road of a county whose rules are not known."""

PLAIN_NUMBERS = frozenset({("WI", "dane county"), ("WI", "milwaukee county")})
"""Counties of Wisconsin (those of Madison and Milwaukee) whose rural roads have numbers without letters."""


@dataclass(frozen=True, slots=True)
class ZipPlace:
    """The place of a ZIP code; `city` is the main name of its city, `other_cities` are those the mail also accepts."""

    zip: str
    city: str
    state: str
    other_cities: tuple[str, ...] = ()
    retired: bool = False
    """The post office no longer uses the code."""
    has_urbanizations: bool = False
    """In Puerto Rico: the post office lists urbanizations (or sectors, barrios …) in it. An urbanization is a named
    neighbourhood, which is part of the address."""
    lettered_numbers: int = 0
    """The fewest digits of house numbers with letters of a grid; 0 where none are known."""
    lettered_rural_numbers: int = 0
    """The same for rural roads only. Each county of Wisconsin numbers these by a grid of its own, as Wis. Stat.
    59.54 (4) allows, many with a letter in front (W3456)."""

    @property
    def military(self) -> bool:
        """Return whether the armed forces carry the mail: addresses then have units and boxes, and no streets."""
        return self.state in MILITARY_STATES


def known_zip_codes() -> Any:
    """Return the module with the table of ZIP codes, which is slow to import."""
    import zipcodes

    return zipcodes


@lru_cache(4096)
def place_of(zip_code: str) -> ZipPlace | None:
    """Return the place of a ZIP code, or None if there is no such code."""
    if len(zip_code) != 5 or not (zip_code.isascii() and zip_code.isdigit()):
        return None
    matches = known_zip_codes().matching(zip_code)
    if not matches:
        return None
    row = matches[0]
    state = str(row["state"])
    city = str(row["city"]).upper() if state in MILITARY_STATES else str(row["city"])
    county = state, str(row["county"]).lower()
    return ZipPlace(
        zip_code,
        city,
        state,
        tuple(str(city) for city in row["acceptable_cities"]),
        retired=not row["active"],
        has_urbanizations=state == PUERTO_RICO and bool(row["unacceptable_cities"]),
        lettered_numbers=LETTERED_NUMBERS.get(county, 0),
        lettered_rural_numbers=RURAL_DIGITS if state == "WI" and county not in PLAIN_NUMBERS else 0,
    )
