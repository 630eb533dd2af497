"""Actions for a dropped call: a member who soon calls again from the same number may go on with the same order."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from ivr.flow.call import Done
from ivr.flow.definition import OPAQUE
from ivr.line import tables
from ivr.line.action import action, done
from ivr.line.actions.address import CHOSEN, as_chosen
from ivr.line.service import Context
from ivr.line.sessions import STATE_KEPT, stored_values
from ivr.line.values import Basket, Gathered, decoder
from ivr.pharmacy.addresses import NewAddress
from ivr.pharmacy.unverified import judge_again

DROPPED = ("dropped", "dropped_address")
"""The values kept of the dropped call until the caller says whether to go on with it."""

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
    """Find the basket that this member had when their last call ended; it is offered once in a call."""
    if context.caller.withheld or dropped_asked:
        return done("none", dropped_asked=True)
    sealed_state = context.connection.scalar(
        _LAST_CALL,
        {
            "from_number": context.caller.from_number,
            "since": context.now - STATE_KEPT,
            "member_id": member_id,
            "sid": context.caller.sid,
        },
    )
    dropped_order = _DROPPED_ORDER(stored_values(context.services.vault, sealed_state, context.now))
    if not dropped_order.basket:
        return done("none", dropped_asked=True)
    address = dropped_order.new_address or dropped_order.unproved_address
    return done(
        "dropped",
        dropped=dropped_order.basket,
        count=len(dropped_order.basket),
        dropped_address=address,
        dropped_asked=True,
    )


@dataclass(frozen=True, slots=True)
class _DroppedOrder(Gathered):
    """What is taken over from the dropped call."""

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
    """Go on with the earlier basket; every prescription is judged again when the order is placed."""
    if dropped_address:
        return done("with_address", basket=dropped, unproved_address=dropped_address)
    return done("taken_up", basket=dropped)


@action("taken_up", "to_be_checked", writes=CHOSEN, forgets=("unproved_address",))
def take_up_address(context: Context, unproved_address: NewAddress) -> Done:
    """Go on with the address keyed in the earlier call, after checking it again."""
    address = judge_again(context.connection, unproved_address)
    return done("taken_up" if address.verified else "to_be_checked", as_chosen(address))
