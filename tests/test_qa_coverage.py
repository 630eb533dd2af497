from __future__ import annotations

import json

import pytest
from call_scripts import simulator
from test_qa_player import IDENTIFY, played

from ivr.qa.replay.coverage import Group, cells, exercised, lines, measure
from ivr.qa.replay.report import shares


def test_a_question_has_a_cell_for_everything_a_caller_can_do_there() -> None:
    transitions = {
        cell.transition for cell in cells(simulator().flows) if (cell.flow, cell.state) == ("checkout", "confirm")
    }
    assert transitions == {"7", "9", "*", "**", "0", "silence", "wrong", "too_many", "hang_up"}


def test_a_number_can_be_left_half_keyed() -> None:
    transitions = {
        cell.transition for cell in cells(simulator().flows) if (cell.flow, cell.state) == ("identify", "zip")
    }
    assert transitions == {"next", "*", "**", "0", "silence", "wrong", "too_many", "hang_up", "mid_number"}


def test_what_cannot_happen_is_no_cell() -> None:
    flows = simulator().flows
    for cell in cells(flows):
        state = flows.state(cell.flow, cell.state)
        if state.limits and cell.transition == "silence":
            assert state.limits.silence > 1


def test_a_question_in_every_language_counts_once() -> None:
    found = [cell for cell in cells(simulator().flows) if (cell.flow, cell.state) == ("main", "language")]
    assert {cell.language for cell in found} == {""}


@pytest.mark.parametrize(
    ("steps", "way"),
    [
        ("  - waits: silence\n", ("refill", "quick", "silence", "en")),
        ("  - presses: '8'\n", ("refill", "quick", "wrong", "en")),
        ("  - presses: '*'\n", ("refill", "quick", "*", "en")),
        ("  - presses: '0'\n", ("refill", "quick", "0", "en")),
        ("  - presses: '2'\n", ("refill", "quick", "2", "en")),
        ("  - hangs_up: now\n", ("refill", "quick", "hang_up", "en")),
        ("  - waits: silence\n    times: 3\n", ("refill", "quick", "too_many", "en")),
        ("  - presses: '3'\n  - presses: '7304'\n  - waits: silence\n", ("refill", "number", "mid_number", "en")),
        ("  - presses: '3'\n  - presses: '7304112#'\n", ("prescription", "assess", "refillable", "en")),
        ("  - presses: '0'\n", ("person", "connect", "answered", "en")),
    ],
)
def test_a_call_covers_what_it_passes_through(steps: str, way: tuple[str, ...]) -> None:
    covered = exercised(simulator().flows, [played(IDENTIFY + steps)])
    before = exercised(simulator().flows, [played(IDENTIFY)])
    assert way in covered
    assert way not in before


def test_what_is_missing_is_told_by_line_of_the_flow_file() -> None:
    flows = simulator().flows
    told = list(lines(flows, measure(flows, [played(IDENTIFY + "  - waits: silence\n")])))
    place = flows.state("refill", "quick").place
    head = f'{place.file}:{place.line} menu "quick": '
    assert [line.removeprefix(head) for line in told if line.startswith(head)] == [
        "key star, key star_again, key 0, key 1, key 2, key 3, hang-up, too many, wrong key never tried",
        "silence never tried (es)",
    ]


def test_one_language_can_be_measured_alone() -> None:
    flows = simulator().flows
    alone = measure(flows, [], ["es"])
    assert {cell.language for cell in alone.groups} == {"", "es"}
    assert alone.percent() == 0


def test_states_are_shaded_by_what_is_covered() -> None:
    flows = simulator().flows
    told = json.loads(shares(measure(flows, [played(IDENTIFY)])))
    assert 0 < told["main.menu"] < 1
    assert told["checkout.confirm"] == 0


def test_groups_are_measured_apart() -> None:
    flows = simulator().flows
    measured = measure(flows, [played(IDENTIFY + "  - waits: silence\n")])
    assert measured.percent(Group.ERROR_PATHS) < measured.percent(Group.OUTCOME) < 100
