"""Reads and writes a call's row, which is locked for one turn; its state and last two replies are encrypted.

Only this module knows how a call is stored. Its statements are built once, at import: a turn runs three of them, and
building one takes longer than running it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, insert, select, update

from ivr.flow.call import Call
from ivr.line import tables
from ivr.line.journal import JournalEntry
from ivr.line.service import Caller, Services
from ivr.payment.vault import Vault
from ivr.pharmacy.statements import insert_unless_there
from ivr.prompts.spoken import Value, Values

REPLY_KEPT = timedelta(minutes=15)
"""How long a call's last two replies are kept after it has ended."""
STATE_KEPT = timedelta(minutes=30)
"""How long the state of a call with something to go on with is kept after it has ended, for a caller who calls back."""
GOES_ON_WITH = ("basket", "dropped", "building", "card_for_order", "address_for_order")
"""The values by one of which a state holds something to go on with."""
NEVER_ENDED = timedelta(hours=4)
"""The carrier's limit for a call: one without a turn for so long is over, even if nobody reported its end."""

_CALL = tables.call.c
_LOCK = select(tables.call).where(_CALL.sid == bindparam("sid")).with_for_update()
_SET_ACTING = update(tables.call).where(_CALL.sid == bindparam("the_sid")).values(acting_until=bindparam("until"))
_REPLIES = ("sealed_reply", "sealed_reply_before")
_STORED_COLUMNS = (
    "turn", "sealed_state", "sealed_reply_before", "sealed_reply", "acting_until", "heard_at", "member_id", "ended_at",
    "ending",
)  # fmt: skip
_UPDATE_CALL = (
    update(tables.call)
    .where(_CALL.sid == bindparam("the_sid"))
    .values({name: bindparam(f"new_{name}", type_=_CALL[name].type) for name in _STORED_COLUMNS})
)
_JOURNAL_COLUMNS = ("call_sid", "turn", "at", "event", "trail", "said")
_INSERT_JOURNAL = (
    insert(tables.journal)
    .inline()
    .values({name: bindparam(f"noted_{name}", type_=tables.journal.c[name].type) for name in _JOURNAL_COLUMNS})
)
_EARLIER = tables.earlier_member.c
_EARLIER_MEMBERS = select(_EARLIER.member_id).where(_EARLIER.call_sid == bindparam("sid"))
_UPDATE_CALL_AND_JOURNAL = _UPDATE_CALL.add_cte(_INSERT_JOURNAL.cte("noted"))
"""Both at once, which PostgreSQL can do in one round trip."""


@dataclass(frozen=True, slots=True)
class LockedCall:
    """A call whose row this transaction holds."""

    row: Row[Any]
    call: Call
    is_new: bool
    shown: str = ""
    """Which of the call's last keys the journal shows in clear; see `JournalEntry.shown`."""

    @property
    def turn(self) -> int:
        """The number of the turn that is awaited next."""
        return int(self.row.turn)


def lock_call(
    connection: Connection, services: Services, caller: Caller, turn: int, now: datetime, new_call: Call
) -> LockedCall | None:
    """Lock and return a call, inserting its row at turn 0; `first` is the state that a new call begins with.

    Return None when the call is unknown, or its state is gone or cannot be decrypted.
    """
    row = connection.execute(_LOCK, {"sid": caller.sid}).one_or_none()
    if row is None and turn == 0:
        _insert(connection, services, caller, now)
        row = connection.execute(_LOCK, {"sid": caller.sid}).one_or_none()
    if row is None:
        return None
    if row.sealed_state is None:
        return LockedCall(row, new_call, is_new=True) if row.turn == 0 else None
    opened = services.vault.open(row.sealed_state, None, now)
    if opened is None:
        return None
    state = json.loads(opened)
    return LockedCall(row, Call.from_json(state), is_new=False, shown=state.get("shown", ""))


def _insert(connection: Connection, services: Services, caller: Caller, now: datetime) -> None:
    numbers = {"sid": caller.sid, "from_number": caller.from_number, "to_number": caller.to_number}
    row = {**numbers, "version": services.versions.current.hash, "turn": 0, "started_at": now, "heard_at": now}
    insert_unless_there(connection, tables.call, row)


def stored_reply(services: Services, locked: LockedCall, turn: int, now: datetime) -> str | None:
    """Return the stored reply to an earlier turn, or None when the turn is not answered yet or no reply is kept.

    The last two replies are kept; for a turn before them the latest is returned.
    """
    if turn >= locked.turn:
        return None
    is_older = turn == locked.turn - 2 and locked.row.sealed_reply_before is not None
    sealed = locked.row.sealed_reply_before if is_older else locked.row.sealed_reply
    opened = services.vault.open(sealed, None, now) if sealed is not None else None
    return opened.decode() if opened is not None else None


def set_acting(connection: Connection, sid: str, until: datetime) -> None:
    """Note that a worker is running an external action for this call, until the given time at the latest."""
    connection.execute(_SET_ACTING, {"the_sid": sid, "until": until})


def store_turn(
    connection: Connection,
    services: Services,
    locked: LockedCall,
    call: Call,
    reply: str,
    now: datetime,
    ending: str | None,
    entry: JournalEntry,
) -> None:
    """Write the call's new state, the exact reply and the journal entry, and await the next turn.

    `ending` says how the call ends with this turn; it is None while the call goes on, and if it had ended before.
    """
    row, member_id = locked.row, call.values.get("member_id") or locked.row.member_id
    if row.member_id not in (None, member_id):
        earlier = {"call_sid": row.sid, "member_id": row.member_id, "until": now}
        insert_unless_there(connection, tables.earlier_member, earlier)
    state = json.dumps({**call.to_json(), "shown": entry.shown}, separators=(",", ":")).encode()
    call_row = {
        "the_sid": row.sid,
        "new_turn": locked.turn + 1,
        "new_sealed_state": services.vault.seal(state, now),
        "new_sealed_reply_before": row.sealed_reply,
        "new_sealed_reply": services.vault.seal(reply.encode(), now),
        "new_acting_until": None,
        "new_heard_at": now,
        "new_member_id": member_id,
        "new_ended_at": now if ending else row.ended_at,
        "new_ending": ending or row.ending,
    }
    journal_row = {"noted_call_sid": row.sid, "noted_turn": locked.turn, "noted_at": now}
    journal_row |= {"noted_event": entry.event, "noted_trail": entry.trace, "noted_said": entry.said}
    if connection.dialect.name == "postgresql":
        connection.execute(_UPDATE_CALL_AND_JOURNAL, {**call_row, **journal_row})
    else:
        connection.execute(_UPDATE_CALL, call_row)
        connection.execute(_INSERT_JOURNAL, journal_row)


def members_of(connection: Connection, row: Row[Any], member_id: Value = None) -> frozenset[int]:
    """Return whom a call has served: `row` is its row, and `member_id` who was identified in this turn, if anybody."""
    members = {*connection.scalars(_EARLIER_MEMBERS, {"sid": row.sid}), row.member_id, member_id}
    return frozenset(one for one in members if isinstance(one, int))


def record_end(connection: Connection, sid: str, now: datetime, ending: str) -> Row[Any] | None:
    """Note that a call has ended and how, and delete its keyed card.

    Return the call's row, or None if the call is unknown or had ended before.
    """
    still_open = update(tables.call).where(_CALL.sid == sid, _CALL.ended_at.is_(None))
    ended = connection.execute(still_open.values(ended_at=now, ending=ending).returning(*_CALL)).one_or_none()
    connection.execute(delete(tables.card_entry).where(tables.card_entry.c.call_sid == sid))
    return ended


def forget_states(now: datetime, connection: Connection, most: int) -> int:
    """Drop states and replies of calls that ended `STATE_KEPT` ago, of `most` calls at once; return of how many."""
    with_state = _ended_for(now, STATE_KEPT) & _CALL.sealed_state.is_not(None)
    sids = connection.scalars(select(_CALL.sid).where(with_state).limit(most)).all()
    clear_sealed(connection, sids)
    return len(sids)


def forget_replies(services: Services, now: datetime, connection: Connection, most: int) -> int:
    """Drop the replies of calls that ended `REPLY_KEPT` ago, of `most` calls at once; return of how many.

    A state that holds nothing to go on with is dropped with the replies.
    """
    with_reply = _ended_for(now, REPLY_KEPT) & _CALL.sealed_reply.is_not(None) & _CALL.sealed_state.is_not(None)
    rows = connection.execute(select(_CALL.sid, _CALL.sealed_state).where(with_reply).limit(most)).all()
    states = [(row.sid, stored_values(services.vault, row.sealed_state, now)) for row in rows]
    without_order = [sid for sid, values in states if not any(map(values.get, GOES_ON_WITH))]
    _clear(connection, without_order, ("sealed_state",))
    _clear(connection, [row.sid for row in rows], _REPLIES)
    return len(rows)


def _ended_for(now: datetime, duration: timedelta) -> ColumnElement[bool]:
    return (_CALL.ended_at < now - duration) | (_CALL.heard_at < now - NEVER_ENDED)


def clear_sealed(connection: Connection, sids: Collection[str]) -> None:
    """Drop the states and replies of calls."""
    _clear(connection, sids, ("sealed_state", *_REPLIES))


def is_over(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a call has ended, or must have, as the carrier lets none last so long."""
    return _CALL.ended_at.is_not(None) | (_CALL.heard_at < now - NEVER_ENDED)


def _clear(connection: Connection, sids: Collection[str], columns: Sequence[str]) -> None:
    if sids:
        connection.execute(update(tables.call).where(_CALL.sid.in_(sids)).values(dict.fromkeys(columns)))


def stored_values(vault: Vault, sealed_state: bytes | None, now: datetime) -> Values:
    """Return the values in a call's sealed state; none when it is gone or cannot be decrypted."""
    call = stored_call(vault, sealed_state, now)
    return call.values if call else {}


def stored_call(vault: Vault, sealed_state: bytes | None, now: datetime) -> Call | None:
    """Return the call that a sealed state holds, or None when it is gone or cannot be decrypted."""
    opened = vault.open(sealed_state, None, now) if sealed_state else None
    return Call.from_json(json.loads(opened)) if opened else None
