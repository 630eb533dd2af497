"""After five new cards of a member that were not accepted no other one is taken for a day; `card_limit.yaml` hears it."""

from __future__ import annotations

from datetime import timedelta

from demo_line import IDENTIFIED, DemoLine
from hearing import hears

from ivr.line import lockout
from ivr.line.card_limit import COUNTS_FOR, MOST_CARDS
from ivr.line.forgetting import forget_member
from ivr.line.sweep import sweep
from ivr.pharmacy.members import member_numbered
from ivr.phone.handset import Handset, Heard

REFUSED, REST = "5454545454545454#", "1230" + "123"
TO_NEW_CARD = "192" + "9"
"""Keys after identification up to the number of a new card, with nothing else waiting."""


def refused(phone: Handset) -> Heard:
    return phone.press(REFUSED + REST)


def test_no_call_tries_more_than_five_new_cards(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(IDENTIFIED + TO_NEW_CARD)
    for _ in range(MOST_CARDS):
        heard = refused(phone)
        assert hears(heard.text, "card.refused")
        heard = phone.press("1")
    assert hears(heard.text, "card.too_many_cards")
    for _ in range(3):
        heard = phone.press("2" + "9")
        assert hears(heard.text, "card.too_many_cards")
    assert not phone.errors


def test_refused_cards_lock_nobody_and_are_swept_after_a_day(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(IDENTIFIED + TO_NEW_CARD)
    for _ in range(MOST_CARDS):
        refused(phone)
        phone.press("1")
    phone.hang_up()
    with demo_line.services.database.connect() as connection:
        assert lockout.locks(connection, demo_line.clock.now) == ()
    assert demo_line.rows("SELECT DISTINCT phone FROM wrong_try") == [("",)]
    demo_line.clock.pass_seconds(COUNTS_FOR.total_seconds())
    sweep(demo_line.services, timedelta(days=90))
    assert demo_line.rows("SELECT * FROM wrong_try") == []


def test_refused_cards_are_forgotten_with_the_member(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(IDENTIFIED + TO_NEW_CARD)
    refused(phone)
    phone.hang_up()
    services = demo_line.services
    with demo_line.database.begin() as connection:
        member = member_numbered(connection, "41200017")
        assert member is not None
        forgotten = forget_member(connection, services.vault, services.digest, member, demo_line.clock.now)
    assert forgotten.rows["wrong_try"] == 1
