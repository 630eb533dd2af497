"""Business days of the mail, and numbers with a check digit."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some
from stdnum import luhn

from ivr.pharmacy.calendar import add_months, arrival, is_business_day
from ivr.pharmacy.numbers import draw_number, is_well_formed


@pytest.mark.parametrize(
    ("start", "business_days", "expected"),
    [
        pytest.param(date(2026, 3, 2), 7, date(2026, 3, 11), id="over one weekend"),
        pytest.param(date(2026, 3, 7), 1, date(2026, 3, 9), id="from a Saturday"),
        pytest.param(date(2026, 11, 25), 1, date(2026, 11, 27), id="over Thanksgiving"),
        pytest.param(date(2026, 7, 2), 1, date(2026, 7, 6), id="Independence Day observed on a Friday"),
        pytest.param(date(2027, 12, 30), 1, date(2028, 1, 3), id="New Year observed in the old year"),
        pytest.param(date(2026, 12, 24), 5, date(2027, 1, 4), id="over Christmas and New Year"),
        pytest.param(date(2026, 3, 2), 0, date(2026, 3, 2), id="no days at all"),
    ],
)
def test_parcels_travel_on_business_days(start: date, business_days: int, expected: date) -> None:
    assert arrival(start, business_days) == expected


@given(some.dates(date(2000, 1, 1), date(2060, 1, 1)), some.integers(1, 30))
def test_a_parcel_arrives_on_a_business_day(start: date, business_days: int) -> None:
    day = arrival(start, business_days)
    assert is_business_day(day)
    assert business_days <= (day - start).days <= business_days * 2 + 8


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
    ],
)
def test_months_end_where_the_month_does(start: date, months: int, expected: date) -> None:
    assert add_months(start, months) == expected


@given(some.integers(0, 10**12))
def test_a_drawn_number_has_eight_digits_and_passes_luhn(drawn: int) -> None:
    number = draw_number(lambda: drawn)
    assert len(number) == 8
    assert number[0] != "0"
    assert luhn.is_valid(number)
    assert is_well_formed(number)


@given(some.integers(0, 10**7), some.integers(0, 7), some.integers(1, 9))
def test_one_wrong_key_is_noticed(drawn: int, place: int, slip: int) -> None:
    number = draw_number(lambda: drawn)
    wrong = number[:place] + str((int(number[place]) + slip) % 10) + number[place + 1 :]
    assert not is_well_formed(wrong)


@pytest.mark.parametrize("number", ["", "0", "12a4", "1234*", "\u0661\u0662"])
def test_what_is_no_number_is_not_well_formed(number: str) -> None:
    assert not is_well_formed(number)
