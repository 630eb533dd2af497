"""What staff do with an order: ship it, or cancel it, and what that does to refills and money."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from demo_line import IDENTIFIED, DemoLine
from fault_points import KilledError
from sqlalchemy import select, text

from ivr.line.sweep import sweep
from ivr.orders import lease
from ivr.orders.cancel import cancel
from ivr.orders.desk import Outcome
from ivr.orders.events import Actor, record_event
from ivr.orders.find import orders_with_news
from ivr.orders.ship import ship
from ivr.pages.app import make_app
from ivr.payment.sandbox import Fault, Sandbox
from ivr.pharmacy.tables import RefillOrder
from ivr.settings import Settings

OURS = "SELECT o.status, p.status FROM refill_order o JOIN payment p ON p.order_id = o.id WHERE o.request_key LIKE 'CA%' ORDER BY p.id"


@pytest.fixture
def order(demo_line: DemoLine) -> str:
    demo_line.call(IDENTIFIED + "17")
    return str(demo_line.rows("SELECT order_number FROM refill_order WHERE request_key LIKE 'CA%'")[0][0])


def refills(demo_line: DemoLine) -> list[tuple[object, ...]]:
    return demo_line.rows(
        "SELECT rx_number, refills_left, refills_used FROM prescription WHERE member_id = 1 ORDER BY id"
    )


def test_shipping_captures_and_counts_the_fill(demo_line: DemoLine, order: str) -> None:
    outcome = ship(demo_line.services.desk, order, "9400100000000000000000")
    assert outcome.done, outcome.words
    assert demo_line.rows(OURS) == [("shipped", "captured")]
    filled = demo_line.rows("SELECT last_filled_on FROM prescription WHERE rx_number = '7304112'")
    assert str(filled[0][0]) == "2026-03-02"
    assert demo_line.rows(
        "SELECT count(*) FROM order_line WHERE open AND order_id = (SELECT max(id) FROM refill_order)"
    ) == [(0,)]


def test_shipping_twice_changes_nothing(demo_line: DemoLine, order: str) -> None:
    ship(demo_line.services.desk, order)
    before = refills(demo_line)
    assert ship(demo_line.services.desk, order).words == f"order {order} is shipped; only a placed order can be shipped"
    assert refills(demo_line) == before


def test_cancelling_gives_back_refills_and_money(demo_line: DemoLine) -> None:
    before = refills(demo_line)
    demo_line.call(IDENTIFIED + "17")
    order = str(demo_line.rows("SELECT order_number FROM refill_order WHERE request_key LIKE 'CA%'")[0][0])
    assert refills(demo_line) != before
    outcome = cancel(demo_line.services.desk, order)
    assert outcome.words == f"order {order} is cancelled and its payment voided"
    assert refills(demo_line) == before
    assert demo_line.rows(OURS) == [("cancelled", "voided")]


def test_a_shipped_order_cannot_be_cancelled(demo_line: DemoLine, order: str) -> None:
    ship(demo_line.services.desk, order)
    assert cancel(demo_line.services.desk, order).words == f"order {order} is shipped and cannot be cancelled"
    assert demo_line.rows(OURS) == [("shipped", "captured")]


def test_a_cancelled_order_is_cancelled_already(demo_line: DemoLine, order: str) -> None:
    assert cancel(demo_line.services.desk, order).done
    again = cancel(demo_line.services.desk, order)
    assert (again.done, again.words) == (False, f"order {order} is cancelled already")


def test_an_old_authorization_is_replaced_before_it_is_captured(demo_line: DemoLine, order: str) -> None:
    demo_line.clock.pass_seconds(6 * 86400)
    outcome = ship(demo_line.services.desk, order)
    assert outcome.done, outcome.words
    assert demo_line.rows(OURS) == [("shipped", "voided"), ("shipped", "captured")]


def test_a_card_kept_for_the_order_alone_is_forgotten_when_it_ships(demo_line: DemoLine) -> None:
    demo_line.call(IDENTIFIED + "1929" + "5555555555554444#" + "1230" + "123" + "2" + "7")
    order = str(demo_line.rows("SELECT order_number FROM refill_order WHERE request_key LIKE 'CA%'")[0][0])
    mine = "SELECT count(*) FROM saved_card WHERE member_id = 1 AND last4 = '4444'"
    assert demo_line.rows(mine) == [(1,)]
    assert ship(demo_line.services.desk, order).done
    assert demo_line.rows(mine) == [(0,)]


@pytest.mark.parametrize("do", [ship, cancel])
def test_an_unknown_order_is_said_to_be_unknown(demo_line: DemoLine, do: object) -> None:
    assert do(demo_line.services.desk, "00000000").words == "there is no order 00000000"  # type: ignore[operator]


class Processor(Sandbox):
    """A card processor that does not answer some requests, though it may have done what they ask."""

    def __init__(self) -> None:
        self.faults: dict[str, list[Fault]] = {}
        super().__init__(lambda operation: self.faults[operation].pop(0) if self.faults.get(operation) else None)


@pytest.fixture
def processor() -> Processor:
    return Processor()


@pytest.fixture
def unsure(demo_line: DemoLine, processor: Processor) -> DemoLine:
    line = replace(demo_line.services, gateway=processor)
    return demo_line.copy_with(services=line, app=make_app(line, Settings()))


def placed_by(demo_line: DemoLine) -> str:
    demo_line.call(IDENTIFIED + "17")
    return str(demo_line.rows("SELECT order_number FROM refill_order WHERE request_key LIKE 'CA%'")[0][0])


def test_an_authorization_nobody_answered_for_is_asked_again_with_its_own_key(
    unsure: DemoLine, processor: Processor
) -> None:
    order = placed_by(unsure)
    unsure.clock.pass_seconds(6 * 86400)
    processor.faults["authorize"] = [Fault.SLOW]
    assert ship(unsure.services.desk, order).words == f"the card processor does not answer for order {order}; try again"
    assert unsure.rows(OURS) == [("placed", "voided"), ("placed", "pending")]
    outcome = ship(unsure.services.desk, order)
    assert outcome.done, outcome.words
    assert unsure.rows(OURS) == [("shipped", "voided"), ("shipped", "captured")]
    assert len(processor.charges) == 2, "the one that was voided, and one that was captured"


def half_shipped(unsure: DemoLine, processor: Processor) -> str:
    """Ship an order whose authorization is old; the processor does not say what became of the new one."""
    order = placed_by(unsure)
    unsure.clock.pass_seconds(6 * 86400)
    processor.faults["authorize"] = [Fault.SLOW]
    assert ship(unsure.services.desk, order).words == f"the card processor does not answer for order {order}; try again"
    return order


def test_an_authorization_is_not_made_anew_while_another_worker_asks_for_it(
    unsure: DemoLine, processor: Processor
) -> None:
    order = half_shipped(unsure, processor)
    with unsure.services.database.begin() as connection:
        order_id = connection.scalars(select(RefillOrder.id).where(RefillOrder.order_number == order)).one()
        lease.start_lease(connection, lease.lock_row(connection, order_id, unsure.clock()), unsure.clock())
    processor.faults["authorize"] = [Fault.DOWN]
    assert ship(unsure.services.desk, order).words == f"the card processor does not answer for order {order}; try again"
    assert processor.faults["authorize"] == [Fault.DOWN], "it was not asked"
    processor.faults["authorize"] = []
    unsure.clock.pass_seconds(7)
    assert ship(unsure.services.desk, order).done


def test_a_sweep_finishes_an_authorization_made_anew(unsure: DemoLine, processor: Processor) -> None:
    order = half_shipped(unsure, processor)
    unsure.clock.pass_seconds(61)
    sweep(unsure.services, timedelta(days=90))
    assert unsure.rows(OURS) == [("placed", "voided"), ("placed", "authorized")]
    assert ship(unsure.services.desk, order).done
    assert len(processor.charges) == 2, "the one that was voided, and one that was captured"


def test_an_order_whose_card_is_gone_is_held_before_it_ships(unsure: DemoLine, processor: Processor) -> None:
    order = half_shipped(unsure, processor)
    unsure.run("UPDATE refill_order SET saved_card_id = NULL")
    assert ship(unsure.services.desk, order).words == f"order {order} is held: nobody knows what became of its payment"
    assert unsure.rows(OURS)[-1] == ("held", "pending")


def test_a_payment_that_could_not_be_voided_is_voided_by_the_next_sweep(unsure: DemoLine, processor: Processor) -> None:
    order = placed_by(unsure)
    processor.faults["void"] = [Fault.DOWN]
    outcome = cancel(unsure.services.desk, order)
    assert outcome.words == f"order {order} is cancelled; its payment will be voided by the next sweep"
    assert unsure.rows(OURS) == [("cancelled", "authorized")]
    sweep(unsure.services, timedelta(days=90))
    assert unsure.rows(OURS) == [("cancelled", "voided")]


def test_what_another_processor_holds_is_for_staff_to_void_there(demo_line: DemoLine, order: str) -> None:
    demo_line.run("UPDATE payment SET gateway = 'webpay' WHERE request_key LIKE 'CA%'")
    words = f"order {order} is cancelled; have its payment voided at webpay, which this line does not ask"
    assert cancel(demo_line.services.desk, order).words == words
    assert demo_line.rows(OURS) == [("cancelled", "authorized")]


def test_an_order_whose_money_was_taken_is_not_cancelled(demo_line: DemoLine, order: str) -> None:
    demo_line.run("UPDATE payment SET status = 'captured' WHERE request_key LIKE 'CA%'")
    assert (
        cancel(demo_line.services.desk, order).words
        == f"order {order} is being shipped: its payment is captured, or about to be"
    )
    assert demo_line.rows(OURS) == [("placed", "captured")]


# An old authorization is replaced: the old one voided first


def old_order(unsure: DemoLine) -> str:
    """Order by telephone, and let the authorization grow old; return the order's number."""
    order = placed_by(unsure)
    unsure.clock.pass_seconds(6 * 86400)
    return order


def ledger(processor: Processor) -> list[str]:
    return [charge.status for charge in processor.charges.values()]


def test_an_authorization_of_five_days_is_taken_as_it_is(unsure: DemoLine, processor: Processor) -> None:
    order = placed_by(unsure)
    unsure.clock.pass_seconds(5 * 86400 - 60)
    assert ship(unsure.services.desk, order).done
    assert ledger(processor) == ["captured"]


@pytest.mark.parametrize("fault", Fault)
def test_nothing_new_is_authorized_while_the_old_one_cannot_be_voided(
    unsure: DemoLine, processor: Processor, fault: Fault
) -> None:
    order = old_order(unsure)
    processor.faults["void"] = [fault]
    words = f"the old authorization of order {order} could not be voided; try again"
    assert ship(unsure.services.desk, order).words == words
    assert unsure.rows(OURS) == [("placed", "authorized")]
    assert len(processor.charges) == 1
    assert ship(unsure.services.desk, order).done
    assert (unsure.rows(OURS), ledger(processor)) == (
        [("shipped", "voided"), ("shipped", "captured")],
        ["voided", "captured"],
    )


def test_an_order_whose_old_authorization_could_not_be_voided_can_still_be_cancelled(
    unsure: DemoLine, processor: Processor
) -> None:
    order = old_order(unsure)
    processor.faults["void"] = [Fault.DOWN]
    assert not ship(unsure.services.desk, order).done
    assert cancel(unsure.services.desk, order).words == f"order {order} is cancelled and its payment voided"


def test_a_card_that_is_declined_when_the_authorization_is_replaced_holds_the_order_for_days(
    unsure: DemoLine, processor: Processor
) -> None:
    order = old_order(unsure)
    with unsure.database.begin() as connection:  # it was declined once before it was placed
        order_id = connection.scalars(select(RefillOrder.id).where(RefillOrder.order_number == order)).one()
        for what in ("held_payment", "placed"):
            record_event(connection, order_id, what, unsure.clock() - timedelta(days=5), Actor.LINE)
    unsure.run("UPDATE saved_card SET token = 'tok_chargeDeclined' WHERE member_id = 1")
    assert ship(unsure.services.desk, order).words == f"order {order} is held: its card was declined"
    assert unsure.rows(OURS) == [("held", "voided"), ("held", "declined")]
    assert ledger(processor) == ["voided", "declined"]
    with unsure.database.connect() as connection:
        assert order in {told.order_number for told in orders_with_news(connection, 1, unsure.clock())}
    sweep(unsure.services, timedelta(days=90))
    assert unsure.rows(OURS)[-1] == ("held", "declined"), "it is kept from now on, not from the first time"
    unsure.clock.pass_seconds(4 * 86400)  # the day is over that is told
    sweep(unsure.services, timedelta(days=90))
    assert unsure.rows(OURS)[-1] == ("cancelled", "declined")


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_card_that_is_gone_or_has_expired_is_not_charged_anew(
    unsure: DemoLine, processor: Processor, is_gone: bool
) -> None:
    order = old_order(unsure)
    unsure.run("UPDATE saved_card SET exp_month = 2, exp_year = 2026 WHERE member_id = 1")
    if is_gone:
        unsure.run("UPDATE refill_order SET saved_card_id = NULL WHERE order_number = :number", number=order)
    assert ship(unsure.services.desk, order).words == f"order {order} is held: its card is gone or has expired"
    assert (unsure.rows(OURS), ledger(processor)) == ([("held", "voided")], ["voided"])


@pytest.mark.parametrize("operation", ["void", "authorize", "capture"])
def test_whoever_is_killed_while_an_authorization_is_replaced_ships_it_at_the_next_try(
    unsure: DemoLine, processor: Processor, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = old_order(unsure)
    with monkeypatch.context() as patch:
        ask = getattr(processor, operation)

        def ask_and_die(*values: object) -> None:
            ask(*values)
            raise KilledError

        patch.setattr(processor, operation, ask_and_die)
        with pytest.raises(KilledError):
            ship(unsure.services.desk, order)
    assert not ship(unsure.services.desk, order).done, "who was killed may still be asking"
    unsure.clock.pass_seconds(7)
    outcome = ship(unsure.services.desk, order)
    assert outcome.done, outcome.words
    assert unsure.rows(OURS) == [("shipped", "voided"), ("shipped", "captured")]
    assert ledger(processor) == ["voided", "captured"]


def test_what_was_captured_without_an_answer_is_not_authorized_anew_when_it_is_old(
    unsure: DemoLine, processor: Processor
) -> None:
    order = placed_by(unsure)
    processor.faults["capture"] = [Fault.SLOW]
    assert not ship(unsure.services.desk, order).done
    unsure.clock.pass_seconds(6 * 86400)
    outcome = ship(unsure.services.desk, order)
    assert outcome.done, outcome.words
    assert (unsure.rows(OURS), ledger(processor)) == ([("shipped", "captured")], ["captured"])


def test_two_who_ship_one_old_order_at_once_replace_and_take_it_once(
    kind: str, unsure: DemoLine, processor: Processor
) -> None:
    if kind == "sqlite":
        pytest.skip("an embedded database has one writer at a time")
    order, shippers = old_order(unsure), 4
    outcomes: list[Outcome] = []

    def ship_with(start: Barrier) -> Outcome:
        start.wait()
        return ship(unsure.services.desk, order)

    while not any(outcome.done for outcome in outcomes):
        with ThreadPoolExecutor(shippers) as pool:
            outcomes += pool.map(ship_with, [Barrier(shippers)] * shippers)
        unsure.clock.pass_seconds(7)
    assert sum(outcome.done for outcome in outcomes) == 1
    assert (unsure.rows(OURS), ledger(processor)) == (
        [("shipped", "voided"), ("shipped", "captured")],
        ["voided", "captured"],
    )


def test_an_order_that_the_website_is_cancelling_is_not_captured(
    kind: str, unsure: DemoLine, processor: Processor
) -> None:
    if kind == "sqlite":
        pytest.skip("an embedded database has one writer at a time")
    order = placed_by(unsure)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool, unsure.services.database.connect() as website:
        website.execute(text("SELECT id FROM refill_order WHERE order_number = :order FOR UPDATE"), {"order": order})
        shipping = pool.submit(ship, unsure.services.desk, order)
        while unsure.rows(waiting) == [(0,)]:
            assert not shipping.done(), "shipping has to wait for the website"
        cancelled = "UPDATE refill_order SET status = 'cancelled' WHERE order_number = :order"
        website.execute(text(cancelled), {"order": order})
        website.commit()
        assert shipping.result().words == f"order {order} changed meanwhile"
    assert ledger(processor) == ["authorized"]
