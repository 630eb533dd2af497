"""Finds orders whose caller never heard what became of them, as the call broke off right after the confirming key.

Nothing is noted for that while orders are placed: whether an order was heard shows in what came after it in its call.
The caller was asked something later, or stayed on the line for as long as it takes to say the order's number.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from ivr.line import tables
from ivr.orders.find import OrderFacts, untold_orders
from ivr.orders.keys import turn_of

HEARD_AFTER = timedelta(seconds=15)
"""How long after a reply was sent its order number has been heard."""
HEARD_BY = timedelta(seconds=35)
"""By when the caller was asked again, had they got the reply: a call that ended later, with no further turn, was led to
its end without the database, by words that take longer than this."""

_JOURNAL, _CALL = tables.journal.c, tables.call.c
_SINCE = (
    select(_JOURNAL.at, _JOURNAL.event, _JOURNAL.trail, _CALL.ended_at)
    .join(tables.call, _CALL.sid == _JOURNAL.call_sid)
    .where(_JOURNAL.call_sid == bindparam("sid"), _JOURNAL.turn >= bindparam("turn"))
    .order_by(_JOURNAL.turn)
)
_UNANSWERED = ("silence", "too_many")
"""How a question is left that got no key; a turn that the carrier only came back for is left by an outcome."""


def unheard_orders(connection: Connection, member_id: int, now: datetime) -> Sequence[OrderFacts]:
    """Return a member's orders that were placed by telephone and wait for nothing, and of which nobody heard."""
    return [order for order in untold_orders(connection, member_id, now) if not _was_heard(connection, order)]


def _was_heard(connection: Connection, order: OrderFacts) -> bool:
    """Return whether the call that placed an order told its number; also if nothing is known of that call any more."""
    key = turn_of(order.request_key)
    turns = connection.execute(_SINCE, {"sid": key[0], "turn": key[1]}).all() if key else ()
    if not turns:
        return True
    if any(_follows_question(turn.event, turn.trail) for turn in turns[1:]):
        return True
    is_paid_then = bool(order.total_cents) and order.ship_on is None
    if is_paid_then and len(turns) == 1:
        return False  # the processor was not asked in that call, so its answer was not told
    last = turns[-1]
    return last.ended_at is not None and HEARD_AFTER <= last.ended_at - last.at <= HEARD_BY


def _follows_question(event: str, trail: str) -> bool:
    """Return whether a turn of the journal is what a caller did at a question, so that the reply before was heard."""
    if event.startswith("keys"):
        return True
    trace = json.loads(trail)
    return bool(trace) and trace[0][2] in _UNANSWERED
