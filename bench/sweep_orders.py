"""Several sweeps at once over scheduled orders whose day has come: each must be authorized once, whoever sweeps.

Each sweep takes the parts that a sweep takes, on connections of its own; the card processor is the sandbox, whose shared
ledger is compared with the orders in the end. Exit 1 when an order has not exactly one authorization, of its total.

    python bench/sweep_orders.py [--orders 10000] [--sweeps 4]
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import structlog
from databases import Databases
from sqlalchemy import Engine, insert, select

from ivr.line.sandbox_ledger import TableLedger
from ivr.orders.desk import Desk
from ivr.orders.sweep import PARTS, Tally, see_through
from ivr.payment.sandbox import Charge, Sandbox
from ivr.pharmacy.database import open_database
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import Address, Member, OrderLine, OrderStatus, Payment, Prescription, RefillOrder, SavedCard
from ivr.secret import Secret

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")


def write_orders(database: Engine, orders: int) -> None:
    """Write scheduled orders whose day is today, each of a member of their own, with a card that is kept for it."""
    ids = range(1, orders + 1)
    person = {"first_name": "A", "last_name": "B", "birth_date": date(1950, 1, 1)}
    place = {"house_number": "1", "street": "MAIN STREET", "city": "LIVERMORE", "state": "CA", "zip": "94550"}
    filled = {"first_filled_on": TODAY - timedelta(76), "last_filled_on": TODAY - timedelta(76), "days_supplied": 90}
    amount = {"days_supply": 90, "quantity": 90, "price_cents": 1250}
    drug = {"drug_name": "METFORMIN", "prescriber_name": "Dr. Bench", "written_on": TODAY - timedelta(100)}
    card = {"gateway": "sandbox", "token": Secret("tok_visa"), "brand": "visa", "last4": "4242"}
    order = {"channel": "phone", "status": OrderStatus.SCHEDULED, "total_cents": 1250, "ship_on": TODAY}
    rows: dict[type, list[dict[str, object]]] = {
        Member: [{"id": n, "member_number": f"{n:09d}", **person} for n in ids],
        Address: [{"id": n, "member_id": n, "created_at": NOW, **place} for n in ids],
        Prescription: [
            {"id": n, "rx_number": f"{n:09d}", "member_id": n, "max_days_supply": 90, **drug, **filled, **amount}
            for n in ids
        ],
        SavedCard: [{"id": n, "member_id": n, "exp_month": 8, "exp_year": 2030, **card} for n in ids],
        RefillOrder: [
            {
                "id": n,
                "order_number": f"{n:08d}",
                "member_id": n,
                "ship_to_id": n,
                "saved_card_id": n,
                "placed_at": NOW - timedelta(9),
                "request_key": f"bench-{n}",
                **order,
            }
            for n in ids
        ],
        OrderLine: [{"order_id": n, "prescription_id": n, **amount} for n in ids],
    }
    with database.begin() as connection:
        for table, values in rows.items():
            connection.execute(insert(table), values)


def sweep_at_once(
    url: str, gateway: Sandbox, sweeps: int, begin_at: Callable[[int], int] = random.randrange
) -> list[Tally]:
    """Sweep so many times at once, each sweep with a database pool of its own; return how each went."""

    def one_sweep(_: int) -> list[Tally]:
        database = open_database(url, durable=False)
        desk = Desk(database, gateway, lambda: NOW, ZONE, Rules())
        try:
            return [see_through(desk, part, NOW, begin_at=begin_at) for part in PARTS]
        finally:
            database.dispose()

    with ThreadPoolExecutor(sweeps) as pool:
        return [tally for tallies in pool.map(one_sweep, range(sweeps)) for tally in tallies]


def problems(database: Engine, charges: Iterable[Charge]) -> Iterator[str]:
    """Yield what is wrong: an order that is not placed, and what the ledger and the payments do not agree on."""
    with database.connect() as connection:
        orders = connection.execute(
            select(RefillOrder.id, RefillOrder.order_number, RefillOrder.status, RefillOrder.total_cents).order_by(
                RefillOrder.id
            )
        ).all()
        payments = Counter(connection.scalars(select(Payment.order_id)))
    charged: dict[str, list[int]] = {}
    for charge in charges:
        charged.setdefault(charge.request_key.split("-")[1], []).append(charge.amount_cents)
    for order in orders:
        if order.status is not OrderStatus.PLACED or payments[order.id] != 1:
            yield f"order {order.order_number} is {order.status}, with {payments[order.id]} payments"
        if charged.pop(order.order_number, []) != [order.total_cents]:
            yield f"order {order.order_number} is charged otherwise than once"
    yield from (f"a charge for no order: {number}" for number in charged)


@contextmanager
def fresh_database() -> Iterator[str]:
    """Lend an empty database of PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(Path(folder))
        try:
            with databases.fresh("postgresql") as url:
                yield url
        finally:
            databases.close()


def main() -> int:
    """Write the orders, sweep, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--sweeps", type=int, default=4)
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with fresh_database() as url:
        database = open_database(url)
        write_orders(database, chosen.orders)
        ledger = TableLedger(database, lambda: NOW)
        start = time.perf_counter()
        tallies = sweep_at_once(url, Sandbox(ledger=ledger), chosen.sweeps)
        seconds = time.perf_counter() - start
        charges = ledger.charges()
        wrong = list(problems(database, charges))
        database.dispose()
    failed = sum(tally.failed for tally in tallies)
    print(
        f"{chosen.sweeps} sweeps at once over {chosen.orders:,} due orders: {len(charges):,} authorizations, "
        f"{len(wrong)} problems, {failed} steps failed, {seconds:.0f} s"
    )
    print("\n".join(wrong[:10]))
    return 1 if wrong or failed else 0


if __name__ == "__main__":
    sys.exit(main())
