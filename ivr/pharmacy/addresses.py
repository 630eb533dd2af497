"""Where parcels go: the member's current mailing address, once staff or the member made sure of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from ivr.pharmacy.statements import columns, fetch_one, update_where
from ivr.pharmacy.tables import Address, Member


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
    """Return the member's current mailing address; one that is not verified yet is not it."""
    return fetch_one(connection, _MAILING, AddressFacts, member_id=member_id)


def address_of(connection: Connection, address_id: int) -> AddressFacts | None:
    """Return an address by its row, unless another has taken its place."""
    return fetch_one(connection, _BY_ID, AddressFacts, address_id=address_id)


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address a member gave; `verified` when it came from the directory, `keyed` are the keys it was given by."""

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
    """Keep an address and return its id; a verified mailing address takes the place of the one that stood.

    One that is not verified stands beside it until staff have looked at it.
    """
    if address.kind == "mailing" and address.verified:
        _replace_mailing(connection, member_id, now)
    values = {**asdict(address), "member_id": member_id, "created_at": now}
    return connection.scalars(insert(Address).values(**values).returning(Address.id)).one()


def verify_address(connection: Connection, address_id: int, now: datetime) -> int | None:
    """Note that staff have made sure of an address; return the member whose mailing address it becomes by that.

    One that the member has given a newer mailing address since stays what its order goes to, and no more.
    """
    columns = (Address.member_id, Address.kind, Address.created_at)
    row = connection.execute(select(*columns).where(Address.id == address_id, Address.verified.is_(False))).first()
    if row is None:
        return None
    becomes = row.kind == "mailing" and not _has_newer(connection, row.member_id, row.created_at)
    if becomes:
        _replace_mailing(connection, row.member_id, now)
    replaced_at = None if becomes or row.kind != "mailing" else now
    connection.execute(update_where(Address, Address.id == address_id).values(verified=True, replaced_at=replaced_at))
    return int(row.member_id) if becomes else None


def _has_newer(connection: Connection, member_id: int, created_at: datetime) -> bool:
    current = _MAILING.where(Address.created_at > bindparam("since"))
    return connection.execute(current, {"member_id": member_id, "since": created_at}).first() is not None


def _replace_mailing(connection: Connection, member_id: int, now: datetime) -> None:
    connection.execute(select(Member.id).where(Member.id == member_id).with_for_update())  # one change at a time
    standing = update_where(Address, Address.member_id == member_id, Address.kind == "mailing", Address.verified)
    connection.execute(standing.where(Address.replaced_at.is_(None)).values(replaced_at=now))
