"""Finishes what calls left behind: payments nobody waited for, orders never paid, days that have come.

Safe to run at any time, by any number of workers: everything it does is claimed in the database first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, delete, select

from ivr import logs
from ivr.line import lockout, sessions, settle, tables
from ivr.line.service import Line
from ivr.line.settle import Request, Settled
from ivr.pharmacy.database import retried
from ivr.pharmacy.fulfilment import cancel_order, hold_order, mark_placed
from ivr.pharmacy.orders import OrderFacts, due_to_ship, pending_since_before
from ivr.pharmacy.payments import STANDING, authorized_in_vain, begin_payment, payment_for, saved_card

Result = TypeVar("Result")

EVERY = timedelta(seconds=30)
"""How often each worker sweeps."""

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


def sweep(line: Line, retention: timedelta) -> Swept:
    """Do all there is to do now."""
    now = line.clock()
    started = start_due(line, now)
    settled = settle_left(line, now)
    cancelled = cancel_unpaid(line, now)
    for payment in _in_transaction(line, partial(authorized_in_vain, gateway=line.gateway.name, channel=CHANNEL)):
        settle.void(line, payment)
    _in_transaction(line, lambda connection: _forget(connection, line, now, retention))
    return Swept(settled, cancelled, started)


def _forget(connection: Connection, line: Line, now: datetime, retention: timedelta) -> None:
    connection.execute(delete(tables.card_entry).where(tables.card_entry.c.expires_at < now))
    connection.execute(delete(tables.journal).where(tables.journal.c.at < now - retention))
    connection.execute(delete(tables.call).where(tables.call.c.heard_at < now - retention))
    sessions.forget_sealed(connection, line, now)
    lockout.forget(connection, now)


def settle_call(line: Line, sid: str) -> None:
    """Finish the orders of a call that is over; what cannot be finished now is left to the next sweep."""
    mine = select(tables.settlement.c.order_id).where(tables.settlement.c.call_sid == sid)
    orders = _in_transaction(line, lambda connection: connection.scalars(mine).all())
    for order_id in orders:
        settle_order(line, order_id)


def settle_left(line: Line, now: datetime) -> int:
    """Ask for the payments that no call is waiting for any more."""
    left = select(tables.settlement.c.order_id).where(tables.settlement.c.begun_at <= now - LEFT_ALONE)
    with line.database.begin() as connection:
        begun = connection.scalars(left.order_by(tables.settlement.c.begun_at)).all()
        waiting = [order.id for order in pending_since_before(connection, now - LEFT_ALONE) if order.channel == CHANNEL]
    return sum(
        settle_order(line, order_id) in (Settled.PAID, Settled.HELD) for order_id in dict.fromkeys([*begun, *waiting])
    )


def settle_order(line: Line, order_id: int) -> Settled:
    """Ask for one order's payment, as a settle turn does."""
    claimed = _in_transaction(line, lambda connection: settle.claim(connection, line, order_id, line.clock()))
    if not isinstance(claimed, Request):
        return claimed
    answer = settle.ask(line, claimed)
    settled = _in_transaction(line, lambda connection: settle.finish(connection, claimed, answer))
    logs.get_logger().info("settled", order_id=order_id, outcome=settled.value)
    return settled


def cancel_unpaid(line: Line, now: datetime) -> int:
    """Cancel orders whose card was declined and for which no other came in time."""
    old = _in_transaction(line, lambda connection: pending_since_before(connection, now - UNPAID_FOR))
    waiting = [order for order in old if order.channel == CHANNEL]
    return sum(_in_transaction(line, partial(_cancel, order=order)) for order in waiting)


def _cancel(connection: Connection, order: OrderFacts) -> bool:
    settle.lock(connection, order.id, order.placed_at)
    payment = payment_for(connection, order.id)
    if payment is not None and payment.status == "pending":
        return False  # nobody knows yet whether it was paid
    connection.execute(delete(tables.settlement).where(tables.settlement.c.order_id == order.id))
    return cancel_order(connection, order.id)


def start_due(line: Line, now: datetime) -> int:
    """Begin the payment of orders whose ship day has come; one with nothing due goes straight on."""
    due = _in_transaction(line, lambda connection: due_to_ship(connection, line.today(now)))
    return sum(_in_transaction(line, partial(_start, line=line, order=order, now=now)) for order in due)


def _start(connection: Connection, line: Line, order: OrderFacts, now: datetime) -> bool:
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
        gateway=line.gateway.name,
        brand=card.brand,
        last4=card.last4,
        amount_cents=order.total_cents,
        request_key=f"order-{order.order_number}-{last.id if last else 0}",  # a new key for each try, alike in all workers
        now=now,
    )
    settle.begin(connection, order.id, None, now - LEFT_ALONE, keep_card=False)
    return True


def _in_transaction(line: Line, work: Callable[[Connection], Result]) -> Result:
    def once() -> Result:
        with line.database.begin() as connection:
            return work(connection)

    return retried(once)
