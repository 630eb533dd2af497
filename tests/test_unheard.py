"""What became of an order is told in the next call, if the call that placed it broke off before that was heard."""

from __future__ import annotations

import pytest
from demo_line import IDENTIFIED, DemoLine
from hearing import hears
from test_turns import TO_CONFIRM, go, next_url, post

from ivr.orders.keys import request_key, turn_of


def placed(demo_line: DemoLine, *, requests: int) -> None:
    """Place an order; the first of so many requests is the one with the confirming key."""
    url, keys = next_url(go(demo_line, *TO_CONFIRM)), {"Digits": "7"}
    for _ in range(requests):
        reply = post(demo_line, url, **keys)
        url, keys = next_url(reply), {}


def hangs_up(demo_line: DemoLine, seconds: float) -> None:
    demo_line.clock.pass_seconds(seconds)
    assert post(demo_line, "/voice/status", CallStatus="completed").status == 204


def is_told(demo_line: DemoLine) -> bool:
    phone, heard = demo_line.call(IDENTIFIED, from_number="+15105550777")
    phone.hang_up()
    return hears(heard.text, "news.unheard")


@pytest.mark.parametrize(
    ("requests", "seconds", "told"),
    [
        (1, 3, True),  # while the card is being charged, which is then finished without the caller
        (1, 60, True),
        (2, 3, True),  # before the number was said
        (2, 16, False),  # after it
        (2, 36, True),  # words that need no database had led the call to its end
    ],
)
def test_whoever_hangs_up_before_the_number_is_told_it_in_the_next_call(
    demo_line: DemoLine, requests: int, seconds: float, told: bool
) -> None:
    placed(demo_line, requests=requests)
    hangs_up(demo_line, seconds)
    assert demo_line.rows("SELECT status FROM refill_order WHERE request_key LIKE 'CA%'") == [("placed",)]
    assert is_told(demo_line) == told
    assert not is_told(demo_line), "once"


def test_a_call_whose_end_nobody_reported_may_have_broken_off(demo_line: DemoLine) -> None:
    placed(demo_line, requests=2)
    demo_line.clock.pass_seconds(600)
    assert is_told(demo_line)


def test_a_key_after_the_number_shows_that_it_was_heard(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(IDENTIFIED + "1" + "7")
    phone.press("1")
    demo_line.clock.pass_seconds(600)
    assert not is_told(demo_line)


def test_whoever_has_asked_about_the_order_knows_of_it(demo_line: DemoLine) -> None:
    placed(demo_line, requests=1)
    hangs_up(demo_line, 1)
    demo_line.run("UPDATE refill_order SET told_at = placed_at WHERE request_key LIKE 'CA%'")
    assert not is_told(demo_line)


def test_an_order_of_which_the_call_is_forgotten_is_no_news(demo_line: DemoLine) -> None:
    placed(demo_line, requests=1)
    hangs_up(demo_line, 1)
    demo_line.run("DELETE FROM journal")
    assert not is_told(demo_line)


@pytest.mark.parametrize(
    ("key", "turn"),
    [
        (request_key("CA12", 7, ""), ("CA12", 7)),
        (request_key("CA12", 17, "2026-03-14"), ("CA12", 17)),
        (request_key("a-b", 7, ""), ("a-b", 7)),
        ("web-1", None),
        ("demo", None),
    ],
)
def test_the_turn_of_an_order_is_in_its_request_key(key: str, turn: tuple[str, int] | None) -> None:
    assert turn_of(key) == turn
