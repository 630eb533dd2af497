"""What cannot be taken as a verified address as it was keyed, on both sides of each rule."""

from __future__ import annotations

import pytest
import zipcodes

from ivr.pharmacy.places import LETTERED_NUMBERS, PLAIN_NUMBERS, place_of
from ivr.pharmacy.streets import StreetFacts
from ivr.pharmacy.unverified import Doubt, find_doubt

CAGUAS, OLD_SAN_JUAN, AGAWAM, NORTH_KINGSTOWN = "00725", "00901", "01001", "02854"
MONROE, MADISON, MILWAUKEE = "53566", "53593", "53207"
MENOMONEE_FALLS, ELBURN, DOWNERS_GROVE, RIPON = "53051", "60119", "60515", "54971"


def street(
    name: str = "MAIN ST", low: int | None = None, high: int | None = None, in_: str | None = None
) -> StreetFacts:
    return StreetFacts(name, "", low, high, in_)


@pytest.mark.parametrize(
    ("zip_code", "found", "house", "expected"),
    [
        pytest.param(AGAWAM, street(), "74", None, id="an address like most"),
        pytest.param(NORTH_KINGSTOWN, street(), "74", Doubt.ZIP, id="a retired ZIP code"),
        pytest.param("00000", street(), "74", Doubt.ZIP, id="no ZIP code at all"),
        pytest.param(MENOMONEE_FALLS, street(), "5616500", Doubt.NUMBER, id="N56W16500"),
        pytest.param(
            MENOMONEE_FALLS, street(low=1, high=9999), "5616500", Doubt.NUMBER, id="N56W16500, beyond those known"
        ),
        pytest.param(
            MENOMONEE_FALLS, street(low=1, high=9999), "8480", None, id="a number its street is known to have"
        ),
        pytest.param(MENOMONEE_FALLS, street(), "848", None, id="too short for both coordinates"),
        pytest.param(ELBURN, street(), "39123", Doubt.NUMBER, id="39W123"),
        pytest.param(DOWNERS_GROVE, street(), "5118", Doubt.NUMBER, id="5S118"),
        pytest.param(DOWNERS_GROVE, street(low=5100, high=5199), "5118", None, id="5118"),
        pytest.param(RIPON, street(), "812", Doubt.NUMBER, id="N812"),
        pytest.param(RIPON, street(), "N812", None, id="N812 with its letter"),
        pytest.param(RIPON, street(), "812N", Doubt.NUMBER, id="its letter at the wrong end"),
        pytest.param(MENOMONEE_FALLS, street(), "N5616", Doubt.NUMBER, id="one letter of two"),
        pytest.param(RIPON, street(), "12", None, id="no letter before so few digits"),
        *(
            pytest.param(MONROE, street(name), "3456", Doubt.NUMBER, id=f"3456 {name}, rural")
            for name in ("County Road M", "CTH KK", "Co Hwy B", "STATE ROAD 11", "WI 59", "Town Road 5", "HIGHWAY K")
        ),
        *(
            pytest.param(MONROE, street(name), "3456", None, id=f"3456 {name}")
            for name in ("MAIN ST", "County Line Rd", "8TH AVE", "AVENUE A", "STATE ST")
        ),
        pytest.param(MONROE, street("County Road M"), "345", None, id="three digits on a rural road"),
        pytest.param(MONROE, street("County Road M"), "W3456", None, id="W3456 with its letter"),
        pytest.param(MONROE, street("County Road M", 3000, 4000), "3456", None, id="3456, which the road has"),
        pytest.param(MADISON, street("County Road M"), "3456", None, id="3456 in the county of Madison"),
        pytest.param(MILWAUKEE, street("STATE ROAD 100"), "3456", None, id="3456 in the county of Milwaukee"),
        pytest.param(AGAWAM, street("County Road 12"), "3456", None, id="a rural road elsewhere"),
        pytest.param(AGAWAM, street(), "12345", None, id="five digits elsewhere"),
        pytest.param(AGAWAM, street(), "123456", Doubt.NUMBER, id="six digits elsewhere"),
        pytest.param(AGAWAM, street(low=100000, high=130000), "123456", None, id="six digits that the street has"),
    ],
)
def test_a_number_or_a_zip_code_is_doubtful(
    zip_code: str, found: StreetFacts, house: str, expected: Doubt | None
) -> None:
    assert find_doubt(place_of(zip_code), found, [found], house) == expected


VILLA, NORTE, BARE = (street("CALLE 1", in_=name) for name in ("VILLA BLANCA", "CAGUAS NORTE", None))
AVENUE, ELSEWHERE = street("AVE GAUTIER BENITEZ"), street("CALLE MAYOR", in_="URB VISTA MAR")


@pytest.mark.parametrize(
    ("zip_code", "found", "known", "expected"),
    [
        pytest.param(CAGUAS, VILLA, [VILLA, NORTE], None, id="with its urbanization"),
        pytest.param(CAGUAS, BARE, [BARE], Doubt.URBANIZATION, id="the directory knows no urbanization here"),
        pytest.param(CAGUAS, BARE, [BARE, VILLA], Doubt.URBANIZATION, id="the same street lies in one"),
        pytest.param(CAGUAS, street("Calle 1"), [VILLA], Doubt.URBANIZATION, id="the same street, written otherwise"),
        pytest.param(CAGUAS, AVENUE, [AVENUE, VILLA], None, id="others lie in one, this street in none"),
        pytest.param(OLD_SAN_JUAN, street("CALLE LUNA"), [], None, id="the post office lists none in this ZIP code"),
        *(
            pytest.param(zip_code, street(name), [AVENUE, ELSEWHERE], Doubt.URBANIZATION, id=f"{name} in {zip_code}")
            for zip_code in (CAGUAS, OLD_SAN_JUAN)
            for name in ("CALLE 1", "Calle A", "CALLE 5 NE", "CALLE 12 1/2", "CLL AA", "CALLE A-1", "CALLE 5 FINAL")
        ),
        *(
            pytest.param(CAGUAS, street(name), [ELSEWHERE], Doubt.URBANIZATION, id=name)
            for name in ("CALLE UNO", "Calle Séptima", "CALLE 1RA", "1ST ST", "AVENIDA A")
        ),
        *(
            pytest.param(CAGUAS, street(name), [ELSEWHERE], None, id=f"{name}, by its name")
            for name in ("CALLE 25 DE JULIO", "CARR 2", "CALLE SOL", "PR 172")
        ),
        pytest.param(AGAWAM, BARE, [BARE], None, id="not Puerto Rico"),
    ],
)
def test_a_street_of_puerto_rico_needs_its_urbanization_where_it_may_have_one(
    zip_code: str, found: StreetFacts, known: list[StreetFacts], expected: Doubt | None
) -> None:
    assert find_doubt(place_of(zip_code), found, known, "12") == expected


def test_every_county_of_the_table_has_a_zip_code() -> None:
    found = {(str(row["state"]), str(row["county"]).lower()) for row in zipcodes.list_all()}  # type: ignore[no-untyped-call]
    assert set(LETTERED_NUMBERS) | PLAIN_NUMBERS <= found
