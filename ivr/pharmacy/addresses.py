"""Members' addresses: the current mailing address, new addresses, and their verification by staff.

An address is verified when it was confirmed against the street directory, or by staff. Only a verified mailing address
counts as the member's own. An address that was replaced keeps its row (`replaced_at`), since old orders refer to it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from ivr.pharmacy.statements import columns, fetch_one, update_where
from ivr.pharmacy.tables import Address, Member


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """An address as it is read to the caller; a P.O. box has no house number."""

    id: int
    house_number: str | None
    street: str
    unit: str | None
    city: str
    state: str
    zip: str
    verified: bool
    urbanization: str | None = None


_ADDRESS = columns(Address, AddressFacts)
_BY_ID = select(*_ADDRESS).where(Address.id == bindparam("address_id"), Address.replaced_at.is_(None))
_MAILING = select(*_ADDRESS).where(
    Address.member_id == bindparam("member_id"),
    Address.kind == "mailing",
    Address.verified,
    Address.replaced_at.is_(None),
)


def mailing_address(connection: Connection, member_id: int) -> AddressFacts | None:
    """Return the member's current, verified mailing address, or None."""
    return fetch_one(connection, _MAILING, AddressFacts, member_id=member_id)


def address_of(connection: Connection, address_id: int) -> AddressFacts | None:
    """Return the address with this id, or None if there is none or it was replaced."""
    return fetch_one(connection, _BY_ID, AddressFacts, address_id=address_id)


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address that a member gave.

    `verified` is true when it was found in the street directory; `keyed` holds the keys that the member pressed.
    """

    kind: str
    house_number: str | None
    street: str
    unit: str | None
    city: str
    state: str
    zip: str
    verified: bool
    keyed: str | None = None
    entered_by: str = "phone"
    urbanization: str | None = None


def add_address(connection: Connection, member_id: int, address: NewAddress, now: datetime) -> int:
    """Insert an address and return its id.

    A verified mailing address replaces the member's current one. An unverified one is kept beside it until staff have
    looked at it.
    """
    if address.kind == "mailing" and address.verified:
        _replace_mailing(connection, member_id, now)
    values = {**asdict(address), "member_id": member_id, "created_at": now}
    return connection.scalars(insert(Address).values(**values).returning(Address.id)).one()


def verify_address(connection: Connection, address_id: int, now: datetime) -> int | None:
    """Mark an unverified address as verified by staff.

    Return the id of the member whose mailing address it becomes, or None if it becomes nobody's: it does not exist, is
    verified already, or is a shipping address. Where the member has given a newer mailing address since, it is only the
    address that its own order goes to.
    """
    selected = (Address.member_id, Address.kind, Address.created_at)
    row = connection.execute(select(*selected).where(Address.id == address_id, Address.verified.is_(False))).first()
    if row is None:
        return None
    becomes_mailing = row.kind == "mailing" and not _has_newer(connection, row.member_id, row.created_at)
    if becomes_mailing:
        _replace_mailing(connection, row.member_id, now)
    replaced_at = None if becomes_mailing or row.kind != "mailing" else now
    connection.execute(update_where(Address, Address.id == address_id).values(verified=True, replaced_at=replaced_at))
    return int(row.member_id) if becomes_mailing else None


def _has_newer(connection: Connection, member_id: int, created_at: datetime) -> bool:
    current = _MAILING.where(Address.created_at > bindparam("since"))
    return connection.execute(current, {"member_id": member_id, "since": created_at}).first() is not None


def _replace_mailing(connection: Connection, member_id: int, now: datetime) -> None:
    connection.execute(select(Member.id).where(Member.id == member_id).with_for_update())  # one change at a time
    replaced = update_where(Address, Address.member_id == member_id, Address.kind == "mailing", Address.verified)
    connection.execute(replaced.where(Address.replaced_at.is_(None)).values(replaced_at=now))
