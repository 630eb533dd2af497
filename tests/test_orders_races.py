"""Two channels at the same moment, in threads with connections of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import permutations
from threading import Barrier
from typing import TypeVar

import pytest
from pharmacy_rows import NOW, TODAY, add_address, add_member, add_rx, cancel, draw_from, place
from sqlalchemy import Connection, Engine, func, insert, select, text

from ivr.orders.events import Actor
from ivr.orders.find import OrderFacts
from ivr.orders.place import OrderRequest, TakenError, WantedLine
from ivr.orders.ship import ship_order
from ivr.orders.statuses import move_order
from ivr.pharmacy.prescriptions import request_renewal
from ivr.pharmacy.refusals import FindingKind
from ivr.pharmacy.tables import OrderLine, OrderStatus, Prescription, RefillOrder, RenewalRequest

Outcome = TypeVar("Outcome")
CALLERS = 6


def at_once(engine: Engine, *tasks: Callable[[Connection], Outcome]) -> list[Outcome]:
    """Run each task in a turn of its own, all of them at the same moment."""
    start = Barrier(len(tasks))

    def turn(task: Callable[[Connection], Outcome]) -> Outcome:
        start.wait()
        with engine.begin() as connection:
            return task(connection)

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(turn, tasks))


@pytest.fixture
def request_for(database: Engine) -> OrderRequest:
    """Ask for a member's three prescriptions."""
    with database.begin() as connection:
        member_id = add_member(connection)
        lines = tuple(WantedLine(add_rx(connection, member_id, f"111111{n}"), 1) for n in range(3))
        return OrderRequest(member_id, lines, add_address(connection, member_id), OrderStatus.PENDING, "call-1")


def placing(request: OrderRequest, seed: int) -> Callable[[Connection], OrderFacts | TakenError]:
    return lambda connection: place(connection, request, draw=draw_from(seed))


def refills(engine: Engine) -> set[tuple[int, int]]:
    with engine.connect() as connection:
        rows = connection.execute(select(Prescription.refills_left, Prescription.refills_used))
        return {(left, used) for left, used in rows}


def how_many(engine: Engine, table: type) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_one_of_several_channels_gets_the_prescription(database: Engine, request_for: OrderRequest) -> None:
    outcomes = at_once(
        database,
        *(placing(replace(request_for, request_key=f"call-{each}"), each) for each in range(CALLERS)),
    )
    assert sum(isinstance(outcome, OrderFacts) for outcome in outcomes) == 1
    assert {o.finding_kind for o in outcomes if isinstance(o, TakenError)} == {FindingKind.ALREADY_ORDERED}
    assert (how_many(database, RefillOrder), how_many(database, OrderLine)) == (1, 3)
    assert refills(database) == {(2, 3)}


def test_one_request_sent_several_times_makes_one_order(database: Engine, request_for: OrderRequest) -> None:
    outcomes = at_once(database, *(placing(request_for, each) for each in range(CALLERS)))
    numbers = [o.order_number for o in outcomes if isinstance(o, OrderFacts)]
    assert (len(numbers), len(set(numbers))) == (CALLERS, 1)
    assert (how_many(database, RefillOrder), how_many(database, OrderLine)) == (1, 3)
    assert refills(database) == {(2, 3)}


def test_lines_named_in_any_order_do_not_lock_each_other_out(database: Engine, request_for: OrderRequest) -> None:
    outcomes = at_once(
        database,
        *(
            placing(replace(request_for, lines=lines, request_key=f"call-{each}"), each)
            for each, lines in enumerate(permutations(request_for.lines))
        ),
    )
    assert sum(isinstance(outcome, OrderFacts) for outcome in outcomes) == 1


def test_refills_come_back_once_however_many_cancel(database: Engine, request_for: OrderRequest) -> None:
    with database.begin() as connection:
        first = placing(request_for, 0)(connection)
    assert isinstance(first, OrderFacts)
    done = at_once(database, *[lambda connection: cancel(connection, first.id)] * CALLERS)
    assert sum(done) == 1
    assert refills(database) == {(3, 2)}


def test_a_channel_that_takes_no_locks_is_noticed_all_the_same(
    kind: str, database: Engine, request_for: OrderRequest
) -> None:
    if kind == "sqlite":
        pytest.skip("an embedded database has one writer at a time")
    with database.begin() as connection:
        other = add_rx(connection, request_for.member_id, "2222222")
        only = replace(request_for, lines=(WantedLine(other, 1),), request_key="web-1", channel="web")
        website = placing(only, 50)(connection)
    assert isinstance(website, OrderFacts)
    line = {"order_id": website.id, "days_supply": 30, "quantity": 60, "price_cents": 0, "open": True}
    taken_id = request_for.lines[1].prescription_id
    with ThreadPoolExecutor(1) as pool, Connection(database) as connection, Connection(database) as watcher:
        connection.execute(insert(OrderLine).values(prescription_id=taken_id, **line))
        ordering = pool.submit(lambda: at_once(database, placing(request_for, 1)))
        while not watcher.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert not ordering.done()
        connection.commit()
        [outcome] = ordering.result()
    assert isinstance(outcome, TakenError)
    assert (outcome.rx_number, outcome.finding_kind) == ("1111111", FindingKind.ALREADY_ORDERED)
    assert refills(database) == {(3, 2), (2, 3)}
    assert how_many(database, RefillOrder) == 1


def test_cancelling_and_ordering_again_at_once_ends_well(database: Engine, request_for: OrderRequest) -> None:
    with database.begin() as connection:
        first = placing(request_for, 0)(connection)
    assert isinstance(first, OrderFacts)
    again = placing(replace(request_for, request_key="call-2"), 1)
    cancelled, outcome = at_once(database, lambda connection: cancel(connection, first.id), again)
    assert cancelled is True
    assert refills(database) == ({(2, 3)} if isinstance(outcome, OrderFacts) else {(3, 2)})


def test_an_order_is_shipped_or_cancelled_but_not_both(database: Engine, request_for: OrderRequest) -> None:
    with database.begin() as connection:
        first = placing(request_for, 0)(connection)
        assert isinstance(first, OrderFacts)
        assert move_order(connection, first.id, OrderStatus.PLACED, NOW, Actor.LINE)
    done = at_once(
        database,
        lambda connection: ship_order(connection, first.id, NOW, TODAY),
        lambda connection: cancel(connection, first.id),
    )
    assert sorted(done) == [False, True]
    assert refills(database) == ({(2, 3)} if done[0] else {(3, 2)})


def test_a_renewal_is_asked_for_once_by_all_channels(database: Engine, request_for: OrderRequest) -> None:
    rx_id = request_for.lines[0].prescription_id
    asked = at_once(
        database,
        *(
            lambda connection, seed=seed: request_renewal(connection, rx_id, NOW, "web", draw_from(seed))
            for seed in range(CALLERS)
        ),
    )
    assert len({renewal.reference for renewal in asked}) == 1
    assert sorted(renewal.already for renewal in asked) == [False, *[True] * (CALLERS - 1)]
    assert how_many(database, RenewalRequest) == 1
