"""Settle turns: the order that was placed is paid, or another card is asked for."""

from __future__ import annotations

from datetime import timedelta

from ivr.flow.call import Done
from ivr.line import settle
from ivr.line.actions.kinds import Action, Inside, Outside, number
from ivr.line.actions.placing import attach_card
from ivr.line.service import Context, Line
from ivr.line.settle import ProcessorAnswer, Request, Settled
from ivr.pharmacy.fulfilment import cancel_order
from ivr.pharmacy.orders import order_by_id
from ivr.pharmacy.payments import forget_order_card
from ivr.wording import Values

PATIENCE = timedelta(seconds=40)
"""For how long a caller is kept waiting for a slow processor."""


def _prepare(context: Context, values: Values) -> Request | Done:
    claimed = settle.claim(context.connection, context.line, number(values, "order_id"), context.now)
    return claimed if isinstance(claimed, Request) else _told(context, values, claimed)


def _perform(line: Line, request: Request) -> ProcessorAnswer:
    return settle.ask(line, request)


def _finish(context: Context, values: Values, request: Request, answer: ProcessorAnswer) -> Done:
    return _told(context, values, settle.finish(context.connection, request, answer))


def _told(context: Context, values: Values, settled: Settled) -> Done:
    begun = settle.begun_at(context.connection, number(values, "order_id"))
    if settled is Settled.WAITING and begun is not None and context.now - begun > PATIENCE:
        return Done("slow")
    return Done(settled.value)


def pay_with_other_card(context: Context, values: Values) -> Done:
    """Ask again for an order that was declined, with the card chosen now."""
    order_id = number(values, "order_id")
    standing = settle.standing(context.connection, order_id, context.now)
    order = order_by_id(context.connection, order_id)
    if order is None or order.status != "pending" or standing is not Settled.DECLINED:
        return Done("settled")
    forget_order_card(context.connection, order.id)
    attach_card(context, values, order)
    return Done("pending")


def cancel_unpaid(context: Context, values: Values) -> Done:
    """Cancel an order that was not paid; its refills and lines are given back. One that was paid meanwhile stands."""
    order_id = number(values, "order_id")
    standing = settle.standing(context.connection, order_id, context.now)
    if standing is Settled.WAITING:
        return Done("waiting")
    if standing is not Settled.DECLINED:
        return Done("settled")
    cancel_order(context.connection, order_id)
    return Done("cancelled")


ACTIONS: dict[str, Action] = {
    "settle_order": Outside(_prepare, _perform, _finish),
    "pay_with_other_card": Inside(pay_with_other_card),
    "cancel_unpaid": Inside(cancel_unpaid),
}
