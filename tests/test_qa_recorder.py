from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from call_scripts import simulator, vocabulary
from hypothesis import given
from hypothesis import strategies as st

from ivr.cli.record import recorded_call
from ivr.errors import Report
from ivr.keypad import check_digit
from ivr.pharmacy.numbers import is_well_formed
from ivr.qa.explore.found_calls import open_scenario
from ivr.qa.record.pseudonyms import NOWHERE, Pseudonyms
from ivr.qa.record.recorder import RecordedCall, RecordError, record
from ivr.qa.replay.caller import SimulatedCaller
from ivr.qa.replay.player import play
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.script import Capture, HangsUp, Presses, Waits
from ivr.qa.scripts.writer import write

PHONE = "+19255550142"


def recorded(keys: Sequence[str], from_number: str = "+15105550100", capture: Capture = "keypad") -> RecordedCall:
    """Make a call, `,` being a silence and `h` a hang-up, and read it from the journal."""
    with open_scenario(simulator(), "nobody", capture) as scenario:
        caller = SimulatedCaller(scenario, simulator().flows, "en", from_number, "+18002457979", "nobody", "recorded")
        for key in keys:
            caller.act(Waits(NOWHERE) if key == "," else HangsUp(NOWHERE) if key == "h" else Presses(NOWHERE, key))
        caller.finish()
        return recorded_call(simulator().settings, scenario.database, caller.handset.call_sid)


IDENTIFY = ["1", "1", "41200017#", "94550"]
CALLS = {
    "an order with the card on file": [*IDENTIFY, "1", "7", "9"],
    "in Spanish, by number, with a new card": (
        [
            "2",
            "1",
            "41200702#",
            "93230",
            "3",
            "7306030#",
            "1",
            "9",
            "1",
            "9",
            "5555555555554444#",
            "0330",
            "123",
            "2",
            "7",
        ]
    ),
    "silence and wrong keys": ["1", ",", "6", "1", ",", "4120#", "41200017#", "94550", ",", "h"],
    "the address and card asked for": [*IDENTIFY, "1", "9", "3", "1", "1", "7"],
    "a hang-up before the order": [*IDENTIFY, "1", "1", "h"],
    "a renewal": [*IDENTIFY, "3", "7304660#", "1", "9"],
    "a wrong ZIP code": ["1", "1", "41200017#", "00501", "41200017#", "94550"],
    "nobody known": ["1", "3", "9"],
    "a new card that is declined": [
        *("1", "1", "41203716#", "20007", "1", "1"),
        *("4000000000000002#", "1230", "123", "2", "7", "1", "5555555555554444#", "1230", "123", "2", "7"),
    ],
    "a declined card": ["1", "1", "41203579#", "06040", "1", "7", "3"],
    "pound by habit": ["1#", "1#", "41200017#", "94550#", "1#", "7"],
    "a doubled zero": ["1", "3", "2", "2000170#", "4120001700", ",", "9"],
    "a transfer asked for": ["1", "4", "2", "41200017#", "94550", "18885550187", "0042#", "7", "9"],
    "an order asked about": ["1", "2", "41203305#", "77004", "9", "1", "43688555", "9", "9"],
    "a renewal asked about": ["1", "2", "41200839#", "93662", "1", "61204558", "3", "2", "9", "9"],
}


@pytest.mark.parametrize("keys", CALLS.values(), ids=CALLS.keys())
def test_a_recorded_call_replays_on_an_empty_machine(keys: list[str]) -> None:
    text = write([record(simulator(), recorded(keys), "Recorded")])
    report = Report()
    (script,) = read_scripts("recorded.yaml", text, report, vocabulary())
    assert report.problems == []
    assert play(script, simulator(), script.language).problems == ()


NEW_CARD = ["1", "1", "41203716#", "20007", "1", "1"]
CARRIER_CALLS = {
    "a card": [*NEW_CARD, "4242424242424242", "1230", "123", "2", "7", "9"],
    "one that is declined": [*NEW_CARD, "4000000000000002", "1230", "123", "2", "7", "3"],
    "star, and a card": [*NEW_CARD, "42*", "1", "5555555555554444", "1230", "123", "1"],
    "silence": [*NEW_CARD, ",", ",", ",", "3"],
    "wrong entries": [*NEW_CARD, "4242424242424241", ",", "4242#", "3"],
    "a card that no connector knows": [*NEW_CARD, "5454545454545454", "1230", "123", "3"],
    "a hang-up": [*NEW_CARD, "4242", "h"],
}


@pytest.mark.parametrize("keys", CARRIER_CALLS.values(), ids=CARRIER_CALLS.keys())
def test_a_call_whose_card_the_carrier_took_is_recorded_without_it(keys: list[str]) -> None:
    draft = record(simulator(), recorded(keys, capture="pay"), "Recorded")
    text = write([draft])
    assert "5555555555554444" not in text
    (script,) = read_scripts("recorded.yaml", text, Report(), vocabulary())
    assert script.capture == "pay"
    assert play(script, simulator(), script.language).problems == ()


@pytest.mark.parametrize("keys", CALLS.values(), ids=CALLS.keys())
def test_a_recorded_call_goes_the_same_way(keys: list[str]) -> None:
    recording = recorded(keys)
    draft = record(simulator(), recording, "Recorded")
    again = replace(recording, turns=recording.turns)
    assert record(simulator(), again, "Recorded") == draft


@pytest.mark.parametrize(
    "keys",
    [[*IDENTIFY[1:], "1", "7", "9"], ["8", "2", "1", "h"], ["3", "9"]],
    ids=["an order", "another language", "nobody known"],
)
def test_a_call_from_a_members_own_phone_is_recorded_as_one(keys: list[str]) -> None:
    text = write([record(simulator(), recorded(keys, PHONE), "Recorded")])
    assert "hears: main.greeting" in text
    assert PHONE not in text
    (script,) = read_scripts("recorded.yaml", text, Report(), vocabulary())
    assert play(script, simulator(), script.language).problems == ()


def test_nobody_is_known_by_a_recorded_call() -> None:
    keys = [*IDENTIFY[1:], "3", "7304112#", "1", "9", "1", "9", "371449635398431#", "0330", "1234", "1", "7"]
    text = write([record(simulator(), recorded(keys, PHONE), "Recorded")])
    private = (
        "41200017",
        "Ellison",
        "Margaret",
        "Metformin",
        "7304112",
        "Blossom",
        "371449",
        PHONE,
        "1951-04-22",
        "Whitmore",
    )
    assert [found for found in private if found in text] == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["1", "5454545454545454"], "step 6 of the call is one of a number that was keyed at menus; it is not kept"),
        (["1", *"5454545454545454"], "the keys of this call, put together, could be a card's number; they are not"),
    ],
    ids=["at once", "slowly"],
)
def test_a_card_keyed_at_menus_comes_into_no_script(keys: list[str], said: str) -> None:
    with pytest.raises(RecordError, match=said):
        record(simulator(), recorded(keys), "Recorded")


def test_a_call_with_many_choices_is_recorded() -> None:
    keys = "132325454"
    text = write([record(simulator(), recorded([*keys, "h"]), "Recorded")])
    assert [line.split("'")[1] for line in text.splitlines() if "presses" in line] == list(keys)


def test_dates_count_from_the_day_of_the_call() -> None:
    text = write([record(simulator(), recorded(CALLS["an order with the card on file"]), "Recorded")])
    assert "last_filled_on: '-16d'" in text
    assert "refills_left: '5'" in text  # as it was before the order


def test_a_call_that_went_a_way_these_flows_do_not_have_is_told() -> None:
    recording = recorded(IDENTIFY)
    turns = recording.turns
    strange = replace(turns[-1], trace_steps=(replace(turns[-1].trace_steps[0], branch="elsewhere"),))
    with pytest.raises(RecordError, match=r'step 4 of the call \("keys •••••" at identify.zip\) cannot be made again'):
        record(simulator(), replace(recording, turns=(*turns[:-1], strange)), "Recorded")


@given(st.text("0123456789", min_size=3, max_size=11))
def test_stand_ins_pass_the_checks_of_real_numbers(body: str) -> None:
    assert is_well_formed(body + check_digit(body))


@given(st.lists(st.text("0123456789", min_size=7, max_size=12), unique=True, max_size=20))
def test_a_number_has_one_stand_in_of_its_length(real: list[str]) -> None:
    pseudonyms = Pseudonyms()
    first = [pseudonyms.number("rx_number", number) for number in real]
    assert first == [pseudonyms.number("rx_number", number) for number in real]
    assert [len(number) for number in first] == [len(number) for number in real]
    assert len(set(first)) == len(real)
