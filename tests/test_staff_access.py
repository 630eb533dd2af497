"""The staff password cannot be guessed: after a few wrong ones their peer waits, on every worker, whatever it tries."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from demo_line import DemoLine

from ivr import logs
from ivr.pages.app import make_app
from ivr.pages.throttle import LOCKED_FOR, MOST_WRONG
from ivr.pharmacy.database import open_database
from ivr.secret import Secret
from ivr.settings import Settings

PASSWORD = "correct horse battery"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Catch what is logged."""
    out, handlers, config = io.StringIO(), logging.getLogger().handlers[:], structlog.get_config()
    logs.configure(out, json=True)
    yield out
    logging.getLogger().handlers = handlers
    structlog.configure(**config)


class Door:
    """The staff pages of one worker."""

    def __init__(self, demo_line: DemoLine) -> None:
        self.clock = demo_line.clock
        self.app = make_app(demo_line.services, Settings(staff_password=Secret(PASSWORD)))

    def knock(self, password: str | None, peer: str = "203.0.113.9", host: str = "line.example") -> int:
        """Ask for a page from somewhere; return the status."""
        said = {"Authorization": f"Basic {base64.b64encode(f'staff:{password}'.encode()).decode()}"}
        found = self.app.test_client().get(
            "/studio", headers={"Host": host, **(said if password is not None else {})},
            environ_overrides={"REMOTE_ADDR": peer},
        )  # fmt: skip
        return found.status_code


@pytest.fixture
def door(demo_line: DemoLine) -> Door:
    return Door(demo_line)


def guess(door: Door, times: int = MOST_WRONG, **more: str) -> list[int]:
    return [door.knock(f"guess {n}", **more) for n in range(times)]


def test_after_a_few_wrong_passwords_the_right_one_waits_too(door: Door) -> None:
    assert guess(door) == [401] * MOST_WRONG
    assert (door.knock("another guess"), door.knock(PASSWORD)) == (429, 429)
    door.clock.now += LOCKED_FOR - MINUTE
    assert door.knock(PASSWORD) == 429
    door.clock.now += MINUTE
    assert door.knock(PASSWORD) == 200


def test_others_and_this_machine_go_in_meanwhile(door: Door) -> None:
    guess(door)
    assert door.knock(PASSWORD, peer="203.0.113.10") == 200
    assert door.knock(None, peer="127.0.0.1", host="localhost") == 200


def test_the_right_password_between_wrong_ones_does_not_start_the_count_anew(door: Door) -> None:
    guess(door, MOST_WRONG - 1)
    assert door.knock(PASSWORD) == 200
    assert (door.knock("a guess"), door.knock(PASSWORD)) == (401, 429)


def test_wrong_ones_of_long_ago_are_forgotten(door: Door) -> None:
    guess(door, MOST_WRONG - 1)
    door.clock.now += 16 * MINUTE
    assert (door.knock("a guess"), door.knock(PASSWORD)) == (401, 200)


def test_asking_without_a_password_is_no_try(door: Door, demo_line: DemoLine) -> None:
    assert [door.knock(None) for _ in range(3 * MOST_WRONG)] == [401] * 3 * MOST_WRONG
    assert demo_line.rows("SELECT * FROM staff_guess") == []


def test_staff_leave_no_rows(door: Door, demo_line: DemoLine) -> None:
    assert [door.knock(PASSWORD) for _ in range(3)] == [200] * 3
    assert demo_line.rows("SELECT * FROM staff_guess") == []


def test_old_rows_go(door: Door, demo_line: DemoLine) -> None:
    for last in range(20):
        guess(door, 1, peer=f"198.51.100.{last}")
    door.clock.now += 31 * MINUTE
    guess(door, 1)
    assert demo_line.rows("SELECT peer FROM staff_guess") == [("203.0.113.9",)]


def test_an_ipv6_machine_counts_by_its_network(door: Door) -> None:
    assert [door.knock("a guess", peer=f"2001:db8::{n:x}") for n in range(1, 8)] == [401] * MOST_WRONG + [429] * 2
    assert door.knock(PASSWORD, peer="2001:db8:0:1::1") == 200


def test_an_ipv4_machine_counts_alone_where_it_is_told_by_ipv6(door: Door) -> None:
    guess(door, peer="::ffff:203.0.113.9")
    assert [door.knock(PASSWORD, peer=peer) for peer in ("203.0.113.9", "::ffff:203.0.113.10", "::1")] == [
        429,
        200,
        200,
    ]


@pytest.mark.parametrize("peer", ["", "not an address"])
def test_a_peer_without_an_address_counts_too(door: Door, peer: str) -> None:
    assert [*guess(door, peer=peer), door.knock(PASSWORD, peer=peer)] == [401] * MOST_WRONG + [429]


def test_all_workers_count_together_and_of_many_at_once_no_more_are_judged(demo_line: DemoLine) -> None:
    doors = [Door(demo_line) for _ in range(2)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: doors[n % 2].knock(f"guess {n}"), range(40)))
    assert sorted(answers) == [401] * MOST_WRONG + [429] * (40 - MOST_WRONG)


def test_a_lock_is_logged_once_and_no_password_with_it(door: Door, log: io.StringIO) -> None:
    guess(door, MOST_WRONG + 5)
    door.knock(PASSWORD)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["event"], line["peer"], line["wrong"]) for line in lines] == [
        ("staff_locked", "203.0.113.9", MOST_WRONG)
    ]
    assert "guess" not in log.getvalue()
    assert PASSWORD not in log.getvalue()


def test_pages_refuse_while_the_database_is_away(demo_line: DemoLine) -> None:
    away = replace(demo_line.services, database=open_database("postgresql://me@127.0.0.1:1/refills"))
    door = Door(demo_line.copy_with(services=away))
    assert (door.knock(PASSWORD), door.knock("a guess"), door.knock(None)) == (503, 503, 401)
