"""Shim."""

from datetime import datetime

from sqlalchemy import Connection

from ivr.orders.find import order_by_id
from ivr.pharmacy.statements import changed, update_where
from ivr.pharmacy.tables import HeldReason, RefillOrder


def give_address(connection: Connection, order_id: int, address_id: int, now: datetime, *, by: str) -> bool:
    order = order_by_id(connection, order_id)
    if order is None or order.held_reason is not HeldReason.ADDRESS:
        return False
    return changed(connection, update_where(RefillOrder, RefillOrder.id == order_id).values(ship_to_id=address_id))
