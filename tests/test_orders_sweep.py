"""What a sweep does with orders that nobody is on the line for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from demo_line import IDENTIFIED, DemoLine
from structlog.testing import capture_logs

from ivr.line.sweep import sweep
from ivr.orders import authorize, lease
from ivr.orders.authorize import Progress
from ivr.orders.cancel import NotCancelled, cancel_order
from ivr.orders.events import Actor
from ivr.orders.hold import release
from ivr.pages.app import make_app
from ivr.payment.gateway import Authorized, NotFound, Reason, Refused, Unavailable
from ivr.payment.sandbox import Fault, Sandbox
from ivr.pharmacy.tables import CHANNELS
from ivr.settings import Settings

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


@pytest.mark.parametrize(
    ("status", "kept"), [("placed", 1), ("held", 1), ("cancelled", 0), ("shipped", 0), ("delivered", 0)]
)
def test_a_card_kept_for_an_order_alone_is_forgotten_once_another_program_has_finished_it(
    demo_line: DemoLine, status: str, kept: int
) -> None:
    demo_line.call(IDENTIFIED + "1929" + "5555555555554444#" + "1230" + "123" + "2" + "7")
    demo_line.run("UPDATE refill_order SET status = :status WHERE request_key LIKE 'CA%'", status=status)
    for _ in range(2):
        swept = sweep(demo_line.services, timedelta(days=90))
    assert demo_line.rows("SELECT count(*) FROM saved_card WHERE last4 = '4444' AND member_id = 1") == [(kept,)]
    assert "cards_forgotten" not in swept.done


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


# Another program changes an order while its payment is under way

CANCEL = "UPDATE refill_order SET status = 'cancelled', cancelled_by = 'web' WHERE request_key LIKE 'CA%'"
LEASED = "SELECT count(*) FROM settlement s JOIN refill_order o ON o.id = s.order_id WHERE o.request_key LIKE 'CA%'"


class SaysNothing(Sandbox):
    """A processor that answers no authorization for a while, and shows what it has been asked, or nothing."""

    def __init__(self) -> None:
        self.fault: Fault | None = Fault.SLOW
        self.shows: Unavailable | NotFound | None = None
        super().__init__(lambda operation: self.fault if operation == "authorize" else None)

    def retrieve(self, request_key: str) -> Authorized | Refused | NotFound | Unavailable:
        return self.shows or super().retrieve(request_key)


@pytest.fixture
def processor() -> SaysNothing:
    return SaysNothing()


@pytest.fixture
def unsure(demo_line: DemoLine, processor: SaysNothing) -> DemoLine:
    services = replace(demo_line.services, gateway=processor)
    return demo_line.copy_with(services=services, app=make_app(services, Settings()))


def swept_after(line: DemoLine, **wait: float) -> None:
    line.clock.pass_seconds(timedelta(**wait).total_seconds())
    assert not sweep(line.services, timedelta(days=90)).failed


def charges(processor: Sandbox) -> list[str]:
    return [charge.status for key, charge in processor.charges.items() if key.startswith("CA")]


def test_what_a_cancelled_order_may_have_cost_is_found_out_and_voided(unsure: DemoLine, processor: SaysNothing) -> None:
    placed_by(unsure)
    unsure.run(CANCEL)
    processor.shows = Unavailable("away")
    swept_after(unsure, minutes=2)
    assert (unsure.rows(OURS), unsure.rows(LEASED)) == ([("cancelled", "pending")], [(1,)])
    processor.shows = None
    swept_after(unsure, minutes=1)
    assert (unsure.rows(OURS), charges(processor)) == ([("cancelled", "voided")], ["voided"])
    swept_after(unsure, minutes=1)
    assert unsure.rows(LEASED) == [(0,)]


def test_a_processor_that_shows_no_payment_of_a_cancelled_order_is_believed_after_an_hour(
    unsure: DemoLine, processor: SaysNothing
) -> None:
    processor.fault = Fault.DOWN
    placed_by(unsure)
    unsure.run(CANCEL)
    swept_after(unsure, minutes=50)
    assert unsure.rows(OURS) == [("cancelled", "pending")]
    swept_after(unsure, minutes=11)
    assert unsure.rows(OURS) == [("cancelled", "failed")]
    swept_after(unsure, minutes=1)
    assert (unsure.rows(LEASED), charges(processor)) == ([(0,)], [])


def test_a_payment_that_was_never_asked_for_is_not_asked_for_once_its_order_is_cancelled(
    unsure: DemoLine, processor: SaysNothing
) -> None:
    placed_by(unsure)
    unsure.run(CANCEL)
    unsure.run("UPDATE settlement SET tries = 0")  # as if the website had come before the payment turn
    processor.shows = Unavailable("not asked")
    swept_after(unsure, minutes=2)
    assert unsure.rows(OURS) == [("cancelled", "failed")]


def test_a_caller_hears_at_once_of_an_order_cancelled_while_another_worker_asks(
    unsure: DemoLine, processor: SaysNothing
) -> None:
    order_id, _ = placed_by(unsure)
    unsure.run(CANCEL)
    with unsure.services.database.begin() as connection:
        now = unsure.clock()
        lease.start_lease(connection, lease.lock_row(connection, order_id, now), now)
        assert authorize.claim(connection, processor, order_id, now) is Progress.CANCELLED


def test_a_payment_that_is_declined_as_its_order_is_cancelled_stays_declined(
    unsure: DemoLine, processor: SaysNothing
) -> None:
    order_id, _ = placed_by(unsure)
    with unsure.services.database.begin() as connection:
        request = authorize.claim(connection, processor, order_id, unsure.clock())
    assert isinstance(request, authorize.Request)
    unsure.run(CANCEL)
    with unsure.services.database.begin() as connection:
        progress = authorize.finish(connection, request, Refused(Reason.DECLINED), unsure.clock())
    assert (progress, unsure.rows(OURS)) == (Progress.CANCELLED, [("cancelled", "declined")])


def test_the_payment_of_an_order_that_another_program_held_meanwhile_is_seen_through_once_it_is_released(
    unsure: DemoLine, processor: SaysNothing
) -> None:
    _, number = placed_by(unsure)
    unsure.run("UPDATE refill_order SET status = 'held', held_reason = 'stock' WHERE request_key LIKE 'CA%'")
    processor.fault = None
    swept_after(unsure, minutes=2)
    assert unsure.rows(OURS) == [("held", "pending")]
    assert release(unsure.services.desk, number).done
    swept_after(unsure, minutes=2)
    assert (unsure.rows(OURS), charges(processor)) == ([("placed", "authorized")], ["authorized"])


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
