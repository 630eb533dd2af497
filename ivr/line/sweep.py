"""Finishes what calls left behind: payments nobody waited for, orders never paid, days that have come.

Safe to run at any time, by any number of workers: everything it does is claimed in the database first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ivr import logs
from ivr.line import lockout, sessions, settle, tables
from ivr.line.service import Line
from ivr.line.settle import Request, Settled
from ivr.pharmacy.fulfilment import cancel_order, hold_order, mark_placed
from ivr.pharmacy.orders import OrderFacts, due_to_ship, pending_since_before
from ivr.pharmacy.payments import STANDING, authorized_in_vain, begin_payment, payment_for, saved_card

Result = TypeVar("Result")

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
    with Session(line.database) as session, session.begin():
        session.execute(delete(tables.card_entry).where(tables.card_entry.c.expires_at < now))
        session.execute(delete(tables.journal).where(tables.journal.c.at < now - retention))
        session.execute(delete(tables.call).where(tables.call.c.heard_at < now - retention))
        sessions.forget_replies(session, now)
        lockout.forget(session, now)
    return Swept(settled, cancelled, started)


def settle_call(line: Line, sid: str) -> None:
    """Finish the orders of a call that is over; what cannot be finished now is left to the next sweep."""
    mine = select(tables.settlement.c.order_id).where(tables.settlement.c.call_sid == sid)
    with Session(line.database) as session, session.begin():
        orders = session.scalars(mine).all()
    for order_id in orders:
        settle_order(line, order_id)


def settle_left(line: Line, now: datetime) -> int:
    """Ask for the payments that no call is waiting for any more."""
    left = select(tables.settlement.c.order_id).where(tables.settlement.c.begun_at <= now - LEFT_ALONE)
    with Session(line.database) as session, session.begin():
        begun = session.scalars(left.order_by(tables.settlement.c.begun_at)).all()
        waiting = [order.id for order in pending_since_before(session, now - LEFT_ALONE) if order.channel == CHANNEL]
    return sum(
        settle_order(line, order_id) in (Settled.PAID, Settled.HELD) for order_id in dict.fromkeys([*begun, *waiting])
    )


def settle_order(line: Line, order_id: int) -> Settled:
    """Ask for one order's payment, as a settle turn does."""
    claimed = _in_transaction(line, lambda session: settle.claim(session, line, order_id, line.clock()))
    if not isinstance(claimed, Request):
        return claimed
    answer = settle.ask(line, claimed)
    settled = _in_transaction(line, lambda session: settle.finish(session, claimed, answer))
    logs.get_logger().info("settled", order_id=order_id, outcome=settled.value)
    return settled


def cancel_unpaid(line: Line, now: datetime) -> int:
    """Cancel orders whose card was declined and for which no other came in time."""
    old = _in_transaction(line, lambda session: pending_since_before(session, now - UNPAID_FOR))
    waiting = [order for order in old if order.channel == CHANNEL]
    return sum(_in_transaction(line, partial(_cancel, order=order)) for order in waiting)


def _cancel(session: Session, order: OrderFacts) -> bool:
    settle.lock(session, order.id, order.placed_at)
    payment = payment_for(session, order.id)
    if payment is not None and payment.status == "pending":
        return False  # nobody knows yet whether it was paid
    session.execute(delete(tables.settlement).where(tables.settlement.c.order_id == order.id))
    return cancel_order(session, order.id)


def start_due(line: Line, now: datetime) -> int:
    """Begin the payment of orders whose ship day has come; one with nothing due goes straight on."""
    due = _in_transaction(line, lambda session: due_to_ship(session, line.today(now)))
    return sum(_in_transaction(line, partial(_start, line=line, order=order, now=now)) for order in due)


def _start(session: Session, line: Line, order: OrderFacts, now: datetime) -> bool:
    if not order.total_cents:
        return mark_placed(session, order.id)
    last = payment_for(session, order.id)
    if last is not None and last.status in STANDING:
        return False  # begun by an earlier sweep
    card = saved_card(session, order.saved_card_id) if order.saved_card_id else None
    if card is None:
        return hold_order(session, order.id, "payment")
    begin_payment(
        session,
        order.id,
        gateway=line.gateway.name,
        brand=card.brand,
        last4=card.last4,
        amount_cents=order.total_cents,
        request_key=f"order-{order.order_number}-{last.id if last else 0}",  # a new key for each try, alike in all workers
        now=now,
    )
    settle.begin(session, order.id, None, now - LEFT_ALONE, keep_card=False)
    return True


def _in_transaction(line: Line, work: Callable[[Session], Result]) -> Result:
    with Session(line.database) as session, session.begin():
        return work(session)
