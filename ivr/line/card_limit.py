"""Limits how many new cards are tried for a member, or the line would tell thieves which of their card numbers are good.

A new card counts when the processor refuses it, or declines to charge it, whichever call and phone it came from.

- One that is declined is a `payment` of the member's, also if the caller hung up before the answer came.
- One that is refused at once is counted in `wrong_try`, in a row that names no phone, and whose member is the digest of
  nobody's number. So it locks nobody out of anything, and is swept away with the wrong tries.
"""

from __future__ import annotations

from sqlalchemy import bindparam, func, insert, select

from ivr.line import lockout, tables
from ivr.line.service import Context
from ivr.orders.payments import new_cards_declined

MOST_CARDS = 5
"""After how many cards that were not accepted no new card of the member is taken."""
COUNTS_FOR = lockout.COUNTS_FOR
"""How long each of them counts: as long as the rows of `wrong_try` are kept."""

_TRY = tables.wrong_try.c
_COUNT = insert(tables.wrong_try).inline()
_REFUSED = select(func.count()).where(_TRY.member == bindparam("member"), _TRY.at > bindparam("since"))


def takes_new_card(context: Context, member_id: int) -> bool:
    """Return whether another new card may be tried for a member."""
    since, member = context.now - COUNTS_FOR, context.services.digest(cards_of(member_id))
    refused = context.connection.execute(_REFUSED, {"member": member, "since": since}).scalar_one()
    return refused + new_cards_declined(context.connection, member_id, since) < MOST_CARDS


def count_refused(context: Context, member_id: int) -> None:
    """Count a new card of a member that the processor refused."""
    member = context.services.digest(cards_of(member_id))
    context.connection.execute(_COUNT, {"phone": lockout.NO_PHONE, "member": member, "at": context.now})


def cards_of(member_id: int) -> str:
    """Return the text whose digest stands for a member's new cards."""
    return f"new cards of {member_id}"
