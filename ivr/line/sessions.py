"""The row of a call: locked for one turn, its state and last two replies encrypted.

Only this module knows how a call lies in the database. Its statements are built once: a turn runs three of them, and
building them anew would cost more than running them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, insert, select, update

from ivr.flow.call import Call
from ivr.line import tables
from ivr.line.journal import JournalEntry
from ivr.line.service import Caller, Services
from ivr.pharmacy.statements import insert_unless_there
from ivr.prompts.spoken import Values

REPLY_KEPT = timedelta(minutes=15)
"""How long replies are kept after a call."""
STATE_KEPT = timedelta(minutes=30)
"""How long what was chosen is kept after a call, for whoever calls back."""
NEVER_ENDED = timedelta(hours=4)
"""As long as the carrier lets a call be: one in which nothing was heard for so long is over, whoever told of its end."""

_CALL = tables.call.c
_LOCK = select(tables.call).where(_CALL.sid == bindparam("sid")).with_for_update()
_ACT = update(tables.call).where(_CALL.sid == bindparam("the_sid")).values(acting_until=bindparam("until"))
_REPLIES = ("sealed_reply", "sealed_reply_before")
_STORED = (
    "turn", "sealed_state", "sealed_reply_before", "sealed_reply", "acting_until", "heard_at", "member_id", "ended_at",
    "ending",
)  # fmt: skip
_STORE = (
    update(tables.call)
    .where(_CALL.sid == bindparam("the_sid"))
    .values({name: bindparam(f"new_{name}", type_=_CALL[name].type) for name in _STORED})
)


_NOTED = ("call_sid", "turn", "at", "event", "trail", "said")
_NOTE = (
    insert(tables.journal)
    .inline()
    .values({name: bindparam(f"noted_{name}", type_=tables.journal.c[name].type) for name in _NOTED})
)
_STORE_AND_NOTE = _STORE.add_cte(_NOTE.cte("noted"))
"""PostgreSQL takes both in one trip."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A call whose row this transaction holds."""

    row: Row[Any]
    call: Call
    is_new: bool
    shown: str = ""
    """Which of the last keys stand in the journal, as it keeps count."""

    @property
    def turn(self) -> int:
        """The number of the turn that is awaited."""
        return int(self.row.turn)


def lock(
    connection: Connection, line: Services, caller: Caller, turn: int, now: datetime, first: Call
) -> Locked | None:
    """Take a call's row, making it for a first turn; None when the call is unknown or its state cannot be opened."""
    row = connection.execute(_LOCK, {"sid": caller.sid}).one_or_none()
    if row is None and turn == 0:
        _insert(connection, line, caller, now)
        row = connection.execute(_LOCK, {"sid": caller.sid}).one_or_none()
    if row is None:
        return None
    if row.sealed_state is None:
        return Locked(row, first, is_new=True) if row.turn == 0 else None
    opened = line.vault.open(row.sealed_state, None, now)
    if opened is None:
        return None
    state = json.loads(opened)
    return Locked(row, Call.from_json(state), is_new=False, shown=state.get("shown", ""))


def _insert(connection: Connection, line: Services, caller: Caller, now: datetime) -> None:
    facts = {"sid": caller.sid, "from_number": caller.from_number, "to_number": caller.to_number}
    row = {**facts, "version": line.versions.current.hash, "turn": 0, "started_at": now, "heard_at": now}
    insert_unless_there(connection, tables.call, row)


def stored_reply(line: Services, locked: Locked, turn: int, now: datetime) -> str | None:
    """Return the reply that a request for an earlier turn got, or the latest one in the place of one that is gone."""
    if turn >= locked.turn:
        return None
    before = turn == locked.turn - 2 and locked.row.sealed_reply_before is not None
    sealed = locked.row.sealed_reply_before if before else locked.row.sealed_reply
    opened = line.vault.open(sealed, None, now) if sealed is not None else None
    return opened.decode() if opened is not None else None


def act(connection: Connection, sid: str, until: datetime) -> None:
    """Say that this worker is asking the outside world for this call, until a time at the latest."""
    connection.execute(_ACT, {"the_sid": sid, "until": until})


def store(
    connection: Connection,
    line: Services,
    locked: Locked,
    call: Call,
    reply: str,
    now: datetime,
    ending: str | None,
    entry: JournalEntry,
) -> None:
    """Write the call's new state, the exact reply and the journal's entry, and await the next turn."""
    row = locked.row
    ends = ending is not None and row.ended_at is None
    state = json.dumps({**call.to_json(), "shown": entry.shown}, separators=(",", ":")).encode()
    stored = {
        "the_sid": row.sid,
        "new_turn": locked.turn + 1,
        "new_sealed_state": line.vault.seal(state, now),
        "new_sealed_reply_before": row.sealed_reply,
        "new_sealed_reply": line.vault.seal(reply.encode(), now),
        "new_acting_until": None,
        "new_heard_at": now,
        "new_member_id": call.values.get("member_id"),
        "new_ended_at": now if ends else row.ended_at,
        "new_ending": ending if ends else row.ending,
    }
    noted = {"noted_call_sid": row.sid, "noted_turn": locked.turn, "noted_at": now}
    noted |= {"noted_event": entry.event, "noted_trail": entry.trace, "noted_said": entry.said}
    if connection.dialect.name == "postgresql":
        connection.execute(_STORE_AND_NOTE, {**stored, **noted})
    else:
        connection.execute(_STORE, stored)
        connection.execute(_NOTE, noted)


def end(connection: Connection, sid: str, now: datetime, ending: str) -> None:
    """Note that a call is over, and drop what must not outlive it."""
    ended = update(tables.call).where(_CALL.sid == sid, _CALL.ended_at.is_(None))
    connection.execute(ended.values(ended_at=now, ending=ending))
    connection.execute(delete(tables.card_entry).where(tables.card_entry.c.call_sid == sid))


def forget_sealed(connection: Connection, line: Services, now: datetime) -> None:
    """Drop the replies of calls that have been over for a while, and their states when nobody can go on with them.

    A state in which nothing was chosen goes with the replies.
    """
    _drop(connection, _over(now, STATE_KEPT) & _CALL.sealed_state.is_not(None), ("sealed_state", *_REPLIES))
    with_reply = _over(now, REPLY_KEPT) & _CALL.sealed_reply.is_not(None) & _CALL.sealed_state.is_not(None)
    left = connection.execute(select(_CALL.sid, _CALL.sealed_state).where(with_reply)).all()
    idle = [row.sid for row in left if not values_left(line, row.sealed_state, now).get("basket")]
    _drop(connection, _CALL.sid.in_(idle), ("sealed_state",))
    _drop(connection, _CALL.sid.in_(row.sid for row in left), _REPLIES)


def _over(now: datetime, kept: timedelta) -> ColumnElement[bool]:
    return (_CALL.ended_at < now - kept) | (_CALL.heard_at < now - NEVER_ENDED)


def _drop(connection: Connection, which: ColumnElement[bool], what: Sequence[str]) -> None:
    connection.execute(update(tables.call).where(which).values(dict.fromkeys(what)))


def values_left(line: Services, sealed_state: bytes | None, now: datetime) -> Values:
    """Return what a call carried when its state was kept; its basket is what had been chosen to order."""
    opened = line.vault.open(sealed_state, None, now) if sealed_state else None
    return Call.from_json(json.loads(opened)).values if opened else {}
