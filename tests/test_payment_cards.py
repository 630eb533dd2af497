from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from ivr.payment.cards import (
    Brand,
    Card,
    Expiry,
    ExpiryProblem,
    NumberProblem,
    check_code,
    check_expiry,
    check_number,
    last4,
    without_cards,
)
from ivr.payment.published_cards import KNOWN_CARDS
from ivr.secret import Secret

TODAY = date(2026, 3, 31)


def with_check_digit(prefix: str, length: int) -> str:
    body = prefix.ljust(length - 1, "0")
    return body + luhn.calc_check_digit(body)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("4242424242424242", Brand.VISA),
        ("4000056655665556", Brand.VISA),
        ("5555555555554444", Brand.MASTERCARD),
        (with_check_digit("51", 16), Brand.MASTERCARD),
        (with_check_digit("2221", 16), Brand.MASTERCARD),
        ("2223003122003222", Brand.MASTERCARD),
        (with_check_digit("2720", 16), Brand.MASTERCARD),
        ("6011111111111117", Brand.DISCOVER),
        (with_check_digit("644", 16), Brand.DISCOVER),
        (with_check_digit("649", 16), Brand.DISCOVER),
        (with_check_digit("65", 16), Brand.DISCOVER),
        ("378282246310005", Brand.AMEX),
        (with_check_digit("34", 15), Brand.AMEX),
        (with_check_digit("2220", 16), NumberProblem.UNSUPPORTED_BRAND),
        (with_check_digit("2721", 16), NumberProblem.UNSUPPORTED_BRAND),
        (with_check_digit("643", 16), NumberProblem.UNSUPPORTED_BRAND),
        (with_check_digit("50", 16), NumberProblem.UNSUPPORTED_BRAND),
        (with_check_digit("56", 16), NumberProblem.UNSUPPORTED_BRAND),
        ("3530111333300000", NumberProblem.UNSUPPORTED_BRAND),
        ("30569309025904", NumberProblem.UNSUPPORTED_BRAND),
        ("6200000000000005", NumberProblem.UNSUPPORTED_BRAND),
        ("4242424242424241", NumberProblem.BAD_NUMBER),
        ("9999999999999999", NumberProblem.BAD_NUMBER),
        ("4242 4242 4242 4242", NumberProblem.BAD_NUMBER),
        ("٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", NumberProblem.BAD_NUMBER),
        ("", NumberProblem.TOO_SHORT),
        ("4", NumberProblem.TOO_SHORT),
        ("2", NumberProblem.TOO_SHORT),
        ("424242424242424", NumberProblem.TOO_SHORT),
        (with_check_digit("4", 13), NumberProblem.TOO_SHORT),
        (with_check_digit("34", 14), NumberProblem.TOO_SHORT),
        (with_check_digit("34", 16), NumberProblem.TOO_LONG),
        (with_check_digit("4", 19), NumberProblem.TOO_LONG),
        ("1" * 20, NumberProblem.TOO_LONG),
    ],
)
def test_a_number_has_a_brand_or_a_problem(number: str, expected: Brand | NumberProblem) -> None:
    assert check_number(Secret(number)) is expected


@given(position=st.integers(0, 15), digit=st.integers(1, 9))
def test_one_wrong_digit_never_passes(position: int, digit: int) -> None:
    number = [int(found) for found in "4242424242424242"]
    number[position] = (number[position] + digit) % 10
    assert isinstance(check_number(Secret("".join(map(str, number)))), NumberProblem)


@given(st.text())
def test_anything_keyed_gets_an_answer(text: str) -> None:
    assert isinstance(check_number(Secret(text)), (Brand, NumberProblem))
    assert isinstance(check_expiry(text, TODAY), (Expiry, ExpiryProblem))
    assert check_code(Brand.VISA, Secret(text)) in (True, False)


@pytest.mark.parametrize(
    ("mmyy", "expected"),
    [
        ("0326", Expiry(3, 2026)),
        ("0426", Expiry(4, 2026)),
        ("1230", Expiry(12, 2030)),
        ("0346", Expiry(3, 2046)),
        ("0226", ExpiryProblem.PAST),
        ("1225", ExpiryProblem.PAST),
        ("1200", ExpiryProblem.PAST),
        ("0446", ExpiryProblem.TOO_FAR),
        ("1299", ExpiryProblem.TOO_FAR),
        ("0027", ExpiryProblem.NO_SUCH_MONTH),
        ("1327", ExpiryProblem.NO_SUCH_MONTH),
        ("", ExpiryProblem.NOT_FOUR_DIGITS),
        ("327", ExpiryProblem.NOT_FOUR_DIGITS),
        ("032026", ExpiryProblem.NOT_FOUR_DIGITS),
        ("03/6", ExpiryProblem.NOT_FOUR_DIGITS),
    ],
)
def test_a_card_is_good_through_its_month(mmyy: str, expected: Expiry | ExpiryProblem) -> None:
    assert check_expiry(mmyy, TODAY) == expected
    assert check_expiry(Secret(mmyy), TODAY) == expected


@pytest.mark.parametrize(
    ("brand", "code", "fits"),
    [
        (Brand.VISA, "123", True),
        (Brand.VISA, "000", True),
        (Brand.VISA, "1234", False),
        (Brand.MASTERCARD, "12", False),
        (Brand.DISCOVER, "12*", False),
        (Brand.AMEX, "1234", True),
        (Brand.AMEX, "123", False),
        (Brand.VISA, "", False),
    ],
)
def test_a_code_has_three_digits_and_four_on_amex(brand: Brand, code: str, fits: bool) -> None:
    assert check_code(brand, Secret(code)) is fits


def test_a_card_is_spoken_by_its_last_four() -> None:
    assert last4(Secret("378282246310005")) == "0005"


def test_a_card_shows_neither_number_nor_code() -> None:
    shown = repr(Card(Secret("4242424242424242"), 12, 2030, Secret("987")))
    assert "4242" not in shown
    assert "987" not in shown


@given(st.sampled_from(sorted(card.number for card in KNOWN_CARDS)), st.text("23456789*"), st.text("23456789*"))
def test_a_card_is_taken_out_of_any_keys(number: str, before: str, after: str) -> None:
    left = without_cards(before + number + after)
    assert number not in left
    assert len(left) == len(before + number + after)


@pytest.mark.parametrize("keys", ["", "74", "627846585843", "4242424242424241", "2131*", "12345678901234567890"])
def test_other_keys_are_left_as_they_are(keys: str) -> None:
    assert without_cards(keys) == keys
