"""What calls leave behind beside orders, as call scripts see it: notices, call-backs, notes for whoever takes a call
over, wrong tries, lock-outs and the journal, every value as text.

These tables hold phone numbers and member numbers as keyed digests. To show the numbers that a script knows, they are
signed again and compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, select, true
from sqlalchemy.orm import InstrumentedAttribute

from ivr.line import lockout, tables
from ivr.line.digests import Digest
from ivr.line.service import Caller
from ivr.pharmacy.notices import KINDS, SENT_BY, notice
from ivr.pharmacy.tables import CallBack, CallBackStatus, Member
from ivr.simulator.pharmacy_rows import as_text
from ivr.simulator.world import Found, Table

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "notice": ("member_number", "kind", "by", "sent_at"),
    "call_back": ("member_number", "phone", "language", "best_from", "best_to", "reason", "status"),
    "hand_over": ("member_number", "state", "reason", "order_number", "seen_by"),
    "wrong_try": ("phone", "member_number"),
    "lock_out": ("phone", "member_number", "wrong_tries"),
    "journal": ("call", "turn", "event", "trail", "said"),
}
MADE_OF: Mapping[str, Table] = {
    "notice": Table(words={"kind": KINDS, "by": SENT_BY}),
    "call_back": Table(words={"status": tuple(CallBackStatus)}),
}
"""The kinds of values in the tables' columns, where they are known."""


@dataclass(frozen=True, slots=True)
class LineRows:
    """Reads the line's own tables at a time."""

    database: Engine
    digest: Digest
    now: datetime
    callers: Sequence[Caller] | None = None
    """The callers whose calls are read, in their order; None for all calls."""
    members: Mapping[str, int] | None = None
    """The ids of the members that are read, by number; None for all."""

    def rows(self, table: str) -> Sequence[Found]:
        """Return the rows of one of the tables of `COLUMNS`."""
        with self.database.connect() as connection:
            return _READERS[table](self, connection)

    def notices(self, connection: Connection) -> Sequence[Found]:
        """Return the notices that members are owed."""
        query = select(Member.member_number, notice.c.kind, notice.c.by, notice.c.sent_at)
        query = query.join_from(notice, Member, Member.id == notice.c.member_id)
        notices = connection.execute(query.where(self._is_known(Member.id)))
        return [
            {"member_number": number, "kind": kind, "by": by, "sent_at": sent_at.isoformat() if sent_at else ""}
            for number, kind, by, sent_at in notices
        ]

    def call_backs(self, connection: Connection) -> Sequence[Found]:
        """Return the call-backs that were asked for, by members or by callers who were not identified."""
        wanted = (getattr(CallBack, name) for name in COLUMNS["call_back"][1:])
        return self._of_members(connection, select(Member.member_number, *wanted), CallBack.member_id)

    def hand_overs(self, connection: Connection) -> Sequence[Found]:
        """Return the notes for whoever takes a call over."""
        noted = (tables.hand_over.c[name] for name in COLUMNS["hand_over"][1:])
        return self._of_members(connection, select(Member.member_number, *noted), tables.hand_over.c.member_id)

    def wrong_tries(self, connection: Connection) -> Sequence[Found]:
        """Return the wrong tries of the script's phones, without those of the strangers of `breaks: guessing`."""
        phones, members = self._phones(connection), self._members(connection)
        tries = connection.execute(select(tables.wrong_try.c.phone, tables.wrong_try.c.member))
        return [
            {"phone": phones[phone], "member_number": members.get(member, "")}
            for phone, member in tries
            if phone in phones
        ]

    def lock_outs(self, connection: Connection) -> Sequence[Found]:
        """Return who is locked out now."""
        phones, members = self._phones(connection), self._members(connection)
        return [
            {
                "phone": phones.get(lock.phone, ""),
                "member_number": members.get(lock.member, ""),
                "wrong_tries": str(lock.wrong_tries),
            }
            for lock in lockout.locks(connection, self.now)
            if self.callers is None or lock.phone in phones or lock.member in members
        ]

    def journal(self, connection: Connection) -> Sequence[Found]:
        """Return the turns of every call; calls are numbered from 1."""
        query = select(tables.journal).order_by(tables.journal.c.id)
        if self.callers is not None:
            query = query.where(tables.journal.c.call_sid.in_(caller.sid for caller in self.callers))
        turns = connection.execute(query).all()
        calls = {sid: str(number) for number, sid in enumerate(dict.fromkeys(turn.call_sid for turn in turns), 1)}
        return [
            {
                "call": calls[turn.call_sid],
                "turn": str(turn.turn),
                "event": turn.event,
                "trail": ", ".join(
                    f"{flow}.{state} {transition}".strip() for flow, state, transition in _triples(turn.trail)
                ),
                "said": ", ".join(
                    name if variant == "say" else f"{name} ({variant} {tries})"
                    for name, variant, tries in _triples(turn.said)
                ),
            }
            for turn in turns
        ]

    def _of_members(self, connection: Connection, query: Select[Any], member_id: Any) -> Sequence[Found]:
        """Return rows with a member or none, every value as text; `member_id` is their column."""
        rows = connection.execute(
            query.select_from(member_id.table.outerjoin(Member.__table__, Member.id == member_id)).where(
                member_id.is_(None) | self._is_known(Member.id)
            )
        ).mappings()
        return [{name: as_text(value) for name, value in row.items()} for row in rows]

    def _phones(self, connection: Connection) -> Mapping[str, str]:
        callers = self.callers
        if callers is None:
            calls = connection.execute(select(tables.call.c.sid, tables.call.c.from_number, tables.call.c.to_number))
            callers = [Caller(*row) for row in calls]
        return {self.digest(lockout.phone_of(caller)): caller.from_number for caller in callers}

    def _members(self, connection: Connection) -> Mapping[str, str]:
        numbers = connection.scalars(select(Member.member_number).where(self._is_known(Member.id)))
        return {self.digest(lockout.member_of(number)): number for number in numbers}

    def _is_known(self, member_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
        return true() if self.members is None else member_id.in_(self.members.values())


def _triples(text: str) -> list[tuple[str, str, str]]:
    return [(str(first), str(second), str(third)) for first, second, third in json.loads(text)]


_READERS: Mapping[str, Callable[[LineRows, Connection], Sequence[Found]]] = {
    "notice": LineRows.notices,
    "call_back": LineRows.call_backs,
    "hand_over": LineRows.hand_overs,
    "wrong_try": LineRows.wrong_tries,
    "lock_out": LineRows.lock_outs,
    "journal": LineRows.journal,
}
