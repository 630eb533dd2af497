"""Cancels orders for the pharmacy's staff: the rows first, then the money."""

from __future__ import annotations

from ivr.orders import authorize, lease
from ivr.orders.desk import Desk, Outcome
from ivr.orders.find import order_by_number
from ivr.orders.payments import payment_for
from ivr.orders.states import cancel_order


def cancel(desk: Desk, order_number: str) -> Outcome:
    """Cancel an order that has not shipped: refills and lines are given back, then what was authorized is voided."""
    with desk.database.begin() as connection:
        order = order_by_number(connection, order_number)
        if order is None:
            return Outcome(False, f"there is no order {order_number}")
        lease.take(connection, order.id, desk.clock())  # nobody begins to ask for its payment meanwhile
        payment = payment_for(connection, order.id)
        if payment and payment.status == "pending":
            words = f"the payment of order {order_number} is still being asked for; try again in a minute"
            return Outcome(False, words)
        if payment and payment.status == "captured" and order.status == "placed":
            return Outcome(False, f"order {order_number} is being shipped: its payment is captured")
        if not cancel_order(connection, order.id):
            return Outcome(False, f"order {order_number} is {order.status} and cannot be cancelled")
    if payment is None or payment.status != "authorized":
        return Outcome(True, f"order {order_number} is cancelled")
    if not authorize.void(desk, payment):
        return Outcome(True, f"order {order_number} is cancelled; its payment will be voided by the next sweep")
    return Outcome(True, f"order {order_number} is cancelled and its payment voided")
