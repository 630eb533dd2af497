"""The refusal table: what is found about a prescription, in the order in which it is tested.

A prescription is held against one test after another; the first that applies is the finding, and "too soon" is one of
them, with its dates, never a dead end. A new refusal is a test and its row in `FindingKind`; its words are called after
it. No database in here: `prescriptions` gathers what a case needs.
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
    """A prescription with what stands around it, on a day; its days are worked out once, when a test asks for them."""

    rx: Rx
    today: date
    rules: Rules
    order: OpenOrder | None = None
    transfer: TransferFacts | None = None
    newer_rx_number: str | None = None

    @cached_property
    def due_on(self) -> date:
        """The first day on which it can be refilled; a confirmed transfer has no fill here yet and is due at once."""
        return rules.due_on(self.rx, self.rules) or self.today

    @cached_property
    def ends_on(self) -> date:
        """The last day on which it may be filled, by law and by its own date."""
        return rules.ends_on(self.rx, self.rules)

    @cached_property
    def runs_out_on(self) -> date | None:
        """The first day without supply; None while there is none at home."""
        return rules.runs_out_on(self.rx)

    @cached_property
    def arrives_on(self) -> date:
        """The day by which a parcel arrives that goes out as soon as it may."""
        return arrival(max(self.due_on, self.today), self.rules.mail_business_days)

    @cached_property
    def supplies(self) -> tuple[Supply, ...]:
        """The supplies that may be ordered, the usual one first."""
        return rules.supplies(self.rx, self.rules)


# Each test is asked only of what no test before it applied to.


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
    empty = case.runs_out_on
    return empty is not None and empty < case.arrives_on


def _always(_: Case) -> bool:
    return True


def _never(_: Case) -> bool:
    return False


_DAYS = ("due_on", "ends_on", "runs_out_on", "arrives_on")


class FindingKind(StrEnum):
    """What is found about a prescription: a row each of the refusal table, in the order of the tests.

    A row is the name by which the flow and the words know the finding, its test, its facts (fields of `Finding`, had
    from the case), the values that its words cannot do without, and what can be asked for then.
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
        """Make a row of the table."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.applies, kind.facts, kind.says, kind.asks_for = applies, facts, says, asks_for
        return kind

    NOT_FOUND = "not_found", _never  # there is no case of it
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
    """The answer on one prescription, with the facts of its kind.

    `ends_on` is the last day on which it may be filled, `runs_out_on` the first without supply (None: none at home).
    `supplies` holds the choices where there is something to order, now or, when too soon, on `due_on`.
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


_TABLE = tuple(FindingKind)


def find(case: Case) -> Finding:
    """Return the first finding that applies; a prescription with nothing against it is refillable."""
    kind = next(kind for kind in _TABLE if kind.applies(case))
    return Finding(kind, case.rx, **{name: getattr(case, name) for name in kind.facts})
