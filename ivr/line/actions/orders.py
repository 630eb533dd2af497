"""Asking about an order: the latest, or one by its number."""

from __future__ import annotations

from typing import Annotated

from ivr.flow.call import Done
from ivr.line import lockout
from ivr.line.action import action, done
from ivr.line.actions import keyed, speech
from ivr.line.service import Context
from ivr.orders import find
from ivr.orders.find import OrderFacts
from ivr.pharmacy.members import member_number

TOLD = {"order_number": "digits", "order_state": "phrase", "total": "money", "count": "number"}

SAID = ("order_number", "order_state", "count")

PHRASES = {"order_state": speech.ORDER_STATES}


@action("found", "none", on={"found": TOLD}, phrases=PHRASES, tells={"found": SAID})
def latest_order(context: Context, member_id: int) -> Done:
    """Find the order the member placed last."""
    return _told(find.latest_order(context.connection, member_id), "none")


@action("found", "not_found", on={"found": TOLD}, phrases=PHRASES, tells={"found": SAID})
def find_order(context: Context, member_id: int, keyed_order: Annotated[str, keyed.ORDER_NUMBER]) -> Done:
    """Find an order of the member by its number."""
    whose = member_number(context.connection, member_id)
    judged = lockout.guess(context, whose, lambda: find.find_order(context.connection, member_id, keyed_order))
    return _told(judged.answer, "not_found")


def _told(order: OrderFacts | None, otherwise: str) -> Done:
    if order is None:
        return done(otherwise)
    told = {"order_number": order.order_number, "order_state": speech.order_state(order)}
    return done("found", **told, total=order.total_cents, count=len(order.lines))
