"""Call-backs: callers who want a person to call them, until somebody has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from ivr.pharmacy.statements import changed, columns, fetch_all, fetch_one, insert_or_none, update_where
from ivr.pharmacy.tables import CallBack, CallBackStatus, Member


@dataclass(frozen=True, slots=True)
class BestTime:
    """When somebody is best called back."""

    best_from: datetime
    best_to: datetime


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
_OF_PHONE = select(*columns(CallBack, BestTime)).where(CallBack.phone == bindparam("of_phone"), _ASKED)
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


def asked_call_back(connection: Connection, phone: str) -> BestTime | None:
    """Return when a phone (E.164) is to be called back, or None if no call-back is asked for."""
    return fetch_one(connection, _OF_PHONE, BestTime, of_phone=phone)


def ask_call_back(
    connection: Connection,
    *,
    member_id: int | None,
    phone: str,
    language: str,
    best: BestTime,
    reason: str,
    now: datetime,
) -> bool:
    """Ask for a call-back; return False, and leave the one that is there, if the phone has one already."""
    row = {
        "member_id": member_id,
        "phone": phone,
        "language": language,
        "best_from": best.best_from,
        "best_to": best.best_to,
        "reason": reason,
        "asked_at": now,
    }
    return insert_or_none(connection, CallBack, row) is not None


def wanted_calls(connection: Connection) -> tuple[WantedCall, ...]:
    """Return the call-backs that are asked for, those to be made first before the others."""
    return fetch_all(connection, _WANTED, WantedCall)


def finish_call_back(connection: Connection, call_back_id: int) -> bool:
    """Note that somebody has called back; return False if no such call-back is asked for."""
    return changed(connection, _DONE, call_back_id=call_back_id)
