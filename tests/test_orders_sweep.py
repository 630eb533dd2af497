"""What a sweep does with orders that nobody is on the line for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from demo_line import IDENTIFIED, DemoLine
from structlog.testing import capture_logs

from ivr.line.sweep import sweep
from ivr.orders.cancel import NotCancelled, cancel_order
from ivr.orders.events import Actor
from ivr.pharmacy.tables import CHANNELS

OURS = "SELECT o.status, p.status FROM refill_order o JOIN payment p ON p.order_id = o.id WHERE o.request_key LIKE 'CA%' ORDER BY p.id"


def placed_by(demo_line: DemoLine) -> tuple[int, str]:
    """Order by telephone; return the order's row and number."""
    demo_line.call(IDENTIFIED + "17")
    [(order_id, number)] = demo_line.rows("SELECT id, order_number FROM refill_order WHERE request_key LIKE 'CA%'")
    return int(str(order_id)), str(number)


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_is_authorized_for_a_cancelled_order_is_voided_whatever_its_channel(
    demo_line: DemoLine, channel: str
) -> None:
    placed_by(demo_line)
    cancelling = "UPDATE refill_order SET status = 'cancelled', channel = :channel WHERE request_key LIKE 'CA%'"
    demo_line.run(cancelling, channel=channel)
    assert demo_line.rows(OURS) == [("cancelled", "authorized")]
    sweep(demo_line.services, timedelta(days=90))
    assert demo_line.rows(OURS) == [("cancelled", "voided")]


def test_an_order_that_was_paid_in_the_last_moment_is_not_cancelled_as_unpaid(demo_line: DemoLine) -> None:
    order_id, _ = placed_by(demo_line)
    with demo_line.services.database.begin() as connection:
        assert cancel_order(connection, order_id, demo_line.clock(), Actor.LINE, unpaid=True) is NotCancelled.STANDS
    assert demo_line.rows(OURS) == [("placed", "authorized")]


def test_an_order_whose_payment_is_asked_for_is_not_cancelled(demo_line: DemoLine) -> None:
    order_id, _ = placed_by(demo_line)
    demo_line.run("UPDATE refill_order SET status = 'pending' WHERE request_key LIKE 'CA%'")
    demo_line.run("UPDATE payment SET status = 'pending' WHERE request_key LIKE 'CA%'")
    for unpaid in (True, False):
        with demo_line.services.database.begin() as connection:
            outcome = cancel_order(connection, order_id, demo_line.clock(), Actor.LINE, unpaid=unpaid)
        assert outcome is NotCancelled.ASKED_FOR


def test_an_authorization_that_the_processor_refuses_to_void_is_logged_once(demo_line: DemoLine) -> None:
    """Staff are told that something is wrong, but not with each sweep, which tries again."""
    _, number = placed_by(demo_line)
    demo_line.run("UPDATE payment SET reference = 'mistyped' WHERE request_key LIKE 'CA%'")
    demo_line.run("UPDATE refill_order SET status = 'cancelled' WHERE request_key LIKE 'CA%'")
    with capture_logs() as logged:
        for _ in range(3):
            sweep(demo_line.services, timedelta(days=90))
    [refused] = [line for line in logged if line["event"] == "processor_refused_request"]
    assert (refused["log_level"], refused["order"], refused["reason"]) == ("error", number, "unknown_reference")
    assert demo_line.rows(OURS) == [("cancelled", "authorized")]
    assert demo_line.rows("SELECT \"by\" FROM order_event WHERE what = 'void_refused'") == [("line",)]
