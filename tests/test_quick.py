"""What is on file and may be ordered with unasked, whose phone it is, and keys pressed twice before an order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from demo_line import NOON, DemoLine

from ivr.line import lockout
from ivr.line.actions.on_file import find_on_file
from ivr.line.service import Caller, Context
from ivr.phone.handset import Ended, Handset

MARGARET = 1
OWN_PHONE, STRANGER = "+19255550142", "+15105550100"
LONG_AGO, LAST_ORDERED, SINCE = (NOON + timedelta(days=days) for days in (-60, -40, -20))


def context(demo_line: DemoLine, connection: Any, phone: str = STRANGER) -> Context:
    return Context(demo_line.services, connection, NOON, Caller("CA1", phone, "+18002457979"), 0, {})


# What is on file


def ordered(demo_line: DemoLine, *, to: str = "mailing", card: str | None = None) -> None:
    """Let Margaret have ordered before: to her mailing address or another, paid by a card."""
    demo_line.run(
        "INSERT INTO address (member_id, kind, street, city, state, zip, entered_by, verified, created_at) "
        "VALUES (1, 'shipping', 'Elm Street', 'Livermore', 'CA', '94550', 'web', true, :at)",
        at=LAST_ORDERED,
    )
    demo_line.run(
        "INSERT INTO refill_order (order_number, member_id, channel, status, ship_to_id, total_cents, placed_at, request_key)"
        " SELECT '99999990', 1, 'web', 'delivered', id, 100, :at, 'last' FROM address WHERE member_id = 1 AND kind = :kind",
        at=LAST_ORDERED,
        kind=to,
    )
    if card:
        demo_line.run(
            "INSERT INTO payment (order_id, gateway, brand, last4, amount_cents, status, request_key, created_at) "
            "SELECT id, 'sandbox', 'visa', :last4, 100, 'captured', 'paid', :at FROM refill_order WHERE request_key = 'last'",
            at=LAST_ORDERED,
            last4=card,
        )


def card_on_file(demo_line: DemoLine, **columns: object) -> None:
    """Change Margaret's Visa."""
    for name, value in columns.items():
        demo_line.run(f"UPDATE saved_card SET {name} = :value WHERE member_id = 1", value=value)  # noqa: S608


def another_card(demo_line: DemoLine, year: int = 2030, declined: object = None) -> None:
    demo_line.run(
        "INSERT INTO saved_card (member_id, gateway, token, brand, last4, exp_month, exp_year, last_declined_at) "
        "VALUES (1, 'sandbox', 'tok_amex', 'amex', '0005', 1, :year, :declined)",
        year=year,
        declined=declined,
    )


def moved(demo_line: DemoLine) -> None:
    """Let Margaret have given another mailing address on the website since she ordered last."""
    ordered(demo_line)
    demo_line.run("UPDATE address SET replaced_at = :at WHERE member_id = 1 AND kind = 'mailing'", at=SINCE)
    demo_line.run(
        "INSERT INTO address (member_id, kind, street, city, state, zip, entered_by, verified, created_at) "
        "VALUES (1, 'mailing', 'Oak Street', 'Livermore', 'CA', '94550', 'web', true, :at)",
        at=SINCE,
    )


def both(*steps: Callable[[DemoLine], None]) -> Callable[[DemoLine], None]:
    """Return a function that does all of these."""

    def prepare(line: DemoLine) -> None:
        for step in steps:
            step(line)

    return prepare


TAKEN = {
    "no order before": lambda _: None,
    "nothing changed since the last order": ordered,
    "a card kept long before the last order": both(ordered, partial(card_on_file, consented_at=LONG_AGO)),
    "the card that was kept with the last order": both(
        partial(ordered, card="4242"), partial(card_on_file, consented_at=SINCE)
    ),
    "another card that has expired": lambda line: another_card(line, year=2020),
    "another card that was declined last": lambda line: another_card(line, declined=SINCE),
}
ASKED = {
    "an address changed since": moved,
    "an order that went elsewhere": lambda line: ordered(line, to="shipping"),
    "no verified address": lambda line: line.run("UPDATE address SET verified = false WHERE member_id = 1"),
    "a card that is newer than the last order": both(
        partial(ordered, card="1881"), partial(card_on_file, consented_at=SINCE)
    ),
    "two cards": another_card,
    "a card that was declined last": lambda line: card_on_file(line, last_declined_at=SINCE),
    "a card that has expired": lambda line: card_on_file(line, exp_year=2020),
    "no card": lambda line: line.run("DELETE FROM saved_card WHERE member_id = 1"),
}


@pytest.mark.parametrize("prepare", TAKEN.values(), ids=TAKEN)
def test_what_has_not_changed_is_taken_unasked(demo_line: DemoLine, prepare: Any) -> None:
    prepare(demo_line)
    with demo_line.services.database.connect() as connection:
        found = find_on_file(context(demo_line, connection), MARGARET, due=True)
    assert found
    assert found.card.card
    assert found.card.card.last4 == "4242"


@pytest.mark.parametrize("prepare", ASKED.values(), ids=ASKED)
def test_what_may_be_meant_otherwise_is_asked_for(demo_line: DemoLine, prepare: Any) -> None:
    prepare(demo_line)
    with demo_line.services.database.connect() as connection:
        assert find_on_file(context(demo_line, connection), MARGARET, due=True) is None


def test_no_card_is_needed_where_nothing_is_due(demo_line: DemoLine) -> None:
    another_card(demo_line)
    with demo_line.services.database.connect() as connection:
        found = find_on_file(context(demo_line, connection), MARGARET, due=False)
    assert found
    assert found.card.card is None


def test_a_supply_that_ends_first_is_asked_about(demo_line: DemoLine) -> None:
    demo_line.run("UPDATE saved_card SET member_id = 2 WHERE member_id = 1")
    demo_line.call("11" + "41200154#" + "36109")
    assert demo_line.last_prompts == ["refill.how"]


def test_an_address_that_was_keyed_in_this_call_is_not_left_for_the_one_on_file(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call(
        "11" + "41200017#" + "94550" + "1932" + "1" + "7304112#" + "06040" + "118#" + "2326#" + "1"
    )
    for key in "194":  # the card, then start over
        phone.press(key)
    assert demo_line.last_prompts == ["refill.how"]


# Whose phone it is


def languages(demo_line: DemoLine, phone: str) -> set[str]:
    with demo_line.services.database.connect() as connection:
        return set(lockout.languages_of_phone(context(demo_line, connection, phone)))


def test_a_phone_is_known_by_what_is_on_file_and_by_its_orders(demo_line: DemoLine) -> None:
    assert languages(demo_line, OWN_PHONE) == {"en"}
    assert languages(demo_line, STRANGER) == set()
    with demo_line.services.database.begin() as connection:
        lockout.remember_phone(context(demo_line, connection), MARGARET)
    assert languages(demo_line, STRANGER) == {"en"}
    demo_line.run("UPDATE member SET language = 'es' WHERE phone = :phone", phone=OWN_PHONE)
    assert languages(demo_line, OWN_PHONE) == languages(demo_line, STRANGER) == {"es"}
    demo_line.run("UPDATE member SET phone = :phone WHERE id = 2", phone=STRANGER)
    assert languages(demo_line, STRANGER) == {"en", "es"}


@pytest.mark.parametrize("withheld", ["anonymous", "+266696687", "client:alice"])
def test_a_withheld_number_is_nobodys(demo_line: DemoLine, withheld: str) -> None:
    demo_line.run("UPDATE member SET phone = :phone WHERE id = 1", phone=withheld)
    assert languages(demo_line, withheld) == set()


def test_nothing_of_a_member_is_told_by_the_greeting(demo_line: DemoLine) -> None:
    """Anybody can send any number: what is heard is the same for all members of a language."""
    heard = [demo_line.call(from_number=phone)[1].text for phone in (OWN_PHONE, "+12025550147")]
    assert heard[0] == heard[1]


# Keys pressed twice

HABITS = ("carries_keys_ahead", "carries_keys_through_words", "finish_key_ends_empty", "sends_empty_digits")
MODES = tuple(itertools.product((True, False), repeat=len(HABITS)))
"""What a carrier may do with keys pressed ahead, with those pressed during words, and with a number that is empty."""
DELIVERIES = {
    "at once": lambda sevens: ["41200017#", f"94557{sevens}"],
    "late": lambda sevens: ["41200017#", "94557", *sevens],
    "keyed ahead": lambda sevens: [f"41200017#94557{sevens}"],
}


def refilling(demo_line: DemoLine, mode: tuple[bool, ...], phone: str) -> Handset:
    """Return a telephone whose caller is asked for the member number."""
    handset, _ = demo_line.call("1", from_number=phone, **dict(zip(HABITS, mode, strict=True)))
    handset.press("1")
    return handset


def written(demo_line: DemoLine) -> list[Any]:
    return demo_line.rows("SELECT id, status FROM refill_order") + demo_line.rows("SELECT id, status FROM payment")


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("delivery", DELIVERIES.values(), ids=DELIVERIES)
@pytest.mark.parametrize("offered", ["all on file", "one by one", "an unpaid order"])
def test_the_last_digit_of_a_zip_code_pressed_again_orders_nothing(
    demo_line: DemoLine, delivery: Any, offered: str
) -> None:
    """A ZIP code ending in 7, the key that confirms."""
    demo_line.run("UPDATE address SET zip = '94557' WHERE member_id = 1 AND kind = 'mailing'")
    if offered != "all on file":
        another_card(demo_line)
    if offered == "an unpaid order":
        demo_line.run("UPDATE refill_order SET member_id = 1 WHERE status = 'pending'")
    before = written(demo_line)
    for number, (mode, sevens) in enumerate(itertools.product(MODES, ("7", "77"))):
        phone = refilling(demo_line, mode, f"+1510555{number:04d}")
        for keys in delivery(sevens):
            heard = phone.press(keys)
            assert written(demo_line) == before
        if not isinstance(heard.waiting, Ended):  # whatever was kept, one key more brings the facts, not an order
            phone.press("1")
            assert written(demo_line) == before
        phone.hang_up()


WAYS_TO_KEY_TWICE = {
    "at once": lambda zip_code, more: [zip_code + more],
    "again": lambda zip_code, more: [zip_code, more],
}


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("way", WAYS_TO_KEY_TWICE.values(), ids=WAYS_TO_KEY_TWICE)
@pytest.mark.parametrize(
    ("wanted", "zip_code", "more"),
    [("1", "17011", "17011"), ("1", "17101", "17101"), ("1", "94550", "1734"), ("2", "37211", "37211")],
    ids=["ordering", "ordering, with a zero", "ZIP and four", "cancelling"],
)
def test_a_zip_code_keyed_twice_orders_and_cancels_nothing(
    demo_line: DemoLine, way: Any, wanted: str, zip_code: str, more: str
) -> None:
    """1 takes all that is on file, or 3 is to cancel: 7, which confirms, comes when the facts are said."""
    demo_line.run("UPDATE address SET zip = :zip WHERE kind = 'mailing'", zip=zip_code)
    member = "41200017#" if wanted == "1" else "41203305#"
    before = written(demo_line)
    for number, mode in enumerate(MODES):
        phone, _ = demo_line.call("1", from_number=f"+1510555{number:04d}", **dict(zip(HABITS, mode, strict=True)))
        for keys in (wanted, member, *way(zip_code, more)):
            heard = phone.press(keys)
            assert not isinstance(heard.waiting, Ended)
            assert written(demo_line) == before
        phone.hang_up()


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_the_key_for_all_that_is_on_file_pressed_again_orders_nothing(
    demo_line: DemoLine, mode: tuple[bool, ...]
) -> None:
    before = written(demo_line)
    phone = refilling(demo_line, mode, STRANGER)
    phone.press("41200017#")
    phone.press("94550")
    for keys in ("11", "1"):
        phone.press(keys)
        assert written(demo_line) == before
    assert demo_line.last_prompts == ["order.facts", "checkout.confirm"]
