"""The sweep of orders, which each worker runs again and again: finishes what calls left behind.

It charges scheduled orders on their ship day, authorizes payments that no call waits for any more, cancels orders that
were never paid, and voids the authorizations of cancelled orders. It is safe to run at any time and in any number of
workers, since every step is claimed in the database first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from ivr import logs
from ivr.orders import lease
from ivr.orders.authorize import Progress, authorize, begin_next_payment
from ivr.orders.cancel import Cancelled, cancel_order, void
from ivr.orders.desk import Desk
from ivr.orders.find import OrderFacts, due_to_ship, pending_since_before
from ivr.orders.hold import hold_order
from ivr.orders.payments import authorized_in_vain, payment_for
from ivr.orders.statuses import move_order
from ivr.pharmacy.tables import STANDING, HeldReason, OrderStatus

MINIMUM_AGE = timedelta(seconds=60)
"""The sweep leaves payments and orders younger than this to their call."""

OWN_CHANNEL = "phone"
"""The sweep finishes orders of this channel only: the website and the app finish their own."""

UNPAID_FOR = timedelta(minutes=30)
"""How long an unpaid order waits for another card before it is cancelled."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many orders a sweep authorized or held, cancelled, and began to charge."""

    finished: int = 0
    cancelled: int = 0
    started: int = 0


def sweep(desk: Desk, now: datetime) -> Swept:
    """Do everything that is due now and return the counts."""
    started = start_due_orders(desk, now)
    finished = finish_waiting_payments(desk, now)
    cancelled = cancel_unpaid_orders(desk, now)
    for payment in desk.commit(partial(authorized_in_vain, gateway=desk.gateway.name)):
        void(desk, payment)
    return Swept(finished, cancelled, started)


def finish_call(desk: Desk, sid: str) -> None:
    """Authorize the payments that an ended call began; what cannot be finished now is left to the next sweep."""
    for order_id in desk.commit(lambda connection: lease.orders_of_call(connection, sid)):
        finish_order(desk, order_id)


def finish_waiting_payments(desk: Desk, now: datetime) -> int:
    """Authorize the payments that no call waits for any more; return how many orders are paid or held."""
    begun = desk.commit(partial(lease.begun_before, moment=now - MINIMUM_AGE))
    pending = desk.commit(partial(pending_since_before, moment=now - MINIMUM_AGE))
    unpaid_orders = [order.id for order in pending if order.channel == OWN_CHANNEL]
    return sum(
        finish_order(desk, order_id) in (Progress.PAID, Progress.HELD)
        for order_id in dict.fromkeys([*begun, *unpaid_orders])
    )


def finish_order(desk: Desk, order_id: int) -> Progress:
    """Authorize one order's payment, as a payment turn does, and log the outcome."""
    progress, answer = authorize(desk, order_id)
    if answer is not None:
        logs.get_logger().info("settled", order_id=order_id, outcome=progress.value)
    return progress


def cancel_unpaid_orders(desk: Desk, now: datetime) -> int:
    """Cancel the orders that were not paid in time, as after a declined card; return how many."""
    unpaid = desk.commit(lambda connection: pending_since_before(connection, now - UNPAID_FOR))
    unpaid_orders = [order.id for order in unpaid if order.channel == OWN_CHANNEL]
    return sum(desk.commit(partial(_cancel_unpaid, order_id=order_id, now=now)) for order_id in unpaid_orders)


def _cancel_unpaid(connection: Connection, order_id: int, now: datetime) -> bool:
    return isinstance(cancel_order(connection, order_id, now, only_unpaid=True), Cancelled)


def start_due_orders(desk: Desk, now: datetime) -> int:
    """Begin the payment of scheduled orders whose ship day has come; return how many.

    An order with nothing to pay becomes placed at once, and one whose card is gone is held.
    """
    due = desk.commit(lambda connection: due_to_ship(connection, desk.today(now)))
    return sum(desk.commit(partial(_start_payment, desk=desk, order=order, now=now)) for order in due)


def _start_payment(connection: Connection, desk: Desk, order: OrderFacts, now: datetime) -> bool:
    if not order.total_cents:
        return move_order(connection, order.id, OrderStatus.PLACED)
    last_payment = payment_for(connection, order.id)
    if last_payment is not None and last_payment.status in STANDING:
        return False  # begun by an earlier sweep
    if begin_next_payment(connection, desk.gateway, order, last_payment, now) is None:
        return hold_order(connection, order.id, HeldReason.PAYMENT)
    lease.add(connection, order.id, None, now - MINIMUM_AGE, keep_card=False)
    return True
