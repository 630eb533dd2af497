"""Wrong identifications are counted, and lock out whoever makes too many.

A failure counts against the caller's number and against the member number that was keyed, known or not. A withheld
number is never a key, or one stranger could lock out everybody who withholds theirs: it counts for its own call, and
for the line as a whole with a limit of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, update

from ivr.line import tables
from ivr.line.service import Caller, Context
from ivr.payment.vault import Vault
from ivr.pharmacy.statements import insert_unless_there

MOST_FAILURES = 5
MOST_WITHHELD_FAILURES = 100
COUNTED_FOR = timedelta(hours=1)
LOCKED_FOR = timedelta(minutes=30)

_OF_SUBJECT = tables.lock_out.c.subject == bindparam("whose")
_LOCKED = (
    select(tables.lock_out.c.subject)
    .where(
        tables.lock_out.c.subject.in_(bindparam("subjects", expanding=True)),
        tables.lock_out.c.locked_until > bindparam("now"),
    )
    .limit(1)
)
_TAKE = select(tables.lock_out).where(_OF_SUBJECT).with_for_update()
_CHANGE = update(tables.lock_out).where(_OF_SUBJECT)


def is_locked(context: Context, member_number: str) -> bool:
    """Say whether this caller or this member number has to wait."""
    names = [name for name, _ in _subjects(context.line.vault, context.caller, member_number)]
    return context.connection.execute(_LOCKED, {"subjects": names, "now": context.now}).first() is not None


def count_failure(context: Context, member_number: str) -> None:
    """Count one wrong identification, and lock what has had too many."""
    for name, most in _subjects(context.line.vault, context.caller, member_number):
        _count(context.connection, name, most, context.now)


def forget(connection: Connection, now: datetime) -> None:
    """Drop counts that no longer matter."""
    connection.execute(delete(tables.lock_out).where(tables.lock_out.c.since < now - COUNTED_FOR - LOCKED_FOR))


def _subjects(vault: Vault, caller: Caller, member_number: str) -> Iterator[tuple[str, int]]:
    # In one order for every caller, so that two turns never wait for each other.
    if caller.withheld:
        yield vault.sign(f"call {caller.sid}"), MOST_FAILURES
        yield "withheld", MOST_WITHHELD_FAILURES
    else:
        yield vault.sign(f"from {caller.from_number}"), MOST_FAILURES
    yield vault.sign(f"member {member_number}"), MOST_FAILURES


def _count(connection: Connection, subject: str, most: int, now: datetime) -> None:
    new = {"subject": subject, "failures": 0, "since": now}
    insert_unless_there(connection, tables.lock_out, new)
    row = connection.execute(_TAKE, {"whose": subject}).one()
    fresh = row.since < now - COUNTED_FOR
    failures = 1 if fresh else row.failures + 1
    locked_until = now + LOCKED_FOR if failures >= most else None if fresh else row.locked_until
    since = now if fresh else row.since
    counted = {"whose": subject, "failures": failures, "since": since, "locked_until": locked_until}
    connection.execute(_CHANGE, counted)
