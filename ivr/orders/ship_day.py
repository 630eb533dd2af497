"""What becomes of a scheduled order on its ship day before any money is asked for, and of one that was held then.

The order is judged anew. If it may not be filled, or costs more than its member agreed to, it is held, and the causes are
recorded; if all that is wrong is that it is due later, it is moved to that day. Staff release it, whatever the causes
that they saw; its member, told on the next call, can have it sent once nothing speaks against it, at its price by then.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, bindparam

from ivr.orders import lease
from ivr.orders.cards import usable_card
from ivr.orders.events import Actor, answered_by_staff, record_event
from ivr.orders.find import OrderFacts, order_by_id
from ivr.orders.hold import hold_order, release_order
from ivr.orders.judge import Judgement, is_held_by_line, judge_order
from ivr.orders.keys import request_key
from ivr.orders.payments import begin_payment, is_paid, payment_for
from ivr.orders.reschedule import NotRescheduled, change_ship_day, ship_days
from ivr.orders.statuses import move_order
from ivr.payment.gateway import Gateway
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.statements import update_where
from ivr.pharmacy.tables import HeldReason, OrderLine, OrderStatus, RefillOrder

_SET_LINE_PRICE = update_where(
    OrderLine, OrderLine.order_id == bindparam("order"), OrderLine.prescription_id == bindparam("prescription")
)
_CHANGE_ORDER = update_where(RefillOrder, RefillOrder.id == bindparam("order"))


def hold_or_move(connection: Connection, order: OrderFacts, today: date, rules: Rules, now: datetime) -> bool:
    """Judge a scheduled order whose day has come; hold or move it and return True if it may not be charged and sent now.

    What staff saw when they released it does not hold it again.
    """
    judgement = judge_order(connection, order, today, rules)
    answered = answered_by_staff(connection, order.id) if judgement.causes else ()
    causes = [cause for cause in judgement.causes if cause not in answered]
    if not causes:
        return False
    if judgement.only_too_soon and _move(connection, order, today, rules, now):
        return True
    if hold_order(connection, order.id, HeldReason.RULES, now, Actor.LINE):
        for cause in causes:
            record_event(connection, order.id, cause, now, Actor.LINE)
    return True


def _move(connection: Connection, order: OrderFacts, today: date, rules: Rules, now: datetime) -> bool:
    """Move an order to the first day on which all of it is due; return False if some of it may not be filled by then."""
    days = ship_days(connection, order, today, rules)
    if days is None:
        return False
    moved = change_ship_day(connection, order.id, days.first, today, now, rules, Actor.LINE)
    return not isinstance(moved, NotRescheduled)


def send_late(connection: Connection, order: OrderFacts, today: date, rules: Rules) -> None:
    """Set the expected arrival of an order anew that is sent after its day, as when no sweep ran on it."""
    if order.ship_on is not None and order.ship_on < today:
        expected_by = arrival(today, rules.mail_business_days)
        connection.execute(_CHANGE_ORDER, {"order": order.id, "expected_by": expected_by})


def send_held(
    connection: Connection,
    gateway: Gateway,
    order_id: int,
    total_cents: int,
    *,
    sid: str,
    turn: int,
    now: datetime,
    today: date,
    rules: Rules,
) -> OrderStatus | None:
    """Have an order sent that the line held for the rules, at the total that its member agreed to; return its status.

    `sid` and `turn` of the call make the request key. The order is pending, and its payment begun; or held for its
    payment, if its card is gone or has expired; or placed, if nothing is due. Return None, and change nothing, if it is
    not held so, may still not be filled or costs something else.
    """
    lease.lock_row(connection, order_id, now)
    order, payment = order_by_id(connection, order_id), payment_for(connection, order_id)
    if order is None or not is_held_by_line(connection, order):
        return None
    judgement = judge_order(connection, order, today, rules)
    if not judgement.may_be_filled or judgement.total_cents != total_cents:
        return None
    _take_prices(connection, order, judgement)
    order = order_by_id(connection, order_id) or order
    if is_paid(order, payment):
        lease.remove(connection, order_id)
        release_order(connection, order_id, today, rules, now, Actor.PHONE)
        return OrderStatus.PLACED
    expected_by = arrival(today, rules.mail_business_days)
    values = {"held_reason": None, "expected_by": expected_by}
    move_order(connection, order_id, OrderStatus.PENDING, now, Actor.PHONE, **values)
    card = usable_card(connection, order.saved_card_id, today)
    if card is None:
        lease.remove(connection, order_id)
        hold_order(connection, order_id, HeldReason.PAYMENT, now, Actor.LINE)
        return OrderStatus.HELD
    lease.add(connection, order_id, sid, now, keep_card=False)
    begin_payment(connection, order, card, gateway.name, request_key(sid, turn, order_id), now)
    return OrderStatus.PENDING


def _take_prices(connection: Connection, order: OrderFacts, judgement: Judgement) -> None:
    """Set the order's lines and total to the present prices, if its member was asked about them."""
    if not judgement.asks_price:
        return
    for judged in judgement.lines:
        if judged.supply:
            price = {"order": order.id, "prescription": judged.line.prescription_id}
            connection.execute(_SET_LINE_PRICE, {**price, "price_cents": judged.supply.price_cents})
    connection.execute(_CHANGE_ORDER, {"order": order.id, "total_cents": judgement.total_cents})
