"""Call-backs: callers who want a person to call them, until somebody has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, select

from ivr.pharmacy.statements import changed, columns, fetch_all, fetch_one, insert_or_none, update_where
from ivr.pharmacy.tables import CallBack, CallBackStatus, Member


@dataclass(frozen=True, slots=True)
class BestTime:
    """When somebody is best called back."""

    best_from: datetime
    best_to: datetime


@dataclass(frozen=True, slots=True)
class AskedCall:
    """A call-back that was asked for, as the caller is told of it."""

    best_from: datetime
    best_to: datetime
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class WantedCall:
    """A call-back that was asked for, as staff see it."""

    id: int
    phone: str
    language: str
    best_from: datetime
    best_to: datetime
    reason: str
    asked_at: datetime
    member_number: str | None


_ASKED = CallBack.status == CallBackStatus.ASKED
_OF_CALLER = (
    CallBack.phone == bindparam("of_phone"),
    CallBack.member_id.is_not_distinct_from(bindparam("of_member", type_=Integer)),
    _ASKED,
)
_OF_PHONE = select(*columns(CallBack, AskedCall)).where(*_OF_CALLER)
_CHANGED = update_where(CallBack, *_OF_CALLER)
_WANTED = (
    select(
        *(CallBack.id, CallBack.phone, CallBack.language, CallBack.best_from, CallBack.best_to, CallBack.reason),
        *(CallBack.asked_at, Member.member_number),
    )
    .outerjoin(Member, Member.id == CallBack.member_id)
    .where(_ASKED)
    .order_by(CallBack.best_from, CallBack.id)
)
_DONE = update_where(CallBack, CallBack.id == bindparam("call_back_id"), _ASKED).values(status=CallBackStatus.DONE)


def asked_call_back(connection: Connection, phone: str, member_id: int | None) -> AskedCall | None:
    """Return when a member, or whoever was not identified, is to be called back at a phone (E.164); None if never."""
    return fetch_one(connection, _OF_PHONE, AskedCall, of_phone=phone, of_member=member_id)


def ask_call_back(
    connection: Connection,
    *,
    member_id: int | None,
    phone: str,
    language: str,
    best: BestTime,
    reason: str,
    now: datetime,
) -> None:
    """Ask for a call-back, or change the one that the member, or whoever was not identified, has asked for there."""
    asked = {
        "language": language,
        "best_from": best.best_from,
        "best_to": best.best_to,
        "reason": reason,
        "asked_at": now,
    }
    if not changed(connection, _CHANGED, of_phone=phone, of_member=member_id, **asked):
        insert_or_none(connection, CallBack, {"member_id": member_id, "phone": phone, **asked})


def wanted_calls(connection: Connection) -> tuple[WantedCall, ...]:
    """Return the call-backs that are asked for, those to be made first before the others."""
    return fetch_all(connection, _WANTED, WantedCall)


def finish_call_back(connection: Connection, call_back_id: int) -> bool:
    """Note that somebody has called back; return False if no such call-back is asked for."""
    return changed(connection, _DONE, call_back_id=call_back_id)
