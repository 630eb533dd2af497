"""Actions that tell of an order: the latest, or one by its number."""

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

ORDER_VALUES = {"order_id": "kept", "order_number": "digits", "order_state": "phrase", "count": "number"}

PHRASES = {"order_state": speech.ORDER_STATES}


@action("found", "none", on={"found": ORDER_VALUES}, phrases=PHRASES)
def latest_order(context: Context, member_id: int) -> Done:
    """Find the order that the member placed last."""
    return _outcome_for(find.latest_order(context.connection, member_id), "none")


@action("found", "not_found", on={"found": ORDER_VALUES}, phrases=PHRASES)
def find_order(context: Context, member_id: int, keyed_order: Annotated[str, keyed.ORDER_NUMBER]) -> Done:
    """Find the member's order with the keyed number."""
    number = member_number(context.connection, member_id)
    judged = lockout.guess(context, number, lambda: find.find_order(context.connection, member_id, keyed_order))
    return _outcome_for(judged.answer, "not_found")


def _outcome_for(order: OrderFacts | None, outcome_if_none: str) -> Done:
    if order is None:
        return done(outcome_if_none)
    values = {"order_id": order.id, "order_number": order.order_number, "order_state": speech.order_state(order)}
    return done("found", **values, count=len(order.lines))
