"""Erases what the line's own tables hold of one member: for `ivr forget`.

The pharmacy's tables, which hold what the law wants kept, are not touched. A call in progress is left as it is, since
its caller would lose it; what it holds is to be erased when it is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, delete, select

from ivr.line import card_limit, lockout, sessions, tables
from ivr.line.digests import Digest
from ivr.line.service import Caller
from ivr.payment.vault import Vault
from ivr.pharmacy.database import lift_time_limits
from ivr.pharmacy.members import MemberContact
from ivr.pharmacy.notices import notice

HOLDING = (
    "card_entry",
    "journal",
    "earlier_member",
    "hand_over",
    "call",
    "wrong_try",
    "lock_out",
    "known_phone",
    "notice",
)
"""The tables that hold something of members."""
AT_ONCE = 500
"""How many calls or digests one statement names."""

_CALL, _EARLIER = tables.call.c, tables.earlier_member.c


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows of which tables were erased, and how many calls are in progress and were left."""

    rows: Mapping[str, int]
    in_progress: int


@dataclass(frozen=True, slots=True)
class _MemberCall:
    caller: Caller
    in_progress: bool


def forget_member(
    connection: Connection, vault: Vault, digest: Digest, member: MemberContact, now: datetime
) -> Forgotten:
    """Erase a member's calls, wrong tries, phones and notices in this transaction."""
    lift_time_limits(connection)
    calls, naming = _calls_of(connection, member, now), _calls_that_name(connection, vault, member, now)
    rows: Counter[str] = Counter()
    for table, where in _rows_of(digest, member, calls):
        rows[table.name] += connection.execute(delete(table).where(where)).rowcount
    sessions.clear_sealed(connection, [call.caller.sid for call in naming if not call.in_progress])
    in_progress = {call.caller.sid for call in (*calls, *naming) if call.in_progress}
    return Forgotten(+rows, len(in_progress))


def _calls_of(connection: Connection, member: MemberContact, now: datetime) -> Sequence[_MemberCall]:
    """Return the calls in which the member was identified, and those from their phones in which nobody was."""
    served_before = select(_EARLIER.call_sid).where(_EARLIER.member_id == member.id)
    identified = _calls_where(connection, (_CALL.member_id == member.id) | _CALL.sid.in_(served_before), now)
    phones = {call.caller.from_number for call in identified if not call.caller.withheld}
    phones |= {member.phone} if member.phone else set()
    return (
        *identified,
        *_calls_where(connection, _CALL.member_id.is_(None) & _CALL.from_number.in_(phones), now),
    )


def _calls_where(connection: Connection, where: ColumnElement[bool], now: datetime) -> Sequence[_MemberCall]:
    columns = (_CALL.sid, _CALL.from_number, _CALL.to_number)
    query = select(*columns, sessions.is_over(now)).where(where)
    return [_MemberCall(Caller(*numbers), not is_over) for *numbers, is_over in connection.execute(query)]


def _calls_that_name(
    connection: Connection, vault: Vault, member: MemberContact, now: datetime
) -> Sequence[_MemberCall]:
    """Return the calls of others whose sealed state has the member's number, as of somebody who guessed at it."""
    states = connection.execute(select(_CALL.sid, _CALL.sealed_state).where(_CALL.sealed_state.is_not(None))).all()
    named = lockout.member_of(member.member_number)
    sids = [
        row.sid
        for row in states
        if lockout.member_of(str(sessions.stored_values(vault, row.sealed_state, now).get("member_number"))) == named
    ]
    return [call for some in _some_at_once(sids) for call in _calls_where(connection, _CALL.sid.in_(some), now)]


def _rows_of(
    digest: Digest, member: MemberContact, calls: Sequence[_MemberCall]
) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Yield each table that holds something of members, with the condition of the rows that are this one's."""
    for sids in _some_at_once([call.caller.sid for call in calls if not call.in_progress]):
        yield tables.card_entry, tables.card_entry.c.call_sid.in_(sids)
        yield tables.journal, tables.journal.c.call_sid.in_(sids)
        yield tables.earlier_member, _EARLIER.call_sid.in_(sids)
        yield tables.hand_over, tables.hand_over.c.call_sid.in_(sids)
        yield tables.call, _CALL.sid.in_(sids)
    on_file = (Caller("", member.phone, ""),) if member.phone else ()
    phones = {digest(lockout.phone_of(caller)) for caller in (*on_file, *(call.caller for call in calls))}
    about_member = (digest(lockout.member_of(member.member_number)), digest(card_limit.cards_of(member.id)))
    for digests in _some_at_once([*phones, *about_member]):
        yield tables.wrong_try, tables.wrong_try.c.phone.in_(digests) | tables.wrong_try.c.member.in_(digests)
        yield tables.lock_out, tables.lock_out.c.subject.in_(digests)
    yield tables.known_phone, tables.known_phone.c.member_id == member.id
    yield notice, notice.c.member_id == member.id


def _some_at_once(values: Collection[str]) -> Iterator[Sequence[str]]:
    """Yield the values in parts that one statement can name."""
    listed = list(values)
    return (listed[start : start + AT_ONCE] for start in range(0, len(listed), AT_ONCE))
