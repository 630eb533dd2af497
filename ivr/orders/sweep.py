"""Finishes what calls left behind: payments nobody waited for, orders never paid, days that have come.

Safe to run at any time, by any number of workers: everything it does is claimed in the database first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from ivr import logs
from ivr.orders import authorize, lease
from ivr.orders.authorize import Request, Settled
from ivr.orders.cards import saved_card
from ivr.orders.desk import Desk
from ivr.orders.find import OrderFacts, due_to_ship, pending_since_before
from ivr.orders.payments import STANDING, authorized_in_vain, begin_payment, payment_for
from ivr.orders.states import cancel_order, hold_order, mark_placed

LEFT_ALONE = timedelta(seconds=60)
"""An order younger than this is still its call's own business."""

CHANNEL = "phone"
"""The website and the app finish their own orders."""

UNPAID_FOR = timedelta(minutes=30)
"""How long a declined order waits for another card before it is cancelled."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did, in orders."""

    settled: int = 0
    cancelled: int = 0
    started: int = 0


def sweep(desk: Desk, now: datetime) -> Swept:
    """Do all there is to do now."""
    started = start_due(desk, now)
    settled = settle_left(desk, now)
    cancelled = cancel_unpaid(desk, now)
    for payment in desk.commit(partial(authorized_in_vain, gateway=desk.gateway.name, channel=CHANNEL)):
        authorize.void(desk, payment)
    return Swept(settled, cancelled, started)


def settle_call(desk: Desk, sid: str) -> None:
    """Finish the orders of a call that is over; what cannot be finished now is left to the next sweep."""
    for order_id in desk.commit(lambda connection: lease.orders_of_call(connection, sid)):
        settle_order(desk, order_id)


def settle_left(desk: Desk, now: datetime) -> int:
    """Ask for the payments that no call is waiting for any more."""
    with desk.database.begin() as connection:
        begun = lease.begun_before(connection, now - LEFT_ALONE)
        waiting = [order.id for order in pending_since_before(connection, now - LEFT_ALONE) if order.channel == CHANNEL]
    return sum(
        settle_order(desk, order_id) in (Settled.PAID, Settled.HELD) for order_id in dict.fromkeys([*begun, *waiting])
    )


def settle_order(desk: Desk, order_id: int) -> Settled:
    """Ask for one order's payment, as a settle turn does."""
    claimed = desk.commit(lambda connection: authorize.claim(connection, desk.gateway, order_id, desk.clock()))
    if not isinstance(claimed, Request):
        return claimed
    answer = authorize.ask(desk.gateway, claimed)
    settled = desk.commit(lambda connection: authorize.finish(connection, claimed, answer))
    logs.get_logger().info("settled", order_id=order_id, outcome=settled.value)
    return settled


def cancel_unpaid(desk: Desk, now: datetime) -> int:
    """Cancel orders whose card was declined and for which no other came in time."""
    old = desk.commit(lambda connection: pending_since_before(connection, now - UNPAID_FOR))
    waiting = [order for order in old if order.channel == CHANNEL]
    return sum(desk.commit(partial(_cancel, order=order)) for order in waiting)


def _cancel(connection: Connection, order: OrderFacts) -> bool:
    lease.take(connection, order.id, order.placed_at)
    payment = payment_for(connection, order.id)
    if payment is not None and payment.status == "pending":
        return False  # nobody knows yet whether it was paid
    lease.drop(connection, order.id)
    return cancel_order(connection, order.id)


def start_due(desk: Desk, now: datetime) -> int:
    """Begin the payment of orders whose ship day has come; one with nothing due goes straight on."""
    due = desk.commit(lambda connection: due_to_ship(connection, desk.today(now)))
    return sum(desk.commit(partial(_start, desk=desk, order=order, now=now)) for order in due)


def _start(connection: Connection, desk: Desk, order: OrderFacts, now: datetime) -> bool:
    if not order.total_cents:
        return mark_placed(connection, order.id)
    last = payment_for(connection, order.id)
    if last is not None and last.status in STANDING:
        return False  # begun by an earlier sweep
    card = saved_card(connection, order.saved_card_id) if order.saved_card_id else None
    if card is None:
        return hold_order(connection, order.id, "payment")
    begin_payment(
        connection,
        order.id,
        gateway=desk.gateway.name,
        brand=card.brand,
        last4=card.last4,
        amount_cents=order.total_cents,
        request_key=f"order-{order.order_number}-{last.id if last else 0}",  # a new key for each try, alike in all workers
        now=now,
    )
    lease.begin(connection, order.id, None, now - LEFT_ALONE, keep_card=False)
    return True
