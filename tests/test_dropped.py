"""What a dropped call leaves to the next one, where a call script cannot tell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from demo_line import IDENTIFIED, DemoLine
from hearing import hears

from ivr.line.sweep import Pace, sweep

RETENTION = timedelta(days=90)
CARD = "95555555555554444#1230123" + "1"
TO_SAY_BACK = f"{IDENTIFIED}1932" + "17304112#01001" + "74#777#" + "1" + CARD
"""Everything is chosen: a new address, a new card."""


def test_in_a_version_published_since_the_basket_alone_is_taken_up(demo_line: DemoLine) -> None:
    demo_line.call(TO_SAY_BACK)[0].hang_up()
    demo_line.run("UPDATE call SET version = 'earlier'")
    phone, heard = demo_line.call(IDENTIFIED)
    assert hears(heard.text, "refill.go_on", count=3)
    heard = phone.press("1")
    assert hears(heard.text, "checkout.ship_to")
    assert "Springfield" not in heard.text
    phone.press("1")
    assert demo_line.last_prompts == ["card.on_file"]


@pytest.mark.parametrize("minutes", [0, 16])
def test_an_order_that_was_offered_and_not_answered_outlives_sweeps(demo_line: DemoLine, minutes: int) -> None:
    demo_line.call(TO_SAY_BACK)[0].hang_up()
    demo_line.call(IDENTIFIED)[0].hang_up()
    demo_line.clock.pass_seconds(60 * minutes)
    sweep(demo_line.services, RETENTION, Pace(rest=lambda _: None))
    phone, _ = demo_line.call(IDENTIFIED + "1" + "7304112#" + "1")
    assert "order.facts" in demo_line.last_prompts
    assert hears(phone.press("*").text, "order.keep_on_file")


def test_a_call_that_went_on_to_the_next_member_hides_the_one_dropped_before(demo_line: DemoLine) -> None:
    demo_line.call(TO_SAY_BACK)[0].hang_up()
    demo_line.call(f"{IDENTIFIED}2" + "3" + "9999999#" + "99" + "29" + "441200154#36109")[0].hang_up()
    demo_line.call(IDENTIFIED)
    assert demo_line.last_prompts == ["refill.quick"]


def test_the_earlier_members_of_a_call_are_kept_as_long_as_calls(demo_line: DemoLine) -> None:
    demo_line.call("1241200017#945509" + "441200154#36109")[0].hang_up()
    demo_line.clock.pass_seconds(RETENTION.total_seconds() - 60)
    sweep(demo_line.services, RETENTION)
    assert demo_line.rows("SELECT member_id FROM earlier_member") == [(1,)]
    demo_line.clock.pass_seconds(600)
    assert sweep(demo_line.services, RETENTION).done["earlier_members"] == 1
    assert demo_line.rows("SELECT count(*) FROM earlier_member") == [(0,)]
