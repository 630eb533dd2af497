"""What a sweep does with orders that nobody is on the line for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rehearsal import IDENTIFIED, Rehearsal

from ivr.line.sweep import sweep
from ivr.orders.cancel import NotCancelled, cancel_order
from ivr.pharmacy.tables import CHANNELS

OURS = "SELECT o.status, p.status FROM refill_order o JOIN payment p ON p.order_id = o.id WHERE o.request_key LIKE 'CA%' ORDER BY p.id"


def placed_by(rehearsal: Rehearsal) -> tuple[int, str]:
    """Order by telephone; return the order's row and number."""
    rehearsal.call(IDENTIFIED + "1117")
    [(order_id, number)] = rehearsal.rows("SELECT id, order_number FROM refill_order WHERE request_key LIKE 'CA%'")
    return int(str(order_id)), str(number)


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_is_authorized_for_a_cancelled_order_is_voided_whatever_its_channel(
    rehearsal: Rehearsal, channel: str
) -> None:
    placed_by(rehearsal)
    cancelling = "UPDATE refill_order SET status = 'cancelled', channel = :channel WHERE request_key LIKE 'CA%'"
    rehearsal.run(cancelling, channel=channel)
    assert rehearsal.rows(OURS) == [("cancelled", "authorized")]
    sweep(rehearsal.services, timedelta(days=90))
    assert rehearsal.rows(OURS) == [("cancelled", "voided")]


def test_an_order_that_was_paid_in_the_last_moment_is_not_cancelled_as_unpaid(rehearsal: Rehearsal) -> None:
    order_id, _ = placed_by(rehearsal)
    with rehearsal.services.database.begin() as connection:
        assert cancel_order(connection, order_id, rehearsal.clock(), only_unpaid=True) is NotCancelled.STANDS
    assert rehearsal.rows(OURS) == [("placed", "authorized")]


def test_an_order_whose_payment_is_asked_for_is_not_cancelled(rehearsal: Rehearsal) -> None:
    order_id, _ = placed_by(rehearsal)
    rehearsal.run("UPDATE refill_order SET status = 'pending' WHERE request_key LIKE 'CA%'")
    rehearsal.run("UPDATE payment SET status = 'pending' WHERE request_key LIKE 'CA%'")
    for only_unpaid in (True, False):
        with rehearsal.services.database.begin() as connection:
            outcome = cancel_order(connection, order_id, rehearsal.clock(), only_unpaid=only_unpaid)
        assert outcome is NotCancelled.ASKED_FOR
