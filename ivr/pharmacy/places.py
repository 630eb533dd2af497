"""What a ZIP code tells of a place: its city and state, and the other city names that its mail may carry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import zipcodes

MILITARY_STATES = ("AA", "AE", "AP")


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a ZIP code; `city` is its main one."""

    zip: str
    city: str
    state: str
    other_cities: tuple[str, ...] = ()

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
    return Place(zip_code, city, state, tuple(str(city) for city in row["acceptable_cities"]))
