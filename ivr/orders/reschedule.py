"""Changes the day on which a scheduled order ships: never before its prescriptions are due, nor after they expire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from sqlalchemy import Connection, bindparam

from ivr.orders import lease
from ivr.orders.events import Actor, Happened, record_event
from ivr.orders.find import OrderFacts, order_by_id
from ivr.orders.lines import take_prescriptions
from ivr.orders.payments import payment_for
from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.prescriptions import cases_of
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.statements import changed, update_where
from ivr.pharmacy.tables import OrderStatus, PaymentStatus, RefillOrder


class NotRescheduled(Enum):
    """Why an order's ship day was not changed."""

    NOT_SCHEDULED = "it is not scheduled any more"
    ASKED_FOR = "its payment is being asked for, as its day has come"
    TOO_SOON = "a prescription of it is not due by then"
    TOO_LATE = "a prescription of it may not be filled so late"


@dataclass(frozen=True, slots=True)
class ShipDays:
    """The first and the last day on which an order may ship."""

    first: date
    last: date


_CHANGE = update_where(RefillOrder, RefillOrder.id == bindparam("order"), RefillOrder.status == OrderStatus.SCHEDULED)


def ship_days(connection: Connection, order: OrderFacts, today: date, rules: Rules) -> ShipDays | None:
    """Return the days on which all prescriptions of an order may be filled, from today on; None if there are none."""
    cases = cases_of(connection, [line.prescription_id for line in order.lines], today, rules)
    first = max((today, *(case.due_on for case in cases)))
    last = min((case.ends_on for case in cases), default=today)
    return ShipDays(first, last) if first <= last else None


def change_ship_day(
    connection: Connection, order_id: int, ship_on: date, today: date, now: datetime, rules: Rules, by: Actor
) -> date | NotRescheduled:
    """Have a scheduled order ship on another day and return by when it arrives, or why that cannot be.

    On its day the sweep charges it, today within minutes.
    """
    lease.lock_row(connection, order_id, now)
    take_prescriptions(connection, order_id)
    order, payment = order_by_id(connection, order_id), payment_for(connection, order_id)
    if order is None or order.status is not OrderStatus.SCHEDULED:
        return NotRescheduled.NOT_SCHEDULED
    if payment and payment.status is PaymentStatus.PENDING:
        return NotRescheduled.ASKED_FOR
    days = ship_days(connection, order, today, rules)
    if days is None or ship_on > days.last:
        return NotRescheduled.TOO_LATE
    if ship_on < days.first:
        return NotRescheduled.TOO_SOON
    expected_by = arrival(ship_on, rules.mail_business_days)
    if not changed(connection, _CHANGE, order=order_id, ship_on=ship_on, expected_by=expected_by):
        return NotRescheduled.NOT_SCHEDULED
    record_event(connection, order_id, Happened.SHIP_DAY_CHANGED, now, by)
    return expected_by
