"""What members ask about: renewals and transfers and their answers, orders in pages, prescriptions worth hearing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pharmacy_rows import NOW, TODAY, add_address, add_member, add_rx, add_transfer, days, draw_from, place
from sqlalchemy import Connection, update

from ivr.orders.find import OrderFacts, orders_of, urgent_order
from ivr.orders.place import OrderRequest, WantedLine
from ivr.pharmacy.answers import (
    NEWS_FOR,
    find_renewal,
    is_news,
    note_renewals_told,
    note_transfers_told,
    untold_renewals,
)
from ivr.pharmacy.numbers import make_number
from ivr.pharmacy.prescriptions import request_renewal, transfers_of, worth_hearing
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import HeldReason, OrderStatus, RenewalRequest

RULES = Rules()


def ordered(connection: Connection, member_id: int, count: int = 1, draw: int = 0) -> list[OrderFacts]:
    """Place orders, a day between each, of a new prescription each; return them, the latest first."""
    address_id = add_address(connection, member_id, kind="shipping")
    orders: list[OrderFacts] = []
    for each in range(count):
        rx_id = add_rx(connection, member_id, f"20000{member_id:02d}{each:02d}")
        request = OrderRequest(
            member_id, (WantedLine(rx_id, 1),), address_id, OrderStatus.PLACED, f"of-{member_id}-{each}"
        )
        order = place(connection, request, now=NOW + timedelta(days=each), draw=draw_from(draw + each))
        assert isinstance(order, OrderFacts)
        orders.insert(0, order)
    return orders


def renewed(connection: Connection, member_id: int, rx_number: str = "1234567", **changes: object) -> str:
    """Ask for a renewal of a new prescription, with changes of the row; return its number."""
    rx_id = add_rx(connection, member_id, rx_number)
    reference = request_renewal(connection, rx_id, NOW, "phone", draw_from(500 + rx_id)).reference
    if changes:
        connection.execute(update(RenewalRequest).where(RenewalRequest.reference == reference).values(**changes))
    return reference


def untold(connection: Connection, member_id: int) -> list[str]:
    return [renewal.reference for renewal in untold_renewals(connection, member_id, NOW)]


def test_a_number_of_an_order_is_never_drawn_for_a_renewal(connection: Connection) -> None:
    member_id = add_member(connection)
    (order,) = ordered(connection, member_id, draw=7)
    renewal = request_renewal(connection, add_rx(connection, member_id), NOW, "phone", draw_from(7))
    assert order.order_number == make_number(lambda: 7)
    assert renewal.reference == make_number(lambda: 8)


def test_a_number_of_a_renewal_is_never_drawn_for_an_order(connection: Connection) -> None:
    member_id = add_member(connection)
    renewal = request_renewal(connection, add_rx(connection, member_id), NOW, "phone", draw_from(7))
    (order,) = ordered(connection, member_id, draw=7)
    assert renewal.reference == make_number(lambda: 7)
    assert order.order_number == make_number(lambda: 8)


def test_a_renewal_is_found_by_its_own_member_only(connection: Connection) -> None:
    member_id, other_id = add_member(connection), add_member(connection, "10000002")
    reference = renewed(connection, member_id)
    found = find_renewal(connection, member_id, reference)
    assert found is not None
    assert (found.reference, found.status, found.rx_number) == (reference, "requested", "1234567")
    assert find_renewal(connection, other_id, reference) is None
    assert find_renewal(connection, member_id, make_number(lambda: 1)) is None


def test_an_answered_renewal_is_news_until_it_is_told(connection: Connection) -> None:
    member_id, other_id = add_member(connection), add_member(connection, "10000002")
    renewed(connection, member_id)
    renewed(connection, other_id, "7654321", status="denied")
    denied = renewed(connection, member_id, "1111111", status="denied")
    assert untold(connection, member_id) == [denied]
    note_renewals_told(connection, [renewal.id for renewal in untold_renewals(connection, member_id, NOW)], NOW)
    assert untold(connection, member_id) == []
    assert len(untold(connection, other_id)) == 1


@pytest.mark.parametrize(
    ("asked", "answered", "is_told"),
    [(-29, None, True), (-31, None, False), (-90, -29, True), (-90, -31, False)],
    ids=["asked lately", "asked long ago", "answered lately", "answered long ago"],
)
def test_an_old_answer_is_no_news(connection: Connection, asked: int, answered: int | None, is_told: bool) -> None:
    member_id = add_member(connection)
    answered_at = None if answered is None else NOW + timedelta(days=answered)
    asked_at = NOW + timedelta(days=asked)
    renewed(connection, member_id, status="approved", requested_at=asked_at, answered_at=answered_at)
    assert bool(untold(connection, member_id)) == is_told


def test_a_transfer_is_news_until_it_is_told_or_old(connection: Connection) -> None:
    member_id = add_member(connection)
    add_transfer(connection, member_id, status="confirmed", requested_on=days(-90), confirmed_on=days(-3))
    add_transfer(connection, member_id, status="rejected", requested_on=days(-1 - NEWS_FOR.days))
    add_transfer(connection, member_id, drug_name=None, from_pharmacy=None, requested_on=days(-1))
    transfers = transfers_of(connection, member_id, RULES)
    assert [(transfer.status, is_news(transfer, NOW)) for transfer in transfers] == [
        ("requested", False),
        ("rejected", False),
        ("confirmed", True),
    ]
    note_transfers_told(connection, [transfers[2].id], NOW)
    assert not any(is_news(transfer, NOW) for transfer in transfers_of(connection, member_id, RULES))


def test_orders_come_in_pages_the_latest_first(connection: Connection) -> None:
    member_id, other_id = add_member(connection), add_member(connection, "10000002")
    orders = ordered(connection, member_id, 8)
    ordered(connection, other_id, draw=100)
    assert orders_of(connection, member_id, 0, 6) == tuple(orders[:6])
    assert orders_of(connection, member_id, 5, 6) == tuple(orders[5:])
    assert orders_of(connection, member_id, 8, 6) == ()


@pytest.mark.parametrize(
    ("status", "held_reason"),
    [(OrderStatus.PENDING, None), (OrderStatus.HELD, HeldReason.PAYMENT), (OrderStatus.HELD, HeldReason.STOCK)],
)
def test_an_order_that_waits_comes_before_later_ones(
    connection: Connection, status: OrderStatus, held_reason: HeldReason | None
) -> None:
    member_id = add_member(connection)
    assert urgent_order(connection, member_id) is None
    rx_id, address_id = add_rx(connection, member_id), add_address(connection, member_id)
    request = OrderRequest(member_id, (WantedLine(rx_id, 1),), address_id, status, "waits", held_reason=held_reason)
    waiting = place(connection, request, now=NOW - timedelta(days=9), draw=draw_from(90))
    latest, _ = ordered(connection, member_id, 2)
    assert urgent_order(connection, member_id) == waiting != latest
    (of_other,) = ordered(connection, add_member(connection, "10000002"), draw=100)
    assert urgent_order(connection, of_other.member_id) == of_other


def test_prescriptions_worth_hearing_come_soonest_due_first_and_expired_ones_last(connection: Connection) -> None:
    member_id, other_id = add_member(connection), add_member(connection, "10000002")
    add_rx(connection, other_id, "9999999")
    add_rx(connection, member_id, "1111111", expires_on=days(-3))
    add_rx(connection, member_id, "2222222", expires_on=days(-181))
    add_rx(connection, member_id, "3333333", last_filled_on=days(-2), days_supplied=200)
    add_rx(connection, member_id, "4444444", status="replaced", replaced_by="3333333")
    add_rx(connection, member_id, "5555555", status="discontinued")
    add_rx(connection, member_id, "6666666", status="on_hold", last_filled_on=days(-30), days_supplied=60)
    add_rx(connection, member_id, "7777777", first_filled_on=None, last_filled_on=None)
    add_transfer(connection, member_id, status="confirmed", rx_number="7777777")
    findings = worth_hearing(connection, member_id, TODAY, RULES)
    assert [(found.prescription.rx_number, str(found.kind)) for found in findings if found.prescription] == [
        ("6666666", "on_hold"),
        ("7777777", "refillable"),
        ("3333333", "too_soon"),
        ("1111111", "expired"),
    ]


def test_a_prescription_worth_hearing_comes_with_its_latest_renewal(connection: Connection) -> None:
    member_id = add_member(connection)
    ids = [add_rx(connection, member_id, number, refills_left=0) for number in ("1111111", "2222222", "3333333")]
    request_renewal(connection, ids[0], NOW, "phone", draw_from())
    connection.execute(update(RenewalRequest).values(status="denied"))
    request_renewal(connection, ids[0], NOW + timedelta(days=1), "web", draw_from(1))
    request_renewal(connection, ids[1], NOW, "phone", draw_from(2))
    connection.execute(update(RenewalRequest).where(RenewalRequest.prescription_id == ids[1]).values(status="approved"))
    findings = worth_hearing(connection, member_id, TODAY, RULES)
    assert [found.renewal and found.renewal.status for found in findings] == ["requested", "approved", None]
