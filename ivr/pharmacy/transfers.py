"""Transfers that members ask for by telephone, each unique while it is requested.

They have the other pharmacy's telephone number (E.164) and the prescription's number there. Staff add the pharmacy's
name and the medicine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, bindparam, select

from ivr.pharmacy.statements import fetch_all, insert_or_none
from ivr.pharmacy.tables import Member, Transfer, TransferStatus

_REQUESTED = Transfer.status == TransferStatus.REQUESTED
_REQUESTED_ON = select(Transfer.requested_on).where(
    Transfer.member_id == bindparam("member_id"),
    Transfer.from_phone == bindparam("from_phone"),
    Transfer.from_rx_number == bindparam("from_rx_number"),
    _REQUESTED,
)
_WAITING = (
    select(
        Member.member_number,
        Transfer.requested_on,
        Transfer.from_phone,
        Transfer.from_rx_number,
        Transfer.from_pharmacy,
        Transfer.drug_name,
    )
    .join(Member, Member.id == Transfer.member_id)
    .where(_REQUESTED)
    .order_by(Transfer.requested_on, Transfer.id)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class WaitingTransfer:
    """A transfer that was asked for, as staff see it."""

    member_number: str
    requested_on: date
    from_phone: str | None
    from_rx_number: str | None
    from_pharmacy: str | None
    drug_name: str | None


def requested_on(connection: Connection, member_id: int, from_phone: str, from_rx_number: str) -> date | None:
    """Return the day on which the member asked for this transfer, or None if they did not, or it is answered."""
    values = {"member_id": member_id, "from_phone": from_phone, "from_rx_number": from_rx_number}
    day: date | None = connection.scalar(_REQUESTED_ON, values)
    return day


def request_transfer(connection: Connection, member_id: int, from_phone: str, from_rx_number: str, today: date) -> date:
    """Add a request for a transfer, unless it was asked for already; return the day on which it was."""
    values = {
        "member_id": member_id,
        "from_phone": from_phone,
        "from_rx_number": from_rx_number,
        "status": TransferStatus.REQUESTED,
        "requested_on": today,
    }
    if insert_or_none(connection, Transfer, values):
        return today
    return requested_on(connection, member_id, from_phone, from_rx_number) or today


def waiting_transfers(connection: Connection, most: int) -> tuple[WaitingTransfer, ...]:
    """Return the transfers that wait for staff, the longest waiting first."""
    return fetch_all(connection, _WAITING, WaitingTransfer, most=most)
