"""What becomes of an order; refills are neither lost nor made, whatever is done in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pharmacy_rows import NOW, TODAY, add_address, add_member, add_rx, days, draw_from
from sqlalchemy import Connection, Row, select, update

from ivr.orders.find import OrderFacts, order_by_id
from ivr.orders.place import OrderRequest, Placed, WantedLine, place_order
from ivr.orders.states import (
    cancel_order,
    deliver_order,
    hold_order,
    mark_placed,
    release_order,
    ship_order,
)
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import OrderLine, Prescription

RULES = Rules()

STEPS: dict[str, Callable[[Connection, int], bool]] = {
    "place": mark_placed,
    "hold": lambda connection, order_id: hold_order(connection, order_id, "stock"),
    "release": lambda connection, order_id: release_order(connection, order_id, TODAY, RULES),
    "ship": lambda connection, order_id: ship_order(connection, order_id, TODAY, "9400 1000"),
    "deliver": deliver_order,
    "cancel": cancel_order,
}


def an_order(connection: Connection, n: int = 1, status: str = "pending", **changes: object) -> int:
    member_id = add_member(connection)
    line = WantedLine(add_rx(connection, member_id, "1234567", **changes), n)
    ship_on = days(20) if status == "scheduled" else None
    request = OrderRequest(member_id, (line,), add_address(connection, member_id), status, "call-1", ship_on=ship_on)
    outcome = place_order(connection, request, now=NOW, today=TODAY, rules=RULES, draw=draw_from())
    assert isinstance(outcome, Placed)
    return outcome.order.id


def stands(connection: Connection, order_id: int) -> OrderFacts:
    order = order_by_id(connection, order_id)
    assert order is not None
    return order


def prescription(connection: Connection) -> Row[Any]:
    return connection.execute(select(Prescription)).one()


def is_open(connection: Connection) -> bool:
    return connection.scalars(select(OrderLine.open)).one()


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
def test_each_step_happens_once_and_from_the_right_state(
    connection: Connection, path: str, happened: str, end: str
) -> None:
    order_id = an_order(connection)
    did = ["yes" if STEPS[step](connection, order_id) else "no" for step in path.split()]
    assert " ".join(did) == happened
    assert stands(connection, order_id).status == end


def test_shipping_counts_the_fill_and_closes_the_line(connection: Connection) -> None:
    order_id = an_order(connection, n=2, status="placed")
    assert prescription(connection).last_filled_on == days(-18)
    assert ship_order(connection, order_id, days(1), "9400 1000")
    rx = prescription(connection)
    assert (rx.first_filled_on, rx.last_filled_on, rx.last_days_supply, rx.days_supplied) == (
        days(-98),
        days(1),
        60,
        150,
    )
    assert not is_open(connection)
    assert stands(connection, order_id).tracking_number == "9400 1000"


def test_the_first_fill_is_noted(connection: Connection) -> None:
    order_id = an_order(connection, status="placed")
    connection.execute(update(Prescription).values(first_filled_on=None, last_filled_on=None, days_supplied=0))
    assert ship_order(connection, order_id, TODAY)
    rx = prescription(connection)
    assert (rx.first_filled_on, rx.last_filled_on, rx.days_supplied) == (TODAY, TODAY, 30)


@pytest.mark.parametrize("n", [1, 3])
def test_cancelling_gives_refills_and_line_back_once(connection: Connection, n: int) -> None:
    order_id = an_order(connection, n=n)
    assert (prescription(connection).refills_left, prescription(connection).refills_used) == (3 - n, 2 + n)
    assert cancel_order(connection, order_id)
    assert not cancel_order(connection, order_id)
    assert (prescription(connection).refills_left, prescription(connection).refills_used) == (3, 2)
    assert not is_open(connection)


def test_refills_that_were_never_taken_do_not_come_back(connection: Connection) -> None:
    order_id = an_order(connection)
    connection.execute(update(Prescription).values(refills_left=0, refills_used=0))
    assert cancel_order(connection, order_id)
    assert (prescription(connection).refills_left, prescription(connection).refills_used) == (0, 0)


def test_a_held_order_is_released_to_its_day_or_at_once(connection: Connection) -> None:
    order_id = an_order(connection, status="scheduled")
    assert hold_order(connection, order_id, "payment")
    assert stands(connection, order_id).held_reason == "payment"
    assert release_order(connection, order_id, days(10), RULES)
    order = stands(connection, order_id)
    assert (order.status, order.held_reason, order.expected_by) == ("scheduled", None, arrival(days(20), 7))
    assert hold_order(connection, order_id, "payment")
    assert release_order(connection, order_id, days(30), RULES)
    assert (stands(connection, order_id).status, stands(connection, order_id).expected_by) == (
        "placed",
        arrival(days(30), 7),
    )


@given(
    steps=some.lists(some.sampled_from(sorted(STEPS)), max_size=8),
    n=some.integers(1, 3),
    status=some.sampled_from(["pending", "placed", "scheduled"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_refills_are_neither_lost_nor_made(connection: Connection, steps: list[str], n: int, status: str) -> None:
    savepoint = connection.begin_nested()
    order_id = an_order(connection, n=n, status=status)
    for step in steps:
        STEPS[step](connection, order_id)
    rx, order = prescription(connection), stands(connection, order_id)
    assert rx.refills_left + rx.refills_used == 5
    assert rx.refills_left == (3 if order.status == "cancelled" else 3 - n)
    assert is_open(connection) == (order.status in ("pending", "held", "scheduled", "placed"))
    assert rx.days_supplied == 90 + (30 * n if order.status in ("shipped", "delivered") else 0)
    savepoint.rollback()
