"""A new IVR_SECRET_KEY while calls go on: each step of docs/operations.md, over workers that have made it and have not."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from demo_line import IDENTIFIED, NOON, DemoLine
from structlog.testing import capture_logs

from ivr.line.digests import open_digest
from ivr.line.sweep import sweep
from ivr.pages.app import make_app
from ivr.payment.vault import Vault
from ivr.phone.transport import Form, Headers, Reply, wsgi_post
from ivr.secret import Secret
from ivr.settings import Settings

OLD, NEW = (
    Secret("dGhlIHNpbXVsYXRvcidzIGtleSwgbm8gc2VjcmV0Li4="),
    Secret("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="),
)
STEPS = ((OLD,), (OLD, NEW), (NEW, OLD), (NEW,))
"""The keys of a worker before the rotation, and after each of its steps."""

RETENTION = timedelta(days=90)
A_NEW_CARD = (*"11", "41200017#", "94550", *"1929", "4242424242424242#", "1230", "123", *"27")


def worker(demo_line: DemoLine, keys: Sequence[Secret]) -> DemoLine:
    """Return the line as a worker that was started with these keys."""
    vault = Vault(keys)
    digest = open_digest(demo_line.database, vault, demo_line.clock())
    services = replace(demo_line.services, vault=vault, digest=digest)
    return demo_line.copy_with(services=services, app=make_app(services, Settings()))


def behind_one_balancer(*workers: DemoLine) -> DemoLine:
    """Return a line of which each request goes to the next worker."""
    posts = itertools.cycle([wsgi_post(one.app) for one in workers])

    def post(url: str, form: Form | None, headers: Headers) -> Reply:
        return next(posts)(url, form, headers)

    line = workers[0].copy_with()
    line.post = post
    return line


@pytest.mark.parametrize(("before", "after"), [*itertools.pairwise(STEPS)], ids=["added", "first", "old one dropped"])
def test_a_call_that_goes_to_and_fro_between_workers_before_and_after_a_step_loses_nothing(
    demo_line: DemoLine, before: Sequence[Secret], after: Sequence[Secret]
) -> None:
    phone = behind_one_balancer(*(worker(demo_line, keys) for keys in (before, after))).phone()
    phone.dial()
    for keys in A_NEW_CARD:
        phone.press(keys)
    assert phone.errors == []
    ours = "SELECT p.status FROM payment p JOIN refill_order o ON o.id = p.order_id WHERE o.request_key LIKE 'CA%'"
    assert demo_line.rows(ours) == [("authorized",)]


def test_a_call_lives_through_the_whole_rotation(demo_line: DemoLine) -> None:
    workers = [worker(demo_line, keys) for keys in STEPS]
    line = behind_one_balancer(*(one for one in workers for _ in range(4)))
    phone = line.phone()
    phone.dial()
    for keys in A_NEW_CARD:
        phone.press(keys)
    assert phone.errors == []


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_new_key_put_first_at_once_refuses_calls_of_workers_that_lack_it(demo_line: DemoLine) -> None:
    """Why the rotation has three steps."""
    phone = behind_one_balancer(worker(demo_line, (NEW, OLD)), worker(demo_line, (OLD,))).phone()
    phone.dial()
    phone.press("1")
    assert "403" in str(phone.errors[0])


# Who is locked, and who is known


def guess_wrongly(demo_line: DemoLine, times: int) -> None:
    phone = demo_line.phone(from_number="+15105550199")
    phone.dial()
    for keys in ("1", "1", *("41200017#", "00000") * times):
        phone.press(keys)
    phone.hang_up()


@pytest.fixture
def rotated(demo_line: DemoLine) -> list[DemoLine]:
    """Give a worker of each step; a phone orders and another is locked before the first of them."""
    workers = [worker(demo_line, STEPS[0])]
    workers[0].call(IDENTIFIED + "17", from_number="+15105550142")[0].hang_up()
    guess_wrongly(workers[0], 3)
    guess_wrongly(workers[0], 2)
    for keys in STEPS[1:]:
        workers.append(worker(demo_line, keys))
        sweep(workers[-1].services, RETENTION)
    return workers


def test_who_is_locked_stays_so_and_who_is_known_stays_known(rotated: list[DemoLine]) -> None:
    tries = rotated[0].rows("SELECT DISTINCT phone, member FROM wrong_try")
    known = rotated[0].rows("SELECT phone FROM known_phone")
    assert (len(tries), len(known)) == (1, 1)
    for one in rotated:
        assert (one.services.digest("from +15105550199"), one.services.digest("member 41200017")) == tries[0]
        assert (one.services.digest("from +15105550142"),) == known[0]
        phone, _ = one.call(IDENTIFIED, from_number="+15105550199")
        phone.hang_up()
        assert "identify.no_match" in [speak.prompt for turn in one.turns[-2:] for speak in turn.verb.words]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_worker_with_the_new_key_alone_opens_what_a_sweep_has_sealed_with_it(rotated: list[DemoLine]) -> None:
    with capture_logs() as logged:
        assert worker(rotated[0], (NEW,)).services.digest("x") == rotated[0].services.digest("x")
        assert worker(rotated[0], (OLD,)).services.digest("x") != rotated[0].services.digest("x")
    assert [line["event"] for line in logged] == ["digest_key_closed"]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_without_its_key_the_line_counts_anew_and_the_old_count_is_kept(demo_line: DemoLine) -> None:
    first = worker(demo_line, (OLD,)).services.digest("x")
    with capture_logs():
        lost = worker(demo_line, (NEW,))
    assert lost.services.digest("x") == Vault((NEW,)).sign("x") != first
    sweep(lost.services, RETENTION)
    assert worker(demo_line, (NEW, OLD)).services.digest("x") == first


def test_the_key_is_random_and_the_same_for_all_workers(demo_line: DemoLine) -> None:
    one, other = (worker(demo_line, (OLD,)) for _ in range(2))
    assert one.services.digest("x") == other.services.digest("x") != Vault((OLD,)).sign("x")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_what_an_earlier_release_counted_still_counts(demo_line: DemoLine) -> None:
    """It made its digests with the first key."""
    row = {"phone": Vault((OLD,)).sign("from +15105550142"), "at": NOON}
    demo_line.run("INSERT INTO known_phone (member_id, phone, ordered_at) VALUES (1, :phone, :at)", **row)
    assert worker(demo_line, (OLD, NEW)).services.digest("from +15105550142") == row["phone"]
