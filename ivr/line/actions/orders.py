"""Asking about an order: the latest, or one by its number."""

from __future__ import annotations

from dataclasses import replace

from ivr.flow.call import Done
from ivr.line import lockout
from ivr.line.action import action
from ivr.line.actions import keyed, speech
from ivr.line.actions.kinds import number, text
from ivr.line.service import Context
from ivr.orders import find
from ivr.orders.find import OrderFacts
from ivr.pharmacy.members import member_number
from ivr.prompts.spoken import Values

TOLD = {"order_number": "digits", "order_state": "phrase", "total": "money", "count": "number"}

SAID = ("order_number", "order_state", "count")

PHRASES = {"order_state": speech.ORDER_STATES}


@action("found", "none", reads=("member_id",), on={"found": TOLD}, phrases=PHRASES, tells={"found": SAID})
def latest_order(context: Context, values: Values) -> Done:
    """Find the order the member placed last."""
    return _told(find.latest_order(context.connection, number(values, "member_id")), "none")


@action(
    *("found", "not_found"),
    reads=("member_id", "keyed_order"),
    forgets=("keyed_order",),
    answers={"keyed_order": keyed.ORDER_NUMBER},
    on={"found": TOLD},
    phrases=PHRASES,
    tells={"found": SAID},
)
def find_order(context: Context, values: Values) -> Done:
    """Find an order of the member by its number."""
    member_id, keyed = number(values, "member_id"), text(values, "keyed_order")
    whose = member_number(context.connection, member_id)
    judged = lockout.guess(context, whose, lambda: find.find_order(context.connection, member_id, keyed))
    return replace(_told(judged.answer, "not_found"), forgets=("keyed_order",))


def _told(order: OrderFacts | None, otherwise: str) -> Done:
    if order is None:
        return Done(otherwise)
    told = {"order_number": order.order_number, "order_state": speech.order_state(order)}
    return Done("found", {**told, "total": order.total_cents, "count": len(order.lines)})
