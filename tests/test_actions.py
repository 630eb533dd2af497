"""What actions promise and say of what other rooms find."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from demo_line import SIMULATOR
from pharmacy_rows import NOW, days, rx

from ivr.line.actions import SPECS, speech
from ivr.orders.authorize import Progress
from ivr.payment.cards import NumberProblem
from ivr.pharmacy.findings import OpenOrder, Renewal
from ivr.pharmacy.refusals import Finding, FindingKind
from ivr.pharmacy.tables import OrderStatus, RenewalStatus
from ivr.prompts.spoken import Value


def test_an_action_that_tells_what_another_room_found_promises_all_of_it() -> None:
    assert set(SPECS["authorize_order"].outcomes) == {*Progress, "slow"}
    assert set(SPECS["check_card_number"].outcomes) == {*NumberProblem, "good"}
    assert set(SPECS["assess_prescription"].outcomes) == {*FindingKind, "already_chosen"}


ENDED = {FindingKind.NOT_FOUND, FindingKind.DISCONTINUED, FindingKind.REPLACED, FindingKind.REPLACED_BY_UNKNOWN}
ORDER = OpenOrder(1, "10000009", "web", OrderStatus.PLACED, NOW, None, days(9), None, None)


def told(finding: Finding) -> list[Value]:
    """Return the prompts that tell of a prescription in short."""
    return [state["prompt"] for state in speech.rx_state(finding, SIMULATOR.services) if isinstance(state, Mapping)]


@pytest.mark.parametrize("kind", FindingKind)
def test_every_prescription_that_has_not_ended_is_told_of_in_short(kind: FindingKind) -> None:
    finding = Finding(kind, rx(), days(3), days(9), days(5), days(9), order=ORDER)
    names = told(finding)
    assert (kind in ENDED) == (names == [])
    assert set(names) <= set(speech.RX_STATES)


@pytest.mark.parametrize("status", RenewalStatus)
def test_a_renewal_is_told_of_after_why_it_was_asked_for(status: RenewalStatus) -> None:
    finding = Finding(FindingKind.NONE_LEFT, rx(), renewal=Renewal("10000009", status, NOW))
    assert told(finding) == ["rx_state.none_left", f"rx_state.renewal_{status}"]
