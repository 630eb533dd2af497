"""The row of a call: locked for one turn, its state and last two replies encrypted.

Only this module knows how a call lies in the database.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ivr.flow.call import Call
from ivr.line import tables
from ivr.line.service import Caller, Line

REPLY_KEPT = timedelta(minutes=15)
"""How long replies are kept after a call."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A call whose row this transaction holds."""

    row: Row[Any]
    call: Call
    is_new: bool

    @property
    def turn(self) -> int:
        """The number of the turn that is awaited."""
        return int(self.row.turn)


def lock(session: Session, line: Line, caller: Caller, now: datetime, first: Call) -> Locked | None:
    """Take a call's row, making it for a call not met before; None when its state is gone or cannot be opened."""
    row = _row(session, caller.sid)
    if row is None:
        session.execute(_new_row(session, line, caller, now))
        row = _row(session, caller.sid)
    if row is None:
        return None
    if row.sealed_state is None:
        return Locked(row, first, is_new=True) if row.turn == 0 else None
    opened = line.vault.open(row.sealed_state, None, now)
    if opened is None:
        return None
    return Locked(row, Call.from_json(json.loads(opened)), is_new=False)


def _row(session: Session, sid: str) -> Row[Any] | None:
    return session.execute(select(tables.call).where(tables.call.c.sid == sid).with_for_update()).one_or_none()


def _new_row(session: Session, line: Line, caller: Caller, now: datetime) -> Any:
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return (
        make(tables.call)
        .values(
            sid=caller.sid,
            version=line.versions.current.hash,
            from_number=caller.from_number,
            to_number=caller.to_number,
            turn=0,
            started_at=now,
            heard_at=now,
        )
        .on_conflict_do_nothing()
    )


def known(session: Session, sid: str) -> Row[Any] | None:
    """Return a call's row without taking it."""
    return session.execute(select(tables.call).where(tables.call.c.sid == sid)).one_or_none()


def stored_reply(line: Line, locked: Locked, turn: int, now: datetime) -> str | None:
    """Return the reply that a request for an earlier turn got, or the latest one in the place of one that is gone."""
    if turn >= locked.turn:
        return None
    before = turn == locked.turn - 2 and locked.row.sealed_reply_before is not None
    sealed = locked.row.sealed_reply_before if before else locked.row.sealed_reply
    opened = line.vault.open(sealed, None, now) if sealed is not None else None
    return opened.decode() if opened is not None else None


def act(session: Session, sid: str, until: datetime) -> None:
    """Say that this worker is asking the outside world for this call, until a time at the latest."""
    session.execute(update(tables.call).where(tables.call.c.sid == sid).values(acting_until=until))


def store(
    session: Session, line: Line, locked: Locked, call: Call, reply: str, now: datetime, ending: str | None
) -> None:
    """Write the call's new state and the exact reply, and await the next turn."""
    values: dict[str, Any] = {
        "turn": locked.turn + 1,
        "sealed_state": line.vault.seal(json.dumps(call.to_json()).encode(), now),
        "sealed_reply_before": locked.row.sealed_reply,
        "sealed_reply": line.vault.seal(reply.encode(), now),
        "acting_until": None,
        "heard_at": now,
    }
    if call.values.get("member_id") != locked.row.member_id:
        values["member_id"] = call.values.get("member_id")
    if ending and locked.row.ended_at is None:
        values |= {"ended_at": now, "ending": ending}
    session.execute(update(tables.call).where(tables.call.c.sid == locked.row.sid).values(values))


def end(session: Session, sid: str, now: datetime, ending: str) -> None:
    """Note that a call is over, and drop what must not outlive it."""
    ended = update(tables.call).where(tables.call.c.sid == sid, tables.call.c.ended_at.is_(None))
    session.execute(ended.values(ended_at=now, ending=ending))
    session.execute(delete(tables.card_entry).where(tables.card_entry.c.call_sid == sid))


def forget_replies(session: Session, now: datetime) -> None:
    """Drop the replies and states of calls that have been over for a while, or that nobody has spoken in for hours."""
    over = (tables.call.c.ended_at < now - REPLY_KEPT) | (tables.call.c.heard_at < now - timedelta(hours=4))
    session.execute(
        update(tables.call)
        .where(over, tables.call.c.sealed_reply.is_not(None))
        .values(sealed_state=None, sealed_reply=None, sealed_reply_before=None)
    )
