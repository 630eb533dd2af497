"""Rows for pharmacy tests: plain ones, in which a test changes only what it is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count

from sqlalchemy import Connection, insert

from ivr.orders.cancel import Cancelled, cancel_order
from ivr.orders.find import OrderFacts
from ivr.orders.place import OrderRequest, TakenError, place_order
from ivr.pharmacy.findings import Rx
from ivr.pharmacy.numbers import RandomNumber
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import Address, Base, Member, Prescription, PrescriptionStatus, Transfer

TODAY = date(2026, 3, 2)  # a Monday without a holiday near it
NOW = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)

_PLAIN: dict[str, object] = {
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
    """Return a day so many days from today."""
    return TODAY + timedelta(days=count)


def rx(**changes: object) -> Rx:
    """Return a prescription as the rules see it: due today, its supply lasting until the parcel comes."""
    known = {"id": 1, "rx_number": "1234567", "member_id": 1, "replaced_by": None}
    more = {"schedule": None, "expires_on": None, "mailable": True}
    status = PrescriptionStatus(str(changes.pop("status", "active")))
    return Rx(status=status, **{**known, **_PLAIN, **more, **changes})  # type: ignore[arg-type]


def draw_from(start: int = 0) -> RandomNumber:
    """Return a draw that counts up, so that numbers are known beforehand."""
    numbers = count(start)
    return lambda: next(numbers)


def _add(connection: Connection, table: type[Base], **values: object) -> int:
    return int(connection.execute(insert(table).values(**values).returning(table.__table__.c.id)).scalar_one())


def add_member(connection: Connection, member_number: str = "10000001", **changes: object) -> int:
    """Write a member and return the row's id."""
    plain = {"first_name": "Ana", "last_name": "Ruiz", "birth_date": date(1950, 3, 14)}
    return _add(connection, Member, member_number=member_number, **{**plain, **changes})


def add_address(connection: Connection, member_id: int, **changes: object) -> int:
    """Write a current mailing address and return the row's id."""
    plain = {"house_number": "1204", "street": "Main Street", "city": "Denver", "state": "CO", "zip": "80202"}
    return _add(connection, Address, member_id=member_id, **{**plain, "created_at": NOW, **changes})


def add_rx(connection: Connection, member_id: int, rx_number: str = "1234567", **changes: object) -> int:
    """Write a prescription that can be refilled today and return the row's id."""
    return _add(connection, Prescription, member_id=member_id, rx_number=rx_number, **{**_PLAIN, **changes})


def add_transfer(connection: Connection, member_id: int, **changes: object) -> int:
    """Write a transfer and return the row's id."""
    plain = {"drug_name": "Lisinopril", "from_pharmacy": "Corner Pharmacy", "requested_on": TODAY}
    return _add(connection, Transfer, member_id=member_id, **{**plain, **changes})


def place(
    connection: Connection,
    request: OrderRequest,
    *,
    now: datetime = NOW,
    today: date = TODAY,
    rules: Rules | None = None,
    draw: RandomNumber | None = None,
) -> OrderFacts | TakenError:
    """Place an order; where it cannot be, nothing of it is kept, and the reason is returned."""
    try:
        with connection.begin_nested():
            return place_order(
                connection, request, now=now, today=today, rules=rules or Rules(), random_number=draw or draw_from()
            )
    except TakenError as taken:
        return taken


def cancel(connection: Connection, order_id: int) -> bool:
    """Cancel an order; say whether it happened."""
    return isinstance(cancel_order(connection, order_id, NOW), Cancelled)
