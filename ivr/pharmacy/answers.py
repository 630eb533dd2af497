"""Answers to what members asked others for: renewals by their prescribers, transfers by other pharmacies.

Each answer is told once by itself, soon after it came, and whenever the member asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, select

from ivr.pharmacy.findings import TransferFacts
from ivr.pharmacy.statements import fetch_all, fetch_one, update_where
from ivr.pharmacy.tables import Prescription, RenewalRequest, RenewalStatus, Transfer, TransferStatus

NEWS_FOR = timedelta(days=30)
"""How long an answer is news: an older one is told only to who asks."""


@dataclass(frozen=True, slots=True)
class RenewalFacts:
    """A renewal request, with the prescription that it was made for."""

    id: int
    reference: str
    status: RenewalStatus
    requested_at: datetime
    new_rx_number: str | None
    told_at: datetime | None
    rx_number: str
    drug_name: str


_RENEWALS = (
    select(
        RenewalRequest.id,
        RenewalRequest.reference,
        RenewalRequest.status,
        RenewalRequest.requested_at,
        RenewalRequest.new_rx_number,
        RenewalRequest.told_at,
        Prescription.rx_number,
        Prescription.drug_name,
    )
    .join(Prescription, Prescription.id == RenewalRequest.prescription_id)
    .where(Prescription.member_id == bindparam("member_id"))
)
_BY_REFERENCE = _RENEWALS.where(RenewalRequest.reference == bindparam("reference"))
_UNTOLD = _RENEWALS.where(
    RenewalRequest.status != RenewalStatus.REQUESTED,
    RenewalRequest.told_at.is_(None),
    func.coalesce(RenewalRequest.answered_at, RenewalRequest.requested_at) >= bindparam("since"),
).order_by(RenewalRequest.requested_at, RenewalRequest.id)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_RENEWALS_TOLD = update_where(RenewalRequest, RenewalRequest.id.in_(_IDS), RenewalRequest.told_at.is_(None))
_TRANSFERS_TOLD = update_where(Transfer, Transfer.id.in_(_IDS), Transfer.told_at.is_(None))


def find_renewal(connection: Connection, member_id: int, reference: str) -> RenewalFacts | None:
    """Return a member's renewal request by its number, or None."""
    return fetch_one(connection, _BY_REFERENCE, RenewalFacts, member_id=member_id, reference=reference)


def untold_renewals(connection: Connection, member_id: int, now: datetime) -> tuple[RenewalFacts, ...]:
    """Return the renewal requests whose answer is news to the member, the first that was asked for first."""
    return fetch_all(connection, _UNTOLD, RenewalFacts, member_id=member_id, since=now - NEWS_FOR)


def is_news(transfer: TransferFacts, now: datetime) -> bool:
    """Return whether the answer to a transfer is news to the member."""
    answered_on = transfer.confirmed_on or transfer.requested_on
    is_answered = transfer.status is not TransferStatus.REQUESTED
    return is_answered and transfer.told_at is None and answered_on >= (now - NEWS_FOR).date()


def note_renewals_told(connection: Connection, ids: Iterable[int], at: datetime) -> None:
    """Note that the member was told the answers to these renewal requests."""
    connection.execute(_RENEWALS_TOLD, {"ids": list(ids), "told_at": at})


def note_transfers_told(connection: Connection, ids: Iterable[int], at: datetime) -> None:
    """Note that the member was told the answers to these transfers."""
    connection.execute(_TRANSFERS_TOLD, {"ids": list(ids), "told_at": at})
