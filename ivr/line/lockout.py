"""The one door through which every guess of a secret goes: judged and counted in one step.

A secret is what only the member should know: the ZIP code that goes with a member number, a birth date, the number of
a prescription, of an order, of a renewal. Whoever takes one from a caller calls `guess`, and nothing else judges it.

What counts is a wrong try, of whatever kind: for the phone it came from, and for the member it was about, known or not.
It counts for a day from when it was made, and nothing but time takes it away. So in no 24 hours, wherever they begin, are
more than five wrong tries of one phone judged: with days by the calendar twice as many would be around midnight, and a
count that a success ended could be begun anew by anybody who knows one right answer.

- A phone is locked while five of its tries count.
- A member is locked, for everybody, while ten tries about them count, from three phones or more. A phone that ordered
  for the member before is free of that, never of its own five.
- While more than thirty tries were made on the whole line within a minute, the line is under attack: nobody is locked by
  that, but a phone that never ordered for the member should have to prove more.

What is locked is not judged, so the right answer is refused as well, and it is not counted, so that a lock ends.

Judging and counting are one step, since a turn takes the rows of the phone and of the member in `lock_out` before it
looks, and keeps them until it commits: first the phone's, then the member's, each kind in the order of its digests. A
turn takes them once at most, after its call's row and before any row of the pharmacy, so no two turns wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy import Connection, bindparam, delete, distinct, exists, func, insert, select, update

from ivr import logs
from ivr.keypad import but_for_zeros
from ivr.line import tables
from ivr.line.service import Caller, Context
from ivr.pharmacy.members import MEMBER_DIGITS
from ivr.pharmacy.statements import insert_unless_there, upsert
from ivr.pharmacy.tables import Member

MOST_OF_PHONE = 5
MOST_OF_MEMBER = 10
FEWEST_PHONES = 3
"""A member is locked by no fewer: one or two strangers can only lock themselves."""
MOST_ON_LINE = 30
COUNTS_FOR = timedelta(days=1)
UNDER_ATTACK_FOR = timedelta(minutes=1)
"""For how long a try counts for the whole line, and how far apart log lines about it are at least."""
ROW_KEPT = timedelta(hours=1)
"""How long a row in `lock_out` is left that nobody takes: it only has to outlive a turn."""
ATTACK = "attack"
"""Its row in `lock_out` says when an attack was last logged."""

Answer = TypeVar("Answer")

_TRY, _KNOWN = tables.wrong_try.c, tables.known_phone.c
_OF_PHONE = _TRY.phone.in_(bindparam("phones", expanding=True)) & (_TRY.at > bindparam("day"))
_OF_MEMBER = _TRY.member.in_(bindparam("members", expanding=True)) & (_TRY.at > bindparam("day"))
_ON_LINE = _TRY.at > bindparam("minute")
_STANDING = select(
    select(func.count()).where(_OF_PHONE).scalar_subquery().label("of_phone"),
    select(func.count()).where(_OF_MEMBER).scalar_subquery().label("of_member"),
    select(func.count(distinct(_TRY.phone))).where(_OF_MEMBER).scalar_subquery().label("phones"),
    select(func.count())
    .select_from(select(_TRY.id).where(_ON_LINE).limit(MOST_ON_LINE + 1).subquery())
    .scalar_subquery()
    .label("on_line"),
    exists()
    .where(
        _KNOWN.member_id == Member.id,
        Member.member_number.in_(bindparam("numbers", expanding=True)),
        _KNOWN.phone.in_(bindparam("phones", expanding=True)),
    )
    .label("ordered_before"),
)
_COUNT = insert(tables.wrong_try).inline()
_ATTACK = select(func.count(), func.count(distinct(_TRY.phone)), func.count(distinct(_TRY.member))).where(_ON_LINE)
_ROW = tables.lock_out.c
_LOG_NOW = (
    update(tables.lock_out)
    .where(_ROW.subject == ATTACK, _ROW.since <= bindparam("minute"))
    .values(since=bindparam("now", type_=_ROW.since.type))
)
_DROP_TRIES = delete(tables.wrong_try).where(_TRY.at <= bindparam("before"))
_DROP_ROWS = delete(tables.lock_out).where(
    _ROW.subject.in_(select(_ROW.subject).where(_ROW.since <= bindparam("before")).with_for_update(skip_locked=True))
)


@dataclass(frozen=True, slots=True)
class Judged(Generic[Answer]):
    """What came of a guess."""

    answer: Answer | None
    """None for a wrong one, and for any at all while the caller is locked."""
    locked: bool
    under_attack: bool
    """So is the line, and this phone never ordered for the member: they should prove more before anything is said."""


def guess(context: Context, member_number: str, judge: Callable[[], Answer | None]) -> Judged[Answer]:
    """Judge what was keyed, unless this phone or this member is locked; `judge` returns nothing for a wrong answer."""
    sign = context.services.vault.signatures
    phones, members = sign(phone_of(context.caller)), sign(member_of(member_number))
    for subject in (*sorted(phones), *sorted(members)):
        upsert(context.connection, tables.lock_out, {"subject": subject, "since": context.now})
    times = {"day": context.now - COUNTS_FOR, "minute": context.now - UNDER_ATTACK_FOR}
    whose = {"phones": phones, "members": members, "numbers": but_for_zeros(member_number, *MEMBER_DIGITS)}
    standing = context.connection.execute(_STANDING, {**times, **whose}).one()
    member_locked = standing.of_member >= MOST_OF_MEMBER and standing.phones >= FEWEST_PHONES
    if standing.of_phone >= MOST_OF_PHONE or (member_locked and not standing.ordered_before):
        return Judged(None, locked=True, under_attack=False)
    answer = judge() or None
    if answer is None:
        context.connection.execute(_COUNT, {"phone": phones[0], "member": members[0], "at": context.now})
        if standing.on_line >= MOST_ON_LINE:
            _log_attack(context)
    return Judged(answer, False, standing.on_line > MOST_ON_LINE and not standing.ordered_before)


def remember_phone(context: Context, member_id: int) -> None:
    """Note that this phone ordered for a member; one that is withheld is nobody's."""
    if not context.caller.withheld:
        phone = context.services.vault.sign(phone_of(context.caller))
        row = {"member_id": member_id, "phone": phone, "ordered_at": context.now}
        upsert(context.connection, tables.known_phone, row)


@dataclass(frozen=True, slots=True)
class Lock:
    """Who is locked now, by a keyed digest: a phone, or a member for phones that never ordered for them."""

    phone: str
    member: str
    wrong_tries: int


def locks(connection: Connection, now: datetime) -> tuple[Lock, ...]:
    """Return every lock that stands."""
    counts = _TRY.at > now - COUNTS_FOR
    tries, phones = func.count(), func.count(distinct(_TRY.phone))
    of_phone = select(_TRY.phone, tries).where(counts).group_by(_TRY.phone).having(tries >= MOST_OF_PHONE)
    of_member = select(_TRY.member, tries).where(counts).group_by(_TRY.member)
    of_member = of_member.having((tries >= MOST_OF_MEMBER) & (phones >= FEWEST_PHONES))
    return (
        *(Lock(phone, "", count) for phone, count in connection.execute(of_phone)),
        *(Lock("", member, count) for member, count in connection.execute(of_member)),
    )


def forget(connection: Connection, now: datetime) -> None:
    """Drop tries that no longer count, and rows that nobody takes; one that is taken just now is left alone."""
    connection.execute(_DROP_TRIES, {"before": now - COUNTS_FOR})
    connection.execute(_DROP_ROWS, {"before": now - ROW_KEPT})


def phone_of(caller: Caller) -> str:
    """Return what is signed for a phone; a withheld number tells nobody apart, so each such call is one of its own."""
    return f"call {caller.sid}" if caller.withheld else f"from {caller.from_number}"


def member_of(member_number: str) -> str:
    """Return what is signed for a member, known or not."""
    return f"member {member_number.lstrip('0')}"


def _log_attack(context: Context) -> None:
    """Log that the whole line is being guessed at: one line a minute, of all workers together."""
    minute = {"minute": context.now - UNDER_ATTACK_FOR}
    insert_unless_there(context.connection, tables.lock_out, {"subject": ATTACK, "since": minute["minute"]})
    if context.connection.execute(_LOG_NOW, {**minute, "now": context.now}).rowcount:
        tries, phones, members = context.connection.execute(_ATTACK, minute).one()
        logs.get_logger().warning("guessing_attack", wrong_tries=tries, phones=phones, members=members)
