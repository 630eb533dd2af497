"""Every entry of Publication 28: found by keypad, and spoken right in both languages.

The tables in `tests/data` were written by hand, the spoken columns too: none of it comes from the project's own words.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ivr.keypad import letters_to_keys
from ivr.languages import LANGUAGES
from ivr.pharmacy.streets import StreetFacts, rank
from ivr.postal.streets import take_apart
from ivr.postal.words import (
    DESIGNATORS,
    DIRECTIONS,
    PUBLISHED_SUFFIXES,
    SPANISH_KINDS,
    STATES,
    SUFFIX_LETTERS,
)
from ivr.prompts.spoken import speak
from ivr.prompts.spoken.addresses import speak_street

DATA = Path(__file__).parent / "data"


def table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((DATA / name).read_text("utf-8").splitlines()))


STREETS = table("publication28-streets.csv")
UNITS = table("publication28-units.csv")


@pytest.mark.parametrize("row", STREETS, ids=lambda row: row["example"])
def test_every_street_of_publication_28_is_found_and_said(row: dict[str, str]) -> None:
    street = StreetFacts(row["example"], "", None, None)
    for keyed in filter(None, (row["keyed"], row["example"])):
        assert rank([street], letters_to_keys(keyed), None), f"not found by {keyed}"
    assert speak_street(row["example"], LANGUAGES["en"]) == row["english"]
    assert speak_street(row["example"], LANGUAGES["es"]) == row["spanish"]


@pytest.mark.parametrize("row", UNITS, ids=lambda row: row["example"])
def test_every_unit_designator_is_said(row: dict[str, str]) -> None:
    unit = {"unit": row["example"]}
    assert (speak("address", unit, "en"), speak("address", unit, "es")) == (row["english"], row["spanish"])


def test_the_tables_hold_every_entry() -> None:
    suffixes = {row["entry"] for row in STREETS if row["list"] == "C1"}
    assert set(PUBLISHED_SUFFIXES) == suffixes
    assert set(DIRECTIONS) == {row["entry"] for row in STREETS if row["list"] == "B"}
    assert set(DESIGNATORS.values()) <= {row["entry"] for row in UNITS}
    assert (len(SUFFIX_LETTERS), len(PUBLISHED_SUFFIXES)) == (206, 549)
    assert (len(set(DESIGNATORS.values())), len(DESIGNATORS), len(STATES)) == (24, 56, 62)
    assert (len(set(SPANISH_KINDS.values())), len(SPANISH_KINDS)) == (15, 34)


@pytest.mark.parametrize("letters", STATES)
def test_every_state_is_said_and_names_its_highways(letters: str) -> None:
    said = {code: speak("address", {"state": letters}, code) for code in LANGUAGES}
    assert said["en"] == STATES[letters]
    assert len(said["es"]) > 2
    if letters in ("FM", "MH", "PW", "AS", "AA", "AE", "AP", "MP"):  # Farm to Market, and no highways of their own
        return
    street = StreetFacts(f"{letters} HWY 12", "", None, None, state=letters)
    for keyed in (f"{letters} 12", f"{STATES[letters]} 12", f"{STATES[letters]} HIGHWAY 12", "HIGHWAY 12", "12"):
        assert rank([street], letters_to_keys(keyed), None), keyed
    assert speak_street(f"{letters}-12", LANGUAGES["en"], letters) == f"{STATES[letters]} twelve"
    assert take_apart(f"{letters} 12", letters).whole == take_apart(f"{STATES[letters]} HIGHWAY 12", letters).whole


ROADS = table("roads.csv")


@pytest.mark.parametrize("row", ROADS, ids=lambda row: f"{row['street']} {row['state']}".strip())
def test_every_road_is_found_by_its_names_and_said(row: dict[str, str]) -> None:
    street = StreetFacts(row["street"], "", None, None, state=row["state"])
    missed = [way for way in row["keyed"].split("|") if not rank([street], letters_to_keys(way), None)]
    assert not missed
    assert speak_street(row["street"], LANGUAGES["en"], row["state"]) == row["spoken"]
    spanish = row["spanish"] or row["spoken"]  # the names of streets stay English
    assert speak_street(row["street"], LANGUAGES["es"], row["state"]) == spanish


@pytest.mark.parametrize("row", table("same-streets.csv"), ids=lambda row: row["one"])
def test_one_street_in_two_spellings_is_offered_once(row: dict[str, str]) -> None:
    pair = [StreetFacts(row[name], "", None, None, state=row["state"]) for name in ("one", "other")]
    found = rank(pair, letters_to_keys(row["keyed"]), None)
    assert len(found) == (1 if row["same"] == "yes" else 2)
