"""The refusal table: whether a prescription can be refilled and, if not, why.

A prescription is tested by one rule after another, in the order of `FindingKind`; the first that applies is the
finding. "Too soon" is a finding too, with its dates, so that a later order can be offered. To add a refusal, write a
test and a row of `FindingKind`; its prompts are named after it. This module uses no database: `prescriptions` fetches
what a case needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Literal, Self

from ivr.pharmacy import rules
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.findings import OpenOrder, Renewal, Rx, Supply, TransferFacts
from ivr.pharmacy.rules import CONTROLLED_REFILLS, Rules
from ivr.pharmacy.tables import PrescriptionStatus, TransferStatus


@dataclass(frozen=True)
class Case:
    """A prescription on a day, with its order and transfer. Its dates are computed when a test first needs them."""

    rx: Rx
    today: date
    rules: Rules
    order: OpenOrder | None = None
    transfer: TransferFacts | None = None
    newer_rx_number: str | None = None

    @cached_property
    def due_on(self) -> date:
        """The first day on which it can be refilled; today if it was never filled here, as after a transfer."""
        return rules.due_on(self.rx, self.rules) or self.today

    @cached_property
    def ends_on(self) -> date:
        """The last day on which it may be filled, by law and by its own date."""
        return rules.ends_on(self.rx, self.rules)

    @cached_property
    def runs_out_on(self) -> date | None:
        """The first day without supply; None if it was never filled here."""
        return rules.runs_out_on(self.rx)

    @cached_property
    def arrives_on(self) -> date:
        """The day by which a parcel arrives that is sent as early as the rules allow."""
        return arrival(max(self.due_on, self.today), self.rules.mail_business_days)

    @cached_property
    def supplies(self) -> tuple[Supply, ...]:
        """The supplies that may be ordered at once, the usual one first."""
        return rules.supplies(self.rx, self.rules)


# Each test is called only if none of the tests before it applied.


def _has(status: PrescriptionStatus) -> Callable[[Case], bool]:
    return lambda case: case.rx.status is status


def _cannot_be_mailed(case: Case) -> bool:
    return case.rx.status is PrescriptionStatus.INACTIVE_DRUG or not case.rx.mailable


def _is_replaced_by_known(case: Case) -> bool:
    return case.rx.status is PrescriptionStatus.REPLACED and case.newer_rx_number is not None


def _is_in_an_order(case: Case) -> bool:
    return case.order is not None


def _has_no_refills_by_law(case: Case) -> bool:
    return case.rx.schedule == 2


def _is_beyond_legal_limit(case: Case) -> bool:
    limit = rules.legal_until(case.rx, case.rules)
    return limit is not None and (case.today > limit or case.rx.refills_used >= CONTROLLED_REFILLS)


def _has_expired(case: Case) -> bool:
    return case.today > rules.expires_on(case.rx)


def _has_none_left(case: Case) -> bool:
    return case.rx.refills_left < 1


def _is_first_fill(case: Case) -> bool:
    is_confirmed = case.transfer is not None and case.transfer.status is TransferStatus.CONFIRMED
    return case.rx.first_filled_on is None and not is_confirmed


def _is_due_too_late(case: Case) -> bool:
    return case.today < case.due_on and case.due_on > case.ends_on


def _is_too_soon(case: Case) -> bool:
    return case.today < case.due_on


def _runs_out_first(case: Case) -> bool:
    runs_out_on = case.runs_out_on
    return runs_out_on is not None and runs_out_on < case.arrives_on


def _always(_: Case) -> bool:
    return True


def _never(_: Case) -> bool:
    return False


_DAYS = ("due_on", "ends_on", "runs_out_on", "arrives_on")


class FindingKind(StrEnum):
    """The kinds of findings, in the order of their tests; each member is a row of the refusal table.

    A row consists of the name that flows and prompts use, the test, the facts (fields of `Finding` that are taken from
    the case), the values that its prompts must say, and what a caller can ask for then: an order, a renewal or nothing.
    """

    applies: Callable[[Case], bool]
    facts: tuple[str, ...]
    says: tuple[str, ...]
    asks_for: Literal["", "order", "renewal"]

    def __new__(
        cls,
        name: str,
        applies: Callable[[Case], bool],
        facts: tuple[str, ...] = (),
        says: tuple[str, ...] = (),
        asks_for: Literal["", "order", "renewal"] = "",
    ) -> Self:
        """Make a member from the fields of a row."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.applies, kind.facts, kind.says, kind.asks_for = applies, facts, says, asks_for
        return kind

    NOT_FOUND = "not_found", _never  # returned by `prescriptions.assess`: there is no prescription to test
    NOT_MAILABLE = "not_mailable", _cannot_be_mailed, (), ("what",)
    TRANSFER_PENDING = (
        "transfer_pending",
        _has(PrescriptionStatus.TRANSFER_PENDING),
        ("transfer",),
        ("what", "transfer"),
    )
    ON_HOLD = "on_hold", _has(PrescriptionStatus.ON_HOLD), (), ("what",)
    DISCONTINUED = "discontinued", _has(PrescriptionStatus.DISCONTINUED), (), ("what",)
    REPLACED = "replaced", _is_replaced_by_known, ("newer_rx_number",), ("ending",)
    REPLACED_BY_UNKNOWN = "replaced_by_unknown", _has(PrescriptionStatus.REPLACED), (), ("what",)
    ALREADY_ORDERED = "already_ordered", _is_in_an_order, ("order",), ("what", "order_state")
    NO_REFILLS_BY_LAW = "no_refills_by_law", _has_no_refills_by_law, (), ("what",), "renewal"
    LEGAL_LIMIT = "legal_limit", _is_beyond_legal_limit, ("ends_on",), ("what",), "renewal"
    EXPIRED = "expired", _has_expired, ("ends_on",), ("what", "ends_on"), "renewal"
    NONE_LEFT = "none_left", _has_none_left, (), ("what",), "renewal"
    FIRST_FILL = "first_fill", _is_first_fill, (), ("what",)
    DUE_TOO_LATE = "due_too_late", _is_due_too_late, _DAYS, ("what", "due_on", "ends_on"), "renewal"
    TOO_SOON = "too_soon", _is_too_soon, (*_DAYS, "supplies"), ("what", "due_on")
    RUNS_OUT_FIRST = "runs_out_first", _runs_out_first, (*_DAYS, "supplies"), ("supply_end", "arrives_on"), "order"
    REFILLABLE = "refillable", _always, (*_DAYS, "supplies"), (), "order"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one prescription. Only the facts of its kind are set.

    `ends_on` is the last day on which it may be filled, `runs_out_on` the first day without supply (None if it was
    never filled here). `supplies` are the choices for an order, to be placed now or, if it is too soon, for `due_on`.
    """

    kind: FindingKind
    prescription: Rx | None = None
    due_on: date | None = None
    ends_on: date | None = None
    runs_out_on: date | None = None
    arrives_on: date | None = None
    transfer: TransferFacts | None = None
    newer_rx_number: str | None = None
    order: OpenOrder | None = None
    renewal: Renewal | None = None
    supplies: tuple[Supply, ...] = ()


_KINDS = tuple(FindingKind)


def first_finding(case: Case) -> Finding:
    """Return the first finding that applies to a case; the last kind, REFILLABLE, always does."""
    kind = next(kind for kind in _KINDS if kind.applies(case))
    return Finding(kind, case.rx, **{name: getattr(case, name) for name in kind.facts})
