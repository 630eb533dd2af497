"""Orders as they stand, found by number, by member, or by what is still to be done with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime

from sqlalchemy import ColumnExpressionArgument, select, text
from sqlalchemy.orm import Session

from ivr.pharmacy.statements import every
from ivr.pharmacy.tables import UNFINISHED_ORDER, OrderLine, Prescription, RefillOrder


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One prescription in an order."""

    prescription_id: int
    rx_number: str
    drug_name: str
    days_supply: int
    quantity: int
    price_cents: int


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as it stands."""

    id: int
    order_number: str
    member_id: int
    channel: str
    status: str
    total_cents: int
    placed_at: datetime
    ship_on: date | None
    expected_by: date | None
    tracking_number: str | None
    held_reason: str | None
    ship_to_id: int
    saved_card_id: int | None
    request_key: str
    lines: tuple[LineFacts, ...] = ()


_COLUMNS = tuple(getattr(RefillOrder, field.name) for field in fields(OrderFacts) if field.name != "lines")
_UNFINISHED = text(UNFINISHED_ORDER)  # worded as in the index, or SQLite would not see that the index serves


def find_order(session: Session, member_id: int, order_number: str) -> OrderFacts | None:
    """Return a member's order by its number."""
    return _one(session, RefillOrder.order_number == order_number, RefillOrder.member_id == member_id)


def order_by_number(session: Session, order_number: str) -> OrderFacts | None:
    """Return any member's order by its number: for staff, never for a caller."""
    return _one(session, RefillOrder.order_number == order_number)


def order_by_id(session: Session, order_id: int) -> OrderFacts | None:
    """Return an order by its row."""
    return _one(session, RefillOrder.id == order_id)


def latest_order(session: Session, member_id: int) -> OrderFacts | None:
    """Return the order a member placed last, whatever became of it."""
    return _one(session, RefillOrder.member_id == member_id)


def latest_orders(session: Session, most: int) -> tuple[OrderFacts, ...]:
    """Return the orders placed last, of all members: for staff, never for a caller."""
    return _orders(session, limit=most)


def open_orders(session: Session, member_id: int) -> tuple[OrderFacts, ...]:
    """Return a member's orders that are neither shipped nor cancelled, the latest first."""
    return _orders(session, RefillOrder.member_id == member_id, _UNFINISHED)


def pending_orders(session: Session, member_id: int) -> tuple[OrderFacts, ...]:
    """Return a member's orders that wait for a payment, the latest first."""
    return _orders(session, RefillOrder.member_id == member_id, RefillOrder.status == "pending")


def pending_since_before(session: Session, moment: datetime) -> tuple[OrderFacts, ...]:
    """Return all orders that have waited for a payment since before a moment: a hang-up or a crash left them."""
    return _orders(session, _UNFINISHED, RefillOrder.status == "pending", RefillOrder.placed_at < moment)


def due_to_ship(session: Session, today: date) -> tuple[OrderFacts, ...]:
    """Return the scheduled orders whose day has come."""
    return _orders(session, _UNFINISHED, RefillOrder.status == "scheduled", RefillOrder.ship_on <= today)


def order_by_request_key(session: Session, request_key: str) -> OrderFacts | None:
    """Return the order that a request made."""
    return _one(session, RefillOrder.request_key == request_key)


def _one(session: Session, *where: ColumnExpressionArgument[bool]) -> OrderFacts | None:
    return next(iter(_orders(session, *where, limit=1)), None)


def _orders(
    session: Session, *where: ColumnExpressionArgument[bool], limit: int | None = None
) -> tuple[OrderFacts, ...]:
    query = select(*_COLUMNS).where(*where).order_by(RefillOrder.placed_at.desc(), RefillOrder.id.desc()).limit(limit)
    orders = every(session, query, OrderFacts)
    lines = _lines(session, [order.id for order in orders])
    return tuple(replace(order, lines=tuple(lines[order.id])) for order in orders)


def _lines(session: Session, order_ids: Iterable[int]) -> Mapping[int, list[LineFacts]]:
    lines: dict[int, list[LineFacts]] = {order_id: [] for order_id in order_ids}
    query = (
        select(
            OrderLine.order_id,
            OrderLine.prescription_id,
            Prescription.rx_number,
            Prescription.drug_name,
            OrderLine.days_supply,
            OrderLine.quantity,
            OrderLine.price_cents,
        )
        .join(Prescription, Prescription.id == OrderLine.prescription_id)
        .where(OrderLine.order_id.in_(lines))
        .order_by(OrderLine.id)
    )
    for row in session.execute(query) if lines else ():
        lines[row.order_id].append(LineFacts(*row[1:]))
    return lines
