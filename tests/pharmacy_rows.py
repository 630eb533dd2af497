"""Writes rows for pharmacy tests. Every column has a plain value, so that a test only gives those it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert

from ivr.orders.cancel import Cancelled, cancel_order
from ivr.orders.events import Actor
from ivr.orders.find import OrderFacts
from ivr.orders.place import OrderRequest, TakenError, place_order
from ivr.pharmacy.findings import Rx
from ivr.pharmacy.numbers import RandomNumber
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import Address, Base, Member, Prescription, PrescriptionStatus, Transfer

TODAY = date(2026, 3, 2)  # a Monday without a holiday near it
NOW = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)

_PRESCRIPTION: dict[str, object] = {
    "drug_name": "METFORMIN HCL 500 MG TAB",
    "written_on": TODAY - timedelta(days=100),
    "refills_left": 3,
    "refills_used": 2,
    "first_filled_on": TODAY - timedelta(days=98),
    "last_filled_on": TODAY - timedelta(days=18),
    "last_days_supply": 30,
    "days_supplied": 90,
    "days_supply": 30,
    "max_days_supply": 90,
    "quantity": 60,
    "price_cents": 1000,
    "prescriber_name": "Dr. Lee",
}


def days(count: int) -> date:
    """Return the day that is `count` days from `TODAY`."""
    return TODAY + timedelta(days=count)


def rx(**changes: object) -> Rx:
    """Return a prescription as the rules take it.

    By default it is due today, and its supply lasts until the parcel comes.
    """
    identity = {"id": 1, "rx_number": "1234567", "member_id": 1, "replaced_by": None}
    defaults = {"schedule": None, "expires_on": None, "mailable": True}
    status = PrescriptionStatus(str(changes.pop("status", "active")))
    fields: dict[str, Any] = {**identity, **_PRESCRIPTION, **defaults, **changes}
    return Rx(status=status, **fields)


def draw_from(start: int = 0) -> RandomNumber:
    """Return a source of "random" numbers that counts up from `start`, so that tests know them."""
    numbers = count(start)
    return lambda: next(numbers)


def _add(connection: Connection, table: type[Base], **values: object) -> int:
    return int(connection.execute(insert(table).values(**values).returning(table.__table__.c.id)).scalar_one())


def add_member(connection: Connection, member_number: str = "10000001", **changes: object) -> int:
    """Write a member and return the row's id."""
    defaults = {"first_name": "Ana", "last_name": "Ruiz", "birth_date": date(1950, 3, 14)}
    return _add(connection, Member, member_number=member_number, **{**defaults, **changes})


def add_address(connection: Connection, member_id: int, **changes: object) -> int:
    """Write a current mailing address and return the row's id."""
    defaults = {"house_number": "1204", "street": "Main Street", "city": "Denver", "state": "CO", "zip": "80202"}
    return _add(connection, Address, member_id=member_id, **{**defaults, "created_at": NOW, **changes})


def add_rx(connection: Connection, member_id: int, rx_number: str = "1234567", **changes: object) -> int:
    """Write a prescription that can be refilled today and return the row's id."""
    return _add(connection, Prescription, member_id=member_id, rx_number=rx_number, **{**_PRESCRIPTION, **changes})


def add_transfer(connection: Connection, member_id: int, **changes: object) -> int:
    """Write a transfer and return the row's id."""
    defaults = {"drug_name": "Lisinopril", "from_pharmacy": "Corner Pharmacy", "requested_on": TODAY}
    return _add(connection, Transfer, member_id=member_id, **{**defaults, **changes})


def place(
    connection: Connection,
    request: OrderRequest,
    *,
    now: datetime = NOW,
    today: date = TODAY,
    rules: Rules | None = None,
    draw: RandomNumber | None = None,
) -> OrderFacts | TakenError:
    """Place an order and return it; if it cannot be placed, undo everything and return the reason."""
    try:
        with connection.begin_nested():
            return place_order(
                connection, request, now=now, today=today, rules=rules or Rules(), random_number=draw or draw_from()
            )
    except TakenError as error:
        return error


def cancel(connection: Connection, order_id: int) -> bool:
    """Cancel an order and return whether that was possible."""
    return isinstance(cancel_order(connection, order_id, NOW, Actor.STAFF), Cancelled)
