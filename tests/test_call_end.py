"""A call's two lines in the log: that it began, and what it came to; nothing of who called, and nothing in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from demo_line import IDENTIFIED, DemoLine, with_settings
from structlog.testing import capture_logs

from ivr.line.call_end import hang_up
from ivr.pages.app import make_app
from ivr.phone.handset import Ended, Handset
from ivr.settings import Settings

Logged = list[MutableMapping[str, Any]]
ORDERED = f"{IDENTIFIED}17"


@pytest.fixture
def logged() -> Iterator[Logged]:
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def staffed(demo_line: DemoLine) -> DemoLine:
    return with_settings(demo_line, Settings(person_number="+18005550199"))


def named(lines: Logged, event: str) -> Logged:
    return [line for line in lines if line["event"] == event]


def say_nothing_more(phone: Handset) -> None:
    while not isinstance(phone.wait().waiting, Ended):
        pass


Finish = Callable[[Handset], object]
CALLS: dict[str, tuple[str, Finish, tuple[str, str, int]]] = {
    "an order, then hung up": (ORDERED, Handset.hang_up, ("ordered", "caller_hung_up", 1)),
    "an order, to the goodbye": (f"{ORDERED}9", say_nothing_more, ("ordered", "goodbye", 1)),
    "identified and no more": (IDENTIFIED, Handset.hang_up, ("hung_up", "caller_hung_up", 0)),
    "nothing keyed": ("", Handset.hang_up, ("not_identified", "caller_hung_up", 0)),
    "a person spoken to": ("10", say_nothing_more, ("person", "goodbye", 0)),
    "an order, then a person": (f"{ORDERED}0", say_nothing_more, ("ordered", "goodbye", 1)),
    "an order, then the next member": (f"{ORDERED}441200154#36109", Handset.hang_up, ("ordered", "caller_hung_up", 1)),
    "an order of each of two": (f"{ORDERED}441200702#9323011117", Handset.hang_up, ("ordered", "caller_hung_up", 2)),
    "identified, and the next one not": ("1241200017#9455094", Handset.hang_up, ("hung_up", "caller_hung_up", 0)),
    "told, and goodbye": ("1392", Handset.hang_up, ("not_identified", "goodbye", 0)),
}


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("keys", "finish", "expected"), CALLS.values(), ids=CALLS)
def test_a_call_has_two_lines_with_what_it_came_to(
    staffed: DemoLine, logged: Logged, keys: str, finish: Finish, expected: tuple[str, str, int]
) -> None:
    phone, _ = staffed.call(keys)
    finish(phone)
    phone.hang_up()
    [_], [ended] = named(logged, "call_started"), named(logged, "call_ended")
    assert (ended["outcome"], ended["ending"], ended["orders"]) == expected
    assert ended["turns"] == len({turn.turn for turn in staffed.turns})
    assert 0 <= ended["seconds"] <= phone.seconds + 0.1  # it is rounded
    assert {line["event"] for line in logged} <= {"call_started", "call_ended", "settled"}


def test_an_unanswered_persons_telephone_leaves_what_was_before(staffed: DemoLine, logged: Logged) -> None:
    phone, _ = staffed.call("10", answers="no-answer")
    phone.hang_up()
    [ended] = named(logged, "call_ended")
    assert ended["outcome"] == "not_identified"


def test_who_hangs_up_while_a_person_is_rung_was_on_the_way_there(staffed: DemoLine, logged: Logged) -> None:
    phone, _ = staffed.call("1")
    waiting = phone._now()
    phone._wire.ask(waiting.gather.action, "POST", {"Digits": "0"})  # type: ignore[union-attr]
    hang_up(staffed.services, phone.call_sid)
    [ended] = named(logged, "call_ended")
    assert (ended["outcome"], ended["ending"]) == ("person", "caller_hung_up")


def test_the_end_is_told_once_whatever_the_carrier_repeats(staffed: DemoLine, logged: Logged) -> None:
    phone, _ = staffed.call(f"{ORDERED}9")
    say_nothing_more(phone)
    for _ in range(3):
        hang_up(staffed.services, phone.call_sid)
    hang_up(staffed.services, "CA" + "e" * 32)
    assert len(named(logged, "call_ended")) == 1


def test_a_repeated_request_is_no_second_beginning(staffed: DemoLine, logged: Logged) -> None:
    phone, _ = staffed.call()
    phone.retry()
    assert len(named(logged, "call_started")) == 1


def test_a_turn_that_was_undone_tells_nothing(demo_line: DemoLine, logged: Logged) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("not yet")

    broken = replace(demo_line.services, watch=fail)
    demo_line.copy_with(services=broken, app=make_app(broken, Settings())).phone().dial()
    assert named(logged, "call_started") == []
    assert named(logged, "turn_failed")


def test_earlier_orders_of_the_member_are_not_this_calls(staffed: DemoLine, logged: Logged) -> None:
    staffed.call(ORDERED)[0].hang_up()
    staffed.clock.now += timedelta(hours=1)
    staffed.call(IDENTIFIED)[0].hang_up()
    assert [line["orders"] for line in named(logged, "call_ended")] == [1, 0]


def test_a_call_whose_version_is_lost_still_ends(staffed: DemoLine, logged: Logged) -> None:
    phone, _ = staffed.call("1")
    staffed.run("UPDATE call SET version = 'gone', sealed_state = NULL")
    phone.hang_up()
    assert len(named(logged, "call_ended")) == 1
