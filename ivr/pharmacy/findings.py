"""Plain values for a prescription and its order, renewal request and transfer, as the rules judge them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ivr.pharmacy.tables import HeldReason, OrderStatus, PrescriptionStatus, RenewalStatus, TransferStatus


@dataclass(frozen=True, slots=True)
class Rx:
    """A row of the table `prescription`, with the columns that the rules need."""

    id: int
    rx_number: str
    member_id: int
    drug_name: str
    status: PrescriptionStatus
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
    """One way to fill a prescription: `n` refills at once, with their days' supply, quantity and price."""

    n: int
    days: int
    quantity: int
    price_cents: int


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """The unfinished order that a prescription is already in."""

    id: int
    order_number: str
    channel: str
    status: OrderStatus
    placed_at: datetime
    ship_on: date | None
    expected_by: date | None
    tracking_number: str | None
    held_reason: HeldReason | None


@dataclass(frozen=True, slots=True)
class Renewal:
    """A renewal request to the prescriber; `already` is true if it existed before this call asked for it."""

    reference: str
    status: RenewalStatus
    requested_at: datetime
    already: bool = True


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """A transfer from another pharmacy; `by` is the day on which it should be complete."""

    requested_on: date
    by: date
    drug_name: str | None
    from_pharmacy: str | None
    """Of one that was asked for by telephone, staff add these two."""

    status: TransferStatus
    rx_number: str | None
    id: int = 0
    confirmed_on: date | None = None
    told_at: datetime | None = None
