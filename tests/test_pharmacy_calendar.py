"""Business days of the mail, and numbers with a check digit."""

from __future__ import annotations

from calendar import isleap
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from stdnum import luhn

from ivr.pharmacy.calendar import add_months, arrival, is_business_day
from ivr.pharmacy.numbers import is_well_formed, make_number


@pytest.mark.parametrize(
    ("start", "business_days", "expected"),
    [
        pytest.param(date(2026, 3, 2), 7, date(2026, 3, 11), id="over one weekend"),
        pytest.param(date(2026, 3, 7), 1, date(2026, 3, 9), id="from a Saturday"),
        pytest.param(date(2026, 11, 25), 1, date(2026, 11, 27), id="over Thanksgiving"),
        pytest.param(date(2026, 7, 2), 1, date(2026, 7, 3), id="the Friday before Independence Day on a Saturday"),
        pytest.param(date(2026, 7, 3), 1, date(2026, 7, 6), id="over Independence Day on a Saturday"),
        pytest.param(date(2027, 7, 2), 1, date(2027, 7, 6), id="over Independence Day on a Sunday"),
        pytest.param(date(2027, 12, 30), 1, date(2027, 12, 31), id="the Friday before New Year on a Saturday"),
        pytest.param(date(2026, 12, 24), 5, date(2027, 1, 4), id="over Christmas and New Year"),
        pytest.param(date(2026, 3, 2), 0, date(2026, 3, 2), id="no days at all"),
    ],
)
def test_parcels_travel_on_business_days(start: date, business_days: int, expected: date) -> None:
    assert arrival(start, business_days) == expected


WEEKDAYS_WITHOUT_MAIL = {
    2025: "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
    2026: "01-01 01-19 02-16 05-25 06-19 09-07 10-12 11-11 11-26 12-25",  # 4 July is a Saturday
    2027: "01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25",  # 19 June, 25 December; 4 July is a Sunday
    2028: "01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-23 12-25",  # 1 January, 11 November
    2029: "01-01 01-15 02-19 05-28 06-19 07-04 09-03 10-08 11-12 11-22 12-25",  # 11 November is a Sunday
    2030: "01-01 01-21 02-18 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25",
}
"""Year -> its holidays of the Postal Service on which it would else carry mail, from Monday to Friday; beside them the
holidays that fall on a weekend."""


@pytest.mark.parametrize(("year", "expected"), WEEKDAYS_WITHOUT_MAIL.items())
def test_the_mail_keeps_the_holidays_of_the_postal_service(year: int, expected: str) -> None:
    days = (date(year, 1, 1) + timedelta(at) for at in range(366 if isleap(year) else 365))
    found = [f"{day:%m-%d}" for day in days if day.weekday() < 5 and not is_business_day(day)]
    assert " ".join(found) == expected


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
    number = make_number(lambda: drawn)
    assert len(number) == 8
    assert number[0] != "0"
    assert luhn.is_valid(number)
    assert is_well_formed(number)


@given(some.integers(0, 10**7), some.integers(0, 7), some.integers(1, 9))
def test_one_wrong_key_is_noticed(drawn: int, place: int, slip: int) -> None:
    number = make_number(lambda: drawn)
    wrong = number[:place] + str((int(number[place]) + slip) % 10) + number[place + 1 :]
    assert not is_well_formed(wrong)


@pytest.mark.parametrize("number", ["", "0", "12a4", "1234*", "\u0661\u0662"])
def test_what_is_no_number_is_not_well_formed(number: str) -> None:
    assert not is_well_formed(number)
