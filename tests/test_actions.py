"""What actions promise of what other rooms find."""

from __future__ import annotations

from ivr.line.actions import SPECS
from ivr.orders.authorize import Progress
from ivr.payment.cards import NumberProblem
from ivr.pharmacy.refusals import FindingKind


def test_an_action_that_tells_what_another_room_found_promises_all_of_it() -> None:
    assert set(SPECS["authorize_order"].outcomes) == {*Progress, "slow"}
    assert set(SPECS["check_card_number"].outcomes) == {*NumberProblem, "good"}
    assert set(SPECS["assess_prescription"].outcomes) == {*FindingKind, "already_chosen"}
