"""Orders placed, repeated, refused and found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from pharmacy_rows import NOW, TODAY, add_address, add_member, add_rx, cancel, days, draw_from, place
from sqlalchemy import Connection, func, select, update

from ivr.orders.events import Actor
from ivr.orders.find import (
    OrderFacts,
    due_to_ship,
    find_order,
    latest_order,
    order_by_number,
    pending_since_before,
)
from ivr.orders.place import OrderRequest, TakenError, WantedLine
from ivr.orders.ship import ship_order
from ivr.orders.statuses import move_order
from ivr.pharmacy.numbers import RandomNumber, is_well_formed
from ivr.pharmacy.refusals import FindingKind
from ivr.pharmacy.tables import HeldReason, OrderLine, OrderStatus, Prescription, RefillOrder


def plain_request(connection: Connection, *prescription_ids: int, n: int = 1) -> OrderRequest:
    """Ask for these prescriptions, or for a new member's only one."""
    if not prescription_ids:
        prescription_ids = (add_rx(connection, add_member(connection)),)
    member_id = connection.scalars(select(Prescription.member_id).where(Prescription.id == prescription_ids[0])).one()
    lines = tuple(WantedLine(each, n) for each in prescription_ids)
    address_id = add_address(connection, member_id, kind="shipping")
    return OrderRequest(member_id, lines, address_id, OrderStatus.PENDING, "call-1")


def placed(connection: Connection, request: OrderRequest, draw: RandomNumber | None = None) -> OrderFacts:
    outcome = place(connection, request, draw=draw)
    assert isinstance(outcome, OrderFacts)
    return outcome


def rows(connection: Connection) -> Mapping[str, int]:
    return {table.__tablename__: _count(connection, table) for table in (RefillOrder, OrderLine)}


def _count(connection: Connection, table: type[RefillOrder] | type[OrderLine]) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def refills(connection: Connection) -> list[tuple[int, int]]:
    query = select(Prescription.refills_left, Prescription.refills_used).order_by(Prescription.id)
    return [(left, used) for left, used in connection.execute(query)]


def test_an_order_holds_what_was_asked_for_at_the_prescriptions_price(connection: Connection) -> None:
    member_id = add_member(connection)
    ids = add_rx(connection, member_id, "1111111"), add_rx(connection, member_id, "2222222", price_cents=250)
    request = plain_request(connection, *ids, n=2)
    order = placed(connection, request)
    assert is_well_formed(order.order_number)
    assert (order.status, order.channel, order.placed_at) == ("pending", "phone", NOW)
    assert (order.total_cents, order.expected_by) == (2500, days(9))
    assert [(line.rx_number, line.days_supply, line.quantity, line.price_cents) for line in order.lines] == [
        ("1111111", 60, 120, 2000),
        ("2222222", 60, 120, 500),
    ]
    assert refills(connection) == [(1, 4), (1, 4)]


def test_the_same_request_again_returns_the_order_that_stands(connection: Connection) -> None:
    request = plain_request(connection)
    first = placed(connection, request)
    again = placed(connection, request, draw=draw_from(99))
    assert again == first
    assert rows(connection) == {"refill_order": 1, "order_line": 1}


def test_a_prescription_taken_meanwhile_undoes_the_whole_order(connection: Connection) -> None:
    member_id = add_member(connection)
    first, second = add_rx(connection, member_id, "1111111"), add_rx(connection, member_id, "2222222")
    placed(connection, replace(plain_request(connection, second), request_key="web-1", channel="web"))
    before = rows(connection), refills(connection)
    outcome = place(connection, plain_request(connection, first, second))
    assert isinstance(outcome, TakenError)
    assert (outcome.rx_number, outcome.finding_kind) == ("2222222", FindingKind.ALREADY_ORDERED)
    assert (rows(connection), refills(connection)) == before


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"refills_left": 0}, "none_left"),
        ({"status": "on_hold"}, "on_hold"),
        ({"expires_on": days(-1)}, "expired"),
        ({"last_filled_on": TODAY}, "too_soon"),
    ],
    ids=["refills gone", "put on hold", "expired at midnight", "filled elsewhere"],
)
def test_what_changed_since_it_was_offered_is_told(
    connection: Connection, changes: dict[str, object], kind: str
) -> None:
    request = plain_request(connection)
    connection.execute(update(Prescription).values(**changes))
    outcome = place(connection, request)
    assert isinstance(outcome, TakenError)
    assert (outcome.rx_number, outcome.finding_kind) == ("1234567", kind)
    assert rows(connection) == {"refill_order": 0, "order_line": 0}


def test_fewer_refills_than_asked_for_are_not_enough(connection: Connection) -> None:
    request = plain_request(connection, add_rx(connection, add_member(connection), refills_left=2), n=3)
    outcome = place(connection, request)
    assert isinstance(outcome, TakenError)
    assert outcome.finding_kind == "none_left"
    assert refills(connection) == [(2, 2)]


def test_the_call_goes_on_after_an_order_was_undone(connection: Connection) -> None:
    request = plain_request(connection)
    connection.execute(update(Prescription).values(status="on_hold"))
    assert isinstance(place(connection, request), TakenError)
    connection.execute(update(Prescription).values(status="active"))
    assert placed(connection, request).status == "pending"


def test_an_order_for_a_later_day_is_judged_as_of_that_day(connection: Connection) -> None:
    rx_id = add_rx(connection, add_member(connection), last_filled_on=TODAY)
    request = replace(plain_request(connection, rx_id), status=OrderStatus.SCHEDULED, ship_on=days(16))
    early = place(connection, replace(request, ship_on=days(15)))
    assert isinstance(early, TakenError)
    assert early.finding_kind == "too_soon"
    order = placed(connection, request)
    assert (order.status, order.ship_on, order.expected_by) == ("scheduled", days(16), days(25))
    assert list(due_to_ship(connection, days(15))) == []
    assert list(due_to_ship(connection, days(16))) == [order.id]


def test_an_order_may_begin_on_hold_for_its_address(connection: Connection) -> None:
    order = placed(
        connection, replace(plain_request(connection), status=OrderStatus.HELD, held_reason=HeldReason.ADDRESS)
    )
    assert (order.status, order.held_reason) == ("held", "address")


def test_a_number_that_is_taken_is_drawn_again(connection: Connection) -> None:
    member_id = add_member(connection)
    first, second = add_rx(connection, member_id, "1111111"), add_rx(connection, member_id, "2222222")
    one = placed(connection, plain_request(connection, first))
    two = placed(connection, replace(plain_request(connection, second), request_key="call-2"))
    assert one.order_number != two.order_number


def test_numbers_that_run_out_are_an_error_and_no_endless_loop(connection: Connection) -> None:
    member_id = add_member(connection)
    first, second = add_rx(connection, member_id, "1111111"), add_rx(connection, member_id, "2222222")
    placed(connection, plain_request(connection, first), draw=lambda: 0)
    with pytest.raises(RuntimeError, match="20 order numbers drawn are all taken"):
        place(connection, replace(plain_request(connection, second), request_key="call-2"), draw=lambda: 0)


def test_two_members_are_never_mixed(connection: Connection) -> None:
    own = plain_request(connection)
    other_id = add_member(connection, "10000002")
    theirs = add_rx(connection, other_id, "7654321")
    for request in (
        replace(own, lines=(*own.lines, WantedLine(theirs, 1))),
        replace(own, ship_to_id=add_address(connection, other_id)),
        replace(own, lines=(WantedLine(0, 1),)),
    ):
        with pytest.raises(ValueError, match="must be the member's own"):
            place(connection, request)


@pytest.mark.parametrize("times", [0, 2])
def test_an_order_names_each_prescription_once(connection: Connection, times: int) -> None:
    request = plain_request(connection)
    with pytest.raises(ValueError, match="at least one prescription, and each only once"):
        place(connection, replace(request, lines=request.lines * times))


def test_orders_are_found_by_their_member_only(connection: Connection) -> None:
    order = placed(connection, plain_request(connection))
    other_id = add_member(connection, "10000002")
    assert find_order(connection, order.member_id, order.order_number) == order
    assert find_order(connection, other_id, order.order_number) is None
    assert latest_order(connection, other_id) is None
    assert order_by_number(connection, order.order_number) == order


def test_orders_are_listed_by_what_is_still_to_be_done(connection: Connection) -> None:
    member_id = add_member(connection)
    numbers = {}
    for count, status in enumerate((OrderStatus.PLACED, OrderStatus.PENDING, OrderStatus.PENDING, OrderStatus.PLACED)):
        request = plain_request(connection, add_rx(connection, member_id, str(1000000 + count)))
        moment = NOW + timedelta(minutes=count)
        order = place(
            connection, replace(request, status=status, request_key=f"call-{count}"), now=moment, draw=draw_from(count)
        )
        assert isinstance(order, OrderFacts)
        numbers[order.id] = count
    ids = list(numbers)
    assert ship_order(connection, ids[0], NOW, TODAY)
    assert cancel(connection, ids[2])
    assert [numbers[order.id] for order in pending_since_before(connection, NOW + timedelta(minutes=1))] == []
    assert [numbers[order.id] for order in pending_since_before(connection, NOW + timedelta(minutes=2))] == [1]
    latest = latest_order(connection, member_id)
    assert latest is not None
    assert numbers[latest.id] == 3
    assert move_order(connection, ids[1], OrderStatus.PLACED, NOW, Actor.LINE)
