"""Finding a member by what a caller can key, with no more about the member than a call needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Connection, bindparam, exists, select

from ivr.keypad import but_for_zeros
from ivr.pharmacy.statements import columns, fetch_all, fetch_one, update_where
from ivr.pharmacy.tables import Address, Member, MemberStatus, Prescription


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What a call needs to know about a member."""

    id: int
    member_number: str
    first_name: str
    language: str
    status: MemberStatus
    speech_rate: int | None = None
    waits: int | None = None


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a member likes to be spoken to, and waited for; None for the usual."""

    language: str
    speech_rate: int | None = None
    waits: int | None = None


@dataclass(frozen=True, slots=True)
class MemberContact:
    """A member as staff name them, and their telephone number on file (E.164)."""

    id: int
    member_number: str
    phone: str | None


_MEMBER = columns(Member, MemberFacts)
_CONTACT = select(*columns(Member, MemberContact)).where(Member.member_number == bindparam("number"))
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
_PREFERENCES = select(*columns(Member, Preferences)).where(Member.id == bindparam("member_id"))
_PREFER = update_where(Member, Member.id == bindparam("the_member"))
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
    """Return the member whose number and current, verified mailing ZIP code both match, or None.

    Leading zeros of the number may be missing or added. Known and unknown numbers take one statement with the same
    look-ups, so that the response time does not tell which numbers exist.
    """
    numbers = but_for_zeros(member_number, *MEMBER_DIGITS)
    members = fetch_all(connection, _MATCHING, MemberFacts, numbers=numbers, zip_code=zip_code)
    return members[0] if len(members) == 1 else None


def member_number(connection: Connection, member_id: int) -> str:
    """Return a member's number. It is for staff and for counting; callers are never told it."""
    return connection.scalars(_NUMBER, {"member_id": member_id}).one()


def member_numbered(connection: Connection, number: str) -> MemberContact | None:
    """Return the member with exactly this number, or None. It is for staff; callers prove more."""
    return fetch_one(connection, _CONTACT, MemberContact, number=number)


def is_active(connection: Connection, member_id: int) -> bool:
    """Return whether a member's status is active."""
    return connection.scalar(_STATUS, {"member_id": member_id}) is MemberStatus.ACTIVE


def preferences(connection: Connection, member_id: int) -> Preferences:
    """Return how a member likes to be spoken to."""
    return Preferences(*connection.execute(_PREFERENCES, {"member_id": member_id}).one())


def prefer(connection: Connection, member_id: int, preferred: Preferences) -> None:
    """Note how a member likes to be spoken to."""
    connection.execute(_PREFER, {"the_member": member_id, **asdict(preferred)})


def is_for_tests(connection: Connection, member_id: int) -> bool:
    """Return whether this is a test member (a member for test calls)."""
    return bool(connection.scalar(_FOR_TESTS, {"member_id": member_id}))


def members_for_tests(connection: Connection) -> Mapping[str, int]:
    """Return the ids of the test members by their member numbers."""
    rows = connection.execute(select(Member.member_number, Member.id).where(Member.test).order_by(Member.id))
    return {row.member_number: row.id for row in rows}


def is_own_prescription(connection: Connection, member_id: int, rx_number: str) -> bool:
    """Return whether this prescription number, with or without leading zeros, is the member's: the third proof."""
    numbers = but_for_zeros(rx_number, *RX_DIGITS)
    return bool(connection.scalar(_OWN_RX, {"numbers": numbers, "member_id": member_id}))


def born_on(connection: Connection, member_id: int) -> date | None:
    """Return the member's birth date, the other third proof, or None if there is no such member."""
    return connection.scalar(select(Member.birth_date).where(Member.id == member_id))


def phone_of(connection: Connection, member_id: int) -> str | None:
    """Return the member's telephone number on file (E.164), or None."""
    return connection.scalar(select(Member.phone).where(Member.id == member_id))
