"""A scheduled order's day, without a caller: judged anew, held with its causes, released, charged once whoever sweeps."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from databases import Databases
from demo_line import PROJECT, TODAY, DemoLine
from pharmacy_rows import NOW
from sqlalchemy import update

from ivr.cli.pharmacy import held_for
from ivr.line.sandbox_ledger import TableLedger
from ivr.line.sweep import sweep
from ivr.orders.find import OrderFacts, order_by_number
from ivr.orders.hold import release
from ivr.orders.judge import judge_order
from ivr.payment.sandbox import Sandbox
from ivr.pharmacy.database import open_database
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import Prescription

ORDER, RX = "42868216", "7310688"
"""An order of the demo pharmacy that is scheduled, and its only prescription."""
DUE = TODAY + timedelta(days=9)


@pytest.fixture
def due(demo_line: DemoLine) -> DemoLine:
    """Bring the line to the morning of the order's day, before any sweep."""
    demo_line.clock.pass_seconds(9 * 86400)
    return demo_line


def change_rx(line: DemoLine, **columns: object) -> None:
    with line.database.begin() as connection:
        connection.execute(update(Prescription).where(Prescription.rx_number == RX).values(**columns))


def sweep_now(line: DemoLine) -> None:
    assert not sweep(line.services, timedelta(days=90)).failed


def stands(line: DemoLine) -> tuple[str, str, int]:
    """Return the order's status, why it is held, and how many payments it has."""
    query = "SELECT status, coalesce(held_reason, ''), (SELECT count(*) FROM payment WHERE order_id = o.id) FROM refill_order o"
    status, reason, payments = line.rows(f"{query} WHERE order_number = :number", number=ORDER)[0]
    return str(status), str(reason), int(str(payments))


def events(line: DemoLine) -> list[tuple[object, ...]]:
    query = (
        'SELECT what, "by" FROM order_event WHERE order_id = (SELECT id FROM refill_order WHERE order_number = :number)'
    )
    return line.rows(f"{query} ORDER BY id", number=ORDER)


def the_order(line: DemoLine) -> OrderFacts:
    with line.database.connect() as connection:
        found = order_by_number(connection, ORDER)
    assert found is not None
    return found


CAUSES: dict[str, dict[str, object]] = {
    "rules_discontinued": {"status": "discontinued"},
    "rules_on_hold": {"status": "on_hold"},
    "rules_replaced_by_unknown": {"status": "replaced", "replaced_by": "9999999"},
    "rules_not_mailable": {"mailable": False},
    "rules_transfer_pending": {"status": "transfer_pending"},
    "rules_first_fill": {"first_filled_on": None, "last_filled_on": None},
    "rules_expired": {"expires_on": DUE - timedelta(days=1)},
    "rules_legal_limit": {"schedule": 3, "written_on": DUE - timedelta(days=190)},
    "rules_no_refills_by_law": {"schedule": 2},
    "rules_due_too_late": {"last_filled_on": DUE, "expires_on": DUE + timedelta(days=3)},
    "rules_supply_changed": {"days_supply": 25, "max_days_supply": 25},
    "price_changed": {"price_cents": 1101},
}


@pytest.mark.parametrize("cause", CAUSES)
def test_what_keeps_an_order_is_recorded_and_shown_and_staff_have_the_last_word(due: DemoLine, cause: str) -> None:
    change_rx(due, **CAUSES[cause])
    sweep_now(due)
    assert stands(due) == ("held", "rules", 0)
    assert events(due) == [("held_rules", "line"), (cause, "line")]
    with due.database.connect() as connection:
        assert held_for(connection, the_order(due)) == f"rules: {cause.removeprefix('rules_')}"
    sweep_now(due)
    assert len(events(due)) == 2, "it is held once"
    assert release(due.services.desk, ORDER).done
    sweep_now(due)
    assert stands(due) == ("placed", "", 1)
    assert due.rows("SELECT amount_cents FROM payment WHERE order_id = :id", id=the_order(due).id) == [(1000,)]


def test_another_cause_after_the_release_holds_it_again(due: DemoLine) -> None:
    change_rx(due, status="on_hold")
    sweep_now(due)
    assert release(due.services.desk, ORDER).done
    change_rx(due, status="discontinued", price_cents=5000)
    sweep_now(due)
    assert stands(due) == ("held", "rules", 0)
    assert events(due)[-1] == ("rules_discontinued", "line")
    change_rx(due, status="active")
    assert release(due.services.desk, ORDER).done
    sweep_now(due)
    assert (stands(due), events(due)[-1]) == (("held", "rules", 0), ("price_changed", "line"))
    assert release(due.services.desk, ORDER).done
    sweep_now(due)
    assert stands(due) == ("placed", "", 1)


def test_a_member_who_is_no_longer_one_is_not_charged(due: DemoLine) -> None:
    due.run("UPDATE member SET status = 'deceased' WHERE member_number = '41203031'")
    sweep_now(due)
    assert (stands(due), events(due)[-1]) == (("held", "rules", 0), ("rules_member_not_active", "line"))


def test_an_order_with_nothing_to_pay_is_judged_too(due: DemoLine) -> None:
    due.run("UPDATE refill_order SET total_cents = 0 WHERE order_number = :number", number=ORDER)
    change_rx(due, status="discontinued", price_cents=0)
    sweep_now(due)
    assert stands(due) == ("held", "rules", 0)


def test_a_line_that_the_pharmacys_own_file_has_filled_is_charged_whatever_the_rules_say(due: DemoLine) -> None:
    due.run("UPDATE order_line SET filled_on = :day WHERE order_id = :id", day=DUE, id=the_order(due).id)
    change_rx(due, last_filled_on=DUE, refills_left=0, price_cents=9000)
    sweep_now(due)
    assert stands(due) == ("placed", "", 1)


def test_refills_that_the_file_had_no_longer_left_are_not_given_back(due: DemoLine) -> None:
    due.run("UPDATE order_line SET refills_short = 1 WHERE order_id = :id", id=the_order(due).id)
    change_rx(due, refills_left=0)
    sweep_now(due)
    assert (stands(due), events(due)[-1]) == (("held", "rules", 0), ("rules_none_left", "line"))


def test_the_setting_is_for_the_whole_order(due: DemoLine) -> None:
    change_rx(due, price_cents=1060)
    due.run(
        "INSERT INTO order_line (order_id, prescription_id, days_supply, quantity, price_cents, open) "
        "SELECT :id, id, days_supply, quantity, price_cents - 60, :open FROM prescription WHERE rx_number = '7304112'",
        id=the_order(due).id,
        open=True,
    )
    order = the_order(due)
    with due.database.connect() as connection:
        judgement = judge_order(connection, order, DUE, Rules())
        lenient = judge_order(connection, order, DUE, Rules(price_change_cents=120))
    assert (judgement.asks_price, judgement.total_cents) == (True, 1120)
    assert (lenient.asks_price, lenient.total_cents) == (False, 1000)


@pytest.mark.parametrize(("hour", "status"), [(-1, "scheduled"), (1, "placed")])
def test_its_day_begins_at_midnight_at_the_pharmacy(demo_line: DemoLine, hour: int, status: str) -> None:
    midnight = demo_line.clock().astimezone(demo_line.services.timezone).replace(hour=0) + timedelta(days=9)
    demo_line.clock.pass_seconds((midnight - demo_line.clock()).total_seconds() + hour * 3600)
    sweep_now(demo_line)
    assert stands(demo_line)[0] == status


def test_an_order_whose_day_passed_while_no_line_ran_is_charged_once_and_comes_later(demo_line: DemoLine) -> None:
    demo_line.clock.pass_seconds(12 * 86400)
    for _ in range(3):
        sweep_now(demo_line)
    assert stands(demo_line) == ("placed", "", 1)
    assert the_order(demo_line).expected_by == date(2026, 3, 24), "seven business days from the day it was begun"


def test_it_expired_while_no_line_ran(demo_line: DemoLine) -> None:
    demo_line.clock.pass_seconds(12 * 86400)
    change_rx(demo_line, expires_on=DUE + timedelta(days=1))
    sweep_now(demo_line)
    assert (stands(demo_line), events(demo_line)[-1]) == (("held", "rules", 0), ("rules_expired", "line"))


@pytest.fixture(scope="module")
def bench() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROJECT / "bench"))
        yield importlib.import_module("sweep_orders")


@pytest.mark.parametrize("apart", [True, False])
def test_four_sweeps_at_once_authorize_each_order_once(
    bench: Any, databases: Databases, kind: str, apart: bool
) -> None:
    if kind == "sqlite":
        pytest.skip("an embedded database has one writer at a time")
    with databases.fresh(kind) as url:
        database = open_database(url, durable=False)
        ledger = TableLedger(database, lambda: NOW)
        bench.write_orders(database, 60)
        tallies = bench.sweep_at_once(url, Sandbox(ledger=ledger), 4, *(() if apart else (lambda _: 0,)))
        charges = ledger.charges()
        assert [tally.failed for tally in tallies] == [0] * len(tallies)
        assert list(bench.problems(database, charges)) == []
        database.dispose()
    assert len(charges) == 60


def test_the_count_of_authorizations_finds_a_second_a_wrong_and_a_missing_one(
    bench: Any, databases: Databases, kind: str
) -> None:
    gateway = Sandbox()
    with databases.fresh(kind) as url:
        database = open_database(url, durable=False)
        bench.write_orders(database, 3)
        bench.sweep_at_once(url, gateway, 1)
        first, second = gateway.charges["order-00000001-0"], gateway.charges["order-00000002-0"]
        twice = replace(first, request_key="order-00000001-9")
        found = list(bench.problems(database, [first, twice, replace(second, amount_cents=1249)]))
        database.dispose()
    assert found == [f"order 0000000{n} is charged otherwise than once" for n in (1, 2, 3)]
