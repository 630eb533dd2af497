"""What a caller can still do about an order, through the whole line, on both databases."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from demo_line import IDENTIFIED, TODAY, DemoLine
from hearing import hears

from ivr.line.actions.ship_day import next_day
from ivr.line.sweep import sweep
from ivr.phone.handset import Handset, Heard

ASKING = "12"
PLACED = ASKING + "41203305#" + "77004"
DECLINED = "11" + "41202757#" + "31328"
HELD_ADDRESS = "11" + "41202620#" + "55130"
SCHEDULED = ASKING + "41203031#" + "01945"
TOLD_FIRST = "11" + "41203442#" + "55446"
NEW_ADDRESS = "1" + "1" + "7310277#" + "06040" + "118#" + "2326#" + "1"


MODES = tuple(itertools.product((True, False), repeat=2))
"""What a carrier may do with keys pressed ahead, and with those pressed during words."""


@pytest.mark.parametrize(
    ("keyed", "expected"),
    [
        ("0302", "2026-03-02"),
        ("302", "2026-03-02"),
        ("0301", "2027-03-01"),
        ("2503", "2026-03-25"),
        ("0228", "2027-02-28"),
        ("0229", None),
        ("1313", None),
        ("0000", None),
    ],
)
def test_a_keyed_day_is_the_next_of_its_date(keyed: str, expected: str | None) -> None:
    assert next_day(keyed, TODAY) == (date.fromisoformat(expected) if expected else None)


def state_of(line: DemoLine, number: str) -> tuple[object, ...]:
    (row,) = line.rows(
        "SELECT o.status, o.held_reason, p.status FROM refill_order o LEFT JOIN payment p ON p.order_id = o.id "
        "WHERE order_number = :number ORDER BY p.id DESC LIMIT 1",
        number=number,
    )
    return tuple(row)


def test_a_placed_order_is_cancelled_and_its_hold_released(demo_line: DemoLine) -> None:
    phone, heard = demo_line.call(PLACED + "3")
    assert hears(heard.text, "cancel.facts")
    assert hears(phone.press("7").text, "cancel.released")
    assert state_of(demo_line, "44098721") == ("cancelled", None, "voided")
    assert demo_line.rows("SELECT cancelled_by FROM refill_order WHERE order_number = '44098721'") == [("phone",)]


def test_two_calls_cancel_one_order_and_one_is_told_what_happened(demo_line: DemoLine) -> None:
    first, _ = demo_line.call(PLACED + "3")
    second, _ = demo_line.call(PLACED + "3")
    assert hears(first.press("7").text, "cancel.released")
    heard = second.press("7").text
    assert hears(heard, "cancel.finished")
    assert hears(heard, "order_state.cancelled_by_you")
    refills = "SELECT refills_left, refills_used FROM prescription WHERE rx_number = '7311099'"
    assert demo_line.rows(refills) == [(4, 1)], "given back once"


def test_one_call_cancels_while_another_pays(demo_line: DemoLine) -> None:
    paying, _ = demo_line.call(DECLINED + "1" + "9" + "4242424242424242#" + "1230" + "123" + "2")
    cancelling, _ = demo_line.call(DECLINED + "3")
    assert hears(cancelling.press("7").text, "cancel.cancelled")
    assert hears(paying.press("7").text, "ways.changed")
    assert state_of(demo_line, "42047878")[0] == "cancelled"
    assert demo_line.rows("SELECT count(*) FROM payment WHERE status IN ('pending', 'authorized')") == demo_line.rows(
        "SELECT count(*) FROM payment p JOIN refill_order o ON o.id = p.order_id "
        "WHERE p.status IN ('pending', 'authorized') AND o.order_number <> '42047878'"
    )


def test_a_cancelled_order_is_told_once(demo_line: DemoLine) -> None:
    cancelled_by_staff(demo_line)
    phone, heard = demo_line.call(TOLD_FIRST)
    assert hears(heard.text, "order_state.cancelled_by_staff")
    phone.hang_up()
    _, heard = demo_line.call(TOLD_FIRST)
    assert hears(heard.text, "refill.quick")


def cancelled_by_staff(demo_line: DemoLine) -> None:
    demo_line.run(
        "UPDATE refill_order SET cancelled_at = :at, cancelled_by = 'staff' WHERE order_number = '44508893'",
        at=(demo_line.clock() - timedelta(hours=1)).isoformat(sep=" "),
    )


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_what_a_key_pressed_twice_passes_over_is_told_by_the_next_call(
    demo_line: DemoLine, mode: tuple[bool, bool]
) -> None:
    """A ZIP code ending in 9, the key to go on."""
    cancelled_by_staff(demo_line)
    demo_line.run("UPDATE address SET zip = '55449' WHERE zip = '55446'")

    def identify(zip_code: str) -> tuple[Handset, Heard]:
        phone, _ = demo_line.call(carries_keys_ahead=mode[0], carries_keys_through_words=mode[1])
        for keys in ("1", "1", "41203442#"):
            phone.press(keys)
        return phone, phone.press(zip_code)

    phone, heard = identify("554499")
    assert hears(heard.text, "refill.quick" if mode[0] else "order_state.cancelled_by_staff")
    if mode[0]:
        phone.hang_up()
        phone, heard = identify("55449")
        assert hears(heard.text, "order_state.cancelled_by_staff")
    phone.press("9")  # after all the words, as a caller does who has heard them
    _, heard = identify("55449")
    assert hears(heard.text, "refill.quick")


def test_a_new_address_releases_an_order_and_it_is_charged(demo_line: DemoLine) -> None:
    phone, heard = demo_line.call(HELD_ADDRESS + NEW_ADDRESS)
    assert hears(heard.text, "ways.address_facts")
    assert hears(phone.press("7").text, "ways.readdressed")
    for _ in range(2):
        sweep(demo_line.services, timedelta(days=90))
    assert state_of(demo_line, "41637703") == ("placed", None, "authorized")


def test_a_scheduled_order_is_sent_on_another_day(demo_line: DemoLine) -> None:
    phone, heard = demo_line.call(SCHEDULED + "2" + "0320#")
    assert hears(heard.text, "ways.day_facts")
    assert hears(phone.press("7").text, "ways.moved")
    days = demo_line.rows("SELECT ship_on FROM refill_order WHERE order_number = '42868216'")
    assert [str(row[0]) for row in days] == ["2026-03-20"]


def test_an_order_of_another_member_is_never_told(demo_line: DemoLine) -> None:
    """Not even if the call's values named one: a program error, which is answered with an apology."""
    phone, heard = demo_line.call(PLACED)
    assert hears(heard.text, "ways.placed")
    demo_line.run("UPDATE refill_order SET member_id = 1 WHERE order_number = '44098721'")
    heard = phone.press("3")
    assert not hears(heard.text, "cancel.facts")


def test_nothing_waits_for_most_members(demo_line: DemoLine) -> None:
    _, heard = demo_line.call(IDENTIFIED)
    assert hears(heard.text, "refill.quick")
    assert not [prompt for prompt in demo_line.prompts if prompt.startswith(("news.", "ways."))]
