"""What a call leaves in the journal: names and choices, never a number that was keyed."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from demo_line import IDENTIFIED, VERSION, DemoLine
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.call import TraceStep
from ivr.flow.graph import all_states
from ivr.line.actions import SPECS
from ivr.line.actions.keyed import CARRIER_CARD
from ivr.line.journal import CARD_KEYS, MOST_SHOWN, mask
from ivr.payment.published_cards import KNOWN_CARDS
from ivr.secret import DOT

WAYS = (
    "",
    "1",
    "11",
    IDENTIFIED,
    IDENTIFIED + "193",
    IDENTIFIED + "1932",
    IDENTIFIED + "3",
    IDENTIFIED + "1",
    "12",
    "13",
    "14",
)
"""Keys to questions of each sort, at which a card may be keyed though none is asked for."""


def journal(demo_line: DemoLine) -> list[tuple[str, str]]:
    """Return the events and the ways of a call, turn by turn."""
    rows = demo_line.rows("SELECT event, trail FROM journal ORDER BY id")
    return [(str(event), str(trail)) for event, trail in rows]


def in_clear(demo_line: DemoLine) -> list[str]:
    """Return the digits that stand in the events, and those in the ways, joined over the turns."""
    events, trails = zip(*journal(demo_line), strict=True)
    branches = [branch for trail in trails for _, _, branch in json.loads(trail)]
    return ["".join(re.findall(r"\d", "".join(texts))) for texts in (events, branches)]


def runs(number: str, length: int = 6) -> set[str]:
    """Return every run of so many digits of a number."""
    return {number[at : at + length] for at in range(len(number) - length + 1)}


def found(demo_line: DemoLine, number: str) -> list[str]:
    return [run for run in runs(number) for text in in_clear(demo_line) if run in text]


def test_the_code_of_a_card_is_dots_though_the_processor_is_asked_between(demo_line: DemoLine) -> None:
    demo_line.call(IDENTIFIED + "1929" + "371449635398431#" + "1130" + "9874" + "2")
    events = [event for event, _ in journal(demo_line)]
    assert "keys ••••" in events
    assert not [event for event in events if "987" in event or "1130" in event or "3714" in event]


def test_of_an_order_only_choices_stand_in_clear(demo_line: DemoLine) -> None:
    demo_line.call(IDENTIFIED + "3" + "7304112#" + "3" + "9" + "1" + "9" + "5555555555554444#" + "1130" + "987" + "27")
    assert [event.removeprefix("keys ") for event, _ in journal(demo_line) if event.startswith("keys")] == [
        *("1", "1", "••••••••", "•••••", "3", "•••••••", "3", "9", "1", "9"),
        *("••••••••••••••••", "••••", "•••", "2", "7"),
    ]


def test_the_usual_call_stands_whole(demo_line: DemoLine) -> None:
    demo_line.call(IDENTIFIED + "179")
    events = [event for event, _ in journal(demo_line) if event.startswith("keys")]
    assert [event for event in events if DOT not in event] == ["keys 1"] * 3 + ["keys 7", "keys 9"]


def test_a_key_that_a_menu_does_not_offer_is_a_dot(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call("1")
    phone.press("6")
    phone.press("#")
    phone.press("*")
    phone.press("0")
    assert [event for event, _ in journal(demo_line)][-4:] == ["keys •", "keys •", "keys *", "keys 0"]


@pytest.mark.parametrize("number", sorted(card.number for card in KNOWN_CARDS if "0000" not in card.number))
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_card_keyed_anywhere_leaves_no_run_of_its_digits(demo_line: DemoLine, number: str) -> None:
    """Of numbers that are mostly zeros a run would be found in any five zeros, and the four before them."""
    for way in WAYS:
        for ahead in (True, False):
            demo_line.run("DELETE FROM journal")
            demo_line.run("DELETE FROM lock_out")
            phone, _ = demo_line.call(way)
            for keys in [number] if ahead else number:
                phone.press(keys)
            assert found(demo_line, number) == [], f"at {way or 'the beginning'}"


def test_of_a_card_that_options_would_show_five_digits_remain(demo_line: DemoLine) -> None:
    """5 and 4 lead from the main menu and back: each of its digits is an option."""
    phone, _ = demo_line.call("1")
    phone.press("5454545454545454")
    events = [event for event, _ in journal(demo_line)]
    assert events[:9] == ["started", "keys 1", "keys 5", "keys 4", "keys 5", "keys 4", "keys •", "keys •", "keys •"]
    assert found(demo_line, "5454545454545454") == []
    trails = [trail for _, trail in journal(demo_line)]
    assert trails[6:17] == ["[]"] * 11, "nor can they be told from the names of the states"


Turn = tuple[str, str, bool, timedelta]
"""Keys, where they led, whether a menu asked for them, and how long after."""
KEYS = st.text("0123456789*#", min_size=1, max_size=7)
TURNS = st.lists(
    st.tuples(
        KEYS,
        st.sampled_from(["same", "choice", "wrong", "next", "silence"]),
        st.booleans(),
        st.timedeltas(timedelta(), timedelta(seconds=9)),
    ),
    max_size=40,
)


@given(TURNS)
def test_no_more_than_five_of_sixteen_keys_stand(turns: list[Turn]) -> None:
    shown, keyed, told = "", "", ""
    for keys, answer, is_menu, pause in turns:
        branch = keys[0] if answer == "same" else answer
        masked, trail, shown = mask(keys, [TraceStep("main", "ask", branch)], shown, is_menu=is_menu, pause=pause)
        assert len(masked) == len(keys)
        assert is_menu or set(masked) == {DOT}
        assert set(masked[1:]) <= {DOT}
        keyed += keys
        in_sight = masked[0].isdigit() or any(trace_step.branch.isdigit() for trace_step in trail)
        told += ("1" if in_sight else "0") + "0" * len(keys[1:])
    assert max((told[at : at + CARD_KEYS].count("1") for at in range(len(told))), default=0) <= MOST_SHOWN


def test_every_number_that_is_asked_for_has_a_kind() -> None:
    answers = [answer for spec in SPECS.values() for answer in spec.answers.items()]
    kinds = {name for name, kind in answers if kind is not CARRIER_CARD}  # which nobody keys here
    asked = {state.number.save for _, state in all_states(VERSION.flows) if state.number}
    assert asked == kinds
