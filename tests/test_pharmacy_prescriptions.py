"""Prescriptions looked up in a database and judged; renewal requests; transfers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pharmacy_rows import NOW, TODAY, add_address, add_member, add_rx, add_transfer, days, draw_from, place
from sqlalchemy import Connection, event, func, select, update

from ivr.orders.find import OrderFacts
from ivr.orders.place import OrderRequest, WantedLine
from ivr.pharmacy.numbers import is_well_formed
from ivr.pharmacy.prescriptions import assess, refillable, request_renewal, transfers_of
from ivr.pharmacy.refusals import Finding
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import OrderStatus, RenewalRequest, Transfer, TransferStatus
from ivr.pharmacy.transfers import request_transfer, requested_on, waiting_transfers

RULES = Rules()


def assessed(connection: Connection, member_id: int, number: str = "1234567") -> Finding:
    return assess(connection, member_id, number, TODAY, RULES)


def test_an_unknown_number_and_another_members_are_answered_alike(connection: Connection) -> None:
    member_id, other_id = add_member(connection), add_member(connection, "10000002")
    add_rx(connection, other_id)
    assert assessed(connection, member_id) == assessed(connection, member_id, "7654321")


def test_a_prescription_is_judged_with_what_its_row_says(connection: Connection) -> None:
    member_id = add_member(connection)
    rx_id = add_rx(connection, member_id)
    finding = assessed(connection, member_id)
    assert finding.prescription is not None
    assert (finding.kind, finding.prescription.id, finding.due_on) == ("refillable", rx_id, days(-2))


@pytest.mark.parametrize(
    ("chain", "newest"),
    [
        ({"2222222": None}, "2222222"),
        ({"2222222": "3333333", "3333333": None}, "3333333"),
        ({"2222222": "1234567"}, None),
        ({"2222222": "2222222"}, None),
        ({}, None),
    ],
    ids=["one newer", "the newest of several", "in a circle", "replaced by itself", "by one that is not there"],
)
def test_replaced_prescriptions_lead_to_the_newest(
    connection: Connection, chain: dict[str, str | None], newest: str | None
) -> None:
    member_id = add_member(connection)
    add_rx(connection, member_id, status="replaced", replaced_by="2222222")
    for number, newer in chain.items():
        add_rx(connection, member_id, number, status="replaced" if newer else "active", replaced_by=newer)
    finding = assessed(connection, member_id)
    assert (finding.kind, finding.newer_rx_number) == ("replaced" if newest else "replaced_by_unknown", newest)


def test_a_chain_never_leads_to_another_members_prescription(connection: Connection) -> None:
    member_id, other_id = add_member(connection), add_member(connection, "10000002")
    add_rx(connection, member_id, status="replaced", replaced_by="2222222")
    add_rx(connection, other_id, "2222222")
    assert assessed(connection, member_id).newer_rx_number is None


def test_a_transfer_tells_since_when_and_by_when(connection: Connection) -> None:
    member_id = add_member(connection)
    add_rx(connection, member_id, status="transfer_pending", first_filled_on=None, last_filled_on=None)
    assert assessed(connection, member_id).transfer is None
    add_transfer(connection, member_id, rx_number="1234567", requested_on=days(-3))
    finding = assessed(connection, member_id)
    assert finding.kind == "transfer_pending"
    assert finding.transfer
    assert (finding.transfer.requested_on, finding.transfer.by) == (days(-3), days(4))


@pytest.mark.parametrize(
    ("status", "kind"), [("requested", "first_fill"), ("rejected", "first_fill"), ("confirmed", "refillable")]
)
def test_only_a_confirmed_transfer_can_be_filled_first_by_a_refill(
    connection: Connection, status: str, kind: str
) -> None:
    member_id = add_member(connection)
    add_rx(connection, member_id, first_filled_on=None, last_filled_on=None, days_supplied=0)
    add_transfer(connection, member_id, rx_number="1234567", status=status)
    assert assessed(connection, member_id).kind == kind
    assert len(refillable(connection, member_id, TODAY, RULES)) == (kind == "refillable")


def test_the_newest_transfer_comes_first(connection: Connection) -> None:
    member_id = add_member(connection)
    assert transfers_of(connection, member_id, RULES) == ()
    add_transfer(connection, member_id, requested_on=days(-30), status="confirmed")
    add_transfer(connection, member_id, requested_on=days(-1), drug_name="Atorvastatin")
    latest, _ = transfers_of(connection, member_id, RULES)
    assert (latest.drug_name, latest.status, latest.by) == ("Atorvastatin", "requested", days(4))


def test_a_transfer_asked_for_by_telephone_is_asked_for_once(connection: Connection) -> None:
    member_id, other_id = add_member(connection), add_member(connection, "10000002")
    asked = (member_id, "+18005550142", "0042")
    assert requested_on(connection, *asked) is None
    assert request_transfer(connection, *asked, days(-2)) == days(-2)
    assert request_transfer(connection, *asked, TODAY) == requested_on(connection, *asked) == days(-2)
    assert request_transfer(connection, other_id, *asked[1:], TODAY) == TODAY
    assert request_transfer(connection, member_id, "+18005550142", "42", TODAY) == TODAY
    waiting = [(row.member_number, row.from_rx_number, row.drug_name) for row in waiting_transfers(connection, 5)]
    assert waiting == [("10000001", "0042", None), ("10000002", "0042", None), ("10000001", "42", None)]
    assert [row.from_rx_number for row in waiting_transfers(connection, 1)] == ["0042"]


def test_an_answered_transfer_may_be_asked_for_anew(connection: Connection) -> None:
    member_id = add_member(connection)
    asked = (member_id, "+18005550142", "0042")
    request_transfer(connection, *asked, days(-9))
    connection.execute(update(Transfer).values(status=TransferStatus.REJECTED))
    assert requested_on(connection, *asked) is None
    assert waiting_transfers(connection, 5) == ()
    assert request_transfer(connection, *asked, TODAY) == TODAY
    latest = transfers_of(connection, member_id, RULES)[0]
    assert (latest.status, latest.drug_name, latest.from_pharmacy) == ("requested", None, None)


def test_an_open_order_is_told_with_the_finding(connection: Connection) -> None:
    member_id = add_member(connection)
    rx_id, address_id = add_rx(connection, member_id), add_address(connection, member_id)
    request = OrderRequest(member_id, (WantedLine(rx_id, 1),), address_id, OrderStatus.PLACED, "web-1", channel="web")
    order = place(connection, request)
    assert isinstance(order, OrderFacts)
    finding = assessed(connection, member_id)
    assert finding.kind == "already_ordered"
    assert finding.order is not None
    assert (finding.order.order_number, finding.order.channel) == (order.order_number, "web")


def test_what_can_be_refilled_is_listed_soonest_to_run_out_first(connection: Connection) -> None:
    member_id = add_member(connection)
    add_rx(connection, member_id, "1111111")
    add_rx(connection, member_id, "2222222", last_filled_on=days(-25))
    add_rx(connection, member_id, "3333333", first_filled_on=None, last_filled_on=None)
    add_transfer(connection, member_id, rx_number="3333333", status="confirmed")
    for number, changes in {
        "4444444": {"last_filled_on": days(0)},
        "5555555": {"refills_left": 0},
        "6666666": {"status": "on_hold"},
        "7777777": {"mailable": False},
        "8888888": {"schedule": 2},
        "9999999": {"first_filled_on": None, "last_filled_on": None},
    }.items():
        add_rx(connection, member_id, number, **changes)  # type: ignore[arg-type]
    add_rx(connection, add_member(connection, "10000002"), "1000000")
    listed = refillable(connection, member_id, TODAY, RULES)
    numbers = [finding.prescription.rx_number for finding in listed if finding.prescription]
    assert numbers == ["3333333", "2222222", "1111111"]


def test_the_list_costs_two_statements_however_long_it_is(connection: Connection) -> None:
    member_id = add_member(connection)
    for number in range(40):
        add_rx(connection, member_id, str(1000000 + number))
    add_rx(connection, member_id, "9999999", first_filled_on=None, last_filled_on=None)
    with counted(connection) as statements:
        assert len(refillable(connection, member_id, TODAY, RULES)) == 40
    assert len(statements) == 2


@contextmanager
def counted(connection: Connection) -> Iterator[list[str]]:
    """Collect the statements that run inside the block."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    engine = connection.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_a_renewal_is_asked_for_once(connection: Connection) -> None:
    member_id = add_member(connection)
    rx_id = add_rx(connection, member_id, refills_left=0)
    assert assessed(connection, member_id).renewal is None
    asked = request_renewal(connection, rx_id, NOW, "phone", draw_from(5))
    assert (asked.status, asked.requested_at, asked.already) == ("requested", NOW, False)
    assert is_well_formed(asked.reference)
    again = request_renewal(connection, rx_id, NOW, "web", draw_from(6))
    assert (again.reference, again.already) == (asked.reference, True)
    assert connection.scalar(select(func.count()).select_from(RenewalRequest)) == 1
    assert assessed(connection, member_id).renewal == again


def test_a_denied_renewal_is_told_and_may_be_asked_for_again(connection: Connection) -> None:
    member_id = add_member(connection)
    rx_id = add_rx(connection, member_id, refills_left=0)
    first = request_renewal(connection, rx_id, NOW, "phone", draw_from())
    connection.execute(update(RenewalRequest).values(status="denied"))
    denied = assessed(connection, member_id).renewal
    assert denied is not None
    assert (denied.reference, denied.status) == (first.reference, "denied")
    second = request_renewal(connection, rx_id, NOW, "phone", draw_from(1))
    assert not second.already
    assert second.reference != first.reference


def test_a_reference_that_is_taken_is_drawn_again(connection: Connection) -> None:
    member_id = add_member(connection)
    first = request_renewal(connection, add_rx(connection, member_id), NOW, "phone", draw_from())
    second = request_renewal(connection, add_rx(connection, member_id, "7654321"), NOW, "phone", draw_from())
    assert not second.already
    assert second.reference != first.reference


def test_references_that_run_out_are_an_error_and_no_endless_loop(connection: Connection) -> None:
    member_id = add_member(connection)
    request_renewal(connection, add_rx(connection, member_id), NOW, "phone", lambda: 0)
    with pytest.raises(RuntimeError, match="20 references drawn for a renewal request are all taken"):
        request_renewal(connection, add_rx(connection, member_id, "7654321"), NOW, "phone", lambda: 0)
