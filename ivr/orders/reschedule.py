"""Shim."""

from datetime import date, datetime, timedelta
from enum import Enum

from sqlalchemy import Connection

from ivr.orders.find import order_by_id
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.statements import changed, update_where
from ivr.pharmacy.tables import OrderStatus, RefillOrder


class ShipDayChange(Enum):
    CHANGED = "changed"
    NOT_SCHEDULED = "not_scheduled"
    TOO_SOON = "too_soon"
    TOO_LATE = "too_late"
    PAYMENT_ASKED_FOR = "payment_asked_for"


def possible_days(connection: Connection, order_id: int, today: date, rules: Rules) -> tuple[date, date] | None:
    order = order_by_id(connection, order_id)
    if order is None or order.status is not OrderStatus.SCHEDULED or order.ship_on is None:
        return None
    return max(today, order.ship_on), order.ship_on + timedelta(days=60)


def change_ship_day(
    connection: Connection, order_id: int, ship_on: date, today: date, now: datetime, rules: Rules, *, by: str
) -> ShipDayChange:
    days = possible_days(connection, order_id, today, rules)
    if days is None:
        return ShipDayChange.NOT_SCHEDULED
    if ship_on < days[0]:
        return ShipDayChange.TOO_SOON
    if ship_on > days[1]:
        return ShipDayChange.TOO_LATE
    done = changed(connection, update_where(RefillOrder, RefillOrder.id == order_id).values(ship_on=ship_on))
    return ShipDayChange.CHANGED if done else ShipDayChange.NOT_SCHEDULED
