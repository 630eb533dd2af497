"""Which streets a caller may mean by the keys pressed."""

import csv
import re
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from ivr.keypad import letters_to_keys
from ivr.pharmacy import streets
from ivr.pharmacy.places import place_of
from ivr.pharmacy.street_words import first_keys, forms
from ivr.pharmacy.streets import StreetFacts, rank, rank_near
from ivr.pharmacy.tables import Street
from ivr.postal.streets import take_apart

SAMPLE = Path(__file__).parent.parent / "bench" / "data" / "us-streets-by-zip-sample.csv"
DEMO = Path(streets.__file__).parent / "demo" / "street.csv"
NAMES = sorted({row["street"] for row in csv.DictReader(DEMO.read_text("utf-8").splitlines())})


def known(*names: str) -> tuple[StreetFacts, ...]:
    return tuple(StreetFacts(name, "AGAWAM", None, None) for name in names)


@pytest.mark.parametrize(
    ("street", "said"),
    [
        pytest.param("MAPLE STREET", ("MAPLE", "MAPLE ST", "MAPLE STREET"), id="kind in short, in full or left out"),
        pytest.param("N 186TH ST", ("186", "186TH", "NORTH 186", "N 186TH ST", "ONE HUNDRED EIGHTY"), id="a number"),
        pytest.param("FIFTH AVENUE", ("5", "5TH", "FIFTH"), id="a number written in words"),
        pytest.param("5TH AVE NW", ("FIFTH AVENUE NORTHWEST", "5TH NW", "5 AVE"), id="a number written in figures"),
        pytest.param("TWENTY-FIRST ST", ("21", "21ST", "TWENTY FIRST"), id="a number of two words"),
        pytest.param("EAST ELM ST", ("ELM", "EAST ELM", "E ELM"), id="a direction before"),
        pytest.param("ELM ST S", ("ELM", "ELM STREET SOUTH", "ELM S"), id="a direction after"),
        pytest.param("NORTH STREET", ("NORTH", "NORTH ST"), id="a direction for a name"),
        pytest.param("NORTH EAST STREET", ("EAST", "NORTH EAST"), id="two directions"),
        pytest.param("ST JAMES ST", ("SAINT JAMES", "ST JAMES"), id="Saint"),
        pytest.param("MT VERNON RD", ("MOUNT VERNON", "MT VERNON"), id="Mount"),
        pytest.param("FORT HILL AVE", ("FT HILL", "FORT HILL"), id="Fort"),
        pytest.param(
            "DR MARTIN LUTHER KING JR BLVD",
            ("MARTIN LUTHER KING", "DR MARTIN", "DOCTOR MARTIN", "MLK"),
            id="Martin Luther King",
        ),
        pytest.param("US HIGHWAY 98", ("98", "HIGHWAY 98", "US HIGHWAY"), id="a highway"),
        pytest.param("CR 375", ("375", "COUNTY ROAD", "CR 375"), id="a county road"),
        pytest.param("JOHN F KENNEDY DR", ("JOHN KENNEDY", "JFK", "JOHN F"), id="an initial left out"),
        pytest.param("O'BRIEN CT", ("OBRIEN",), id="an apostrophe"),
        pytest.param("AVENUE N", ("AVENUE N",), id="a letter for a name"),
        pytest.param("PEÑA WAY", ("PENA",), id="an accent"),
        pytest.param("PR-2", ("CARR 2", "CARRETERA", "PR 2"), id="a highway of Puerto Rico"),
    ],
)
def test_a_street_is_found_by_every_way_to_say_it(street: str, said: tuple[str, ...]) -> None:
    place = StreetFacts(street, "", None, None, state="PR" if street == "PR-2" else "")
    missed = [way for way in said if not rank([place], letters_to_keys(way), None)]
    assert not missed


@given(st.sampled_from(NAMES), st.data())
def test_every_beginning_of_every_form_finds_the_street(street: str, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(forms(street)))
    keyed = form[: data.draw(st.integers(1, len(form)))]
    assert rank(known(street), keyed, None)


@given(st.sampled_from(NAMES))
def test_the_quick_test_never_leaves_a_street_out(street: str) -> None:
    assert {form[0] for form in forms(street)} <= set(first_keys(street))


@given(st.sampled_from(NAMES), st.text("0123456789", min_size=1, max_size=30))
def test_a_street_fits_as_keyed_or_nearly_but_never_both(street: str, keyed: str) -> None:
    assert not (rank(known(street), keyed, None) and rank_near(known(street), keyed, None))


@given(st.text(max_size=40))
@example("²")
@example("² ST")
@example("CALLE ²")
def test_no_name_is_too_odd(street: str) -> None:
    assert take_apart(street)
    assert rank(known(street), "2", 7) in ((), known(street))


@pytest.mark.parametrize(
    ("keyed", "expected"),
    [
        pytest.param("62753", ["MAPLE STREET", "MAPLE ROAD", "MAPLE COURT", "MAPLEWOOD AVENUE"], id="busy kinds first"),
        pytest.param("6275396", ["MAPLEWOOD AVENUE"], id="more letters narrow"),
        pytest.param("62753268", ["MAPLE COURT"], id="the kind's letters narrow"),
        pytest.param("9999", [], id="nothing"),
    ],
)
def test_streets_that_fit_come_likeliest_first(keyed: str, expected: list[str]) -> None:
    found = rank(known("MAPLE COURT", "MAPLEWOOD AVENUE", "MAPLE ROAD", "MAPLE STREET", "OAK STREET"), keyed, None)
    assert [street.name for street in found] == expected


def test_a_number_keyed_in_full_goes_before_a_longer_one() -> None:
    found = rank(known("186TH STREET", "18TH COURT"), "18", None)
    assert [street.name for street in found] == ["18TH COURT", "186TH STREET"]


def test_a_street_that_has_the_house_number_goes_first() -> None:
    elms = (
        StreetFacts("ELM STREET", "", 1, 99),
        StreetFacts("ELM LANE", "", 100, 250),
        StreetFacts("ELM COURT", "", None, None),
    )
    assert [street.name for street in rank(elms, "356", 120)] == ["ELM LANE", "ELM COURT", "ELM STREET"]


def test_one_street_written_in_two_ways_comes_once_with_both_ranges() -> None:
    twice = (StreetFacts("ELM ST", "", 1, 40), StreetFacts("ELM STREET", "", 30, 99))
    assert rank(twice, "356", 50) == (StreetFacts("ELM ST", "", 1, 99),)


@pytest.mark.parametrize(
    "keyed",
    [
        pytest.param("62793", id="a wrong press"),
        pytest.param("6253", id="a press missing"),
        pytest.param("662753", id="a press doubled"),
        pytest.param("627537", id="right until the end"),
    ],
)
def test_one_slip_is_forgiven(keyed: str) -> None:
    streets_known = known("MAPLE AVENUE", "PINE STREET")
    found = rank(streets_known, keyed, None) or rank_near(streets_known, keyed, None)
    assert [street.name for street in found] == ["MAPLE AVENUE"]


@pytest.mark.parametrize("keyed", ["62993", "62", "99"])
def test_two_slips_are_not_and_few_presses_have_none(keyed: str) -> None:
    assert not rank_near(known("MAPLE AVENUE"), keyed, None)


def test_only_streets_of_the_zip_are_looked_up(connection: Connection) -> None:
    rows = [("94550", "MAPLE ST"), ("94551", "MAPLE CT"), ("9455", "X")]
    connection.execute(
        insert(Street),
        [{"zip": code, "name": name, "city": "L", "state": "CA"} for code, name in rows if len(code) == 5],
    )
    assert [street.name for street in streets.streets_of(connection, "94550")] == ["MAPLE ST"]
    assert streets.has_streets(connection, "94551")
    assert not streets.has_streets(connection, "94552")


@pytest.mark.parametrize(
    ("zip_code", "city", "state", "military"),
    [("01001", "Agawam", "MA", False), ("09012", "APO", "AE", True), ("96601", "FPO", "AP", True)],
)
def test_a_zip_tells_its_place(zip_code: str, city: str, state: str, military: bool) -> None:
    place = place_of(zip_code)
    assert place is not None
    assert (place.city, place.state, place.military) == (city, state, military)


@pytest.mark.parametrize("zip_code", ["00000", "", "1234", "94550-1234", "٩٤٥٥٠", "abcde"])
def test_what_is_no_zip_has_no_place(zip_code: str) -> None:
    assert place_of(zip_code) is None


def test_a_zip_tells_the_other_cities_it_serves() -> None:
    place = place_of("11101")
    assert place is not None
    assert "Astoria" in place.other_cities


def roads_of_the_sample() -> list[tuple[StreetFacts, list[StreetFacts]]]:
    zips: dict[str, list[StreetFacts]] = defaultdict(list)
    for row in csv.DictReader(SAMPLE.read_text("utf-8").splitlines()):
        zips[row["zip"]].append(StreetFacts(row["street"], row["city"], None, None, state=row["state"]))
    return [(s, known) for known in zips.values() for s in known if s.words.road and re.search("[0-9]", s.name)]


def test_every_numbered_road_of_the_sample_is_among_the_first_three_by_every_name() -> None:
    roads = roads_of_the_sample()
    missed = []
    for street, known_there in roads:
        number = "".join(street.words.name)
        anyhow = street.words.road and street.words.road.system in ("Interstate", "US", "State", "Highway", "Route")
        for way in (number, street.name, *((f"HIGHWAY {number}", f"ROUTE {number}") if anyhow else ())):
            found = [one.words.whole for one in rank(known_there, letters_to_keys(way), None)][:3]
            if street.words.whole not in found:
                missed.append((street.state, street.name, way, found))
    assert len(roads) > 120
    assert not missed
