"""What a processor refuses because of our own request, whatever the card: logged, and never told as a decline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from databases import Databases
from demo_line import IDENTIFIED, DemoLine, fill_demo, open_demo_line
from hearing import hears
from structlog.testing import capture_logs

from ivr.cli.pharmacy import order_row
from ivr.line.sweep import sweep
from ivr.orders.cancel import cancel
from ivr.orders.find import order_by_number
from ivr.orders.hold import release
from ivr.orders.ship import ship
from ivr.payment.cards import Card
from ivr.payment.gateway import REQUEST_REASONS, Authorized, NotFound, Reason, Refused, Token, Unavailable
from ivr.payment.sandbox import Fault, Sandbox
from ivr.secret import Secret

ORDERED = IDENTIFIED + "17"
NEW_CARD = IDENTIFIED + "1929" + "5555555555554444#" + "1230" + "123"
OURS = "SELECT o.status, p.status FROM refill_order o JOIN payment p ON p.order_id = o.id WHERE o.request_key LIKE 'CA%' ORDER BY p.id"
REASON_HELD = "SELECT held_reason FROM refill_order WHERE request_key LIKE 'CA%'"
OF_THE_CARD = [reason for reason in Reason if reason not in REQUEST_REASONS]


class Refusing(Sandbox):
    """Refuses everything for one reason, while it has one; while slow, it does what it is asked and does not answer."""

    reason: Reason | None = None
    is_slow = False

    def __init__(self) -> None:
        super().__init__(lambda _: Fault.SLOW if self.is_slow else None)

    def retrieve(self, request_key: str) -> Authorized | Refused | NotFound | Unavailable:
        return Refused(self.reason) if self.reason else super().retrieve(request_key)

    def authorize(
        self, token: Secret, amount_cents: int, request_key: str, description: str = ""
    ) -> Authorized | Refused | Unavailable:
        if self.reason:
            return Refused(self.reason)
        return super().authorize(token, amount_cents, request_key, description)

    def tokenize(self, card: Card, timeout_s: float = 4) -> Token | Refused | Unavailable:
        return Refused(self.reason) if self.reason else super().tokenize(card, timeout_s)


@pytest.fixture
def processor() -> Refusing:
    return Refusing()


@pytest.fixture
def refused(databases: Databases, processor: Refusing) -> Iterator[DemoLine]:
    with databases.fresh("sqlite", fill_demo) as url:
        made = open_demo_line(url, processor)
        yield made
        made.services.database.dispose()


def order_of(demo_line: DemoLine) -> str:
    return str(demo_line.rows("SELECT order_number FROM refill_order WHERE request_key LIKE 'CA%'")[0][0])


@pytest.mark.parametrize("reason", sorted(REQUEST_REASONS))
def test_an_order_is_held_for_staff_when_our_request_is_refused(
    refused: DemoLine, processor: Refusing, reason: Reason
) -> None:
    processor.reason = reason
    with capture_logs() as logged:
        _, heard = refused.call(ORDERED)
    assert hears(heard.text, "payment.held")
    assert refused.rows(OURS) == [("held", "failed")]
    (line,) = [line for line in logged if line["event"] == "processor_refused_request"]
    assert (line["log_level"], line["order"], line["reason"]) == ("error", order_of(refused), reason.value)
    swept_after(refused, days=4)
    assert (refused.rows(OURS), refused.rows(REASON_HELD)) == ([("held", "failed")], [(None,)]), "no card is to blame"


@pytest.mark.parametrize("reason", sorted(REQUEST_REASONS - {Reason.ALREADY_VOIDED}))
def test_after_a_try_without_an_answer_our_refused_request_tells_nothing_of_the_money(
    refused: DemoLine, processor: Refusing, reason: Reason
) -> None:
    processor.is_slow = True
    refused.call(ORDERED)
    processor.is_slow, processor.reason = False, reason
    swept_after(refused, minutes=2)
    assert refused.rows(OURS) == [("held", "pending")]
    assert refused.rows(REASON_HELD) == [("payment_unknown",)]
    assert [charge.status for charge in processor.charges.values()] == ["authorized"]


@pytest.mark.parametrize("reason", [Reason.UNKNOWN_REFERENCE, Reason.BAD_REQUEST])
def test_a_refused_question_what_became_of_a_payment_tells_nothing(
    refused: DemoLine, processor: Refusing, reason: Reason
) -> None:
    processor.is_slow = True
    refused.call(ORDERED)
    refused.run("UPDATE settlement SET tries = 0")
    processor.is_slow, processor.reason = False, reason
    swept_after(refused, hours=21)
    assert refused.rows(REASON_HELD) == [("payment_unknown",)]


def test_an_authorization_that_was_let_go_of_elsewhere_is_none(refused: DemoLine, processor: Refusing) -> None:
    processor.is_slow = True
    refused.call(ORDERED)
    processor.is_slow = False
    [charge] = processor.charges.values()
    processor.void(charge.reference, "v")
    swept_after(refused, hours=21)
    assert refused.rows(OURS) == [("held", "failed")]


def test_a_card_renewed_after_a_try_without_an_answer_is_not_charged_again(
    refused: DemoLine, processor: Refusing
) -> None:
    """The website gives the card on file its new token; the key of the first try is refused for that."""
    processor.is_slow = True
    refused.call(ORDERED)
    processor.is_slow = False
    refused.run("UPDATE saved_card SET token = 'tok_mastercard' WHERE member_id = 1")
    swept_after(refused, minutes=2)
    assert refused.rows(REASON_HELD) == [("payment_unknown",)]
    refused.call(IDENTIFIED[1:])  # the phone is known by now
    assert refused.last_prompts[-1] == "ways.wait"
    [charge] = [charge for key, charge in processor.charges.items() if key.startswith("CA")]
    assert release(refused.services.desk, order_of(refused), payment_reference=charge.reference).done
    assert refused.rows(OURS) == [("placed", "authorized")]


def swept_after(demo_line: DemoLine, **wait: float) -> None:
    demo_line.clock.pass_seconds(timedelta(**wait).total_seconds())
    assert not sweep(demo_line.services, timedelta(days=90)).failed


@pytest.mark.parametrize("keys", [ORDERED, NEW_CARD], ids=["a card on file", "a new card"])
def test_a_processor_that_does_not_answer_is_logged(databases: Databases, keys: str) -> None:
    with databases.fresh("sqlite", fill_demo) as url:
        made = open_demo_line(url, Sandbox(lambda _: Fault.DOWN))
        with capture_logs() as logged:
            made.call(keys)
        made.services.database.dispose()
    assert {(line["log_level"], line["reason"]) for line in logged if line["event"] == "processor_away"} == {
        ("warning", "fault")
    }


@pytest.mark.parametrize("reason", OF_THE_CARD)
def test_a_card_that_is_refused_is_told_as_declined_if_it_was_and_not_if_it_may_work_later(
    refused: DemoLine, processor: Refusing, reason: Reason
) -> None:
    processor.reason = reason
    with capture_logs() as logged:
        _, heard = refused.call(ORDERED)
    may_work_later = reason is Reason.PROCESSING_ERROR
    assert hears(heard.text, "payment.not_just_now" if may_work_later else "payment.was_declined")
    assert refused.rows(OURS) == [("pending", "failed" if may_work_later else "declined")]
    blamed = refused.rows("SELECT count(*) FROM saved_card WHERE member_id = 1 AND last_declined_at IS NOT NULL")
    assert blamed == [(0 if may_work_later else 1,)]
    assert "processor_refused_request" not in [line["event"] for line in logged]


def test_staff_can_let_such_an_order_go_on(refused: DemoLine, processor: Refusing) -> None:
    processor.reason = Reason.KEY_REUSED
    refused.call(ORDERED)
    processor.reason = None
    assert release(refused.services.desk, order_of(refused)).done
    sweep(refused.services, timedelta(days=90))
    sweep(refused.services, timedelta(days=90))
    assert refused.rows(OURS) == [("placed", "failed"), ("placed", "authorized")]


def test_staff_see_why_such_an_order_is_held(refused: DemoLine, processor: Refusing) -> None:
    processor.reason = Reason.KEY_REUSED
    refused.call(ORDERED)
    with refused.database.connect() as connection:
        order = order_by_number(connection, order_of(refused))
        assert order is not None
        row = order_row(connection, order)
    assert (row[3], row[-1]) == ("held", "failed visa 4242 (key_reused)")


def test_staff_can_cancel_such_an_order(refused: DemoLine, processor: Refusing) -> None:
    processor.reason = Reason.KEY_REUSED
    refused.call(ORDERED)
    assert cancel(refused.services.desk, order_of(refused)).words == f"order {order_of(refused)} is cancelled"


@pytest.mark.parametrize(
    ("reason", "prompt", "counted"),
    [
        (Reason.KEY_REUSED, "card.unavailable", 0),
        (Reason.BAD_REQUEST, "card.unavailable", 0),
        (Reason.PROCESSING_ERROR, "card.unavailable", 0),
        (Reason.DECLINED, "card.refused", 1),
    ],
)
def test_a_new_card_is_not_blamed_for_our_request_or_an_error_of_the_processor(
    refused: DemoLine, processor: Refusing, reason: Reason, prompt: str, counted: int
) -> None:
    processor.reason = reason
    _, heard = refused.call(NEW_CARD)
    assert hears(heard.text, prompt)
    assert refused.rows("SELECT count(*) FROM wrong_try") == [(counted,)]


@pytest.mark.parametrize(
    ("reason", "words", "status", "held_for"),
    [
        (Reason.KEY_REUSED, "the card processor refused what was asked: key_reused", "failed", None),
        (Reason.PROCESSING_ERROR, "the processor or the card's issuer had an error", "failed", "payment"),
        (Reason.DECLINED, "its card was declined", "declined", "payment"),
    ],
)
def test_staff_who_ship_are_told_which_it_was(
    refused: DemoLine, processor: Refusing, reason: Reason, words: str, status: str, held_for: str | None
) -> None:
    refused.call(ORDERED)
    refused.clock.pass_seconds(6 * 86400)
    processor.reason = reason
    assert ship(refused.services.desk, order_of(refused)).words == f"order {order_of(refused)} is held: {words}"
    assert refused.rows(OURS) == [("held", "voided"), ("held", status)]
    assert refused.rows(REASON_HELD) == [(held_for,)]
