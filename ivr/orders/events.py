"""Records what happens to orders, for the member's next call, for texts and for staff."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert

from ivr.pharmacy.tables import OrderEvent


class Actor(StrEnum):
    """Who did something to an order: the member through a channel, the staff, or the line by itself."""

    PHONE = "phone"
    WEB = "web"
    APP = "app"
    STAFF = "staff"
    LINE = "line"


class Happened(StrEnum):
    """What may happen to an order besides a new status."""

    DECLINED = "declined"
    SHIP_DAY_CHANGED = "ship_day_changed"
    ADDRESS_CHANGED = "address_changed"
    VOIDED = "voided"


def record_event(connection: Connection, order_id: int, what: str, now: datetime, by: Actor) -> None:
    """Insert a row for what happened to an order: a status, `held_` and why, or one of `Happened`."""
    connection.execute(insert(OrderEvent), {"order_id": order_id, "what": what, "at": now, "by": by})
