"""The next member in the same call: nothing of the one before crosses over, whatever was done before."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from demo_line import IDENTIFIED, DemoLine
from sqlalchemy import select, update

from ivr.line import tables
from ivr.line.actions.next_member import OF_THE_CALLER
from ivr.phone.handset import Ended, Handset

CARD = "5555555555554444#1230123"
NEW_ADDRESS = "17304112#01001" + "74#777#"
NEXT = "41200154#36109"
"""The next member, with their ZIP code."""
TOLD = (
    "7304112",
    "7304249",
    "94550",
    "41200017",
    "Springfield",
    "01001",
    "777",
    "Blossom",
    "4444",
    "4242",
    "mastercard",
)
"""What tells of the first member, of their address or of their card."""

KEYS = ("1", "1", "2", "3", "7304112#", "7304523#", "1", "7", "9", "01001", "74#", "777#", "4", "8", "5", "5555555555554444#",
        "1230", "123", "2")  # fmt: skip

FAR = {
    "ordered with a new address and a new card": f"{IDENTIFIED}1932{NEW_ADDRESS}19{CARD}27",
    "left at the say-back": f"{IDENTIFIED}1932{NEW_ADDRESS}19{CARD}195" + "2" + "9",
    "left in the middle of an address": f"{IDENTIFIED}1932{NEW_ADDRESS}895" + "9" + "1195" + "29",
    "left in the middle of a card": f"{IDENTIFIED}1929{CARD[:17]}" + "9999" * 3 + "95" + "29",
    "names were not to be said": f"{IDENTIFIED}22" + "99" + "29",
    "proved by a number": f"{IDENTIFIED}3" + "7304112#" + "3" + "95" + "29",
    "a renewal": f"{IDENTIFIED}3" + "7304660#" + "1" + "9" + "29",
}


def stored(line: DemoLine, sid: str) -> dict[str, Any]:
    """Return what is stored of a call."""
    with line.database.connect() as connection:
        sealed = connection.scalar(select(tables.call.c.sealed_state).where(tables.call.c.sid == sid))
    opened = line.services.vault.open(sealed, None, line.clock()) if sealed else None
    assert opened
    state: dict[str, Any] = json.loads(opened)
    return state


def to_next_member(line: DemoLine, phone: Handset) -> None:
    """Go on with the next member from where the call is, with all that it holds, as if that was asked there."""
    sid = phone.call_sid
    state = stored(line, sid)
    state["frames"] = [{"flow": "main", "state": "anything_else", "counts": {}, "interrupting": False}]
    sealed = line.services.vault.seal(json.dumps(state).encode(), line.clock())
    with line.database.begin() as connection:
        connection.execute(update(tables.call).where(tables.call.c.sid == sid).values(sealed_state=sealed))
    phone.press("4#")  # pound, for where a number was asked for
    assert "main.next_member" in line.prompts


def assert_nothing_left(line: DemoLine, phone: Handset) -> None:
    state = stored(line, phone.call_sid)
    assert {*state["values"]} <= {*OF_THE_CALLER, "whose_turn"}
    text = json.dumps({**state, "shown": ""})  # which is ones and zeros, like a ZIP code
    orders = [str(number) for (number,) in line.rows("SELECT order_number FROM refill_order WHERE member_id = 1")]
    assert [told for told in (*TOLD, *orders) if told in text] == []
    assert line.rows("SELECT * FROM card_entry WHERE call_sid = :sid", sid=phone.call_sid) == []


@pytest.mark.parametrize("keys", FAR.values(), ids=FAR)
def test_nothing_of_the_one_before_is_left(demo_line: DemoLine, keys: str) -> None:
    phone, _ = demo_line.call(keys)
    assert len(stored(demo_line, phone.call_sid)["values"]) > 3
    to_next_member(demo_line, phone)
    assert_nothing_left(demo_line, phone)
    phone.press(NEXT)
    assert demo_line.last_prompts == ["main.menu"]
    values = stored(demo_line, phone.call_sid)["values"]
    assert (values["member_id"], values["proved"], values["whose_turn"]) == (2, False, 2)
    assert values.keys().isdisjoint({"basket", "card", "building", "new_address", "address_id", "names", "order_id"})
    assert demo_line.rows("SELECT member_id FROM call WHERE sid = :sid", sid=phone.call_sid) == [(2,)]
    assert demo_line.rows("SELECT member_id FROM earlier_member WHERE call_sid = :sid", sid=phone.call_sid) == [(1,)]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(25))
def test_whatever_was_done_before_nothing_of_it_is_left(demo_line: DemoLine, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (a caller, not a secret)
    phone, heard = demo_line.call(IDENTIFIED)
    for _ in range(chance.randrange(5, 30)):
        if isinstance(heard.waiting, Ended):
            phone, heard = demo_line.call(IDENTIFIED)
        heard = phone.press(chance.choice(KEYS))
    if not isinstance(phone.wait().waiting, Ended):  # which sends what was keyed of a number
        to_next_member(demo_line, phone)
        assert_nothing_left(demo_line, phone)
