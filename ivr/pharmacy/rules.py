"""A prescription's days and supplies: how much may be ordered at once, from when, and until when. Pure; no database."""

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
    """What a pharmacy may set; windows are days of supply that may remain when a refill is ordered."""

    refill_window_days: int = 14
    controlled_window_days: int = 7
    mail_business_days: int = 7
    transfer_business_days: int = 5
    controlled_multiples: bool = False
    legal_limit_schedule_five: bool = False


def is_under_limit(rx: Rx, rules: Rules) -> bool:
    """Tell whether the law limits this drug's refills in number and time."""
    return rx.schedule in (3, 4) or (rx.schedule == 5 and rules.legal_limit_schedule_five)


def refills_allowed(rx: Rx, rules: Rules) -> int:
    """Return how many refills are left by the prescription and by law."""
    if is_under_limit(rx, rules):
        return max(0, min(rx.refills_left, CONTROLLED_REFILLS - rx.refills_used))
    return rx.refills_left


def supplies(rx: Rx, rules: Rules) -> tuple[Supply, ...]:
    """Return the multiples of the usual supply that may be ordered at once, the usual one first."""
    most = min(rx.max_days_supply // rx.days_supply, refills_allowed(rx, rules))
    if rx.schedule is not None and not rules.controlled_multiples:
        most = min(most, 1)
    return tuple(Supply(n, n * rx.days_supply, n * rx.quantity, n * rx.price_cents) for n in range(1, most + 1))


def expires_on(rx: Rx) -> date:
    """Return the last day of the prescription's own validity."""
    year = add_months(rx.written_on, VALID_MONTHS)
    return min(year, rx.expires_on) if rx.expires_on else year


def legal_until(rx: Rx, rules: Rules) -> date | None:
    """Return the last day on which the law lets it be refilled, where the law has one."""
    return add_months(rx.written_on, CONTROLLED_MONTHS) if is_under_limit(rx, rules) else None


def ends_on(rx: Rx, rules: Rules) -> date:
    """Return the last day on which it may be filled, by law and by its own date."""
    limit = legal_until(rx, rules)
    return min(expires_on(rx), limit) if limit else expires_on(rx)


def runs_out_on(rx: Rx) -> date | None:
    """Return the first day without supply when all that was ever supplied is used as prescribed."""
    if rx.first_filled_on is None or rx.last_filled_on is None:
        return None
    return max(
        rx.last_filled_on + timedelta(days=_last_supply(rx)),
        rx.first_filled_on + timedelta(days=rx.days_supplied),
    )


def due_on(rx: Rx, rules: Rules) -> date | None:
    """Return the first day on which it can be refilled; None where nothing was filled here yet."""
    empty = runs_out_on(rx)
    if empty is None or rx.last_filled_on is None:
        return None
    window = rules.refill_window_days if rx.schedule is None else rules.controlled_window_days
    half_used = rx.last_filled_on + timedelta(days=-(-_last_supply(rx) // 2))
    return max(empty - timedelta(days=window), half_used)


def _last_supply(rx: Rx) -> int:
    return rx.last_days_supply or rx.days_supply
