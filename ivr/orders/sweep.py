"""The sweep of orders, which the line makes again and again: finishes what calls left behind.

It charges scheduled orders on their ship day, authorizes payments that no call waits for any more, holds and later
cancels orders that were never paid, voids the authorizations of cancelled orders, and forgets cards that were kept for
an order alone once it is finished. It is safe to run at any time and in any number of workers, since every step is
claimed in the database first. Each order's step stands by itself: one that fails leaves the others to be taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from ivr import logs
from ivr.orders import lease
from ivr.orders.authorize import Progress, authorize, begin_next_payment
from ivr.orders.cancel import Cancelled, cancel_order, void
from ivr.orders.cards import finished_with_cards, forget_order_card
from ivr.orders.desk import Desk
from ivr.orders.events import Actor, record_event
from ivr.orders.find import (
    OrderFacts,
    due_to_ship,
    held_for_payment,
    is_due_to_ship,
    order_by_id,
    pending_since_before,
)
from ivr.orders.hold import hold_order
from ivr.orders.payments import OWN_CHANNEL, authorized_in_vain, is_paid, kept_until, payment_for, unpaid_since
from ivr.orders.ship_day import hold_or_move, send_late
from ivr.orders.statuses import move_order
from ivr.pharmacy.database import is_connection_lost
from ivr.pharmacy.tables import STANDING, HeldReason, OrderStatus

MINIMUM_AGE = timedelta(seconds=60)
"""The sweep leaves payments and orders younger than this to their call."""

UNPAID_FOR = timedelta(minutes=30)
"""How long a declined order waits for another card before it is held; it is kept for days then, see `kept_until`."""


Steps = Mapping[int, Callable[[], bool]]
"""Order -> the step that is due for it; a step returns whether it did something."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How a part of a sweep went."""

    done: int = 0
    """How many orders, payments or rows it saw through."""
    failed: int = 0
    """How many orders failed; the log says which and why."""
    more: bool = False
    """Whether there is more than it had time for."""


def see_through(
    desk: Desk,
    part: str,
    now: datetime,
    stopping: Callable[[], bool] = lambda: False,
    begin_at: Callable[[int], int] = lambda _: 0,
) -> Tally:
    """Take the steps of one of `PARTS`, until `stopping` returns true. One that fails is logged, and the others go on.

    `begin_at` returns with which of so many steps to begin: sweeps at once begin apart, and do not wait for each other.
    """
    done = failed = 0
    steps = list(PARTS[part](desk, now).items())
    begin = begin_at(len(steps)) if steps else 0
    for order_id, step in (*steps[begin:], *steps[:begin]):
        if stopping():
            break
        try:
            done += step()
        except Exception as error:
            if is_connection_lost(error):
                raise
            logs.get_logger().exception("sweep_failed", part=part, order_id=order_id)
            failed += 1
    return Tally(done, failed)


def finish_call(desk: Desk, sid: str) -> None:
    """Authorize the payments that an ended call began; what cannot be finished now is left to the next sweep."""
    for order_id in desk.commit(lambda connection: lease.orders_of_call(connection, sid)):
        finish_order(desk, order_id)


def payments_to_finish(desk: Desk, now: datetime) -> Steps:
    """Return the steps that authorize the payments that no call waits for any more."""
    begun = desk.commit(partial(lease.begun_before, moment=now - MINIMUM_AGE))
    pending = desk.commit(partial(pending_since_before, moment=now - MINIMUM_AGE))
    unpaid_orders = [order.id for order in pending if order.channel == OWN_CHANNEL]
    return {order_id: partial(_is_finished, desk, order_id) for order_id in (*begun, *unpaid_orders)}


def _is_finished(desk: Desk, order_id: int) -> bool:
    return finish_order(desk, order_id) in (Progress.PAID, Progress.HELD)


def finish_order(desk: Desk, order_id: int) -> Progress:
    """Authorize one order's payment, as a payment turn does, and log the outcome."""
    progress, answer = authorize(desk, order_id)
    if answer is not None:
        logs.get_logger().info("settled", order_id=order_id, outcome=progress.value)
    return progress


def orders_to_hold(desk: Desk, now: datetime) -> Steps:
    """Return the steps that hold orders whose card was declined, and that got no other one in time."""
    unpaid = desk.commit(lambda connection: pending_since_before(connection, now - UNPAID_FOR))
    begun = frozenset(desk.commit(partial(lease.begun_before, moment=now - UNPAID_FOR)))
    return {
        order.id: partial(desk.commit, partial(_hold_unpaid, order_id=order.id, now=now))
        for order in unpaid
        if order.channel == OWN_CHANNEL or order.id in begun
    }


def _hold_unpaid(connection: Connection, order_id: int, now: datetime) -> bool:
    lease.lock_row(connection, order_id, now)
    order, payment = order_by_id(connection, order_id), payment_for(connection, order_id)
    if order is None or order.status is not OrderStatus.PENDING:
        return False
    if payment and (payment.status in STANDING or payment.created_at > now - UNPAID_FOR):
        return False  # another card is being tried
    lease.remove(connection, order_id)
    return hold_order(connection, order_id, HeldReason.PAYMENT, now, Actor.LINE)


def orders_to_cancel(desk: Desk, now: datetime) -> Steps:
    """Return the steps that cancel orders that were held for their payment, and that nobody paid in time."""
    held = desk.commit(held_for_payment)
    return {order.id: partial(desk.commit, partial(_cancel_unpaid, desk=desk, order=order, now=now)) for order in held}


def _cancel_unpaid(connection: Connection, desk: Desk, order: OrderFacts, now: datetime) -> bool:
    if unpaid_since(connection, order.id) is None:  # held by another program, or before events were recorded
        record_event(connection, order.id, f"{OrderStatus.HELD}_{HeldReason.PAYMENT}", now, Actor.LINE)
        return False
    last_moment = kept_until(connection, order, desk.rules, now)
    if last_moment is None or desk.today(last_moment) >= desk.today(now):
        return False  # kept through the day that callers are told
    reason = "it was not paid for in time"
    return isinstance(cancel_order(connection, order.id, now, Actor.LINE, reason, unpaid=True), Cancelled)


def orders_to_start(desk: Desk, now: datetime) -> Steps:
    """Return the steps that begin the payment of scheduled orders whose ship day has come, of every channel.

    Each is judged anew first, see `ship_day`. An order with nothing to pay becomes placed at once, and one whose card is
    gone or has expired is held.
    """
    due = desk.commit(lambda connection: due_to_ship(connection, desk.today(now)))
    return {order_id: partial(desk.commit, partial(_start, desk=desk, order_id=order_id, now=now)) for order_id in due}


def _start(connection: Connection, desk: Desk, order_id: int, now: datetime) -> bool:
    today = desk.today(now)
    if not is_due_to_ship(connection, order_id, today):
        return False  # begun by another sweep, or changed: seen before waiting for a lock
    row = lease.lock_row(connection, order_id, now)
    order, last_payment = order_by_id(connection, order_id), payment_for(connection, order_id)
    if order is None or not is_due_to_ship(connection, order_id, today):
        if row.begun_at == now:  # inserted just now, as the other sweep is through with it
            lease.remove(connection, order_id)
        return False
    if hold_or_move(connection, order, today, desk.rules, now):
        lease.remove(connection, order_id)
        return True
    send_late(connection, order, today, desk.rules)
    if is_paid(order, last_payment):
        lease.remove(connection, order_id)
        return move_order(connection, order_id, OrderStatus.PLACED, now, Actor.LINE)
    if begin_next_payment(connection, desk.gateway, order, last_payment, now, today) is None:
        lease.remove(connection, order_id)
        return hold_order(connection, order_id, HeldReason.PAYMENT, now, Actor.LINE)
    lease.add(connection, order_id, None, now - MINIMUM_AGE, keep_card=False)
    return True


def payments_to_void(desk: Desk, _: datetime) -> Steps:
    """Return the steps that void what is still authorized for cancelled orders."""
    in_vain = desk.commit(partial(authorized_in_vain, gateway=desk.gateway.name))
    return {payment.order_id: partial(void, desk, payment) for payment in in_vain}


def cards_to_forget(desk: Desk, _: datetime) -> Steps:
    """Return the steps that delete the cards stored for one order alone that another program has finished."""
    return {order_id: partial(_forget, desk, order_id) for order_id in desk.commit(finished_with_cards)}


def _forget(desk: Desk, order_id: int) -> bool:
    desk.commit(partial(forget_order_card, order_id=order_id))
    return True


PARTS: Mapping[str, Callable[[Desk, datetime], Steps]] = {
    "orders_started": orders_to_start,
    "payments_finished": payments_to_finish,
    "orders_held": orders_to_hold,
    "orders_cancelled": orders_to_cancel,
    "payments_voided": payments_to_void,
    "cards_forgotten": cards_to_forget,
}
"""The parts of the sweep of orders, in their order: what each sees through, and what is due for it."""
