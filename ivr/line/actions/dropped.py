"""A dropped call: whoever calls back soon from the same number, and identifies again, may go on with the same order."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from ivr.flow.call import Done
from ivr.line import tables
from ivr.line.actions.kinds import Action, Inside, items, number
from ivr.line.service import Context
from ivr.line.sessions import STATE_KEPT, chosen
from ivr.wording import Values

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


def find_dropped_order(context: Context, values: Values) -> Done:
    """Find what this member had chosen when their last call ended; asked about once a call."""
    if context.caller.withheld or values.get("dropped_asked"):
        return Done("none")
    sealed = context.connection.scalar(
        _LAST_CALL,
        {
            "from_number": context.caller.from_number,
            "since": context.now - STATE_KEPT,
            "member_id": number(values, "member_id"),
            "sid": context.caller.sid,
        },
    )
    dropped = chosen(context.line, sealed, context.now)
    if not dropped:
        return Done("none", {"dropped_asked": True})
    return Done("dropped", {"dropped_asked": True, "dropped": dropped, "count": len(dropped)})


def take_up_order(_: Context, values: Values) -> Done:
    """Go on with what had been chosen; every prescription is judged again when the order is placed."""
    return Done("taken_up", {"basket": items(values, "dropped")}, forgets=("dropped",))


ACTIONS: dict[str, Action] = {
    "find_dropped_order": Inside(find_dropped_order),
    "take_up_order": Inside(take_up_order),
}
