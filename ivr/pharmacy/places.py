"""What a ZIP code tells of a place: its city and state, and the other city names that its mail may carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import zipcodes

MILITARY_STATES = ("AA", "AE", "AP")
PUERTO_RICO = "PR"

LETTERED_NUMBERS: Mapping[tuple[str, str], int] = {
    ("IL", "dupage county"): 4,
    ("IL", "kane county"): 4,
    ("WI", "dodge county"): 3,
    ("WI", "fond du lac county"): 3,
    ("WI", "ozaukee county"): 4,
    ("WI", "washington county"): 4,
    ("WI", "waukesha county"): 4,
}
"""Counties that number houses by a grid, with its letters in them, and the fewest digits such a number has.

N6W23001 in Waukesha County (USPS Publication 28, appendix D), W156N8480 from Menomonee Falls to Germantown and
Cedarburg (CBS 58 Milwaukee, "What's up with those long addresses?"), 32W346 and 5S118 in Kane and DuPage Counties
(Chicago Tribune, 26 May 2001), N100 and W100 in Dodge and Fond du Lac Counties (the counties' own numbering rules).
"""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a ZIP code; `city` is its main one."""

    zip: str
    city: str
    state: str
    other_cities: tuple[str, ...] = ()
    retired: bool = False
    """The post office no longer uses the code."""
    has_urbanizations: bool = False
    """In Puerto Rico: the post office lists urbanizations (or sectors, barrios …) in it."""
    lettered_numbers: int = 0
    """The fewest digits of house numbers there that have letters of a grid in them; 0 where none have."""

    @property
    def military(self) -> bool:
        """Say whether mail goes by the armed forces: there are units and boxes then, and no streets."""
        return self.state in MILITARY_STATES


@lru_cache(4096)
def place_of(zip_code: str) -> Place | None:
    """Return the place of a ZIP code, or None when there is no such code."""
    if len(zip_code) != 5 or not (zip_code.isascii() and zip_code.isdigit()):
        return None
    found = zipcodes.matching(zip_code)  # type: ignore[no-untyped-call]
    if not found:
        return None
    row = found[0]
    state = str(row["state"])
    city = str(row["city"]).upper() if state in MILITARY_STATES else str(row["city"])
    return Place(
        zip_code,
        city,
        state,
        tuple(str(city) for city in row["acceptable_cities"]),
        retired=not row["active"],
        has_urbanizations=state == PUERTO_RICO and bool(row["unacceptable_cities"]),
        lettered_numbers=LETTERED_NUMBERS.get((state, str(row["county"]).lower()), 0),
    )
