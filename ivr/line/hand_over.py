"""Notes for the person who takes a call over: who calls, why a person is wanted, and where the call got stuck.

A note holds names of the flow, the member and the order, never what was keyed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from ivr.flow.call import Call, TraceStep
from ivr.flow.definition import Flows
from ivr.line import tables
from ivr.pharmacy.tables import Member

ASKED = "asked"
"""The reason where the caller pressed a key for a person. Any other is the outcome that led to one."""
TOO_LONG = "too_long"
"""The reason where nothing led to a person but the length of the call."""

_NOTE = tables.hand_over.c


@dataclass(frozen=True, slots=True)
class HandOver:
    """A note on a call that was handed over to a person, or was to be."""

    id: int
    call_sid: str
    member_number: str | None
    state: str
    """Where the caller was last asked something, as `flow.state`."""
    reason: str
    order_number: str | None
    noted_at: datetime
    seen_at: datetime | None
    seen_by: str | None


def note(connection: Connection, sid: str, asked: Call, connecting: Call, why: str, now: datetime) -> None:
    """Note that a call wants a person, unless it does so already and the caller only tries again.

    `asked` is the call as it was when it last asked the caller something, `connecting` as it is now.
    """
    if connecting.top.flow in {frame.flow for frame in asked.frames}:
        return
    member_id, order_number = connecting.values.get("member_id"), connecting.values.get("order_number")
    row = {
        "call_sid": sid,
        "member_id": member_id if isinstance(member_id, int) else None,
        "state": f"{asked.top.flow}.{asked.top.state}" if asked.frames else "",
        "reason": why,
        "order_number": order_number if isinstance(order_number, str) else None,
        "noted_at": now,
    }
    connection.execute(insert(tables.hand_over).values(row))


def reason(flows: Flows, trace: Sequence[TraceStep], connecting: str) -> str:
    """Return why a call comes to a person: the last key or outcome before the flow that connects it."""
    steps = (step for step in reversed(trace) if step.flow != connecting and step.branch)
    label = next((step.branch for step in steps if not flows.state(step.flow, step.state).runs), TOO_LONG)
    return ASKED if len(label) == 1 else label


def newest(connection: Connection, most: int) -> Iterator[HandOver]:
    """Yield at most `most` notes, the newest first."""
    columns = (_NOTE.id, _NOTE.call_sid, Member.member_number, _NOTE.state, _NOTE.reason, _NOTE.order_number)
    query = select(*columns, _NOTE.noted_at, _NOTE.seen_at, _NOTE.seen_by)
    query = query.select_from(tables.hand_over.outerjoin(Member.__table__, Member.id == _NOTE.member_id))
    rows = connection.execute(query.order_by(_NOTE.noted_at.desc(), _NOTE.id.desc()).limit(most))
    return (HandOver(*row) for row in rows)


def last_state(connection: Connection, sid: str) -> str:
    """Return where a call was when it last wanted a person; "" if it never did."""
    query = select(_NOTE.state).where(_NOTE.call_sid == sid).order_by(_NOTE.id.desc()).limit(1)
    return connection.scalar(query) or ""


def mark_seen(connection: Connection, note_id: int, by: str, now: datetime) -> bool:
    """Mark a note as seen by somebody; return whether there is such a note."""
    seen = update(tables.hand_over).where(_NOTE.id == note_id).values(seen_at=now, seen_by=by)
    return connection.execute(seen).rowcount > 0
