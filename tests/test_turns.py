"""One turn, one transaction: repeated, late, doubled and failing requests change nothing twice and are never silent."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from databases import Databases
from demo_line import IDENTIFIED, DemoLine, fill_demo, open_demo_line
from hearing import hears
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from ivr.line.sweep import sweep
from ivr.line.values import Basket, decoder
from ivr.orders.cancel import cancel
from ivr.orders.desk import Desk, Outcome
from ivr.orders.hold import release
from ivr.orders.ship import ship
from ivr.pages.app import make_app
from ivr.payment.gateway import Authorized, Refused, Unavailable
from ivr.payment.sandbox import Fault, Sandbox
from ivr.pharmacy.database import retried
from ivr.phone.transport import Reply, wsgi_post
from ivr.settings import Settings

Result = TypeVar("Result")

SID = "CA" + "e" * 32
CALL = {"CallSid": SID, "From": "+15105550123", "To": "+18002457979", "CallStatus": "in-progress"}
BEFORE_ORDER = IDENTIFIED + "1"


def post(demo_line: DemoLine, url: str, **fields: str) -> Reply:
    full = url if url.startswith("http") else f"http://localhost{url}"
    return wsgi_post(demo_line.app)(full, {**CALL, **fields}, {})


def next_url(reply: Reply) -> str:
    found = re.findall(r'action="([^"]+)"|<Redirect[^>]*>([^<]+)<', reply.body)
    assert found, reply.body
    actions = [action.replace("&amp;", "&") for action, _ in found if action and "early=1" not in action]
    return str(actions[0]) if actions else str(found[0][1]).replace("&amp;", "&")


def go(demo_line: DemoLine, *keys: str) -> Reply:
    """Take turns by bare requests."""
    reply = post(demo_line, "/voice")
    for pressed in keys:
        reply = post(demo_line, next_url(reply), Digits=pressed)
    return reply


TO_CONFIRM = ("1", "1", "41200017", "94550", "1")
COUNTS = "SELECT (SELECT count(*) FROM refill_order), (SELECT count(*) FROM payment), (SELECT count(*) FROM journal)"


def test_a_repeated_request_gets_the_stored_reply_and_changes_nothing(demo_line: DemoLine) -> None:
    reply = go(demo_line, *TO_CONFIRM)
    url = next_url(reply)
    first = post(demo_line, url, Digits="7")
    counts = demo_line.rows(COUNTS)
    again = post(demo_line, url, Digits="7")
    assert again == first
    assert demo_line.rows(COUNTS) == counts


def test_every_turn_of_a_call_may_be_sent_twice(demo_line: DemoLine) -> None:
    reply = post(demo_line, "/voice")
    for pressed in (*TO_CONFIRM, "7"):
        url = next_url(reply)
        reply = post(demo_line, url, Digits=pressed)
        assert post(demo_line, url, Digits=pressed) == reply
        assert post(demo_line, url, Digits="0") == reply, "whatever it says the second time"
    payment_url = next_url(reply)
    reply = post(demo_line, payment_url)
    assert post(demo_line, payment_url) == reply
    assert demo_line.rows("SELECT count(*) FROM payment WHERE request_key LIKE 'CA%'") == [(1,)]


def test_a_late_request_gets_a_reply_that_puts_the_call_on_its_way(demo_line: DemoLine) -> None:
    first = post(demo_line, "/voice")
    early = next_url(first)
    latest = go(demo_line, *TO_CONFIRM)
    assert post(demo_line, early, Digits="2") == latest
    assert post(demo_line, "/voice") == latest


def test_a_call_goes_on_in_another_worker(demo_line: DemoLine) -> None:
    reply = go(demo_line, *TO_CONFIRM)
    other = demo_line.copy_with(app=make_app(replace(demo_line.services), Settings()))
    reply = post(other, next_url(reply), Digits="7")
    assert hears(reply.body, "payment.placing")


def at_once(work: list[Callable[[], Reply]]) -> list[Reply]:
    replies: list[Reply] = []
    start = threading.Barrier(len(work))

    def run(one: Callable[[], Reply]) -> None:
        start.wait()
        replies.append(one())

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def test_two_at_once_act_once_and_get_the_same_answer(demo_line: DemoLine) -> None:
    url = next_url(go(demo_line, *TO_CONFIRM))
    replies = at_once([lambda: post(demo_line, url, Digits="7")] * 4)
    assert len(set(replies)) == 1
    assert demo_line.rows("SELECT count(*) FROM refill_order WHERE request_key LIKE 'CA%'") == [(1,)]


def test_two_calls_at_once_never_order_the_same_prescription(demo_line: DemoLine) -> None:
    """As when the website orders at the same moment: one gets it, the other is told."""
    phones = [demo_line.call(BEFORE_ORDER)[0] for _ in range(2)]
    threads = [threading.Thread(target=phone.press, args=("7",)) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = demo_line.rows("SELECT prescription_id, count(*) FROM order_line WHERE open GROUP BY 1 HAVING count(*) > 1")
    assert lines == []
    assert demo_line.rows("SELECT count(*) FROM refill_order WHERE request_key LIKE 'CA%'") == [(1,)]
    assert not [error for phone in phones for error in phone.errors]


def test_two_calls_at_once_ask_for_a_transfer_once(demo_line: DemoLine) -> None:
    phones = [demo_line.call("14241200017#9455080055501420042#")[0] for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        heard = list(pool.map(lambda phone: phone.press("7"), phones))
    asked = demo_line.rows("SELECT from_phone, from_rx_number, drug_name, status FROM transfer WHERE from_phone <> ''")
    assert asked == [("+18005550142", "0042", None, "requested")]
    assert all(hears(one.text, "transfer.asked") for one in heard)


def test_a_prescription_ordered_elsewhere_meanwhile_leaves_the_basket(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(BEFORE_ORDER)
    demo_line.run("UPDATE prescription SET refills_left = 0 WHERE rx_number = '7304112'")
    heard = phone.press("7")
    assert hears(heard.text, "checkout.taken")
    assert hears(phone.press("1").text, "checkout.confirm")
    assert demo_line.rows("SELECT count(*) FROM refill_order WHERE request_key LIKE 'CA%'") == [(0,)]
    assert hears(phone.press("7").text, "order.placed_now")


# A deadlock


def on_postgresql(demo_line: DemoLine) -> DemoLine:
    if demo_line.services.database.dialect.name == "sqlite":
        pytest.skip("an embedded database has one writer at a time")
    return demo_line


def deadlocked_by(demo_line: DemoLine, ids: list[int], work: Callable[[], Result]) -> Result:
    """Do work while the website takes the same prescriptions in the wrong order: the last one first."""
    take = text("SELECT id FROM prescription WHERE id = :id FOR UPDATE")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool, demo_line.services.database.connect() as website:
        website.execute(text("SET deadlock_timeout = '60s'"))  # so that the other one is always the victim
        website.execute(take, {"id": ids[-1]})
        working = pool.submit(work)
        while demo_line.rows(waiting) == [(0,)]:
            assert not working.done(), "the work has to wait for the website"
        for each in ids[:-1]:
            website.execute(take, {"id": each})
        website.commit()
        website.invalidate()
        return working.result()


def test_an_order_that_meets_the_website_in_a_deadlock_is_placed_all_the_same(demo_line: DemoLine) -> None:
    line = on_postgresql(demo_line)
    url = next_url(go(line, *TO_CONFIRM))
    ids = sorted(chosen.prescription_id for chosen in decoder(Basket)(line.turns[-1].call.values["basket"]))
    reply = deadlocked_by(line, ids, lambda: post(line, url, Digits="7"))
    assert hears(reply.body, "payment.placing")
    assert undone(line), "there was a deadlock, and this turn lost"
    ours = "SELECT status FROM refill_order WHERE request_key LIKE 'CA%'"
    assert line.rows(ours) == [("pending",)]


def test_a_sweep_that_meets_the_website_in_a_deadlock_does_its_work_all_the_same(demo_line: DemoLine) -> None:
    line = on_postgresql(demo_line)
    line.call(IDENTIFIED + "1929" + "4000000000000002#" + "1230" + "123" + "2" + "7")[0].hang_up()
    line.clock.pass_seconds(31 * 60)
    sweep(line.services, timedelta(days=90))
    line.clock.pass_seconds(4 * 86400)
    of_order = "SELECT prescription_id FROM order_line WHERE order_id = (SELECT max(id) FROM refill_order) ORDER BY 1"
    ids = [int(str(row[0])) for row in line.rows(of_order)]
    swept = deadlocked_by(line, ids, lambda: sweep(line.services, timedelta(days=90)))
    assert swept.done["orders_cancelled"] >= 1
    assert undone(line)


@pytest.mark.parametrize(("step", "status"), [(ship, "shipped"), (cancel, "cancelled")])
def test_staff_who_meet_the_website_in_a_deadlock_do_their_work_all_the_same(
    demo_line: DemoLine, step: Callable[[Desk, str], Outcome], status: str
) -> None:
    line = on_postgresql(demo_line)
    line.call(BEFORE_ORDER + "7")[0].hang_up()
    ((number, order_id),) = line.rows("SELECT order_number, id FROM refill_order WHERE request_key LIKE 'CA%'")
    lines = line.rows("SELECT prescription_id FROM order_line WHERE order_id = :id ORDER BY 1", id=order_id)
    ids = [int(str(row[0])) for row in lines]
    assert deadlocked_by(line, ids, lambda: step(line.services.desk, str(number))).done
    assert line.rows("SELECT status FROM refill_order WHERE id = :id", id=order_id) == [(status,)]
    assert undone(line)


def undone(demo_line: DemoLine) -> int:
    """Count the deadlocks of this database."""
    with demo_line.services.database.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        connection.commit()
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(connection.scalar(text(query)) or 0)


class UndoneError(Exception):
    """What a driver raises for a transaction that was undone."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstates", "tries"),
    [((), 1), (("40P01",), 2), (("40001", "40P01", "40001"), 4), (("40P01",) * 9, 4), (("57014",), 1), (("23505",), 1)],
)
def test_only_what_was_undone_is_done_anew_and_not_for_ever(sqlstates: tuple[str, ...], tries: int) -> None:
    done, to_come = [], list(sqlstates)

    def work() -> str:
        done.append("")
        if to_come:
            raise DBAPIError("", {}, UndoneError(to_come.pop(0)))
        return "done"

    if tries == len(sqlstates) + 1:
        assert retried(work) == "done"
    else:
        with pytest.raises(DBAPIError):
            retried(work)
    assert len(done) == tries


# The database away


class Away:
    """Stands before a database and fails when told to."""

    def __init__(self, demo_line: DemoLine) -> None:
        self.down = False

        @event.listens_for(demo_line.services.database, "do_connect", insert=True)
        def connect(*_: object) -> None:
            if self.down:
                raise OperationalError("connect", {}, Exception("away"))

        self.engine = demo_line.services.database

    def go(self) -> None:
        self.down = True
        self.engine.dispose()


def test_a_database_that_comes_back_costs_one_question(demo_line: DemoLine) -> None:
    away = Away(demo_line)
    reply = go(demo_line, *TO_CONFIRM)
    away.go()
    reply = post(demo_line, next_url(reply), Digits="7")
    assert hears(reply.body, "away.retry")
    assert reply.status == 200
    away.down = False
    reply = post(demo_line, next_url(reply))
    assert hears(reply.body, "checkout.confirm"), "the lost key is asked for again, and nothing was ordered"
    reply = post(demo_line, next_url(reply), Digits="7")
    assert hears(reply.body, "payment.placing")


def test_a_database_that_stays_away_ends_the_call_politely(demo_line: DemoLine) -> None:
    away = Away(demo_line)
    away.go()
    reply = post(demo_line, "/voice")
    for _ in range(3):
        assert hears(reply.body, "away.retry")
        reply = post(demo_line, next_url(reply))
    assert hears(reply.body, "away.goodbye")
    assert "<Hangup" in reply.body


# The card processor


@pytest.fixture
def faults() -> list[Fault | None]:
    return []


@pytest.fixture
def faulty(kind: str, databases: Databases, faults: list[Fault | None]) -> Iterator[DemoLine]:
    """A line whose processor fails as the list says, one entry a request, and then answers."""

    def fault(operation: str) -> Fault | None:
        return faults.pop(0) if operation == "authorize" and faults else None

    with databases.fresh(kind, fill_demo) as url:
        made = open_demo_line(url, Sandbox(fault))
        yield made
        made.services.database.dispose()


@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.DOWN])
def test_a_processor_that_does_not_answer_is_asked_again(
    faulty: DemoLine, faults: list[Fault | None], fault: Fault
) -> None:
    faults += [fault, fault]
    phone, heard = faulty.call(BEFORE_ORDER + "7")
    assert hears(heard.text, "payment.one_moment")
    assert hears(heard.text, "order.placed_now")
    assert faulty.rows("SELECT status FROM payment WHERE request_key LIKE 'CA%'") == [("authorized",)]
    assert isinstance(faulty.services.gateway, Sandbox)
    assert len(faulty.services.gateway.charges) == 1
    assert not phone.errors


def test_a_processor_away_for_long_keeps_the_order_and_says_so(faulty: DemoLine, faults: list[Fault | None]) -> None:
    faults += [Fault.DOWN] * 60
    phone, heard = faulty.call(BEFORE_ORDER + "7")
    assert hears(heard.text, "payment.slow")
    faults.clear()
    phone.hang_up()
    faulty.clock.pass_seconds(120)
    sweep(faulty.services, timedelta(days=90))
    assert faulty.rows("SELECT status FROM payment WHERE request_key LIKE 'CA%'") == [("authorized",)]
    assert faulty.rows("SELECT status FROM refill_order WHERE request_key LIKE 'CA%'") == [("placed",)]


def test_an_order_is_finished_when_the_caller_hangs_up(demo_line: DemoLine) -> None:
    reply = go(demo_line, *TO_CONFIRM)
    post(demo_line, next_url(reply), Digits="7")
    assert demo_line.rows("SELECT status FROM refill_order WHERE request_key LIKE 'CA%'") == [("pending",)]
    assert post(demo_line, "/voice/status", CallStatus="completed").status == 204
    assert demo_line.rows("SELECT status FROM refill_order WHERE request_key LIKE 'CA%'") == [("placed",)]


def test_a_lease_keeps_a_second_payment_turn_waiting(demo_line: DemoLine) -> None:
    """Another worker is asking the processor for this call: words, a pause, and a way back to the same turn."""
    reply = go(demo_line, *TO_CONFIRM)
    payment_url = next_url(post(demo_line, next_url(reply), Digits="7"))
    entered, leave = threading.Event(), threading.Event()
    gateway = demo_line.services.gateway

    class Slow(Sandbox):
        def authorize(self, *args: object, **more: object) -> Authorized | Refused | Unavailable:
            entered.set()
            leave.wait(5)
            return gateway.authorize(*args, **more)  # type: ignore[arg-type]

    slow = demo_line.copy_with(app=make_app(replace(demo_line.services, gateway=Slow()), Settings()))
    replies: list[Reply] = []
    first = threading.Thread(target=lambda: replies.append(post(slow, payment_url)))
    first.start()
    entered.wait(5)
    second = post(slow, payment_url)
    leave.set()
    first.join()
    assert "<Pause" in second.body
    assert next_url(second).startswith(payment_url.split("?")[0])
    assert hears(replies[0].body, "order.placed_now")
    assert post(slow, next_url(second)) == replies[0]


def test_an_unpaid_order_is_held_after_half_an_hour_and_cancelled_after_the_third_day(demo_line: DemoLine) -> None:
    own = "SELECT rx_number, refills_left FROM prescription WHERE member_id = 1 ORDER BY id"
    before = demo_line.rows(own)
    demo_line.call(IDENTIFIED + "1929" + "4000000000000002#" + "1230" + "123" + "2" + "7")[0].hang_up()
    demo_line.clock.pass_seconds(29 * 60)
    assert "orders_held" not in sweep(demo_line.services, timedelta(days=90)).done
    demo_line.clock.pass_seconds(2 * 60)
    assert sweep(demo_line.services, timedelta(days=90)).done["orders_held"] >= 1
    demo_line.clock.pass_seconds(4 * 86400)
    assert sweep(demo_line.services, timedelta(days=90)).done["orders_cancelled"] >= 1
    assert demo_line.rows(own) == before


def test_a_scheduled_order_is_paid_on_its_day(demo_line: DemoLine) -> None:
    demo_line.call(IDENTIFIED + "3" + "7304523#" + "1" + "9" + "1" + "1" + "7")
    ours = "SELECT o.status, p.status FROM refill_order o LEFT JOIN payment p ON p.order_id = o.id WHERE o.request_key LIKE 'CA%'"
    assert demo_line.rows(ours) == [("scheduled", None)]
    demo_line.clock.pass_seconds(60 * 86400)
    sweep(demo_line.services, timedelta(days=90))
    sweep(demo_line.services, timedelta(days=90))
    assert demo_line.rows(ours) == [("placed", "authorized")]


def test_a_scheduled_order_whose_card_is_declined_is_held(demo_line: DemoLine) -> None:
    demo_line.call(
        IDENTIFIED + "3" + "7304523#" + "1" + "9" + "1" + "9" + "4000000000000002#" + "1230" + "123" + "2" + "7"
    )
    demo_line.clock.pass_seconds(60 * 86400)
    sweep(demo_line.services, timedelta(days=90))
    ours = "SELECT status, held_reason FROM refill_order WHERE request_key LIKE 'CA%'"
    assert demo_line.rows(ours) == [("held", "payment")]


def test_a_held_order_that_is_released_is_charged_again(demo_line: DemoLine) -> None:
    """Its card was declined on its day; staff have spoken to the member, and let it go on."""
    keys = IDENTIFIED + "3" + "7304523#" + "1" + "9" + "1" + "9" + "4000000000000002#" + "1230" + "123" + "2" + "7"
    demo_line.call(keys)
    demo_line.clock.pass_seconds(60 * 86400)
    sweep(demo_line.services, timedelta(days=90))
    demo_line.run("UPDATE saved_card SET token = 'tok_visa' WHERE only_for_order_id IS NOT NULL")
    order = str(demo_line.rows("SELECT order_number FROM refill_order WHERE request_key LIKE 'CA%'")[0][0])
    assert release(demo_line.services.desk, order).done
    sweep(demo_line.services, timedelta(days=90))
    ours = "SELECT o.status, p.status FROM refill_order o JOIN payment p ON p.order_id = o.id WHERE o.request_key LIKE 'CA%' ORDER BY p.id"
    assert demo_line.rows(ours) == [("placed", "declined"), ("placed", "authorized")]


# What must not lie anywhere


def test_card_digits_lie_nowhere(demo_line: DemoLine, capfd: pytest.CaptureFixture[str]) -> None:
    canary = "5105105105105100"
    phone, _ = demo_line.call(IDENTIFIED + "1929" + canary + "#" + "1230")
    phone.press("987")
    phone.hang_up()
    demo_line.clock.pass_seconds(3600)
    sweep(demo_line.services, timedelta(days=90))
    dump = everything(demo_line)
    assert canary not in dump
    assert canary[:12] not in dump
    assert canary not in "".join(capfd.readouterr())


def everything(demo_line: DemoLine) -> str:
    tables = [
        "call", "journal", "card_entry", "settlement", "payment", "saved_card", "refill_order", "order_line",
        "renewal_request", "lock_out", "address", "prescription", "member",
    ]  # fmt: skip
    return "".join(str(demo_line.rows(f"SELECT * FROM {table}")) for table in tables)  # noqa: S608


def test_replies_and_state_go_a_quarter_of_an_hour_after_the_call(demo_line: DemoLine) -> None:
    demo_line.call(IDENTIFIED)[0].hang_up()
    sealed = "SELECT count(*) FROM call WHERE sealed_reply IS NOT NULL OR sealed_state IS NOT NULL"
    assert demo_line.rows(sealed) == [(1,)]
    demo_line.clock.pass_seconds(16 * 60)
    sweep(demo_line.services, timedelta(days=90))
    assert demo_line.rows(sealed) == [(0,)]


def test_an_order_whose_payment_is_unknown_is_not_cancelled(faulty: DemoLine, faults: list[Fault | None]) -> None:
    faults += [Fault.SLOW] * 60
    faulty.call(BEFORE_ORDER + "7")[0].hang_up()
    phone, heard = faulty.call(IDENTIFIED[1:])  # the phone is known: no language is asked for
    assert hears(heard.text, "ways.under_way")
    assert hears(phone.press("3").text, "order_state.under_way"), "cancelling is not offered"
    assert faulty.rows("SELECT status FROM refill_order WHERE request_key LIKE 'CA%'") == [("pending",)]
