"""The refusal table, row by row and at the edges of each date; no database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pharmacy_rows import NOW, TODAY, days, rx

from ivr.pharmacy.calendar import add_months, arrival
from ivr.pharmacy.findings import OpenOrder, Rx, Supply, TransferFacts
from ivr.pharmacy.refusals import Case, Finding, first_finding
from ivr.pharmacy.rules import Rules, due_on, ends_on, runs_out_on, supplies
from ivr.pharmacy.tables import OrderStatus, TransferStatus

RULES = Rules()
ORDER = OpenOrder(7, "10000008", "web", OrderStatus.PLACED, NOW, None, days(9), None, None)
PENDING = TransferFacts(days(-2), days(5), "Lisinopril", "Corner Pharmacy", TransferStatus.REQUESTED, "1234567")
CONFIRMED = TransferFacts(days(-9), days(-2), "Lisinopril", "Corner Pharmacy", TransferStatus.CONFIRMED, "1234567")
NEVER_FILLED: dict[str, object] = {
    "first_filled_on": None,
    "last_filled_on": None,
    "last_days_supply": None,
    "days_supplied": 0,
    "refills_used": 0,
}


def found(changes: Mapping[str, object], rules: Rules = RULES) -> Finding:
    around = {name: value for name, value in changes.items() if name in ("order", "transfer", "newer_rx_number")}
    row = {name: value for name, value in changes.items() if name not in around}
    return first_finding(Case(rx(**row), TODAY, rules, **around))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        pytest.param("not_mailable", {"status": "inactive_drug"}, id="drug no longer dispensed"),
        pytest.param("not_mailable", {"mailable": False}, id="cannot be mailed"),
        pytest.param("transfer_pending", {"status": "transfer_pending", **NEVER_FILLED}, id="transfer under way"),
        pytest.param("on_hold", {"status": "on_hold"}, id="on hold"),
        pytest.param("discontinued", {"status": "discontinued"}, id="discontinued"),
        pytest.param("replaced", {"status": "replaced", "newer_rx_number": "7654321"}, id="replaced"),
        pytest.param(
            "replaced_by_unknown", {"status": "replaced", "replaced_by": "7654321"}, id="by nobody knows what"
        ),
        pytest.param("already_ordered", {"order": ORDER}, id="in an open order"),
        pytest.param("no_refills_by_law", {"schedule": 2}, id="schedule two"),
        pytest.param("legal_limit", {"schedule": 3, "refills_used": 5}, id="schedule three, five refills used"),
        pytest.param("legal_limit", {"schedule": 4, "written_on": days(-200)}, id="schedule four, after six months"),
        pytest.param("expired", {"written_on": days(-400)}, id="older than a year"),
        pytest.param("expired", {"expires_on": days(-1)}, id="expired by its own date"),
        pytest.param("none_left", {"refills_left": 0}, id="none left"),
        pytest.param("first_fill", NEVER_FILLED, id="never filled"),
        pytest.param("first_fill", {**NEVER_FILLED, "transfer": PENDING}, id="never filled, transfer not confirmed"),
        pytest.param("due_too_late", {"last_filled_on": days(0), "expires_on": days(10)}, id="due after it expires"),
        pytest.param("too_soon", {"last_filled_on": days(0)}, id="too soon"),
        pytest.param("runs_out_first", {"last_filled_on": days(-25)}, id="runs out before the parcel"),
        pytest.param("runs_out_first", {"last_filled_on": days(-90)}, id="ran out long ago"),
        pytest.param("refillable", {}, id="nothing against it"),
        pytest.param("refillable", {**NEVER_FILLED, "transfer": CONFIRMED}, id="confirmed transfer, never filled"),
        pytest.param(
            "runs_out_first",
            {"schedule": 5, "written_on": days(-200), "refills_used": 5, "last_filled_on": days(-24)},
            id="schedule five follows the prescription",
        ),
    ],
)
def test_each_row_of_the_refusal_table_is_found(kind: str, changes: dict[str, object]) -> None:
    assert found(changes).kind == kind


ROWS: tuple[tuple[str, dict[str, object]], ...] = (
    ("not_mailable", {"mailable": False}),
    ("already_ordered", {"order": ORDER}),
    ("legal_limit", {"schedule": 4, "refills_used": 5}),
    ("expired", {"written_on": days(-400)}),
    ("none_left", {"refills_left": 0}),
    ("first_fill", {k: v for k, v in NEVER_FILLED.items() if k != "refills_used"}),
)


@pytest.mark.parametrize("first", range(len(ROWS) - 1))
def test_of_two_reasons_the_earlier_row_is_told(first: int) -> None:
    changes = {name: value for _, row in reversed(ROWS[first:]) for name, value in row.items()}
    assert found(changes).kind == ROWS[first][0]


def test_findings_carry_what_is_said_with_them() -> None:
    pending = found({"status": "transfer_pending", "transfer": PENDING})
    assert pending.transfer == PENDING
    assert found({"status": "replaced", "newer_rx_number": "7654321"}).newer_rx_number == "7654321"
    assert found({"order": ORDER}).order == ORDER
    assert found({"written_on": date(2025, 1, 31)}).ends_on == date(2026, 1, 31)
    assert found({"schedule": 3, "written_on": date(2025, 8, 31)}).ends_on == date(2026, 2, 28)
    late = found({"last_filled_on": days(0), "expires_on": days(10)})
    assert (late.due_on, late.ends_on, late.supplies) == (days(16), days(10), ())
    soon = found({"last_filled_on": days(0)})
    assert (soon.due_on, soon.arrives_on) == (days(16), arrival(days(16), 7))
    assert [supply.n for supply in soon.supplies] == [1, 2, 3]


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        pytest.param({}, -2, id="last fill plus its supply less the window"),
        pytest.param({"days_supplied": 120}, 8, id="early refills do not pile up"),
        pytest.param({"last_days_supply": 20}, -8, id="never before half is used"),
        pytest.param({"last_days_supply": 25}, -5, id="half a day counts as a whole one"),
        pytest.param({"last_days_supply": 90}, 58, id="the supply of the last fill counts, not the usual one"),
        pytest.param({"last_days_supply": None}, -2, id="without one, the usual supply"),
        pytest.param({"schedule": 4}, 5, id="controlled drugs have a window of their own"),
    ],
)
def test_a_refill_is_due_by_its_dates(changes: dict[str, object], due: int) -> None:
    assert due_on(rx(**changes), RULES) == days(due)


@pytest.mark.parametrize(
    ("last_filled", "kind"),
    [(-16, "refillable"), (-15, "too_soon")],
    ids=["on the day it is due", "a day early"],
)
def test_the_day_it_is_due_counts(last_filled: int, kind: str) -> None:
    assert found({"last_filled_on": days(last_filled)}).kind == kind


@pytest.mark.parametrize(
    ("last_filled", "kind"),
    [(-21, "refillable"), (-22, "runs_out_first")],
    ids=["the parcel comes on the first day without", "a day later"],
)
def test_supply_must_last_until_the_parcel(last_filled: int, kind: str) -> None:
    assert arrival(TODAY, 7) == days(9)
    assert found({"last_filled_on": days(last_filled)}).kind == kind


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        pytest.param({"expires_on": TODAY}, "refillable", id="on its last day"),
        pytest.param({"expires_on": days(-1)}, "expired", id="a day after"),
        pytest.param({"written_on": date(2025, 3, 2)}, "refillable", id="a year to the day"),
        pytest.param({"written_on": date(2025, 3, 1)}, "expired", id="a year and a day"),
        pytest.param(
            {"written_on": date(2025, 3, 1), "expires_on": days(90)}, "expired", id="a later date on the row is no help"
        ),
        pytest.param(
            {"schedule": 3, "written_on": date(2025, 9, 2), "last_filled_on": days(-24)},
            "runs_out_first",
            id="six months to the day",
        ),
        pytest.param({"schedule": 3, "written_on": date(2025, 9, 1)}, "legal_limit", id="six months and a day"),
        pytest.param({"schedule": 3, "refills_used": 4}, "too_soon", id="the fifth refill"),
        pytest.param({"schedule": 3, "refills_used": 5}, "legal_limit", id="a sixth"),
        pytest.param({"last_filled_on": days(0), "expires_on": days(16)}, "too_soon", id="due on its last day"),
        pytest.param({"last_filled_on": days(0), "expires_on": days(15)}, "due_too_late", id="due a day after that"),
    ],
)
def test_last_days_count(changes: dict[str, object], kind: str) -> None:
    assert found(changes).kind == kind


def test_a_setting_puts_schedule_five_under_the_legal_limit() -> None:
    assert found({"schedule": 5, "refills_used": 5, "last_filled_on": days(-23)}).kind == "runs_out_first"
    assert found({"schedule": 5, "refills_used": 5}, Rules(legal_limit_schedule_five=True)).kind == "legal_limit"


def test_a_multiple_costs_and_holds_so_many_times_the_usual_supply() -> None:
    assert supplies(rx(refills_left=2), RULES) == (Supply(1, 30, 60, 1000), Supply(2, 60, 120, 2000))


@pytest.mark.parametrize(
    ("changes", "rules", "most"),
    [
        ({}, RULES, 3),
        ({"max_days_supply": 89}, RULES, 2),
        ({"refills_left": 1}, RULES, 1),
        ({"schedule": 4, "refills_used": 0}, RULES, 1),
        ({"schedule": 4, "refills_used": 0}, Rules(controlled_multiples=True), 3),
        ({"schedule": 4, "refills_used": 3}, Rules(controlled_multiples=True), 2),
    ],
    ids=["up to 90 days", "its maximum", "refills left", "controlled", "controlled, allowed", "the law"],
)
def test_multiples_end_at_the_first_limit(changes: dict[str, object], rules: Rules, most: int) -> None:
    assert [supply.n for supply in supplies(rx(**changes), rules)] == list(range(1, most + 1))


def test_a_confirmed_transfer_has_no_supply_at_home() -> None:
    finding = found({**NEVER_FILLED, "transfer": CONFIRMED})
    assert (finding.due_on, finding.runs_out_on) == (TODAY, None)
    assert finding.supplies


@some.composite
def prescriptions(draw: some.DrawFn) -> Rx:
    usual = draw(some.integers(1, 120))
    filled = draw(some.booleans())
    last = draw(some.integers(-400, 0))
    return rx(
        schedule=draw(some.sampled_from([None, 2, 3, 4, 5])),
        written_on=days(draw(some.integers(-500, 0))),
        expires_on=draw(some.none() | some.integers(-30, 400).map(days)),
        refills_left=draw(some.integers(0, 12)),
        refills_used=draw(some.integers(0, 12)),
        first_filled_on=days(last - draw(some.integers(0, 200))) if filled else None,
        last_filled_on=days(last) if filled else None,
        last_days_supply=draw(some.none() | some.integers(1, 120)) if filled else None,
        days_supplied=draw(some.integers(0, 600)),
        days_supply=usual,
        max_days_supply=draw(some.integers(usual, 365)),
    )


every_rules = some.builds(
    Rules,
    refill_window_days=some.integers(0, 30),
    controlled_window_days=some.integers(0, 30),
    controlled_multiples=some.booleans(),
    legal_limit_schedule_five=some.booleans(),
)


@given(prescriptions(), every_rules, some.none() | some.just(CONFIRMED))
def test_what_is_offered_is_within_every_limit(subject: Rx, rules: Rules, transfer: TransferFacts | None) -> None:
    finding = first_finding(Case(subject, TODAY, rules, transfer=transfer))
    under_limit = subject.schedule in (3, 4) or (subject.schedule == 5 and rules.legal_limit_schedule_five)
    for n, supply in enumerate(finding.supplies, 1):
        assert supply == Supply(n, n * subject.days_supply, n * subject.quantity, n * subject.price_cents)
        assert supply.days <= subject.max_days_supply
        assert n <= subject.refills_left
        assert not under_limit or subject.refills_used + n <= 5
        assert n == 1 or subject.schedule is None or rules.controlled_multiples
        assert max(TODAY, finding.due_on or TODAY) <= ends_on(subject, rules)
    assert bool(finding.supplies) == (finding.kind in ("refillable", "runs_out_first", "too_soon"))


@given(prescriptions(), every_rules)
def test_nothing_is_due_before_half_of_the_last_fill_is_used(subject: Rx, rules: Rules) -> None:
    due = due_on(subject, rules)
    if due is None or subject.last_filled_on is None:
        assert runs_out_on(subject) is None
        return
    assert (due - subject.last_filled_on).days * 2 >= (subject.last_days_supply or subject.days_supply)
    assert due <= (runs_out_on(subject) or due)


@given(some.dates(date(1990, 1, 1), date(2090, 1, 1)), some.integers(0, 24))
def test_months_later_is_the_same_day_or_the_last(start: date, months: int) -> None:
    later = add_months(start, months)
    assert (later.year * 12 + later.month) - (start.year * 12 + start.month) == months
    assert later.day == start.day or (later + timedelta(days=1)).day == 1
