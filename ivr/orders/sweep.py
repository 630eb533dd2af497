"""Finishes what calls left behind: payments nobody waited for, orders never paid, days that have come.

Safe to run at any time, by any number of workers: everything it does is claimed in the database first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from ivr import logs
from ivr.orders import lease
from ivr.orders.authorize import Progress, authorize, begin_again
from ivr.orders.cancel import Cancelled, cancel_order, void
from ivr.orders.desk import Desk
from ivr.orders.find import OrderFacts, due_to_ship, pending_since_before
from ivr.orders.hold import hold_order
from ivr.orders.payments import authorized_in_vain, payment_for
from ivr.orders.statuses import move_order
from ivr.pharmacy.tables import STANDING, HeldReason, OrderStatus

LEFT_ALONE = timedelta(seconds=60)
"""An order younger than this is still its call's own business."""

CHANNEL = "phone"
"""The website and the app finish their own orders."""

UNPAID_FOR = timedelta(minutes=30)
"""How long a declined order waits for another card before it is cancelled."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did, in orders."""

    finished: int = 0
    cancelled: int = 0
    started: int = 0


def sweep(desk: Desk, now: datetime) -> Swept:
    """Do all there is to do now."""
    started = start_due(desk, now)
    finished = finish_left(desk, now)
    cancelled = cancel_unpaid(desk, now)
    for payment in desk.commit(partial(authorized_in_vain, gateway=desk.gateway.name)):
        void(desk, payment)
    return Swept(finished, cancelled, started)


def finish_call(desk: Desk, sid: str) -> None:
    """Finish the orders of a call that is over; what cannot be finished now is left to the next sweep."""
    for order_id in desk.commit(lambda connection: lease.orders_of_call(connection, sid)):
        finish_order(desk, order_id)


def finish_left(desk: Desk, now: datetime) -> int:
    """Ask for the payments that no call is waiting for any more."""
    with desk.database.begin() as connection:
        begun = lease.begun_before(connection, now - LEFT_ALONE)
        waiting = [order.id for order in pending_since_before(connection, now - LEFT_ALONE) if order.channel == CHANNEL]
    return sum(
        finish_order(desk, order_id) in (Progress.PAID, Progress.HELD) for order_id in dict.fromkeys([*begun, *waiting])
    )


def finish_order(desk: Desk, order_id: int) -> Progress:
    """Ask for one order's payment, as a payment turn does."""
    progress, answer = authorize(desk, order_id)
    if answer is not None:
        logs.get_logger().info("settled", order_id=order_id, outcome=progress.value)
    return progress


def cancel_unpaid(desk: Desk, now: datetime) -> int:
    """Cancel orders whose card was declined and for which no other came in time."""
    old = desk.commit(lambda connection: pending_since_before(connection, now - UNPAID_FOR))
    waiting = [order.id for order in old if order.channel == CHANNEL]
    return sum(desk.commit(partial(_cancel, order_id=order_id, now=now)) for order_id in waiting)


def _cancel(connection: Connection, order_id: int, now: datetime) -> bool:
    return isinstance(cancel_order(connection, order_id, now, only_unpaid=True), Cancelled)


def start_due(desk: Desk, now: datetime) -> int:
    """Begin the payment of orders whose ship day has come; one with nothing due goes straight on."""
    due = desk.commit(lambda connection: due_to_ship(connection, desk.today(now)))
    return sum(desk.commit(partial(_start, desk=desk, order=order, now=now)) for order in due)


def _start(connection: Connection, desk: Desk, order: OrderFacts, now: datetime) -> bool:
    if not order.total_cents:
        return move_order(connection, order.id, OrderStatus.PLACED)
    last = payment_for(connection, order.id)
    if last is not None and last.status in STANDING:
        return False  # begun by an earlier sweep
    if begin_again(connection, desk.gateway, order, last, now) is None:
        return hold_order(connection, order.id, HeldReason.PAYMENT)
    lease.begin(connection, order.id, None, now - LEFT_ALONE, keep_card=False)
    return True
