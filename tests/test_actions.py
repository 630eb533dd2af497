"""What actions promise, and what they are: the two tables hold each other."""

from __future__ import annotations

from ivr.line.actions import ACTIONS, Outside
from ivr.line.specs import SPECS
from ivr.orders.authorize import Progress
from ivr.payment.cards import NumberProblem
from ivr.pharmacy.refusals import FindingKind


def test_every_action_promises_and_every_promise_has_its_action() -> None:
    assert set(ACTIONS) == set(SPECS)


def test_what_asks_the_outside_world_says_so() -> None:
    assert {name for name, action in ACTIONS.items() if isinstance(action, Outside)} == {
        name for name, spec in SPECS.items() if spec.outside
    }


def test_an_action_that_tells_what_another_room_found_promises_all_of_it() -> None:
    assert set(SPECS["settle_order"].outcomes) == {*Progress, "slow"}
    assert set(SPECS["check_card_number"].outcomes) == {*NumberProblem, "good"}
    assert set(SPECS["assess_prescription"].outcomes) == {*FindingKind, "replaced_by_unknown", "already_chosen"}
