"""A dropped call: whoever calls back soon from the same number, and identifies again, may go on with the same order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from ivr.flow.call import Done
from ivr.flow.definition import KEPT
from ivr.line import tables
from ivr.line.action import action
from ivr.line.actions.address import CHOSEN, chosen
from ivr.line.actions.kinds import item, items, number
from ivr.line.service import Context
from ivr.line.sessions import STATE_KEPT, values_left
from ivr.pharmacy.addresses import NewAddress
from ivr.pharmacy.doubts import judged_anew
from ivr.prompts.spoken import Value, Values

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
    reads=("member_id",),
    may_read=("dropped_asked",),
    writes={"dropped_asked": KEPT},
    on={"dropped": {"dropped": KEPT, "count": "number", "dropped_address": KEPT}},
    tells={"dropped": ("count",)},
)
def find_dropped_order(context: Context, values: Values) -> Done:
    """Find what this member had chosen when their last call ended; asked about once a call."""
    if context.caller.withheld or values.get("dropped_asked"):
        return Done("none", {"dropped_asked": True})
    sealed = context.connection.scalar(
        _LAST_CALL,
        {
            "from_number": context.caller.from_number,
            "since": context.now - STATE_KEPT,
            "member_id": number(values, "member_id"),
            "sid": context.caller.sid,
        },
    )
    left = values_left(context.line, sealed, context.now)
    basket = items(left, "basket")
    if not basket:
        return Done("none", {"dropped_asked": True})
    dropped: dict[str, Value] = {
        "dropped": basket,
        "count": len(basket),
        "dropped_address": left.get("new_address") or left.get("unproved_address"),
    }
    return Done("dropped", {"dropped_asked": True, **dropped})


@action(
    *("taken_up", "with_address"),
    reads=("dropped",),
    may_read=("dropped_address",),
    writes={"basket": KEPT},
    on={"with_address": {"unproved_address": KEPT}},
    forgets=DROPPED,
)
def take_up_order(_: Context, values: Values) -> Done:
    """Go on with what had been chosen; every prescription is judged again when the order is placed."""
    taken: dict[str, Value] = {"basket": items(values, "dropped")}
    if address := values.get("dropped_address"):
        return Done("with_address", {**taken, "unproved_address": address}, forgets=DROPPED)
    return Done("taken_up", taken, forgets=DROPPED)


@action("taken_up", "to_be_checked", reads=("unproved_address",), writes=CHOSEN, forgets=("unproved_address",))
def take_up_address(context: Context, values: Values) -> Done:
    """Go on with the address that had been keyed, as it is to be taken now."""
    left: Any = item(values, "unproved_address")
    new = judged_anew(context.connection, NewAddress(**left))
    return Done("taken_up" if new.verified else "to_be_checked", chosen(new), forgets=("unproved_address",))
