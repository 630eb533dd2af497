"""Locks out callers who guess at secrets: `guess` judges every secret that a caller keys, and counts the wrong ones.

A secret is what only the member should know: the ZIP code that goes with a member number, a birth date, the number of
a prescription, of an order, of a renewal. An action that takes one from a caller must judge it through `guess`.

A wrong try of any kind counts for the phone it came from and for the member it was about, known or not. It counts for
24 hours, and a right answer does not reset the count. So within any 24 hours at most five wrong tries of one phone are
judged. (Counting by calendar days would allow twice as many around midnight, and resetting on success would let anybody
who knows one right answer start over.)

- A phone is locked while five of its tries count.
- A member is locked, for all phones, while ten tries about them count that came from three phones or more. A phone that
  ordered for the member before is exempt from this, but not from its own limit of five.
- While more than thirty tries were made on the whole line within a minute, the line is under attack. That locks nobody,
  but a phone that never ordered for the member should have to prove more.

While locked, nothing is judged, so that the right answer is refused too, and nothing is counted, so that the lock ends.

To judge and count in one step, a turn locks the phone's and the member's rows in the table `lock_out` before it reads
the counts, and keeps them locked until it commits. The rows are always locked in one sequence: first the phone's, then
the member's. A turn does this at most once, after its call's row and before any row of the
pharmacy, so no two turns can wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy import Connection, bindparam, distinct, exists, func, insert, select, union, update

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
"""The fewest phones that can lock a member, so that one or two strangers only lock themselves."""
MOST_ON_LINE = 30
COUNTS_FOR = timedelta(days=1)
UNDER_ATTACK_FOR = timedelta(minutes=1)
"""How long a try counts for the whole line, and the shortest time between two log lines about an attack."""
ROW_KEPT = timedelta(hours=1)
"""How long an unused row in `lock_out` is kept; it only has to outlive a turn."""
ATTACK = "attack"
"""The subject of the row in `lock_out` that says when an attack was last logged."""
NO_PHONE = ""
"""The phone in rows of `wrong_try` that are no guesses, but new cards that were refused (see `card_limit`)."""

Answer = TypeVar("Answer")

_TRY, _KNOWN = tables.wrong_try.c, tables.known_phone.c
_OF_PHONE = (_TRY.phone == bindparam("phone")) & (_TRY.at > bindparam("day"))
_OF_MEMBER = (_TRY.member == bindparam("member")) & (_TRY.at > bindparam("day"))
_ON_LINE = (_TRY.at > bindparam("minute")) & (_TRY.phone != NO_PHONE)
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
        _KNOWN.phone == bindparam("phone"),
    )
    .label("ordered_before"),
)
_LANGUAGES = union(
    select(Member.language).where(Member.phone == bindparam("number")),
    select(Member.language)
    .join(tables.known_phone, _KNOWN.member_id == Member.id)
    .where(_KNOWN.phone == bindparam("phone")),
)
_COUNT = insert(tables.wrong_try).inline()
_ATTACK = select(func.count(), func.count(distinct(_TRY.phone)), func.count(distinct(_TRY.member))).where(_ON_LINE)
_ROW = tables.lock_out.c
_LOG_NOW = (
    update(tables.lock_out)
    .where(_ROW.subject == ATTACK, _ROW.since <= bindparam("minute"))
    .values(since=bindparam("now", type_=_ROW.since.type))
)


@dataclass(frozen=True, slots=True)
class Judged(Generic[Answer]):
    """The result of a guess."""

    answer: Answer | None
    """What `judge` returned; None for a wrong guess, and for any guess while the phone or the member is locked."""
    locked: bool
    under_attack: bool
    """The line is under attack and this phone never ordered for the member: the caller should have to prove more."""


def guess(context: Context, member_number: str, judge: Callable[[], Answer | None]) -> Judged[Answer]:
    """Judge what a caller keyed, unless their phone or this member is locked, and count it if it is wrong.

    `judge` looks up the answer and returns None, or another false value, if what was keyed is wrong.
    """
    digest = context.services.digest
    phone, member = digest(phone_of(context.caller)), digest(member_of(member_number))
    for subject in (phone, member):
        upsert(context.connection, tables.lock_out, {"subject": subject, "since": context.now})
    times = {"day": context.now - COUNTS_FOR, "minute": context.now - UNDER_ATTACK_FOR}
    who = {"phone": phone, "member": member, "numbers": but_for_zeros(member_number, *MEMBER_DIGITS)}
    counts = context.connection.execute(_STANDING, {**times, **who}).one()
    member_locked = counts.of_member >= MOST_OF_MEMBER and counts.phones >= FEWEST_PHONES
    if counts.of_phone >= MOST_OF_PHONE or (member_locked and not counts.ordered_before):
        return Judged(None, locked=True, under_attack=False)
    answer = judge() or None
    if answer is None:
        context.connection.execute(_COUNT, {"phone": phone, "member": member, "at": context.now})
        if counts.on_line >= MOST_ON_LINE:
            _log_attack(context)
    return Judged(answer, False, counts.on_line > MOST_ON_LINE and not counts.ordered_before)


def remember_phone(context: Context, member_id: int) -> None:
    """Record that this phone ordered for a member, unless its number is withheld."""
    if not context.caller.withheld:
        phone = context.services.digest(phone_of(context.caller))
        row = {"member_id": member_id, "phone": phone, "ordered_at": context.now}
        upsert(context.connection, tables.known_phone, row)


def languages_of_phone(context: Context) -> frozenset[str]:
    """Return the languages of the members whose phone this is: it is on file for them, or ordered for them before.

    A withheld number is nobody's.
    """
    caller = context.caller
    if caller.withheld:
        return frozenset()
    phones = {"number": caller.from_number, "phone": context.services.digest(phone_of(caller))}
    return frozenset(context.connection.scalars(_LANGUAGES, phones))


@dataclass(frozen=True, slots=True)
class Lock:
    """A phone that is locked, or a member who is locked for phones that never ordered for them.

    Both are keyed digests; the other one is "".
    """

    phone: str
    member: str
    wrong_tries: int


def locks(connection: Connection, now: datetime) -> tuple[Lock, ...]:
    """Return every phone and member that is locked now."""
    still_counts = (_TRY.at > now - COUNTS_FOR) & (_TRY.phone != NO_PHONE)
    tries, phones = func.count(), func.count(distinct(_TRY.phone))
    of_phone = select(_TRY.phone, tries).where(still_counts).group_by(_TRY.phone).having(tries >= MOST_OF_PHONE)
    of_member = select(_TRY.member, tries).where(still_counts).group_by(_TRY.member)
    of_member = of_member.having((tries >= MOST_OF_MEMBER) & (phones >= FEWEST_PHONES))
    return (
        *(Lock(phone, "", count) for phone, count in connection.execute(of_phone)),
        *(Lock("", member, count) for member, count in connection.execute(of_member)),
    )


def phone_of(caller: Caller) -> str:
    """Return the text whose digest stands for a caller's phone; each call with a withheld number has its own."""
    return f"call {caller.sid}" if caller.withheld else f"from {caller.from_number}"


def member_of(member_number: str) -> str:
    """Return the text whose digest stands for a member, known or not."""
    return f"member {member_number.lstrip('0')}"


def _log_attack(context: Context) -> None:
    """Log that the line is under attack, at most once a minute over all workers."""
    minute = {"minute": context.now - UNDER_ATTACK_FOR}
    insert_unless_there(context.connection, tables.lock_out, {"subject": ATTACK, "since": minute["minute"]})
    if context.connection.execute(_LOG_NOW, {**minute, "now": context.now}).rowcount:
        tries, phones, members = context.connection.execute(_ATTACK, minute).one()
        logs.get_logger().warning("guessing_attack", wrong_tries=tries, phones=phones, members=members)
