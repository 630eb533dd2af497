"""Payment rows, and cards on file."""

from __future__ import annotations

from datetime import date

import pytest
from pharmacy_rows import NOW, TODAY, add_address, add_member, add_rx, cancel, place
from sqlalchemy import Connection, func, select

from ivr.orders.cards import forget_order_card, save_card, saved_card, saved_cards, use_card
from ivr.orders.find import OrderFacts, order_by_id
from ivr.orders.payments import PaymentFacts, begin_payment, payment_for
from ivr.orders.place import OrderRequest, WantedLine
from ivr.orders.statuses import move_payment
from ivr.payment.cards import Brand
from ivr.payment.gateway import Token
from ivr.pharmacy.tables import OrderStatus, PaymentStatus, SavedCard
from ivr.secret import Secret


def an_order(connection: Connection) -> tuple[int, int]:
    """Place an order; return the member and the order."""
    member_id = add_member(connection)
    line = WantedLine(add_rx(connection, member_id), 1)
    request = OrderRequest(member_id, (line,), add_address(connection, member_id), OrderStatus.PENDING, "call-1")
    order = place(connection, request)
    assert isinstance(order, OrderFacts)
    return member_id, order.id


def begin(connection: Connection, order_id: int, request_key: str = "pay-1") -> PaymentFacts:
    order = order_by_id(connection, order_id)
    assert order is not None
    card = saved_card(connection, keep(connection, order.member_id))
    assert card is not None
    return begin_payment(connection, order, card, "sandbox", request_key, NOW)


def keep(
    connection: Connection,
    member_id: int,
    token: str = "tok_visa",
    exp_year: int = 2026,
    only_for_order_id: int | None = None,
) -> int:
    card = Token(Secret(token), Brand.VISA, "4242", 3, exp_year)
    return save_card(connection, member_id, "sandbox", card, NOW, only_for_order_id)


def test_the_same_request_never_makes_two_payments(connection: Connection) -> None:
    _, order_id = an_order(connection)
    payment = begin(connection, order_id)
    assert (payment.status, payment.amount_cents, payment.created_at) == ("pending", 1000, NOW)
    assert begin(connection, order_id) == payment


def test_another_request_gets_the_payment_that_stands(connection: Connection) -> None:
    _, order_id = an_order(connection)
    first = begin(connection, order_id)
    assert begin(connection, order_id, "pay-2") == first
    assert move_payment(connection, first.id, PaymentStatus.AUTHORIZED, NOW, reference="auth_1")
    assert begin(connection, order_id, "pay-2").reference == "auth_1"


def test_after_a_decline_another_card_may_be_tried(connection: Connection) -> None:
    _, order_id = an_order(connection)
    first = begin(connection, order_id)
    assert move_payment(connection, first.id, PaymentStatus.DECLINED, NOW, reference="auth_1")
    assert begin(connection, order_id).status == "declined"
    second = begin(connection, order_id, "pay-2")
    assert (second.status, second.id != first.id) == ("pending", True)
    assert payment_for(connection, order_id) == second


def test_an_order_without_a_payment_has_none(connection: Connection) -> None:
    _, order_id = an_order(connection)
    assert payment_for(connection, order_id) is None


@pytest.mark.parametrize(
    ("today", "usable"), [(date(2026, 3, 31), 1), (date(2026, 4, 1), 0)], ids=["its last day", "the day after"]
)
def test_a_card_is_usable_through_its_month(connection: Connection, today: date, usable: int) -> None:
    member_id = add_member(connection)
    keep(connection, member_id)
    assert len(saved_cards(connection, member_id, "sandbox", today)) == usable


def test_cards_on_file_are_the_members_own_for_this_processor_newest_first(connection: Connection) -> None:
    member_id, order_id = an_order(connection)
    first, second = keep(connection, member_id), keep(connection, member_id, "tok_mastercard")
    keep(connection, member_id, "tok_amex", only_for_order_id=order_id)
    keep(connection, add_member(connection, "10000002"))
    assert [card.id for card in saved_cards(connection, member_id, "sandbox", TODAY)] == [second, first]
    assert saved_cards(connection, member_id, "stripe", TODAY) == ()


def test_a_card_kept_twice_is_one_card_with_the_new_expiry(connection: Connection) -> None:
    member_id = add_member(connection)
    card_id = keep(connection, member_id)
    assert keep(connection, member_id, exp_year=2029) == card_id
    card = saved_card(connection, card_id)
    assert card is not None
    assert (card.exp_year, card.token, str(card.token)) == (2029, Secret("tok_visa"), "•••")


def test_a_card_for_one_order_goes_with_it(connection: Connection) -> None:
    member_id, order_id = an_order(connection)
    on_file, only_once = keep(connection, member_id), keep(connection, member_id, only_for_order_id=order_id)
    assert use_card(connection, order_id, only_once)
    order = order_by_id(connection, order_id)
    assert order is not None
    assert order.saved_card_id == only_once
    assert cancel(connection, order_id)
    order = order_by_id(connection, order_id)
    assert order is not None
    assert order.saved_card_id is None
    assert saved_card(connection, only_once) is None
    assert saved_card(connection, on_file) is not None
    forget_order_card(connection, order_id)
    assert connection.scalar(select(func.count()).select_from(SavedCard)) == 1
