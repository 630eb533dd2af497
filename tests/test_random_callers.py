"""Callers who press anything at any time: never an error, never silence, never an order without its confirming key."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest
from databases import Databases
from demo_line import DemoLine, fill_demo, open_demo_line

from ivr.phone.handset import Ended, Handset

CALLS = int(os.environ.get("IVR_RANDOM_CALLS", "150"))
CANARY = "5105105105105100"
CODE = "739"

MARGARET = "1 1 41200017# 94550"
OPENINGS = (
    "", "1", "1 1", MARGARET, "2 1 41200702# 93230", f"{MARGARET} 1", f"{MARGARET} 3", "1 2 41200017# 94550",
    "1 1 41203579# 06040 1 1 1", "1 1 41200154# 36109 1", "1 1 41202209# 31404 3", f"{MARGARET} 1 1 9 {CANARY}# 1230",
)  # fmt: skip
WORDS = ("1", "2", "3", "7", "9", "0", "*", "#", "5", "41200017#", "94550", "7304112#", "7304249#", "7304523#", "7304660#",
         f"{CANARY}#", "4242424242424242#", "4000000000000002#", "1230", CODE, "12*34#", "##", "000000000000000000000#", "0#", ",")  # fmt: skip


@pytest.fixture(scope="module", params=[True, False], ids=["keys kept between turns", "keys dropped between turns"])
def crowd(request: pytest.FixtureRequest, databases: Databases) -> Iterator[tuple[DemoLine, bool]]:
    with databases.fresh("sqlite", fill_demo) as url:
        made = open_demo_line(url)
        yield made, bool(request.param)
        made.services.database.dispose()


def test_random_keys_never_do_harm(crowd: tuple[DemoLine, bool]) -> None:
    """Seeds are the calls' own numbers, so that a failing one can be called again."""
    demo_line, keeps = crowd
    for seed in range(CALLS):
        chance = random.Random(seed)  # noqa: S311  (a caller, not a secret)
        start = len(demo_line.turns)
        demo_line.run("DELETE FROM wrong_try")  # or the first few wrong numbers would lock out all who follow
        phone = demo_line.phone(
            from_number=chance.choice(["+15105550123", "anonymous", f"+1510555{seed % 10000:04d}"]),
            carries_keys_ahead=keeps,
            finish_key_ends_empty=chance.random() < 0.5,
            sends_empty_digits=chance.random() < 0.5,
        )
        try:
            wander(phone, chance)
        except Exception as error:
            raise AssertionError(f"call {seed} failed") from error
        assert not phone.errors, f"call {seed}: {phone.errors}"
        assert not phone.warnings, f"call {seed}: {phone.warnings}"
        check_turns(demo_line, start, seed)
    check_rows(demo_line)


def wander(phone: Handset, chance: random.Random) -> None:
    heard = phone.dial()
    assert heard.text, "a call begins with words"
    for keys in chance.choice(OPENINGS).split():
        heard = phone.press(keys)
    for _ in range(chance.randrange(25)):
        if isinstance(heard.waiting, Ended):
            return
        word = chance.choice(WORDS)
        heard = phone.wait() if word == "," else phone.press(word)
        if chance.random() < 0.1:
            phone.retry()
    phone.hang_up()


def check_turns(demo_line: DemoLine, start: int, seed: int) -> None:
    confirmed: set[str] = set()
    flows = demo_line.services.versions.current.flows
    for turn in demo_line.turns[start:]:
        assert "sorry.again" not in {speak.prompt for speak in turn.verb.words}, f"call {seed}: turn {turn.turn} failed"
        last = flows.state(turn.trace[-1].flow, turn.trace[-1].state)
        assert turn.verb.words or last.quiet or last.name == "connect", f"call {seed}: turn {turn.turn} says nothing"
        for trace_step in turn.trace:
            if (trace_step.state, trace_step.branch) == ("confirm", "7"):
                confirmed.add(turn.sid)
            if (trace_step.state, trace_step.branch) == ("place", "pending"):
                assert turn.sid in confirmed, f"call {seed}: an order nobody confirmed"


def check_rows(demo_line: DemoLine) -> None:
    assert demo_line.rows("SELECT rx_number FROM prescription WHERE refills_left < 0") == []
    doubled = "SELECT prescription_id FROM order_line WHERE open GROUP BY prescription_id HAVING count(*) > 1"
    assert demo_line.rows(doubled) == []
    standing = "SELECT order_id FROM payment WHERE status IN ('pending','authorized','captured') GROUP BY order_id HAVING count(*) > 1"
    assert demo_line.rows(standing) == []
    charged = (
        "SELECT o.id FROM refill_order o JOIN payment p ON p.order_id = o.id WHERE p.status = 'authorized' "
        "AND o.request_key LIKE 'CA%' AND p.amount_cents <> (SELECT sum(price_cents) FROM order_line l WHERE l.order_id = o.id)"
    )
    assert demo_line.rows(charged) == []
    assert demo_line.rows("SELECT count(*) FROM refill_order WHERE request_key LIKE 'CA%'") != [(0,)], "some do order"
    with demo_line.services.database.connect() as connection:
        tables = [row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = str(connection.exec_driver_sql(f'SELECT * FROM "{table}"').fetchall())  # noqa: S608
            assert CANARY not in rows, f"card digits in {table}"
            assert CANARY[:12] not in rows, f"card digits in {table}"
