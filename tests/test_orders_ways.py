"""What can still become of an order: held and cancelled when unpaid, paid with another card, moved, cancelled, voided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from demo_line import IDENTIFIED, DemoLine
from sqlalchemy import select
from structlog.testing import capture_logs

from ivr.line.sweep import sweep
from ivr.orders import authorize, cancel
from ivr.orders.authorize import Progress, pay_with_card, reopen
from ivr.orders.cancel import Cancelled, NotCancelled, cancel_order
from ivr.orders.cards import saved_cards
from ivr.orders.desk import Outcome
from ivr.orders.events import Actor
from ivr.orders.find import OrderFacts, find_order, mark_told, order_by_number, orders_with_news
from ivr.orders.hold import give_address, hold_order, release
from ivr.orders.payments import kept_until
from ivr.orders.reschedule import NotRescheduled, change_ship_day, ship_days
from ivr.orders.ship import ship
from ivr.orders.sweep import orders_to_start
from ivr.pages.app import make_app
from ivr.payment.gateway import Authorized, NotFound, Reason, Refused, Unavailable
from ivr.payment.sandbox import Fault, Sandbox
from ivr.pharmacy.addresses import NewAddress, add_address
from ivr.pharmacy.tables import HeldReason, OrderStatus, RefillOrder
from ivr.settings import Settings

DECLINED_MEMBER, SCHEDULED, HELD_FOR_ADDRESS = "41203579#06040", "42868216", "41637703"
"""A member whose card is declined; orders of the demo pharmacy."""
DAYS_KEPT = 3


@pytest.fixture
def line(demo_line: DemoLine) -> DemoLine:
    return demo_line


def order(line: DemoLine, number: str) -> OrderFacts:
    with line.database.connect() as connection:
        found = order_by_number(connection, number)
    assert found is not None
    return found


def newest(line: DemoLine) -> OrderFacts:
    with line.database.connect() as connection:
        number = connection.scalars(select(RefillOrder.order_number).order_by(RefillOrder.id.desc()).limit(1)).one()
    return order(line, number)


def declined(line: DemoLine) -> OrderFacts:
    line.call(f"11{DECLINED_MEMBER}17")
    found = newest(line)
    assert (found.status, payments(line, found)) == (OrderStatus.PENDING, ["declined"])
    return found


def payments(line: DemoLine, of: OrderFacts) -> list[str]:
    rows = line.rows("SELECT status FROM payment WHERE order_id = :id ORDER BY id", id=of.id)
    return [str(status) for (status,) in rows]


def events(line: DemoLine, of: OrderFacts) -> list[str]:
    rows = line.rows('SELECT what, "by" FROM order_event WHERE order_id = :id ORDER BY id', id=of.id)
    return [f"{what} by {by}" for what, by in rows]


def swept_after(line: DemoLine, wait: timedelta) -> None:
    line.clock.pass_seconds(int(wait.total_seconds()))
    swept = sweep(line.services, timedelta(days=90))
    assert not swept.failed


def test_a_declined_order_is_held_after_half_an_hour_and_cancelled_after_three_days(line: DemoLine) -> None:
    found = declined(line)
    swept_after(line, timedelta(minutes=20))
    assert order(line, found.order_number).status is OrderStatus.PENDING
    swept_after(line, timedelta(minutes=11))
    held = order(line, found.order_number)
    assert (held.status, held.held_reason) == (OrderStatus.HELD, HeldReason.PAYMENT)
    swept_after(line, timedelta(days=DAYS_KEPT, hours=1))
    assert order(line, found.order_number).status is OrderStatus.HELD, "until the end of the day that was said"
    swept_after(line, timedelta(hours=12))  # into the day after that which was said
    gone = order(line, found.order_number)
    assert (gone.status, gone.cancelled_by, gone.told_at) == (OrderStatus.CANCELLED, "line", None)
    assert line.rows("SELECT refills_left FROM prescription WHERE id = :id", id=gone.lines[0].prescription_id) > [(0,)]
    assert events(line, found) == [
        "pending by phone", "declined by line", "held_payment by line", "cancelled by line",
    ]  # fmt: skip


def test_a_cancelled_order_is_news_until_it_is_told_and_only_for_a_month(line: DemoLine) -> None:
    found = declined(line)
    swept_after(line, timedelta(minutes=31))
    swept_after(line, timedelta(days=DAYS_KEPT + 1))
    now = line.clock()
    with line.database.begin() as connection:
        assert [news.id for news in orders_with_news(connection, found.member_id, now)] == [found.id]
        assert orders_with_news(connection, found.member_id, now + timedelta(days=31)) == ()
        mark_told(connection, found.id, now)
        assert orders_with_news(connection, found.member_id, now) == ()


def test_until_when_an_order_is_kept_does_not_move_with_each_card_that_is_declined(line: DemoLine) -> None:
    found = declined(line)
    assert until(line, found) == line.clock() + timedelta(days=DAYS_KEPT), "it is held at this moment or later"
    swept_after(line, timedelta(minutes=31))
    held_at = line.clock()
    swept_after(line, timedelta(days=1))
    assert again(line, found, good_card(line, found.member_id))
    assert until(line, found) == held_at + timedelta(days=DAYS_KEPT)


def until(line: DemoLine, found: OrderFacts) -> datetime | None:
    with line.database.connect() as connection:
        return kept_until(connection, order(line, found.order_number), line.services.rules, line.clock())


def test_an_order_held_before_events_were_recorded_is_kept_as_long_as_any_other(line: DemoLine) -> None:
    """As after an upgrade, or one that the website held: nobody was told yet until when it is kept."""
    number = "42047878"
    line.run(
        "UPDATE refill_order SET placed_at = :long_ago WHERE order_number = :number",
        long_ago=line.clock() - timedelta(days=60),
        number=number,
    )
    swept_after(line, timedelta(minutes=1))
    swept_after(line, timedelta(days=DAYS_KEPT, hours=-1))
    assert order(line, number).status is OrderStatus.HELD
    swept_after(line, timedelta(days=1))
    assert order(line, number).status is OrderStatus.CANCELLED


def test_an_order_that_its_own_channel_keeps_has_no_deadline_here(line: DemoLine) -> None:
    line.run("UPDATE refill_order SET status = 'pending', held_reason = NULL WHERE order_number = '42047878'")
    line.run("DELETE FROM payment WHERE order_id = 4")
    found = order(line, "42047878")
    assert until(line, found) is None
    swept_after(line, timedelta(days=DAYS_KEPT + 2))
    assert order(line, found.order_number).status is OrderStatus.PENDING


def test_an_order_is_not_charged_again_when_its_prescription_has_ended(line: DemoLine) -> None:
    found = declined(line)
    card_id = good_card(line, found.member_id)
    prescription_id = found.lines[0].prescription_id
    line.run("UPDATE prescription SET status = 'discontinued' WHERE id = :id", id=prescription_id)
    assert not again(line, found, card_id)
    line.run("UPDATE prescription SET status = 'active' WHERE id = :id", id=prescription_id)
    assert again(line, found, card_id)


def again(line: DemoLine, found: OrderFacts, card_id: int) -> bool:
    now = line.clock()
    with line.database.begin() as connection:
        reopened = reopen(connection, found, now, line.services.today(now), line.services.rules)
        if reopened:
            gateway = line.services.gateway
            pay_with_card(connection, gateway, reopened, card_id, sid="CA1", turn=9, now=now, keep_card=False)
    return reopened is not None


def good_card(line: DemoLine, member_id: int, token: str = "tok_mastercard") -> int:
    line.run(
        "INSERT INTO saved_card (member_id, gateway, token, brand, last4, exp_month, exp_year) "
        "VALUES (:member, 'sandbox', :token, 'mastercard', '4444', 8, 2031)",
        member=member_id,
        token=token,
    )
    return int(str(line.rows("SELECT max(id) FROM saved_card")[0][0]))


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(minutes=31), timedelta(days=2)], ids=str)
def test_a_declined_order_is_paid_with_another_card_pending_or_held(line: DemoLine, wait: timedelta) -> None:
    found = declined(line)
    swept_after(line, wait)
    card_id = good_card(line, found.member_id)
    assert again(line, found, card_id)
    assert not again(line, found, card_id), "a payment is under way"
    assert authorize.authorize(line.services.desk, found.id)[0] is Progress.PAID
    assert payments(line, found) == ["declined", "authorized"]
    assert not again(line, found, card_id), "it is paid"
    assert order(line, found.order_number).status is OrderStatus.PLACED


def test_an_order_being_paid_again_is_not_held_under_the_caller(line: DemoLine) -> None:
    found = declined(line)
    swept_after(line, timedelta(days=1))
    [declined_card] = line.rows("SELECT id FROM saved_card WHERE member_id = :id", id=found.member_id)
    assert again(line, found, int(str(declined_card[0])))
    assert authorize.authorize(line.services.desk, found.id)[0] is Progress.DECLINED
    swept_after(line, timedelta(minutes=5))
    assert order(line, found.order_number).status is OrderStatus.PENDING


def test_a_card_that_was_declined_is_offered_after_all_others(line: DemoLine) -> None:
    member_id, today = order(line, SCHEDULED).member_id, line.services.today(line.clock())
    first, second = (good_card(line, member_id, token) for token in ("tok_visa", "tok_mastercard"))

    def offered() -> list[int]:
        with line.database.connect() as connection:
            cards = saved_cards(connection, member_id, "sandbox", today)
        return [card.id for card in cards if card.id in (first, second)]

    assert offered() == [second, first]
    line.run("UPDATE saved_card SET last_declined_at = :now WHERE id = :id", now=line.clock(), id=second)
    assert offered() == [first, second]


def test_a_decline_is_noted_on_the_card_with_its_reason(line: DemoLine) -> None:
    found = declined(line)
    assert line.rows(
        "SELECT last_declined_at IS NOT NULL FROM saved_card WHERE member_id = :id", id=found.member_id
    ) in (
        [(True,)],
        [(1,)],
    )
    [(reason,)] = line.rows("SELECT decline_reason FROM payment WHERE order_id = :id", id=found.id)
    assert reason


# Cancelling


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        ("41227539", NotCancelled.ASKED_FOR),
        ("44919066", NotCancelled.UNKNOWN),
        ("43278381", NotCancelled.FINISHED),
        ("44508893", NotCancelled.FINISHED),
        ("41637703", None),
        ("42047878", None),
        ("42458042", None),
        ("42868216", None),
        ("44098721", None),
        ("45329232", None),
    ],
    ids=[
        "payment under way", "payment unknown", "shipped", "cancelled", "held for address", "held for payment",
        "held for stock", "scheduled", "placed in the app", "held by rules",
    ],
)  # fmt: skip
def test_any_order_is_cancelled_until_it_ships_unless_its_payment_is_open(
    line: DemoLine, number: str, outcome: NotCancelled | None
) -> None:
    found = order(line, number)
    with line.database.begin() as connection:
        cancelled = cancel_order(connection, found.id, line.clock(), Actor.PHONE)
        if outcome is None:
            assert isinstance(cancelled, Cancelled)
            assert cancel_order(connection, found.id, line.clock(), Actor.STAFF) is NotCancelled.FINISHED
        else:
            assert cancelled is outcome
    after = order(line, number)
    assert (after.status is OrderStatus.CANCELLED) == (outcome is None or number == "44508893")
    if outcome is None:
        assert (after.cancelled_by, after.told_at, after.cancelled_at) == ("phone", line.clock(), line.clock())


def placed(line: DemoLine) -> OrderFacts:
    line.call(IDENTIFIED + "17")
    found = newest(line)
    assert found.status is OrderStatus.PLACED
    return found


def test_what_is_cancelled_while_it_is_captured_ships_and_is_not_cancelled(line: DemoLine) -> None:
    """A caller cancels at the moment in which staff ship: the processor is asked with no transaction open."""
    found = placed(line)
    refused: list[Cancelled | NotCancelled] = []

    class Meanwhile(Sandbox):
        def capture(self, reference: str, amount_cents: int, request_key: str):  # type: ignore[no-untyped-def]
            with line.database.begin() as connection:
                refused.append(cancel_order(connection, found.id, line.clock(), Actor.PHONE))
            return line.services.gateway.capture(reference, amount_cents, request_key)

    desk = replace(line.services.desk, gateway=Meanwhile())
    assert ship(desk, found.order_number).done
    assert refused == [NotCancelled.SHIPPING]
    assert payments(line, found) == ["captured"]
    assert line.rows("SELECT count(*) FROM settlement WHERE order_id = :id", id=found.id) == [(0,)]


def test_an_order_whose_capture_got_no_answer_is_not_cancelled_and_ships_later(line: DemoLine) -> None:
    faults = {"capture": Fault.SLOW}
    sandbox = Sandbox(lambda operation: faults.pop(operation, None))
    services = replace(line.services, gateway=sandbox)
    unsure = line.copy_with(services=services, app=make_app(services, Settings()))
    found = placed(unsure)
    assert not ship(services.desk, found.order_number).done
    unsure.clock.pass_seconds(3600)
    sweep(services, timedelta(days=90))
    with unsure.database.begin() as connection:
        assert cancel_order(connection, found.id, unsure.clock(), Actor.PHONE) is NotCancelled.SHIPPING
    assert ship(services.desk, found.order_number).done
    assert payments(unsure, found) == ["captured"]


def test_a_cancelled_order_does_not_ship(line: DemoLine) -> None:
    found = placed(line)
    with line.database.begin() as connection:
        cancel_order(connection, found.id, line.clock(), Actor.PHONE)
    assert ship(line.services.desk, found.order_number).words == (
        f"order {found.order_number} is cancelled; only a placed order can be shipped"
    )


def test_a_void_is_claimed_asked_and_recorded_once(line: DemoLine) -> None:
    found, gateway = placed(line), line.services.gateway
    with line.database.begin() as connection:
        assert cancel.claim_void(connection, gateway, found.id) is None, "it is not cancelled yet"
        cancel_order(connection, found.id, line.clock(), Actor.PHONE)
        payment = cancel.claim_void(connection, gateway, found.id)
    assert payment is not None
    assert cancel.ask_void(gateway, payment)
    with line.database.begin() as connection:
        assert cancel.finish_void(connection, payment, line.clock())
        assert not cancel.finish_void(connection, payment, line.clock())
        assert cancel.claim_void(connection, gateway, found.id) is None
    assert events(line, found)[-2:] == ["cancelled by phone", "voided by line"]


# The ship day


def test_a_scheduled_order_moves_within_its_days(line: DemoLine) -> None:
    found, today, rules = order(line, SCHEDULED), line.services.today(line.clock()), line.services.rules

    def move(to: date) -> date | NotRescheduled:
        with line.database.begin() as connection:
            return change_ship_day(connection, found.id, to, today, line.clock(), rules, Actor.PHONE)

    with line.database.connect() as connection:
        days = ship_days(connection, found, today, rules)
    assert days is not None
    assert days.first > today, "its prescription is not due yet"
    assert move(today) is NotRescheduled.TOO_SOON
    assert move(days.first - timedelta(days=1)) is NotRescheduled.TOO_SOON
    assert move(days.last + timedelta(days=1)) is NotRescheduled.TOO_LATE
    for day in (days.first, days.last):
        assert isinstance(move(day), date)
        moved = order(line, SCHEDULED)
        assert (moved.ship_on, moved.status) == (day, OrderStatus.SCHEDULED)
        assert moved.expected_by is not None
        assert moved.expected_by > day
    line.run("UPDATE prescription SET expires_on = :day", day=today)
    assert move(days.first) is NotRescheduled.TOO_LATE
    line.run("UPDATE refill_order SET status = 'placed' WHERE id = :id", id=found.id)
    assert move(days.first) is NotRescheduled.NOT_SCHEDULED


def test_an_order_moved_or_cancelled_after_the_sweep_looked_is_not_charged(
    line: DemoLine,
) -> None:
    found, now = order(line, SCHEDULED), line.clock()
    line.run("UPDATE refill_order SET ship_on = :day WHERE id = :id", day=line.services.today(now), id=found.id)
    [step] = orders_to_start(line.services.desk, now).values()
    line.run("UPDATE refill_order SET ship_on = :day WHERE id = :id", day=found.ship_on, id=found.id)
    assert not step()
    assert payments(line, found) == []


def test_an_order_whose_payment_is_asked_for_is_not_moved(line: DemoLine) -> None:
    found, now, today = order(line, SCHEDULED), line.clock(), line.services.today(line.clock())
    line.run(
        "INSERT INTO payment (order_id, gateway, brand, last4, amount_cents, status, request_key, created_at) "
        "VALUES (:id, 'sandbox', 'visa', '4242', 1000, 'pending', 'k', :now)",
        id=found.id,
        now=now,
    )
    with line.database.begin() as connection:
        moved = change_ship_day(connection, found.id, today, today, now, line.services.rules, Actor.PHONE)
    assert moved is NotRescheduled.ASKED_FOR


# Held orders


@pytest.mark.parametrize("verified", [True, False])
def test_an_order_held_for_its_address_goes_to_another_one(line: DemoLine, verified: bool) -> None:
    found, now = order(line, HELD_FOR_ADDRESS), line.clock()
    new = NewAddress("shipping", "12", "Main Street", None, "Saint Paul", "MN", "55130", verified)
    with line.database.begin() as connection:
        address_id = add_address(connection, found.member_id, new, now)
        today = line.services.today(now)
        assert give_address(connection, found, address_id, now, today, line.services.rules, Actor.PHONE)
    after = order(line, HELD_FOR_ADDRESS)
    assert after.ship_to_id == address_id
    assert after.status is (OrderStatus.SCHEDULED if verified else OrderStatus.HELD)
    assert events(line, found)[0] == "address_changed by phone"


def test_the_address_of_an_order_held_for_something_else_stays(line: DemoLine) -> None:
    found, now = order(line, "42458042"), line.clock()
    with line.database.begin() as connection:
        today = line.services.today(now)
        assert not give_address(connection, found, found.ship_to_id, now, today, line.services.rules, Actor.PHONE)


class Shows(Sandbox):
    """A processor that shows one answer for every request key."""

    def __init__(self, answer: Authorized | Refused | NotFound | Unavailable, name: str = "sandbox") -> None:
        super().__init__()
        self.answer, self.name = answer, name
        self.meanwhile: Callable[[], None] = lambda: None

    def retrieve(self, request_key: str) -> Authorized | Refused | NotFound | Unavailable:  # noqa: ARG002 - see above
        self.meanwhile()
        return self.answer


NOTHING, MADE, DECLINED = NotFound(), Authorized("pi_1"), Refused(Reason.DECLINED)
LET_GO, NOT_ASKED, AWAY = Refused(Reason.ALREADY_VOIDED), Refused(Reason.BAD_REQUEST), Unavailable("fault")
CHARGED, NEVER_CHARGED = {"payment_reference": "pi_1"}, {"never_charged": True}
UNKNOWN = "44919066"
SAYS_NOTHING = f"the card processor does not answer what became of the payment of order {UNKNOWN}; try again"
NO_SUCH = f"the card processor shows no such authorization for order {UNKNOWN}"
THAT_ONE = f"the card processor shows pi_1 for order {UNKNOWN}: release it with --payment-reference pi_1"
NOBODY_KNOWS = (
    f"nobody knows what became of the payment of order {UNKNOWN}: %s, then say --payment-reference or --never-charged"
)
LOOK, LOOK_THERE = (
    NOBODY_KNOWS % "look at the card processor",
    NOBODY_KNOWS % "the card processor shows pi_1; look there",
)
RELEASED = f"order {UNKNOWN} is released"


def released(line: DemoLine, shows: Shows, said: Mapping[str, object]) -> Outcome:
    return release(replace(line.services, gateway=shows).desk, UNKNOWN, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [NOTHING, DECLINED, LET_GO])
def test_an_order_that_was_never_charged_is_charged_anew(line: DemoLine, answer: NotFound | Refused) -> None:
    with capture_logs() as logged:
        outcome = released(line, Shows(answer), NEVER_CHARGED)
    assert outcome == Outcome(True, f"{RELEASED}; its card is charged on the day it ships")
    found = order(line, UNKNOWN)
    assert (found.status, payments(line, found), logged) == ("scheduled", ["failed"], [])


def test_a_payment_that_the_processor_shows_is_taken(line: DemoLine) -> None:
    assert released(line, Shows(MADE), CHARGED) == Outcome(True, RELEASED)
    found = order(line, UNKNOWN)
    assert (found.status, payments(line, found)) == ("placed", ["authorized"])
    assert line.rows("SELECT reference FROM payment WHERE order_id = :id", id=found.id) == [("pi_1",)]


@pytest.mark.parametrize(
    ("answer", "said", "words", "logs"),
    [
        (NOTHING, {}, LOOK, []),
        (MADE, {}, LOOK_THERE, []),
        (AWAY, {}, LOOK, ["processor_away"]),
        (MADE, NEVER_CHARGED, THAT_ONE, []),
        (AWAY, NEVER_CHARGED, SAYS_NOTHING, ["processor_away"]),
        (NOT_ASKED, NEVER_CHARGED, SAYS_NOTHING, ["processor_refused_request"]),
        (MADE, {"payment_reference": "pi_2\n"}, THAT_ONE, []),
        (NOTHING, CHARGED, NO_SUCH, []),
        (DECLINED, CHARGED, NO_SUCH, []),
        (LET_GO, CHARGED, NO_SUCH, []),
        (AWAY, CHARGED, SAYS_NOTHING, ["processor_away"]),
        (NOT_ASKED, CHARGED, SAYS_NOTHING, ["processor_refused_request"]),
    ],
)
def test_staff_are_not_believed_what_the_processor_does_not_show(
    line: DemoLine,
    answer: Authorized | Refused | NotFound | Unavailable,
    said: Mapping[str, object],
    words: str,
    logs: list[str],
) -> None:
    with capture_logs() as logged:
        outcome = released(line, Shows(answer), said)
    assert outcome == Outcome(False, words)
    assert [entry["event"] for entry in logged] == logs
    found = order(line, UNKNOWN)
    assert (found.status, payments(line, found)) == ("held", ["pending"])


@pytest.mark.parametrize("said", [CHARGED, NEVER_CHARGED])
@pytest.mark.parametrize(
    ("number", "stands"),
    [("42047878", "held, and its payment is declined"), (HELD_FOR_ADDRESS, "held, and it has no payment")],
)
def test_of_a_payment_that_is_known_staff_can_say_nothing(
    line: DemoLine, number: str, stands: str, said: Mapping[str, object]
) -> None:
    """Or they would believe that it is charged no second time."""
    outcome = release(line.services.desk, number, **said)  # type: ignore[arg-type]
    words = "only of one held for payment_unknown can --payment-reference or --never-charged be said"
    assert outcome == Outcome(False, f"order {number} is {stands}: {words}")
    assert order(line, number).status is OrderStatus.HELD


def test_of_the_payment_of_no_order_staff_can_say_nothing(line: DemoLine) -> None:
    assert release(line.services.desk, "1", never_charged=True).words == "there is no order 1"


def test_that_a_young_payment_is_not_shown_proves_nothing(line: DemoLine) -> None:
    line.run(
        "UPDATE payment SET created_at = :now WHERE request_key LIKE :key", now=line.clock(), key=f"demo-{UNKNOWN}%"
    )
    line.clock.pass_seconds(3599)
    words = f"the card processor may not show the payment of order {UNKNOWN} yet; try again in an hour"
    assert released(line, Shows(NOTHING), NEVER_CHARGED) == Outcome(False, words)
    line.clock.pass_seconds(1)
    assert released(line, Shows(NOTHING), NEVER_CHARGED).done


def test_another_processor_is_not_asked_about_a_payment(line: DemoLine) -> None:
    words = f"the payment of order {UNKNOWN} is with sandbox, and this line can only ask stripe"
    assert released(line, Shows(MADE, name="stripe"), CHARGED) == Outcome(False, words)


def test_no_two_payments_have_one_reference(line: DemoLine) -> None:
    [(taken,)] = line.rows("SELECT reference FROM payment WHERE request_key = 'demo-44098721-1'")
    outcome = released(line, Shows(Authorized(str(taken))), {"payment_reference": taken})
    words = f"order {UNKNOWN} cannot take payment {taken}: order 44098721 has it"
    assert outcome == Outcome(False, words)
    assert payments(line, order(line, UNKNOWN)) == ["pending"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payment SET status = 'failed' WHERE request_key = 'demo-44919066-1'",
        "UPDATE refill_order SET held_reason = 'stock' WHERE order_number = '44919066'",
        "UPDATE refill_order SET status = 'scheduled', held_reason = NULL, ship_on = '2026-03-09' WHERE order_number = '44919066'",
    ],
)
@pytest.mark.parametrize(("answer", "said"), [(MADE, CHARGED), (NOTHING, NEVER_CHARGED)])
def test_what_changed_while_the_processor_was_asked_stays(
    line: DemoLine, change: str, answer: Authorized | NotFound, said: Mapping[str, object]
) -> None:
    shows, facts = (
        Shows(answer),
        (
            "SELECT o.status, o.held_reason, p.status FROM refill_order o JOIN payment p ON p.order_id = o.id "
            "WHERE order_number = '44919066'"
        ),
    )
    changed = []

    def change_now() -> None:
        line.run(change)
        changed.extend(line.rows(facts))

    shows.meanwhile = change_now
    assert released(line, shows, said) == Outcome(False, f"order {UNKNOWN} changed meanwhile")
    assert line.rows(facts) == changed


def test_an_order_paid_and_scheduled_is_placed_on_its_day(line: DemoLine) -> None:
    """Released before its day, with its payment authorized already."""
    found, now = order(line, SCHEDULED), line.clock()
    line.run(
        "INSERT INTO payment (order_id, gateway, reference, brand, last4, amount_cents, status, request_key, created_at) "
        "VALUES (:id, 'sandbox', 'r', 'visa', '4242', 1000, 'authorized', 'k', :now)",
        id=found.id,
        now=now,
    )
    swept_after(line, timedelta(days=10))
    assert order(line, SCHEDULED).status is OrderStatus.PLACED
    assert payments(line, found) == ["authorized"]


def test_what_of_a_number_is_found_for_its_own_member_only(line: DemoLine) -> None:
    with line.database.connect() as connection:
        assert find_order(connection, order(line, SCHEDULED).member_id + 1, SCHEDULED) is None


def test_every_step_is_recorded_with_who_did_it(line: DemoLine) -> None:
    found = placed(line)
    with line.database.begin() as connection:
        hold_order(connection, found.id, HeldReason.STOCK, line.clock(), Actor.STAFF)
    assert release(line.services.desk, found.order_number).done
    assert ship(line.services.desk, found.order_number).done
    assert events(line, found) == [
        "pending by phone", "placed by line", "held_stock by staff", "scheduled by staff", "placed by staff",
        "shipped by staff",
    ]  # fmt: skip
    assert order(line, found.order_number).shipped_at == line.clock()
