"""Reads orders: by number, by member, or by what is still to be done with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnExpressionArgument,
    Connection,
    Executable,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    text,
)

from ivr.orders.events import Actor, Happened
from ivr.orders.keys import request_key
from ivr.pharmacy.findings import OpenOrder
from ivr.pharmacy.statements import fetch_all, fetch_one, update_where
from ivr.pharmacy.tables import (
    UNFINISHED_ORDER,
    HeldReason,
    OrderEvent,
    OrderLine,
    OrderStatus,
    Payment,
    PaymentStatus,
    Prescription,
    RefillOrder,
)

NEWS_FOR = timedelta(days=30)
"""For how long an order that was cancelled, or that nobody heard of, is news to its member."""

GOES_ON = (OrderStatus.PLACED, OrderStatus.SCHEDULED, OrderStatus.SHIPPED, OrderStatus.DELIVERED)
"""The statuses of orders that wait for nothing."""


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One prescription in an order."""

    prescription_id: int
    rx_number: str
    drug_name: str
    days_supply: int
    quantity: int
    price_cents: int
    usual_days: int
    filled_on: date | None = None
    """The day on which the pharmacy's own file says it was filled."""
    refills_short: int = 0
    """How many of its refills the pharmacy's own file had no longer left."""

    @property
    def refills(self) -> int:
        """The number of refills that this line took."""
        return self.days_supply // self.usual_days


@dataclass(frozen=True, slots=True)
class OrderFacts(OpenOrder):
    """An order with its lines: the facts of an `OpenOrder`, and the rest."""

    member_id: int
    total_cents: int
    ship_to_id: int
    saved_card_id: int | None
    request_key: str
    stock_expected_on: date | None
    shipped_at: datetime | None
    cancelled_at: datetime | None
    cancelled_by: str | None
    cancel_reason: str | None
    told_at: datetime | None
    lines: tuple[LineFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class LastOrder:
    """What a member chose when they ordered last: the address, and the card by which it was paid last (or None)."""

    ship_to_id: int
    placed_at: datetime
    brand: str | None
    last4: str | None


@dataclass(frozen=True, slots=True)
class FilledOrder:
    """An unfinished order, and how many of its lines a loaded file says are filled."""

    order_number: str
    status: OrderStatus
    filled: int
    lines: int


_COLUMNS = tuple(getattr(RefillOrder, field.name) for field in fields(OrderFacts) if field.name != "lines")
_UNFINISHED = text(UNFINISHED_ORDER)  # worded as in the index, or SQLite would not use the index


def _latest_first(*where: ColumnExpressionArgument[bool], most: int | BindParameter[int] | None = None) -> Select[Any]:
    return select(*_COLUMNS).where(*where).order_by(RefillOrder.placed_at.desc(), RefillOrder.id.desc()).limit(most)


_IS_MEMBERS = RefillOrder.member_id == bindparam("member_id")
_LATEST_OF_MEMBER = _latest_first(_IS_MEMBERS, most=1)
_OF_MEMBER = _latest_first(_IS_MEMBERS, most=bindparam("most")).offset(bindparam("after"))
_URGENT = _latest_first(_IS_MEMBERS, RefillOrder.status.in_((OrderStatus.PENDING, OrderStatus.HELD)), most=1)
_LAST_CHOICE = (
    select(RefillOrder.ship_to_id, RefillOrder.placed_at, Payment.brand, Payment.last4)
    .outerjoin(Payment, Payment.order_id == RefillOrder.id)
    .where(_IS_MEMBERS)
    .order_by(RefillOrder.placed_at.desc(), RefillOrder.id.desc(), Payment.id.desc())
    .limit(1)
)
_OF_MEMBER_BY_NUMBER = _latest_first(_IS_MEMBERS, RefillOrder.order_number == bindparam("order_number"))
_BY_NUMBER = _latest_first(RefillOrder.order_number == bindparam("order_number"))
_BY_ID = _latest_first(RefillOrder.id == bindparam("order_id"))
_BY_REQUEST_KEY = _latest_first(RefillOrder.request_key == bindparam("request_key"))
_PLACED_WITH = (
    select(*_COLUMNS)
    .where(_IS_MEMBERS, RefillOrder.placed_at == bindparam("placed_at"), RefillOrder.id != bindparam("order_id"))
    .order_by(RefillOrder.ship_on, RefillOrder.id)
)
_PENDING_BEFORE = _latest_first(
    _UNFINISHED, RefillOrder.status == OrderStatus.PENDING, RefillOrder.placed_at < bindparam("moment")
)
_HELD_FOR_PAYMENT = _latest_first(
    _UNFINISHED, RefillOrder.status == OrderStatus.HELD, RefillOrder.held_reason == HeldReason.PAYMENT
)
_MOVED_UNTOLD = exists().where(
    OrderEvent.order_id == RefillOrder.id,
    OrderEvent.what == Happened.SHIP_DAY_CHANGED,
    OrderEvent.by == Actor.LINE,
    or_(RefillOrder.told_at.is_(None), OrderEvent.at > RefillOrder.told_at),
)
_WITH_NEWS = (
    select(*_COLUMNS)
    .where(
        _IS_MEMBERS,
        or_(
            RefillOrder.status.in_((OrderStatus.PENDING, OrderStatus.HELD)),
            and_(RefillOrder.status == OrderStatus.SCHEDULED, _MOVED_UNTOLD),
            and_(
                RefillOrder.status == OrderStatus.CANCELLED,
                or_(RefillOrder.told_at.is_(None), RefillOrder.told_at < RefillOrder.cancelled_at),
                RefillOrder.cancelled_at > bindparam("since"),
            ),
        ),
    )
    .order_by(RefillOrder.placed_at, RefillOrder.id)
)
_UNTOLD = (
    select(*_COLUMNS)
    .where(
        *(_IS_MEMBERS, RefillOrder.told_at.is_(None), RefillOrder.channel == "phone"),
        RefillOrder.status.in_(GOES_ON),
        RefillOrder.placed_at > bindparam("since"),
    )
    .order_by(RefillOrder.placed_at, RefillOrder.id)
)
_MARK_TOLD = update_where(RefillOrder, RefillOrder.id == bindparam("order"))
_IS_DUE = and_(
    RefillOrder.status == OrderStatus.SCHEDULED,
    RefillOrder.ship_on <= bindparam("today"),
    ~exists().where(Payment.order_id == RefillOrder.id, Payment.status == PaymentStatus.PENDING),
)
_DUE = select(RefillOrder.id).where(_UNFINISHED, _IS_DUE).order_by(RefillOrder.ship_on, RefillOrder.id)
_ONE_IS_DUE = select(exists().where(RefillOrder.id == bindparam("order_id"), _IS_DUE))
_LINES: Executable = (
    select(
        OrderLine.order_id,
        OrderLine.prescription_id,
        Prescription.rx_number,
        Prescription.drug_name,
        OrderLine.days_supply,
        OrderLine.quantity,
        OrderLine.price_cents,
        Prescription.days_supply,
        OrderLine.filled_on,
        OrderLine.refills_short,
    )
    .join(Prescription, Prescription.id == OrderLine.prescription_id)
    .where(OrderLine.order_id.in_(bindparam("order_ids", expanding=True)))
    .order_by(OrderLine.id)
)
_OF_CALL = (
    select(func.count())
    .select_from(RefillOrder)
    .where(
        RefillOrder.member_id.in_(bindparam("members", expanding=True)),
        RefillOrder.placed_at >= bindparam("since"),
        RefillOrder.request_key.like(bindparam("keys")),
    )
)
_WAITING = (
    select(RefillOrder.status, RefillOrder.held_reason, func.count().label("orders"))
    .where(_UNFINISHED, RefillOrder.status.in_((OrderStatus.PENDING, OrderStatus.SCHEDULED, OrderStatus.HELD)))
    .group_by(RefillOrder.status, RefillOrder.held_reason)
)
_FILLED = (
    select(RefillOrder.order_number, RefillOrder.status, func.count(OrderLine.filled_on), func.count())
    .join(OrderLine, OrderLine.order_id == RefillOrder.id)
    .where(OrderLine.open)
    .group_by(RefillOrder.id)
    .having(func.count(OrderLine.filled_on) > 0)
    .order_by(RefillOrder.id)
)


def find_order(connection: Connection, member_id: int, order_number: str) -> OrderFacts | None:
    """Return a member's order by its number, or None."""
    return _first_order(connection, _OF_MEMBER_BY_NUMBER, member_id=member_id, order_number=order_number)


def order_by_number(connection: Connection, order_number: str) -> OrderFacts | None:
    """Return any member's order by its number, or None: for staff, never for a caller."""
    return _first_order(connection, _BY_NUMBER, order_number=order_number)


def order_by_id(connection: Connection, order_id: int) -> OrderFacts | None:
    """Return an order by its id, or None."""
    return _first_order(connection, _BY_ID, order_id=order_id)


def order_by_request_key(connection: Connection, request_key: str) -> OrderFacts | None:
    """Return the order that the request with this key placed, or None."""
    return _first_order(connection, _BY_REQUEST_KEY, request_key=request_key)


def placed_with(connection: Connection, order: OrderFacts) -> tuple[OrderFacts, ...]:
    """Return the other orders of the same basket, by the day that they ship on."""
    basket = {"member_id": order.member_id, "placed_at": order.placed_at, "order_id": order.id}
    return _orders(connection, _PLACED_WITH, **basket)


def latest_order(connection: Connection, member_id: int) -> OrderFacts | None:
    """Return the order that a member placed last, whatever its status, or None."""
    return _first_order(connection, _LATEST_OF_MEMBER, member_id=member_id)


def urgent_order(connection: Connection, member_id: int) -> OrderFacts | None:
    """Return the latest order of a member that waits for a payment or is held, else the one placed last, or None."""
    return _first_order(connection, _URGENT, member_id=member_id) or latest_order(connection, member_id)


def orders_of(connection: Connection, member_id: int, after: int, most: int) -> tuple[OrderFacts, ...]:
    """Return at most `most` of a member's orders, latest first, after the first `after` of them."""
    return _orders(connection, _OF_MEMBER, member_id=member_id, after=after, most=most)


def last_order(connection: Connection, member_id: int) -> LastOrder | None:
    """Return what a member chose when they ordered last, or None if they never did."""
    return fetch_one(connection, _LAST_CHOICE, LastOrder, member_id=member_id)


def latest_orders(connection: Connection, most: int) -> tuple[OrderFacts, ...]:
    """Return at most `most` of the orders placed last, of all members: for staff, never for a caller."""
    return _orders(connection, _latest_first(most=most))


def pending_since_before(connection: Connection, moment: datetime) -> tuple[OrderFacts, ...]:
    """Return all pending orders placed before `moment`, which a hang-up or a crash may have left unpaid."""
    return _orders(connection, _PENDING_BEFORE, moment=moment)


def held_for_payment(connection: Connection) -> tuple[OrderFacts, ...]:
    """Return all orders that are held because a payment was declined, or their card is gone or has expired."""
    return _orders(connection, _HELD_FOR_PAYMENT)


def orders_with_news(connection: Connection, member_id: int, now: datetime) -> tuple[OrderFacts, ...]:
    """Return a member's orders that the member should hear of, oldest first.

    They wait for something, or were moved to another day or cancelled lately by somebody else, which the member has not
    been told yet.
    """
    return _orders(connection, _WITH_NEWS, member_id=member_id, since=now - NEWS_FOR)


def untold_orders(connection: Connection, member_id: int, now: datetime) -> tuple[OrderFacts, ...]:
    """Return a member's orders of the telephone that wait for nothing and were not told of since, oldest first."""
    return _orders(connection, _UNTOLD, member_id=member_id, since=now - NEWS_FOR)


def mark_told(connection: Connection, order_id: int, now: datetime) -> None:
    """Note that a member has been told what became of an order."""
    connection.execute(_MARK_TOLD, {"order": order_id, "told_at": now})


def due_to_ship(connection: Connection, today: date) -> Sequence[int]:
    """Return the ids of the scheduled orders whose ship day has come, those that wait longest first.

    Those whose payment is being asked for already are left out.
    """
    return connection.scalars(_DUE, {"today": today}).all()


def is_due_to_ship(connection: Connection, order_id: int, today: date) -> bool:
    """Return whether an order is one of those of `due_to_ship`."""
    return bool(connection.scalar(_ONE_IS_DUE, {"order_id": order_id, "today": today}))


def filled_orders(connection: Connection) -> tuple[FilledOrder, ...]:
    """Return the orders of which the pharmacy's own file has filled lines, and that have not shipped here yet."""
    return fetch_all(connection, _FILLED, FilledOrder)


def count_of_call(connection: Connection, members: Collection[int], sid: str, since: datetime) -> int:
    """Return how many orders a call, which began at `since`, placed for the members that it served."""
    keys = f"{request_key(sid)}-%"
    return (
        connection.scalars(_OF_CALL, {"members": list(members), "since": since, "keys": keys}).one() if members else 0
    )


def waiting_orders(connection: Connection) -> Mapping[tuple[OrderStatus, HeldReason | None], int]:
    """Return how many orders wait for a payment, their day or staff, by their status and why they are held."""
    return {(row.status, row.held_reason): row.orders for row in connection.execute(_WAITING)}


def _first_order(connection: Connection, query: Executable, **values: object) -> OrderFacts | None:
    return next(iter(_orders(connection, query, **values)), None)


def _orders(connection: Connection, query: Executable, **values: object) -> tuple[OrderFacts, ...]:
    orders = fetch_all(connection, query, OrderFacts, **values)
    lines = _lines(connection, [order.id for order in orders])
    return tuple(replace(order, lines=tuple(lines[order.id])) for order in orders)


def _lines(connection: Connection, order_ids: Sequence[int]) -> Mapping[int, list[LineFacts]]:
    lines: dict[int, list[LineFacts]] = {order_id: [] for order_id in order_ids}
    for row in connection.execute(_LINES, {"order_ids": order_ids}) if lines else ():
        lines[row[0]].append(LineFacts(*row[1:]))
    return lines
