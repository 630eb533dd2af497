"""Computing how much of a prescription may be ordered at once, from which day, and until which. Uses no database.

By federal law (21 CFR 1306.22) a prescription for a drug of schedule III or IV may be refilled five times within six
months of its date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ivr.pharmacy.calendar import add_months
from ivr.pharmacy.findings import Rx, Supply

CONTROLLED_REFILLS = 5
CONTROLLED_MONTHS = 6
VALID_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that a pharmacy can set.

    A window is how many days of supply may be left when a refill is ordered; an order that was not paid for is kept for
    `unpaid_days`. If an order kept for a later day costs more by then, by more than `price_change_cents`, its member is
    asked. With `controlled_multiples`, several refills of a controlled drug may be ordered at once; with
    `legal_limit_schedule_five`, the legal limits of schedules III and IV hold for schedule V too.
    """

    refill_window_days: int = 14
    controlled_window_days: int = 7
    mail_business_days: int = 7
    transfer_business_days: int = 5
    unpaid_days: int = 3
    price_change_cents: int = 100
    controlled_multiples: bool = False
    legal_limit_schedule_five: bool = False


def is_under_limit(rx: Rx, rules: Rules) -> bool:
    """Return whether the law limits this drug's refills in number and time."""
    return rx.schedule in (3, 4) or (rx.schedule == 5 and rules.legal_limit_schedule_five)


def refills_allowed(rx: Rx, rules: Rules) -> int:
    """Return how many refills are left, by the prescription and by law."""
    if is_under_limit(rx, rules):
        return max(0, min(rx.refills_left, CONTROLLED_REFILLS - rx.refills_used))
    return rx.refills_left


def supplies(rx: Rx, rules: Rules) -> tuple[Supply, ...]:
    """Return the multiples of the usual supply that may be ordered at once, the smallest first."""
    most = min(rx.max_days_supply // rx.days_supply, refills_allowed(rx, rules))
    if rx.schedule is not None and not rules.controlled_multiples:
        most = min(most, 1)
    return tuple(Supply(n, n * rx.days_supply, n * rx.quantity, n * rx.price_cents) for n in range(1, most + 1))


def expires_on(rx: Rx) -> date:
    """Return the last day on which it is valid: a year after it was written, or its own date if that is earlier."""
    a_year_later = add_months(rx.written_on, VALID_MONTHS)
    return min(a_year_later, rx.expires_on) if rx.expires_on else a_year_later


def legal_until(rx: Rx, rules: Rules) -> date | None:
    """Return the last day on which the law allows a refill, or None if the law sets none."""
    return add_months(rx.written_on, CONTROLLED_MONTHS) if is_under_limit(rx, rules) else None


def ends_on(rx: Rx, rules: Rules) -> date:
    """Return the last day on which it may be filled: the earlier of `expires_on` and `legal_until`."""
    limit = legal_until(rx, rules)
    return min(expires_on(rx), limit) if limit else expires_on(rx)


def runs_out_on(rx: Rx) -> date | None:
    """Return the first day without supply if all fills are used as prescribed, or None if it was never filled here."""
    if rx.first_filled_on is None or rx.last_filled_on is None:
        return None
    return max(
        rx.last_filled_on + timedelta(days=_last_supply(rx)),
        rx.first_filled_on + timedelta(days=rx.days_supplied),
    )


def due_on(rx: Rx, rules: Rules) -> date | None:
    """Return the first day on which it can be refilled, or None if it was never filled here.

    It is the window's days before the supply runs out, but not before half of the last fill is used.
    """
    runs_out = runs_out_on(rx)
    if runs_out is None or rx.last_filled_on is None:
        return None
    window = rules.refill_window_days if rx.schedule is None else rules.controlled_window_days
    half_used = rx.last_filled_on + timedelta(days=-(-_last_supply(rx) // 2))
    return max(runs_out - timedelta(days=window), half_used)


def _last_supply(rx: Rx) -> int:
    return rx.last_days_supply or rx.days_supply
