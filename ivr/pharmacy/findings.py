"""What can be found about a prescription, and the facts that go with it: plain values that a caller can be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class FindingKind(StrEnum):
    """What is found about a prescription, in the order in which it is tested."""

    NOT_FOUND = "not_found"
    NOT_MAILABLE = "not_mailable"
    TRANSFER_PENDING = "transfer_pending"
    ON_HOLD = "on_hold"
    DISCONTINUED = "discontinued"
    REPLACED = "replaced"
    ALREADY_ORDERED = "already_ordered"
    NO_REFILLS_BY_LAW = "no_refills_by_law"
    LEGAL_LIMIT = "legal_limit"
    EXPIRED = "expired"
    NONE_LEFT = "none_left"
    FIRST_FILL = "first_fill"
    DUE_TOO_LATE = "due_too_late"
    TOO_SOON = "too_soon"
    RUNS_OUT_FIRST = "runs_out_first"
    REFILLABLE = "refillable"


ORDERABLE = frozenset({FindingKind.REFILLABLE, FindingKind.RUNS_OUT_FIRST})
RENEWABLE = frozenset(
    {
        FindingKind.NO_REFILLS_BY_LAW,
        FindingKind.LEGAL_LIMIT,
        FindingKind.EXPIRED,
        FindingKind.NONE_LEFT,
        FindingKind.DUE_TOO_LATE,
    }
)
"""Findings that are answered with a request to the prescriber."""


@dataclass(frozen=True, slots=True)
class Rx:
    """A prescription's row as the rules see it; fields are those of the table."""

    id: int
    rx_number: str
    member_id: int
    drug_name: str
    otc: bool
    status: str
    replaced_by: str | None
    schedule: int | None
    written_on: date
    expires_on: date | None
    refills_left: int
    refills_used: int
    first_filled_on: date | None
    last_filled_on: date | None
    last_days_supply: int | None
    days_supplied: int
    days_supply: int
    max_days_supply: int
    quantity: int
    price_cents: int
    mailable: bool
    prescriber_name: str


@dataclass(frozen=True, slots=True)
class Supply:
    """One way to fill a prescription: n refills at once."""

    n: int
    days: int
    quantity: int
    price_cents: int


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """The order that a prescription is already in."""

    id: int
    order_number: str
    channel: str
    status: str
    placed_at: datetime
    ship_on: date | None
    expected_by: date | None
    tracking_number: str | None
    held_reason: str | None


@dataclass(frozen=True, slots=True)
class Renewal:
    """A request to the prescriber; `already` when it stood before it was asked for now."""

    reference: str
    status: str
    requested_at: datetime
    already: bool = True


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """A transfer from another pharmacy; `by` is the day it should be done."""

    requested_on: date
    by: date
    drug_name: str
    from_pharmacy: str
    status: str
    rx_number: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer on one prescription; dates are there where they apply.

    `ends_on` is the last day on which it may be filled, `runs_out_on` the first without supply (None: none at home).
    `supplies` holds the choices where there is something to order, now or, when too soon, on `due_on`.
    """

    kind: FindingKind
    prescription: Rx | None = None
    due_on: date | None = None
    ends_on: date | None = None
    runs_out_on: date | None = None
    arrives_on: date | None = None
    since: date | None = None
    by: date | None = None
    newer_rx_number: str | None = None
    order: OpenOrder | None = None
    renewal: Renewal | None = None
    supplies: tuple[Supply, ...] = ()
