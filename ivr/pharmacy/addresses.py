"""Where parcels go: the member's current mailing address, once staff or the member made sure of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.pharmacy.statements import columns, first
from ivr.pharmacy.tables import Address


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """An address to be read back; a P.O. box has no house number."""

    id: int
    house_number: str | None
    street: str
    unit: str | None
    city: str
    state: str
    zip: str
    verified: bool


_ADDRESS = columns(Address, AddressFacts)


def mailing_address(session: Session, member_id: int) -> AddressFacts | None:
    """Return the member's current mailing address; one that is not verified yet is not it."""
    current = select(*_ADDRESS).where(
        Address.member_id == member_id,
        Address.kind == "mailing",
        Address.verified,
        Address.replaced_at.is_(None),
    )
    return first(session, current, AddressFacts)
