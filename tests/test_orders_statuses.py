"""What orders and payments may become; refills are neither lost nor made, whatever is done in whatever order."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pharmacy_rows import NOW, TODAY, add_address, add_member, add_rx, cancel, days, place
from sqlalchemy import Connection, Row, insert, select, update
from test_layers import ROOMS

from ivr.orders.events import Actor
from ivr.orders.find import OrderFacts, order_by_id
from ivr.orders.hold import hold_order, release_order
from ivr.orders.place import OrderRequest, WantedLine
from ivr.orders.ship import ship_order
from ivr.orders.statuses import ORDER_CHANGES, PAYMENT_CHANGES, move_order, move_payment
from ivr.pharmacy import tables
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import HeldReason, OrderLine, OrderStatus, Payment, PaymentStatus, Prescription, RefillOrder

RULES = Rules()

STEPS: dict[str, Callable[[Connection, int], bool]] = {
    "place": lambda connection, order_id: move_order(connection, order_id, OrderStatus.PLACED, NOW, Actor.LINE),
    "hold": lambda connection, order_id: hold_order(connection, order_id, HeldReason.STOCK, NOW, Actor.STAFF),
    "release": lambda connection, order_id: release_order(connection, order_id, TODAY, RULES, NOW, Actor.STAFF),
    "ship": lambda connection, order_id: ship_order(connection, order_id, NOW, TODAY, "9400 1000"),
    "deliver": lambda connection, order_id: move_order(connection, order_id, OrderStatus.DELIVERED, NOW, Actor.STAFF),
    "cancel": cancel,
}


def an_order(connection: Connection, n: int = 1, status: OrderStatus = OrderStatus.PENDING, **changes: object) -> int:
    member_id = add_member(connection)
    line = WantedLine(add_rx(connection, member_id, "1234567", **changes), n)
    ship_on = days(20) if status is OrderStatus.SCHEDULED else None
    request = OrderRequest(member_id, (line,), add_address(connection, member_id), status, "call-1", ship_on=ship_on)
    order = place(connection, request)
    assert isinstance(order, OrderFacts)
    return order.id


def stands(connection: Connection, order_id: int) -> OrderFacts:
    order = order_by_id(connection, order_id)
    assert order is not None
    return order


def prescription(connection: Connection) -> Row[Any]:
    return connection.execute(select(Prescription)).one()


def is_open(connection: Connection) -> bool:
    return connection.scalars(select(OrderLine.open)).one()


@pytest.mark.parametrize("start", OrderStatus)
def test_an_order_becomes_what_the_table_allows_and_nothing_else(connection: Connection, start: OrderStatus) -> None:
    order_id = an_order(connection, status=OrderStatus.SCHEDULED)
    for to in OrderStatus:
        connection.execute(update(RefillOrder).values(status=start))
        happened = move_order(connection, order_id, to, NOW, Actor.STAFF)
        assert happened == (to in ORDER_CHANGES[start])
        assert connection.scalars(select(RefillOrder.status)).one() is (to if happened else start)


@pytest.mark.parametrize("start", PaymentStatus)
def test_a_payment_becomes_what_the_table_allows_and_nothing_else(connection: Connection, start: PaymentStatus) -> None:
    card = {"gateway": "sandbox", "brand": "visa", "last4": "4242", "amount_cents": 1, "request_key": "pay-1"}
    row = insert(Payment).values(order_id=an_order(connection), status=start, created_at=NOW, **card)
    payment_id = connection.execute(row.returning(Payment.id)).scalar_one()
    for to in PaymentStatus:
        connection.execute(update(Payment).values(status=start))
        happened = move_payment(connection, payment_id, to, NOW)
        assert happened == (to in PAYMENT_CHANGES[start])
        assert connection.scalars(select(Payment.status)).one() is (to if happened else start)


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
    order_id = an_order(connection, n=2, status=OrderStatus.PLACED)
    assert prescription(connection).last_filled_on == days(-18)
    assert ship_order(connection, order_id, NOW, days(1), "9400 1000")
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
    order_id = an_order(connection, status=OrderStatus.PLACED)
    connection.execute(update(Prescription).values(first_filled_on=None, last_filled_on=None, days_supplied=0))
    assert ship_order(connection, order_id, NOW, TODAY)
    rx = prescription(connection)
    assert (rx.first_filled_on, rx.last_filled_on, rx.days_supplied) == (TODAY, TODAY, 30)


@pytest.mark.parametrize("n", [1, 3])
def test_cancelling_gives_refills_and_line_back_once(connection: Connection, n: int) -> None:
    order_id = an_order(connection, n=n)
    assert (prescription(connection).refills_left, prescription(connection).refills_used) == (3 - n, 2 + n)
    assert cancel(connection, order_id)
    assert not cancel(connection, order_id)
    assert (prescription(connection).refills_left, prescription(connection).refills_used) == (3, 2)
    assert not is_open(connection)


def test_refills_that_were_never_taken_do_not_come_back(connection: Connection) -> None:
    order_id = an_order(connection)
    connection.execute(update(Prescription).values(refills_left=0, refills_used=0))
    assert cancel(connection, order_id)
    assert (prescription(connection).refills_left, prescription(connection).refills_used) == (0, 0)


def test_a_held_order_is_released_to_its_day_or_at_once(connection: Connection) -> None:
    order_id = an_order(connection, status=OrderStatus.SCHEDULED)
    assert hold_order(connection, order_id, HeldReason.PAYMENT, NOW, Actor.LINE)
    assert stands(connection, order_id).held_reason == "payment"
    assert release_order(connection, order_id, days(10), RULES, NOW, Actor.STAFF)
    order = stands(connection, order_id)
    assert (order.status, order.held_reason, order.expected_by) == ("scheduled", None, arrival(days(20), 7))
    assert hold_order(connection, order_id, HeldReason.PAYMENT, NOW, Actor.LINE)
    assert release_order(connection, order_id, days(30), RULES, NOW, Actor.STAFF)
    assert (stands(connection, order_id).status, stands(connection, order_id).expected_by) == (
        "placed",
        arrival(days(30), 7),
    )


@given(
    steps=some.lists(some.sampled_from(sorted(STEPS)), max_size=8),
    n=some.integers(1, 3),
    status=some.sampled_from([OrderStatus.PENDING, OrderStatus.PLACED, OrderStatus.SCHEDULED]),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_refills_are_neither_lost_nor_made(
    connection: Connection, steps: list[str], n: int, status: OrderStatus
) -> None:
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


# Their words stand in one place

ENUMS = [
    tables.MemberStatus,
    tables.PrescriptionStatus,
    OrderStatus,
    HeldReason,
    PaymentStatus,
    tables.RenewalStatus,
    tables.TransferStatus,
]
WORDS = {word.value for words in ENUMS for word in words}
COLUMNS = ("status", "held_reason")
IVR = Path(__file__).parent.parent / "ivr"


def bare(node: ast.AST) -> Iterator[ast.Constant]:
    """Yield the words in a node that say a status: compared or matched with one, or given to a column or a step."""
    match node:
        case ast.Compare(left=left, comparators=others) if any(map(_is_status, (left, *others))):
            yield from _words(left, *others)
        case ast.Match(subject=subject, cases=cases) if _is_status(subject):
            yield from _words(*(case.pattern for case in cases))
        case ast.keyword(arg=name, value=value) if name in COLUMNS:
            yield from _words(value)
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and key.value in COLUMNS:
                    yield from _words(value)
        case ast.Call(func=ast.Attribute(value=value, attr="in_" | "not_in"), args=given) if _is_status(value):
            yield from _words(*given)
        case ast.Call(func=ast.Name(id="hold_order" | "move_order" | "move_payment"), args=given):
            yield from _words(*given)


def _is_status(node: ast.AST) -> bool:
    """Say whether an expression is a status: an attribute, an item or a name called so."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Subscript(slice=ast.Constant(value=name)):
            return str(name).endswith(COLUMNS)
    return False


def _words(*nodes: ast.AST) -> Iterator[ast.Constant]:
    for node in nodes:
        found = (part for part in ast.walk(node) if isinstance(part, ast.Constant) and part.value in WORDS)
        yield from (part for part in found if isinstance(part.value, str))


def test_no_status_stands_as_a_bare_word_outside_its_enum() -> None:
    found = []
    for path in sorted(IVR.rglob("*.py")):
        room = path.relative_to(IVR).parts[0]
        knows = room == "pharmacy" or (room in ROOMS and "pharmacy" in ROOMS[room].rooms)
        if not knows or "migrations" in path.parts or path.name == "tables.py":
            continue  # a room that may not know the tables, such as a processor's, has words of its own
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found += [f"{path}:{word.lineno}: {word.value!r}" for word in bare(node)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "code",
    [
        'order.status == "placed"',
        'row["status"] in ("held", "cancelled")',
        'values(status="declined")',
        'values(status="held" if held else later)',
        '{"status": "requested"}',
        'RefillOrder.status.in_(("shipped", "delivered"))',
        'hold_order(connection, order_id, "payment")',
        'match order.status:\n  case "held" if reason: ...',
    ],
)
def test_a_bare_word_is_found_wherever_it_is_meant_as_a_status(code: str) -> None:
    assert any(True for node in ast.walk(ast.parse(code)) for _ in bare(node))
