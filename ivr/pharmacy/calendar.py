"""Business days of the mail, which exclude weekends and the holidays of the Postal Service.

Its holidays are the federal ones. One that falls on a Sunday is kept on the Monday after it; one that falls on a
Saturday is kept on that Saturday, so that the mail moves on the Friday before, on which other federal offices close
(USPS Employee and Labor Relations Manual, 518.2).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache

from ivr.hours import federal_holidays

SATURDAY, SUNDAY = 5, 6
ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    federal = federal_holidays(year, observed=False)
    return frozenset(day + ONE_DAY if day.weekday() == SUNDAY else day for day in federal)


def is_business_day(day: date) -> bool:
    """Return whether mail is carried on a day."""
    return day.weekday() < SATURDAY and day not in _holidays(day.year)


def arrival(start: date, business_days: int) -> date:
    """Return the day that is this number of business days after `start`; `start` itself is not counted."""
    day = start
    while business_days > 0:
        day += ONE_DAY
        business_days -= is_business_day(day)
    return day


def add_months(day: date, months: int) -> date:
    """Return the same day of the month some months later, or the last day of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
