"""When a prescription can be refilled, and if not, why not: pure rules on plain facts.

A prescription is held against a table of tests, in a fixed order; the first that applies is the finding. "Too soon" is
one of them, with its dates, never a dead end. No database in here: `prescriptions` gathers the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from ivr.pharmacy.calendar import add_months, arrival
from ivr.pharmacy.findings import Finding, FindingKind, OpenOrder, Rx, Supply, TransferFacts

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


@dataclass(frozen=True, slots=True)
class Case:
    """A prescription with what stands around it, on a day."""

    rx: Rx
    today: date
    rules: Rules
    order: OpenOrder | None = None
    transfer: TransferFacts | None = None
    newer_rx_number: str | None = None


def find(case: Case) -> Finding:
    """Return the first finding that applies; a prescription with nothing against it is refillable."""
    return next(finding for test in _TESTS if (finding := test(case)))


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


def _cannot_be_mailed(case: Case) -> Finding | None:
    if case.rx.status == "inactive_drug" or not case.rx.mailable:
        return Finding(FindingKind.NOT_MAILABLE, case.rx)
    return None


def _transfer_under_way(case: Case) -> Finding | None:
    if case.rx.status != "transfer_pending":
        return None
    since, by = (case.transfer.requested_on, case.transfer.by) if case.transfer else (None, None)
    return Finding(FindingKind.TRANSFER_PENDING, case.rx, since=since, by=by)


def _set_aside(case: Case) -> Finding | None:
    kinds = {"on_hold": FindingKind.ON_HOLD, "discontinued": FindingKind.DISCONTINUED}
    kind = kinds.get(case.rx.status)
    return Finding(kind, case.rx) if kind else None


def _replaced(case: Case) -> Finding | None:
    if case.rx.status != "replaced":
        return None
    return Finding(FindingKind.REPLACED, case.rx, newer_rx_number=case.newer_rx_number)


def _in_an_order(case: Case) -> Finding | None:
    return Finding(FindingKind.ALREADY_ORDERED, case.rx, order=case.order) if case.order else None


def _no_refills_by_law(case: Case) -> Finding | None:
    if case.rx.schedule != 2:
        return None
    return Finding(FindingKind.NO_REFILLS_BY_LAW, case.rx)


def _beyond_legal_limit(case: Case) -> Finding | None:
    limit = legal_until(case.rx, case.rules)
    if limit is None or (case.today <= limit and case.rx.refills_used < CONTROLLED_REFILLS):
        return None
    return Finding(FindingKind.LEGAL_LIMIT, case.rx, ends_on=limit)


def _expired(case: Case) -> Finding | None:
    last = expires_on(case.rx)
    return Finding(FindingKind.EXPIRED, case.rx, ends_on=last) if case.today > last else None


def _none_left(case: Case) -> Finding | None:
    return Finding(FindingKind.NONE_LEFT, case.rx) if case.rx.refills_left < 1 else None


def _first_fill(case: Case) -> Finding | None:
    confirmed = case.transfer is not None and case.transfer.status == "confirmed"
    if case.rx.first_filled_on is not None or confirmed:
        return None
    return Finding(FindingKind.FIRST_FILL, case.rx)


def _by_date(case: Case) -> Finding:
    """Settle the rest, which is a matter of days; a confirmed transfer has no fill yet and is due at once."""
    rx, today, rules = case.rx, case.today, case.rules
    due, last, empty = due_on(rx, rules) or today, ends_on(rx, rules), runs_out_on(rx)
    arrives = arrival(max(due, today), rules.mail_business_days)
    if today < due:
        kind = FindingKind.DUE_TOO_LATE if due > last else FindingKind.TOO_SOON
    else:
        kind = FindingKind.RUNS_OUT_FIRST if empty and empty < arrives else FindingKind.REFILLABLE
    return Finding(
        kind,
        rx,
        due_on=due,
        ends_on=last,
        runs_out_on=empty,
        arrives_on=arrives,
        supplies=() if kind is FindingKind.DUE_TOO_LATE else supplies(rx, rules),
    )


_TESTS: tuple[Callable[[Case], Finding | None], ...] = (
    _cannot_be_mailed,
    _transfer_under_way,
    _set_aside,
    _replaced,
    _in_an_order,
    _no_refills_by_law,
    _beyond_legal_limit,
    _expired,
    _none_left,
    _first_fill,
    _by_date,
)
