"""A dropped call: whoever calls back soon from the same number, and identifies again, may go on with the same order."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line import tables
from ivr.line.action import action, done
from ivr.line.actions.address import CHOSEN, chosen
from ivr.line.service import Context
from ivr.line.sessions import STATE_KEPT, values_left
from ivr.line.values import Basket, Gathered, decoder
from ivr.pharmacy.addresses import NewAddress
from ivr.pharmacy.unverified import judged_anew

DROPPED = ("dropped", "dropped_address")
"""What is kept of the call before until the caller says whether to go on with it."""

_LAST_CALL = (
    select(tables.call.c.sealed_state)
    .where(
        tables.call.c.from_number == bindparam("from_number"),
        tables.call.c.heard_at > bindparam("since"),
        tables.call.c.member_id == bindparam("member_id"),
        tables.call.c.sid != bindparam("sid"),
        tables.call.c.sealed_state.is_not(None),
    )
    .order_by(tables.call.c.heard_at.desc())
    .limit(1)
)


@action(
    "dropped",
    "none",
    writes={"dropped_asked": OPAQUE},
    on={"dropped": {"dropped": OPAQUE, "count": "number", "dropped_address": OPAQUE}},
    tells={"dropped": ("count",)},
)
def find_dropped_order(context: Context, member_id: int, dropped_asked: bool = False) -> Done:
    """Find what this member had chosen when their last call ended; asked about once a call."""
    if context.caller.withheld or dropped_asked:
        return done("none", dropped_asked=True)
    sealed = context.connection.scalar(
        _LAST_CALL,
        {
            "from_number": context.caller.from_number,
            "since": context.now - STATE_KEPT,
            "member_id": member_id,
            "sid": context.caller.sid,
        },
    )
    left = _DROPPED_ORDER(values_left(context.services, sealed, context.now))
    if not left.basket:
        return done("none", dropped_asked=True)
    address = left.new_address or left.unproved_address
    return done("dropped", dropped=left.basket, count=len(left.basket), dropped_address=address, dropped_asked=True)


@dataclass(frozen=True, slots=True)
class _DroppedOrder(Gathered):
    """What the call before had come to."""

    basket: Basket = ()
    new_address: NewAddress | None = None
    unproved_address: NewAddress | None = None


_DROPPED_ORDER = decoder(_DroppedOrder)


@action(
    *("taken_up", "with_address"),
    writes={"basket": OPAQUE},
    on={"with_address": {"unproved_address": OPAQUE}},
    forgets=DROPPED,
)
def take_up_order(_: Context, dropped: Basket, dropped_address: NewAddress | None = None) -> Done:
    """Go on with what had been chosen; every prescription is judged again when the order is placed."""
    if dropped_address:
        return done("with_address", basket=dropped, unproved_address=dropped_address)
    return done("taken_up", basket=dropped)


@action("taken_up", "to_be_checked", writes=CHOSEN, forgets=("unproved_address",))
def take_up_address(context: Context, unproved_address: NewAddress) -> Done:
    """Go on with the address that had been keyed, as it is to be taken now."""
    new = judged_anew(context.connection, unproved_address)
    return done("taken_up" if new.verified else "to_be_checked", chosen(new))
