"""Who is calling: members by what they can key, and no more about them than a call needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, bindparam, exists, select

from ivr.keypad import but_for_zeros
from ivr.pharmacy.statements import columns, fetch_all
from ivr.pharmacy.tables import Address, Member, MemberStatus, Prescription


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """A member, as much as a call needs to know."""

    id: int
    member_number: str
    first_name: str
    language: str
    status: MemberStatus


_MEMBER = columns(Member, MemberFacts)
_MATCHING = (
    select(*_MEMBER)
    .join(Address, Address.member_id == Member.id)
    .where(
        Member.member_number.in_(bindparam("numbers", expanding=True)),
        Address.zip == bindparam("zip_code"),
        Address.kind == "mailing",
        Address.verified,
        Address.replaced_at.is_(None),
    )
)
_NUMBER = select(Member.member_number).where(Member.id == bindparam("member_id"))
_STATUS = select(Member.status).where(Member.id == bindparam("member_id"))
_FOR_TESTS = select(Member.test).where(Member.id == bindparam("member_id"))
_OWN_RX = select(
    exists().where(
        Prescription.rx_number.in_(bindparam("numbers", expanding=True)),
        Prescription.member_id == bindparam("member_id"),
    )
)
MEMBER_DIGITS = (8, 10)
RX_DIGITS = (7, 12)
"""The fewest and the most digits of a member number and of a prescription number."""


def find_member(connection: Connection, member_number: str, zip_code: str) -> MemberFacts | None:
    """Return the member whose number, but for zeros before it, and current, verified mailing ZIP both match, else None.

    One statement with the same look-ups for a known and an unknown number, so that the answer's time tells nothing.
    """
    numbers = but_for_zeros(member_number, *MEMBER_DIGITS)
    found = fetch_all(connection, _MATCHING, MemberFacts, numbers=numbers, zip_code=zip_code)
    return found[0] if len(found) == 1 else None


def member_number(connection: Connection, member_id: int) -> str:
    """Return a member's number: for staff and for counting, never for a caller."""
    return connection.scalars(_NUMBER, {"member_id": member_id}).one()


def is_active(connection: Connection, member_id: int) -> bool:
    """Tell whether a member's membership goes on."""
    return connection.scalar(_STATUS, {"member_id": member_id}) is MemberStatus.ACTIVE


def is_for_tests(connection: Connection, member_id: int) -> bool:
    """Say whether a member is one for test calls."""
    return bool(connection.scalar(_FOR_TESTS, {"member_id": member_id}))


def members_for_tests(connection: Connection) -> Mapping[str, int]:
    """Return the ids of the members for test calls, by their numbers."""
    found = connection.execute(select(Member.member_number, Member.id).where(Member.test).order_by(Member.id))
    return {row.member_number: row.id for row in found}


def is_own_prescription(connection: Connection, member_id: int, rx_number: str) -> bool:
    """Tell whether a prescription number, but for zeros before it, is one of this member's: the third proof."""
    numbers = but_for_zeros(rx_number, *RX_DIGITS)
    return bool(connection.scalar(_OWN_RX, {"numbers": numbers, "member_id": member_id}))


def born_on(connection: Connection, member_id: int) -> date | None:
    """Return the member's birth date, which may serve as the third proof instead; None for no such member."""
    return connection.scalar(select(Member.birth_date).where(Member.id == member_id))


def phone_of(connection: Connection, member_id: int) -> str | None:
    """Return the telephone number on file (E.164), None where there is none."""
    return connection.scalar(select(Member.phone).where(Member.id == member_id))
