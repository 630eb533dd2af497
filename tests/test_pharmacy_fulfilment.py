"""What becomes of an order; refills are neither lost nor made, whatever is done in whatever order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pharmacy_rows import NOW, TODAY, add_address, add_member, add_rx, days, draw_from
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.fulfilment import (
    cancel_order,
    deliver_order,
    hold_order,
    mark_placed,
    release_order,
    ship_order,
)
from ivr.pharmacy.orders import OrderFacts, order_by_id
from ivr.pharmacy.placing import OrderRequest, Placed, WantedLine, place_order
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import OrderLine, Prescription

RULES = Rules()

STEPS: dict[str, Callable[[Session, int], bool]] = {
    "place": mark_placed,
    "hold": lambda session, order_id: hold_order(session, order_id, "stock"),
    "release": lambda session, order_id: release_order(session, order_id, TODAY, RULES),
    "ship": lambda session, order_id: ship_order(session, order_id, TODAY, "9400 1000"),
    "deliver": deliver_order,
    "cancel": cancel_order,
}


def an_order(session: Session, n: int = 1, status: str = "pending", **changes: object) -> int:
    member_id = add_member(session)
    line = WantedLine(add_rx(session, member_id, "1234567", **changes), n)
    ship_on = days(20) if status == "scheduled" else None
    request = OrderRequest(member_id, (line,), add_address(session, member_id), status, "call-1", ship_on=ship_on)
    outcome = place_order(session, request, now=NOW, today=TODAY, rules=RULES, draw=draw_from())
    assert isinstance(outcome, Placed)
    return outcome.order.id


def stands(session: Session, order_id: int) -> OrderFacts:
    order = order_by_id(session, order_id)
    assert order is not None
    return order


def prescription(session: Session) -> Prescription:
    session.expire_all()
    return session.scalars(select(Prescription)).one()


def is_open(session: Session) -> bool:
    return session.scalars(select(OrderLine.open)).one()


@pytest.mark.parametrize(
    ("path", "happened", "end"),
    [
        ("place ship deliver", "yes yes yes", "delivered"),
        ("ship", "no", "pending"),
        ("place place", "yes no", "placed"),
        ("hold release ship", "yes yes yes", "shipped"),
        ("place hold hold", "yes yes no", "held"),
        ("cancel cancel", "yes no", "cancelled"),
        ("hold cancel release", "yes yes no", "cancelled"),
        ("place ship cancel hold", "yes yes no no", "shipped"),
        ("cancel place ship deliver", "yes no no no", "cancelled"),
        ("place ship ship", "yes yes no", "shipped"),
    ],
)
def test_each_step_happens_once_and_from_the_right_state(session: Session, path: str, happened: str, end: str) -> None:
    order_id = an_order(session)
    did = ["yes" if STEPS[step](session, order_id) else "no" for step in path.split()]
    assert " ".join(did) == happened
    assert stands(session, order_id).status == end


def test_shipping_counts_the_fill_and_closes_the_line(session: Session) -> None:
    order_id = an_order(session, n=2, status="placed")
    assert prescription(session).last_filled_on == days(-18)
    assert ship_order(session, order_id, days(1), "9400 1000")
    rx = prescription(session)
    assert (rx.first_filled_on, rx.last_filled_on, rx.last_days_supply, rx.days_supplied) == (
        days(-98),
        days(1),
        60,
        150,
    )
    assert not is_open(session)
    assert stands(session, order_id).tracking_number == "9400 1000"


def test_the_first_fill_is_noted(session: Session) -> None:
    order_id = an_order(session, status="placed")
    session.execute(update(Prescription).values(first_filled_on=None, last_filled_on=None, days_supplied=0))
    assert ship_order(session, order_id, TODAY)
    rx = prescription(session)
    assert (rx.first_filled_on, rx.last_filled_on, rx.days_supplied) == (TODAY, TODAY, 30)


@pytest.mark.parametrize("n", [1, 3])
def test_cancelling_gives_refills_and_line_back_once(session: Session, n: int) -> None:
    order_id = an_order(session, n=n)
    assert (prescription(session).refills_left, prescription(session).refills_used) == (3 - n, 2 + n)
    assert cancel_order(session, order_id)
    assert not cancel_order(session, order_id)
    assert (prescription(session).refills_left, prescription(session).refills_used) == (3, 2)
    assert not is_open(session)


def test_refills_that_were_never_taken_do_not_come_back(session: Session) -> None:
    order_id = an_order(session)
    session.execute(update(Prescription).values(refills_left=0, refills_used=0))
    assert cancel_order(session, order_id)
    assert (prescription(session).refills_left, prescription(session).refills_used) == (0, 0)


def test_a_held_order_is_released_to_its_day_or_at_once(session: Session) -> None:
    order_id = an_order(session, status="scheduled")
    assert hold_order(session, order_id, "payment")
    assert stands(session, order_id).held_reason == "payment"
    assert release_order(session, order_id, days(10), RULES)
    order = stands(session, order_id)
    assert (order.status, order.held_reason, order.expected_by) == ("scheduled", None, arrival(days(20), 7))
    assert hold_order(session, order_id, "payment")
    assert release_order(session, order_id, days(30), RULES)
    assert (stands(session, order_id).status, stands(session, order_id).expected_by) == (
        "placed",
        arrival(days(30), 7),
    )


@given(
    steps=some.lists(some.sampled_from(sorted(STEPS)), max_size=8),
    n=some.integers(1, 3),
    status=some.sampled_from(["pending", "placed", "scheduled"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_refills_are_neither_lost_nor_made(session: Session, steps: list[str], n: int, status: str) -> None:
    savepoint = session.begin_nested()
    order_id = an_order(session, n=n, status=status)
    for step in steps:
        STEPS[step](session, order_id)
    rx, order = prescription(session), stands(session, order_id)
    assert rx.refills_left + rx.refills_used == 5
    assert rx.refills_left == (3 if order.status == "cancelled" else 3 - n)
    assert is_open(session) == (order.status in ("pending", "held", "scheduled", "placed"))
    assert rx.days_supplied == 90 + (30 * n if order.status in ("shipped", "delivered") else 0)
    savepoint.rollback()
