"""Records what happens to orders, for the member's next call, for texts and for staff."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, func, insert, select

from ivr.pharmacy.tables import HeldReason, OrderEvent, OrderStatus


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
    VOID_REFUSED = "void_refused"
    """The processor refused to void what was authorized for it before it was cancelled."""
    MEMBER_NOT_ACTIVE = "rules_member_not_active"
    """It is held on its ship day because its member died, or the membership ended."""
    SUPPLY_CHANGED = "rules_supply_changed"
    """It is held on its ship day because a prescription may no longer be filled for as many days as were ordered."""
    PRICE_CHANGED = "price_changed"
    """It is held on its ship day because its price has risen, and its member has to be asked."""


HELD_FOR_RULES = f"{OrderStatus.HELD}_{HeldReason.RULES}"

_OF_ORDER = OrderEvent.order_id == bindparam("order_id")
_LAST_OF_KIND = (
    select(OrderEvent.by).where(_OF_ORDER, OrderEvent.what == bindparam("what")).order_by(OrderEvent.id.desc()).limit(1)
)
_LAST_RELEASE = (
    select(func.max(OrderEvent.id))
    .where(_OF_ORDER, OrderEvent.what == OrderStatus.SCHEDULED, OrderEvent.by == Actor.STAFF)
    .scalar_subquery()
)
_LAST_HOLD = select(func.max(OrderEvent.id)).where(_OF_ORDER, OrderEvent.what == HELD_FOR_RULES).scalar_subquery()
_SINCE_HOLD = select(OrderEvent.what).where(_OF_ORDER, OrderEvent.id > _LAST_HOLD).order_by(OrderEvent.id)
_BEFORE_RELEASE = select(OrderEvent.what).where(_OF_ORDER, OrderEvent.id < _LAST_RELEASE)


def record_event(connection: Connection, order_id: int, what: str, now: datetime, by: Actor) -> None:
    """Insert a row for what happened to an order: a status, `held_` and why, `rules_` and a finding, or a `Happened`."""
    connection.execute(insert(OrderEvent), {"order_id": order_id, "what": what, "at": now, "by": by})


def who_last(connection: Connection, order_id: int, what: str) -> str | None:
    """Return who did this to an order last, one of `Actor`, or None if nobody did."""
    return connection.scalar(_LAST_OF_KIND, {"order_id": order_id, "what": what})


def causes_of_hold(connection: Connection, order_id: int) -> tuple[str, ...]:
    """Return what the line recorded when it last held an order for the rules: what kept it from being sent."""
    since = connection.scalars(_SINCE_HOLD, {"order_id": order_id})
    return tuple(what for what in since if what.startswith("rules_") or what == Happened.PRICE_CHANGED)


def answered_by_staff(connection: Connection, order_id: int) -> frozenset[str]:
    """Return what had happened to an order when staff released it last; nothing if they never did."""
    return frozenset(connection.scalars(_BEFORE_RELEASE, {"order_id": order_id}))
