"""The audit of `bench/faults.py`: it finds nothing in sound books, and each thing that is planted, by its name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from databases import Databases
from demo_line import PROJECT
from money_audit import sandbox_books
from sqlalchemy import Connection, Engine, insert, text

from ivr.line.tables import sandbox_charge
from ivr.pharmacy.database import open_database, upgrade
from ivr.pharmacy.tables import Address, Member, OrderLine, Payment, Prescription, RefillOrder

Bench = Callable[[str], Any]
"""Gives a module of the bench by its name."""
NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
ANA, BEN = "41000001", "41000002"
PLACED, SHIPPED, CANCELLED, ONLINE, DECLINED = "10000001", "10000002", "10000003", "10000004", "10000005"
ORDERS = {
    PLACED: (1, "phone", "placed", "authorized"),
    SHIPPED: (2, "phone", "shipped", "captured"),
    CANCELLED: (3, "phone", "cancelled", "voided"),
    ONLINE: (4, "web", "placed", "authorized"),
    DECLINED: (5, "phone", "held", "declined"),
}
"""Number -> the id of the order, its prescription, line and payment; channel, status, and the payment's status."""
BEFORE = {f"700000{number}": (3, 0) for number in range(1, 6)}


def fill(engine: Engine) -> None:
    """Write one member's five orders, each of a prescription, and another member who has ordered nothing."""
    upgrade(engine)
    with engine.begin() as connection:
        for member_id, name in enumerate((ANA, BEN), 1):
            person = {"first_name": "A", "last_name": "B", "birth_date": date(1950, 1, 1), "language": "en"}
            connection.execute(insert(Member), {"member_number": name, "status": "active", "test": False, **person})
            place = {"kind": "mailing", "street": "Main Street", "city": "Boston", "state": "MA", "zip": "02134"}
            about = {"entered_by": "staff", "verified": True, "created_at": NOW}
            connection.execute(insert(Address), {"member_id": member_id, **place, **about})
        for number, order in ORDERS.items():
            fill_order(connection, number, *order)


def fill_order(connection: Connection, number: str, key: int, channel: str, status: str, payment: str) -> None:
    cents, supply = 1000 + key, {"days_supply": 90, "quantity": 90}
    taken = status != "cancelled"
    rows: dict[Any, dict[str, object]] = {
        Prescription: {"rx_number": f"700000{key}", "member_id": 1, "drug_name": "A", "status": "active", "otc": False,
                       "written_on": date(2026, 1, 1), "refills_left": 3 - taken, "refills_used": int(taken), "days_supplied": 0,
                       "max_days_supply": 90, "price_cents": cents, "mailable": True, "prescriber_name": "C", **supply},
        RefillOrder: {"order_number": number, "member_id": 1, "channel": channel, "status": status, "ship_to_id": 1,
                      "total_cents": cents, "placed_at": NOW, "request_key": number,
                      "cancelled_by": None if taken else "phone", "held_reason": "payment" if status == "held" else None},
        OrderLine: {"order_id": key, "prescription_id": key, "price_cents": cents,
                    "open": status in ("placed", "held"), **supply},
        Payment: {"order_id": key, "gateway": "sandbox", "brand": "visa", "last4": "4242", "amount_cents": cents,
                  "reference": None if payment == "declined" else f"sandbox_{key}", "status": payment,
                  "request_key": number, "created_at": NOW},
        sandbox_charge: {"reference": f"sandbox_{key}", "request_key": number, "token": "tok_visa", "amount_cents": cents,
                         "status": payment, "captured_cents": cents if payment == "captured" else 0,
                         "description": f"Order {number}", "created_at": NOW},
    }  # fmt: skip
    for table, row in rows.items():
        connection.execute(insert(table), row)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Give the modules of the bench by their names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROJECT / "bench"))
        yield importlib.import_module


@pytest.fixture
def books(kind: str, databases: Databases) -> Iterator[Connection]:
    with databases.fresh(kind, fill) as url:
        engine = open_database(url, durable=False)
        with engine.begin() as connection:
            yield connection
        engine.dispose()


def sound_notes(bench: Bench) -> list[Any]:
    """Return what Ana and the website did and heard: Ana was cut off once before she heard what became of her yes."""
    note = bench("faults_audit").Note
    notes = [note(ANA, "phone", "ordered", cents=cents) for cents in (1001, 1002, 1003, 1005, 1001)]
    told = [note(ANA, "phone", "stands", number) for number in (PLACED, SHIPPED, CANCELLED)]
    cancel = [note(ANA, "phone", what, CANCELLED) for what in ("cancels", "cancelled")]
    declined = [note(ANA, "phone", "pays", DECLINED, 1005), note(ANA, "phone", "completes", DECLINED)]
    online = [note(ANA, "web", "ordered", cents=1004), note(ANA, "web", "stands", ONLINE)]
    return [*notes, *told, *cancel, *declined, *online]


def found(bench: Bench, connection: Connection, notes: Sequence[Any]) -> list[tuple[str, str]]:
    problems = bench("faults_audit").audit(connection, sandbox_books(connection), notes, BEFORE)
    return [(problem.kind, problem.about) for problem in problems]


def test_nothing_is_found_in_sound_books(bench: Bench, books: Connection) -> None:
    assert found(bench, books, sound_notes(bench)) == []


DAMAGED_TABLES: Mapping[str, Sequence[str]] = {
    "not charged": (
        "UPDATE sandbox_charge SET status = 'voided' WHERE reference = 'sandbox_1'",
        "UPDATE payment SET status = 'voided' WHERE id = 1",
    ),
    "charge not released": (
        "UPDATE sandbox_charge SET status = 'authorized' WHERE reference = 'sandbox_3'",
        "UPDATE payment SET status = 'authorized' WHERE id = 3",
    ),
    "charge without an order": (
        "UPDATE sandbox_charge SET status = 'authorized', description = 'Order 19999999' WHERE reference = 'sandbox_5'",
    ),
    "captured, but not shipped": (
        "UPDATE sandbox_charge SET status = 'captured', captured_cents = 1001 WHERE reference = 'sandbox_1'",
        "UPDATE payment SET status = 'captured' WHERE id = 1",
    ),
    "shipped, but not captured": (
        "UPDATE sandbox_charge SET status = 'authorized' WHERE reference = 'sandbox_2'",
        "UPDATE payment SET status = 'authorized' WHERE id = 2",
    ),
    "charged another amount": ("UPDATE sandbox_charge SET captured_cents = 1001 WHERE reference = 'sandbox_2'",),
    "payment unlike the ledger": ("UPDATE payment SET status = 'expired' WHERE id = 1",),
    "told another total": (
        "UPDATE refill_order SET total_cents = 1002 WHERE id = 1",
        "UPDATE order_line SET price_cents = 1002 WHERE id = 1",
        "UPDATE payment SET amount_cents = 1002 WHERE id = 1",
        "UPDATE sandbox_charge SET amount_cents = 1002 WHERE reference = 'sandbox_1'",
    ),
    "lines unlike the total": ("UPDATE order_line SET price_cents = 1002 WHERE id = 1",),
    "prescription ordered twice": (
        "UPDATE order_line SET prescription_id = 1 WHERE id = 2",
        "UPDATE prescription SET refills_left = 1, refills_used = 2 WHERE id = 1",
        "UPDATE prescription SET refills_left = 3, refills_used = 0 WHERE id = 2",
    ),
    "refills do not add up": ("UPDATE prescription SET refills_left = 2 WHERE id = 3",),
    "line open that should not be": ("UPDATE order_line SET open = true WHERE id = 3",),
    "line closed that should be open": ("UPDATE order_line SET open = false WHERE id = 1",),
    "payment unknown": ("UPDATE refill_order SET held_reason = 'payment_unknown' WHERE id = 5",),
    "left pending": ("UPDATE payment SET status = 'pending' WHERE id = 5",),
    "card data left": (
        "INSERT INTO card_entry (call_sid, sealed_card, expires_at) SELECT 'CA1', '', placed_at FROM refill_order LIMIT 1",
    ),
    "left leased": (
        "INSERT INTO settlement (order_id, keep_card, tries, begun_at)"
        " SELECT 1, keep_card, 0, placed_at FROM (SELECT open AS keep_card FROM order_line WHERE id = 1) x, refill_order"
        " WHERE id = 1",
    ),
}
"""Problem -> what has happened to the tables for it to be found, and nothing else."""
SAID_OTHERWISE: Mapping[str, tuple[Sequence[int], Sequence[tuple[str, str]]]] = {
    "told, but missing": ((), [("stands", "19999999")]),
    "told that it stands, but it does not": ((), [("stands", DECLINED)]),
    "told that it is cancelled, but it is not": ((), [("cancelled", PLACED)]),
    "two orders for one yes": ((0, 1), []),
    "cancelled by nobody": ((8,), []),
}
"""Problem -> which of the notes are not there, and which are there besides, for it to be found, and nothing else."""
PLANTED: Mapping[str, set[str]] = {
    "second-charge": {"charged twice"},
    "off-by-a-cent": {"charged another amount"},
    "lost-order": {"told, but missing", "charge without an order"},
}


@pytest.mark.parametrize("problem", DAMAGED_TABLES)
def test_what_is_wrong_in_the_tables_is_found_by_its_name(bench: Bench, books: Connection, problem: str) -> None:
    for statement in DAMAGED_TABLES[problem]:
        books.execute(text(statement))
    assert {kind for kind, _ in found(bench, books, sound_notes(bench))} == {problem}


@pytest.mark.parametrize("problem", SAID_OTHERWISE)
def test_what_was_said_otherwise_is_found_by_its_name(bench: Bench, books: Connection, problem: str) -> None:
    unsaid, said = SAID_OTHERWISE[problem]
    notes = [note for index, note in enumerate(sound_notes(bench)) if index not in unsaid]
    notes += [bench("faults_audit").Note(ANA, "phone", *words) for words in said]
    assert {kind for kind, _ in found(bench, books, notes)} == {problem}


@pytest.mark.parametrize("name", PLANTED)
def test_what_the_bench_plants_is_found_and_names_its_order(bench: Bench, books: Connection, name: str) -> None:
    assert bench("fault_plants").plant(books, name, [SHIPPED, PLACED]) == PLACED
    assert {kind for kind, _ in found(bench, books, sound_notes(bench))} == PLANTED[name]
    assert any(PLACED in about for _, about in found(bench, books, sound_notes(bench)))


def test_every_problem_is_planted_here(bench: Bench) -> None:
    planted = {*DAMAGED_TABLES, *SAID_OTHERWISE, *set().union(*PLANTED.values())}
    assert planted == set(bench("faults_audit").PROBLEMS)
    assert set(PLANTED) == set(bench("fault_plants").PLANTS)
