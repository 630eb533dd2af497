"""Orders placed, repeated, refused and found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pharmacy_rows import NOW, TODAY, add_address, add_member, add_rx, days, draw_from
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ivr.pharmacy.findings import FindingKind
from ivr.pharmacy.fulfilment import cancel_order, mark_placed, ship_order
from ivr.pharmacy.numbers import Draw, is_well_formed
from ivr.pharmacy.orders import (
    due_to_ship,
    find_order,
    latest_order,
    open_orders,
    order_by_number,
    pending_orders,
    pending_since_before,
)
from ivr.pharmacy.placing import OrderRequest, Placed, Taken, WantedLine, place_order
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import OrderLine, Prescription, RefillOrder

RULES = Rules()


def plain_request(session: Session, *prescription_ids: int, n: int = 1) -> OrderRequest:
    """Ask for these prescriptions, or for a new member's only one."""
    if not prescription_ids:
        prescription_ids = (add_rx(session, add_member(session)),)
    member_id = session.scalars(select(Prescription.member_id).where(Prescription.id == prescription_ids[0])).one()
    lines = tuple(WantedLine(each, n) for each in prescription_ids)
    return OrderRequest(member_id, lines, add_address(session, member_id, kind="shipping"), "pending", "call-1")


def place(session: Session, request: OrderRequest, today: date = TODAY, draw: Draw | None = None) -> Placed | Taken:
    return place_order(session, request, now=NOW, today=today, rules=RULES, draw=draw or draw_from())


def placed(session: Session, request: OrderRequest, draw: Draw | None = None) -> Placed:
    outcome = place(session, request, draw=draw)
    assert isinstance(outcome, Placed)
    return outcome


def rows(session: Session) -> Mapping[str, int]:
    return {table.__tablename__: _count(session, table) for table in (RefillOrder, OrderLine)}


def _count(session: Session, table: type[RefillOrder] | type[OrderLine]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def refills(session: Session) -> list[tuple[int, int]]:
    query = select(Prescription.refills_left, Prescription.refills_used).order_by(Prescription.id)
    return [(left, used) for left, used in session.execute(query)]


def test_an_order_holds_what_was_asked_for_at_the_prescriptions_price(session: Session) -> None:
    member_id = add_member(session)
    ids = add_rx(session, member_id, "1111111"), add_rx(session, member_id, "2222222", price_cents=250)
    request = plain_request(session, *ids, n=2)
    outcome = placed(session, request)
    order = outcome.order
    assert not outcome.repeated
    assert is_well_formed(order.order_number)
    assert (order.status, order.channel, order.placed_at) == ("pending", "phone", NOW)
    assert (order.total_cents, order.expected_by) == (2500, days(9))
    assert [(line.rx_number, line.days_supply, line.quantity, line.price_cents) for line in order.lines] == [
        ("1111111", 60, 120, 2000),
        ("2222222", 60, 120, 500),
    ]
    assert refills(session) == [(1, 4), (1, 4)]


def test_the_same_request_again_returns_the_order_that_stands(session: Session) -> None:
    request = plain_request(session)
    first = placed(session, request)
    again = placed(session, request, draw=draw_from(99))
    assert (again.repeated, again.order) == (True, first.order)
    assert rows(session) == {"refill_order": 1, "order_line": 1}


def test_a_prescription_taken_meanwhile_undoes_the_whole_order(session: Session) -> None:
    member_id = add_member(session)
    first, second = add_rx(session, member_id, "1111111"), add_rx(session, member_id, "2222222")
    placed(session, replace(plain_request(session, second), request_key="web-1", channel="web"))
    before = rows(session), refills(session)
    outcome = place(session, plain_request(session, first, second))
    assert outcome == Taken("2222222", FindingKind.ALREADY_ORDERED)
    assert (rows(session), refills(session)) == before


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
def test_what_changed_since_it_was_offered_is_told(session: Session, changes: dict[str, object], kind: str) -> None:
    request = plain_request(session)
    session.execute(update(Prescription).values(**changes))
    outcome = place(session, request)
    assert isinstance(outcome, Taken)
    assert (outcome.rx_number, outcome.finding_kind) == ("1234567", kind)
    assert rows(session) == {"refill_order": 0, "order_line": 0}


def test_fewer_refills_than_asked_for_are_not_enough(session: Session) -> None:
    request = plain_request(session, add_rx(session, add_member(session), refills_left=2), n=3)
    outcome = place(session, request)
    assert isinstance(outcome, Taken)
    assert outcome.finding_kind == "none_left"
    assert refills(session) == [(2, 2)]


def test_the_call_goes_on_after_an_order_was_undone(session: Session) -> None:
    request = plain_request(session)
    session.execute(update(Prescription).values(status="on_hold"))
    assert isinstance(place(session, request), Taken)
    session.execute(update(Prescription).values(status="active"))
    assert not placed(session, request).repeated


def test_an_order_for_a_later_day_is_judged_as_of_that_day(session: Session) -> None:
    rx_id = add_rx(session, add_member(session), last_filled_on=TODAY)
    request = replace(plain_request(session, rx_id), status="scheduled", ship_on=days(16))
    early = place(session, replace(request, ship_on=days(15)))
    assert isinstance(early, Taken)
    assert early.finding_kind == "too_soon"
    order = placed(session, request).order
    assert (order.status, order.ship_on, order.expected_by) == ("scheduled", days(16), days(25))
    assert due_to_ship(session, days(15)) == ()
    assert due_to_ship(session, days(16)) == (order,)


def test_an_order_may_begin_on_hold_for_its_address(session: Session) -> None:
    order = placed(session, replace(plain_request(session), status="held", held_reason="address")).order
    assert (order.status, order.held_reason) == ("held", "address")


def test_a_number_that_is_taken_is_drawn_again(session: Session) -> None:
    member_id = add_member(session)
    first, second = add_rx(session, member_id, "1111111"), add_rx(session, member_id, "2222222")
    one = placed(session, plain_request(session, first)).order
    two = placed(session, replace(plain_request(session, second), request_key="call-2")).order
    assert one.order_number != two.order_number


def test_numbers_that_run_out_are_an_error_and_no_endless_loop(session: Session) -> None:
    member_id = add_member(session)
    first, second = add_rx(session, member_id, "1111111"), add_rx(session, member_id, "2222222")
    placed(session, plain_request(session, first), draw=lambda: 0)
    with pytest.raises(RuntimeError, match="20 order numbers drawn are all taken"):
        place(session, replace(plain_request(session, second), request_key="call-2"), draw=lambda: 0)


def test_two_members_are_never_mixed(session: Session) -> None:
    own = plain_request(session)
    other_id = add_member(session, "10000002")
    theirs = add_rx(session, other_id, "7654321")
    for request in (
        replace(own, lines=(*own.lines, WantedLine(theirs, 1))),
        replace(own, ship_to_id=add_address(session, other_id)),
        replace(own, lines=(WantedLine(0, 1),)),
    ):
        with pytest.raises(ValueError, match="must be the member's own"):
            place(session, request)


@pytest.mark.parametrize("times", [0, 2])
def test_an_order_names_each_prescription_once(session: Session, times: int) -> None:
    request = plain_request(session)
    with pytest.raises(ValueError, match="at least one prescription, and each only once"):
        place(session, replace(request, lines=request.lines * times))


def test_orders_are_found_by_their_member_only(session: Session) -> None:
    order = placed(session, plain_request(session)).order
    other_id = add_member(session, "10000002")
    assert find_order(session, order.member_id, order.order_number) == order
    assert find_order(session, other_id, order.order_number) is None
    assert latest_order(session, other_id) is None
    assert order_by_number(session, order.order_number) == order


def test_orders_are_listed_by_what_is_still_to_be_done(session: Session) -> None:
    member_id = add_member(session)
    numbers = {}
    for count, status in enumerate(("placed", "pending", "pending", "placed")):
        request = plain_request(session, add_rx(session, member_id, str(1000000 + count)))
        moment = NOW + timedelta(minutes=count)
        outcome = place_order(
            session,
            replace(request, status=status, request_key=f"call-{count}"),
            now=moment,
            today=TODAY,
            rules=RULES,
            draw=draw_from(count),
        )
        assert isinstance(outcome, Placed)
        numbers[outcome.order.id] = count
    ids = list(numbers)
    assert ship_order(session, ids[0], TODAY)
    assert cancel_order(session, ids[2])
    assert [numbers[order.id] for order in open_orders(session, member_id)] == [3, 1]
    assert [numbers[order.id] for order in pending_orders(session, member_id)] == [1]
    assert [numbers[order.id] for order in pending_since_before(session, NOW + timedelta(minutes=1))] == []
    assert [numbers[order.id] for order in pending_since_before(session, NOW + timedelta(minutes=2))] == [1]
    latest = latest_order(session, member_id)
    assert latest is not None
    assert numbers[latest.id] == 3
    assert mark_placed(session, ids[1])
    assert pending_orders(session, member_id) == ()
