"""Asking about an order: the latest, or one by its number."""

from __future__ import annotations

from dataclasses import replace

from ivr.flow.call import Done
from ivr.line import lockout
from ivr.line.actions import speech
from ivr.line.actions.kinds import Action, Inside, number, text
from ivr.line.service import Context
from ivr.orders import find
from ivr.orders.find import OrderFacts
from ivr.pharmacy.members import member_number
from ivr.prompts.spoken import Values


def latest_order(context: Context, values: Values) -> Done:
    """Find the order the member placed last."""
    return _told(find.latest_order(context.connection, number(values, "member_id")), "none")


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


ACTIONS: dict[str, Action] = {
    "latest_order": Inside(latest_order),
    "find_order": Inside(find_order),
}
