"""The audit of `bench/faults.py`: it finds nothing in sound books, and each thing that is planted, by its name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from databases import Databases
from demo_line import PROJECT
from sqlalchemy import Connection, Engine, insert, text

from ivr.line.tables import sandbox_charge
from ivr.orders.lease import payment_lease
from ivr.pharmacy.database import open_database, upgrade
from ivr.pharmacy.tables import Address, Member, OrderLine, Payment, Prescription, RefillOrder

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
        for number, name in enumerate((ANA, BEN), 1):
            person = {"first_name": "A", "last_name": "B", "birth_date": date(1950, 1, 1), "language": "en"}
            connection.execute(insert(Member), {"member_number": name, "status": "active", "test": False, **person})
            place = {"kind": "mailing", "street": "Main Street", "city": "Boston", "state": "MA", "zip": "02134"}
            about = {"entered_by": "staff", "verified": True, "created_at": NOW}
            connection.execute(insert(Address), {"member_id": number, **place, **about})
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
def bench() -> Iterator[Callable[[str], Any]]:
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


def sound_notes(note: Any) -> list[Any]:
    """Return what Ana and the website did and heard: Ana was cut off once before she heard what became of her yes."""
    notes = [note(ANA, "phone", "ordered", cents=cents) for cents in (1001, 1002, 1003, 1005, 1001)]
    told = [note(ANA, "phone", "stands", number) for number in (PLACED, SHIPPED, CANCELLED)]
    cancel = [note(ANA, "phone", what, CANCELLED) for what in ("cancels", "cancelled")]
    declined = [note(ANA, "phone", "pays", DECLINED, 1005), note(ANA, "phone", "completes", DECLINED)]
    online = [note(ANA, "web", "ordered", cents=1004), note(ANA, "web", "stands", ONLINE)]
    return [*notes, *told, *cancel, *declined, *online]


def found(bench: Callable[[str], Any], connection: Connection, notes: Sequence[Any]) -> list[tuple[str, str]]:
    module = bench("faults_audit")
    problems = module.audit(connection, module.sandbox_books(connection), notes, BEFORE)
    return [(problem.kind, problem.about) for problem in problems]


def test_nothing_is_found_in_sound_books(bench: Callable[[str], Any], books: Connection) -> None:
    assert found(bench, books, sound_notes(bench("faults_audit").Note)) == []


DAMAGE: dict[str, tuple[str, ...]] = {
    "not charged": ("UPDATE sandbox_charge SET status = 'voided' WHERE reference = 'sandbox_1'", "UPDATE payment SET status = 'voided' WHERE id = 1"),
    "charge not released": ("UPDATE sandbox_charge SET status = 'authorized' WHERE reference = 'sandbox_3'", "UPDATE payment SET status = 'authorized' WHERE id = 3"),
    "charge without an order": ("UPDATE sandbox_charge SET status = 'authorized', description = 'Order 19999999' WHERE reference = 'sandbox_5'",),
    "captured, but not shipped": ("UPDATE sandbox_charge SET status = 'captured', captured_cents = 1001 WHERE reference = 'sandbox_1'", "UPDATE payment SET status = 'captured' WHERE id = 1"),
    "shipped, but not captured": ("UPDATE sandbox_charge SET status = 'authorized' WHERE reference = 'sandbox_2'", "UPDATE payment SET status = 'authorized' WHERE id = 2"),
    "charged another amount": ("UPDATE sandbox_charge SET captured_cents = 1001 WHERE reference = 'sandbox_2'",),
    "payment unlike the ledger": ("UPDATE payment SET status = 'expired' WHERE id = 1",),
    "told, but missing": ("UPDATE refill_order SET member_id = 2 WHERE id = 5", "UPDATE refill_order SET channel = 'app' WHERE id = 5"),
    "told that it stands, but it does not": (
        "UPDATE refill_order SET status = 'held', held_reason = 'payment' WHERE id = 1",
        "UPDATE sandbox_charge SET status = 'voided' WHERE reference = 'sandbox_1'", "UPDATE payment SET status = 'voided' WHERE id = 1",
    ),
    "lines unlike the total": ("UPDATE order_line SET price_cents = 1002 WHERE id = 1",),
    "told that it is cancelled, but it is not": (),
    "refills do not add up": ("UPDATE prescription SET refills_left = 2 WHERE id = 3",),
    "line open that should not be": ("UPDATE order_line SET open = true WHERE id = 3",),
    "line closed that should be open": ("UPDATE order_line SET open = false WHERE id = 1",),
    "payment unknown": ("UPDATE refill_order SET held_reason = 'payment_unknown' WHERE id = 5",),
    "left pending": ("UPDATE payment SET status = 'pending' WHERE id = 5",),
}  # fmt: skip
"""Problem -> what has to happen to the tables for it to be found, and nothing else."""


@pytest.mark.parametrize(("problem", "statements"), [pair for pair in DAMAGE.items() if pair[1]])
def test_each_damage_is_found_and_nothing_else(
    bench: Callable[[str], Any], books: Connection, problem: str, statements: Sequence[str]
) -> None:
    for statement in statements:
        books.execute(text(statement))
    assert {kind for kind, _ in found(bench, books, sound_notes(bench("faults_audit").Note))} == {problem}
