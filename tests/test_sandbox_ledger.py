"""The sandbox's ledger as a table: shared by workers, outliving them, and read by whoever audits the line."""

from __future__ import annotations

import runpy
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from databases import Databases
from demo_line import IDENTIFIED, DemoLine
from hearing import hears
from sqlalchemy import Engine, text

from ivr.line.build import build_line
from ivr.line.sandbox_ledger import TableLedger, add_loaded
from ivr.orders.cancel import cancel
from ivr.orders.ship import ship
from ivr.pages.app import make_app
from ivr.payment.gateway import Authorized, Captured, Reason, Refused, Unavailable, Voided
from ivr.payment.sandbox import Charge, Sandbox
from ivr.pharmacy.migrate import MIGRATIONS
from ivr.secret import Secret
from ivr.settings import Settings, load_settings

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = "CA01-9-17"


def worker(database: Engine) -> Sandbox:
    """A sandbox as each worker has one: it remembers nothing itself."""
    return Sandbox(ledger=TableLedger(database, lambda: NOON))


def authorize(sandbox: Sandbox, key: str = KEY, token: str = "tok_visa", cents: int = 2500) -> object:
    return sandbox.authorize(Secret(token), cents, key, "Order 10018")


def test_workers_share_it(database: Engine) -> None:
    answer = authorize(worker(database))
    assert isinstance(answer, Authorized)
    assert authorize(worker(database)) == answer == worker(database).retrieve(KEY)
    assert authorize(worker(database), cents=2501) == Refused(Reason.KEY_REUSED)
    assert worker(database).capture(answer.reference, 2400, "c1") == Captured(answer.reference)
    assert worker(database).void(answer.reference, "v1") == Refused(Reason.ALREADY_CAPTURED)
    taken = Charge(KEY, answer.reference, "tok_visa", 2500, "captured", None, 2400, "Order 10018")
    assert worker(database).charges == {KEY: taken}


def test_a_charge_asked_for_with_two_keys_is_two_charges(database: Engine) -> None:
    for key in (KEY, KEY, "another"):
        authorize(worker(database), key)
    with database.connect() as connection:
        query = "SELECT request_key, amount_cents, status FROM sandbox_charge WHERE description = 'Order 10018'"
        rows = {tuple(row) for row in connection.execute(text(query))}
    assert rows == {(KEY, 2500, "authorized"), ("another", 2500, "authorized")}


def test_what_was_declined_is_remembered(database: Engine) -> None:
    refused = Refused(Reason.INSUFFICIENT_FUNDS)
    assert authorize(worker(database), token="tok_chargeDeclinedInsufficientFunds") == refused
    assert worker(database).retrieve(KEY) == refused


@pytest.mark.parametrize("first", ["captured", "voided"])
def test_of_two_that_found_it_authorized_the_first_one_counts(database: Engine, first: str) -> None:
    answer = authorize(worker(database))
    assert isinstance(answer, Authorized)
    ledger = TableLedger(database, lambda: NOON)
    found = ledger.find(answer.reference)
    assert found is not None
    one = ledger.move(found, "captured", 2500) if first == "captured" else ledger.move(found, "voided")
    assert ledger.move(found, "voided") == ledger.move(found, "captured", 2500) == one
    assert one.status == first


def test_a_ledger_that_is_away_means_no_answer(database: Engine) -> None:
    answer = authorize(worker(database))
    assert isinstance(answer, Authorized)
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE sandbox_charge RENAME TO lost"))
    for away in (
        authorize(worker(database)),
        worker(database).capture(answer.reference, 2500, "c1"),
        worker(database).void(answer.reference, "v1"),
        worker(database).retrieve(KEY),
    ):
        assert isinstance(away, Unavailable)
        assert "tok_visa" not in away.why


def test_a_line_charges_into_it_and_another_worker_ships(demo_line: DemoLine) -> None:
    line = replace(demo_line.services, gateway=worker(demo_line.database))
    phone, heard = demo_line.copy_with(services=line, app=make_app(line, Settings())).call(IDENTIFIED + "17")
    assert hears(heard.text, "order.placed_now")
    assert phone.errors == []
    [(order, amount)] = demo_line.rows(
        "SELECT order_number, amount_cents FROM payment p JOIN refill_order o ON o.id = p.order_id "
        "WHERE p.request_key LIKE 'CA%' AND p.status = 'authorized'"
    )
    assert ship(replace(line, gateway=worker(demo_line.database)).desk, str(order)).done
    charged = (
        "SELECT amount_cents, captured_cents, status, description FROM sandbox_charge WHERE request_key LIKE 'CA%'"
    )
    assert demo_line.rows(charged) == [(amount, amount, "captured", f"Order {order}")]


def test_the_demo_pharmacys_payments_are_known_once_they_are_loaded(demo_line: DemoLine) -> None:
    desk = replace(demo_line.services, gateway=worker(demo_line.database)).desk
    add_loaded(demo_line.database, demo_line.clock)  # once more: the demo line's filling did it first
    assert cancel(desk, "44098721").done
    assert desk.gateway.retrieve("demo-44098721-1") == Refused(Reason.ALREADY_VOIDED)
    assert ship(desk, "40817363").done
    statuses = demo_line.rows("SELECT status, count(*) FROM sandbox_charge GROUP BY 1 ORDER BY 1")
    assert statuses == [("captured", 3), ("voided", 2)]


def test_a_line_is_built_with_it(kind: str, databases: Databases) -> None:
    with databases.fresh(kind) as url:
        environment = {"DATABASE_URL": url, "IVR_SECRET_KEY": "YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtMTI="}
        one, other = (build_line(load_settings(environment)) for _ in range(2))
        answer = one.gateway.authorize(Secret("tok_visa"), 2500, KEY)
        assert isinstance(answer, Authorized)
        assert other.gateway.void(answer.reference, KEY) == Voided(answer.reference)
        for line in (one, other):
            line.database.dispose()


def test_the_migration_takes_over_what_was_authorized_before(demo_line: DemoLine) -> None:
    known = demo_line.rows("SELECT * FROM sandbox_charge ORDER BY reference")
    demo_line.run("DROP TABLE sandbox_charge")
    migration = runpy.run_path(str(MIGRATIONS / "versions" / "0020_sandbox_charge.py"))
    with demo_line.database.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration["upgrade"]()
    taken_over = demo_line.rows("SELECT * FROM sandbox_charge ORDER BY reference")
    assert len(known) == 5
    assert [row[:-1] for row in taken_over] == [row[:-1] for row in known], "all but when they were made"
