"""What follows from a row that is loaded: the values it may leave out, and what else changes with it.

The functions named `complete_…` look at one row; the others are given a batch of rows and the connection, and bring
what stands beside those rows into line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import cast

from sqlalchemy import Connection, func, select, update

from ivr.pharmacy.calendar import arrival
from ivr.pharmacy.load_fields import noon
from ivr.pharmacy.places import known_zip_codes
from ivr.pharmacy.rules import Rules
from ivr.pharmacy.tables import UNFINISHED, Address, HeldReason, OrderStatus, RefillOrder, SavedCard

Values = dict[str, object]

UNDATED_STATUSES = (OrderStatus.HELD, OrderStatus.CANCELLED)


class RefusedError(Exception):
    """A row that cannot be loaded: its line in the file and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(slots=True)
class IncomingRow:
    """One row on its way in: what the file says for the table's columns, and what its references are known by.

    `whole` is what a new row would be: the same with the defaults of what the file leaves out.
    """

    line: int
    values: Values
    facts: Values = field(default_factory=dict)
    whole: Values = field(default_factory=dict)

    def refusal(self, column: str, reason: str) -> RefusedError:
        """Return the error that says what is wrong with a column of this row."""
        return RefusedError(self.line, f"column {column}: {reason}")


def _fill(values: Values, name: str, value: object) -> None:
    if values.get(name) is None:
        values[name] = value


def nothing_follows(record: IncomingRow, today: date) -> None:
    """Leave the row as it is."""


def nothing_changes(connection: Connection, records: Sequence[IncomingRow], today: date) -> None:
    """Leave everything beside the rows as it is."""


@cache
def _cities() -> Mapping[str, tuple[str, str]]:
    places = known_zip_codes().list_all()
    return {place["zip_code"]: (place["city"], place["state"]) for place in places}


def complete_place(record: IncomingRow, today: date) -> None:  # noqa: ARG001
    """Take city and state from the ZIP code."""
    values = record.values
    if values.get("city") is not None and values.get("state") is not None:
        return
    zip_code = cast("str", values["zip"])
    if zip_code not in _cities():
        raise record.refusal("zip", f"there is no ZIP code {zip_code} to take city and state from")
    city, state = _cities()[zip_code]
    _fill(values, "city", city)
    _fill(values, "state", state)


def complete_prescription(record: IncomingRow, today: date) -> None:  # noqa: ARG001
    """Take it that each fill so far was the usual days' supply and came on its day, unless the row says more."""
    values, supply = record.values, cast("int", record.values["days_supply"])
    _fill(values, "max_days_supply", supply)
    if cast("int", values["max_days_supply"]) < supply:
        raise record.refusal("max_days_supply", f"expected at least the days_supply, {supply}")
    last_filled_on = cast("date | None", values.get("last_filled_on"))
    if last_filled_on is None:
        if values.get("first_filled_on") is not None:
            raise record.refusal("last_filled_on", "expected a date, because first_filled_on has one")
        return
    refills_used = cast("int | None", values.get("refills_used")) or 0
    _fill(values, "first_filled_on", last_filled_on - timedelta(days=supply * refills_used))
    _fill(values, "last_days_supply", supply)
    if not values.get("days_supplied"):  # an empty field has the column's default, none at all
        values["days_supplied"] = supply * (refills_used + 1)


def complete_order(record: IncomingRow, today: date) -> None:
    """Expect the parcel when the mail takes its usual time from the day it ships."""
    values = record.values
    ship_on, placed_at = cast("date | None", values.get("ship_on")), cast("datetime | None", values.get("placed_at"))
    if values["status"] == OrderStatus.SCHEDULED and ship_on is None:
        raise record.refusal("ship_on", "expected a date, because the order is scheduled")
    if values["status"] == OrderStatus.HELD and values.get("held_reason") is None:
        raise record.refusal("held_reason", f"expected one of {', '.join(HeldReason)}, because the order is held")
    start = ship_on or (placed_at.date() if placed_at else today)
    if values["status"] not in UNDATED_STATUSES:
        _fill(values, "expected_by", arrival(start, Rules().mail_business_days))


def complete_line(record: IncomingRow, today: date) -> None:  # noqa: ARG001
    """Take supply, quantity and price from the prescription; the line is open while its order is."""
    values, usual = record.values, cast("int", record.facts["days_supply"])
    _fill(values, "days_supply", usual)
    refills, rest = divmod(cast("int", values["days_supply"]), usual)
    if rest or not refills:
        raise record.refusal("days_supply", f"expected a multiple of the prescription's {usual} days")
    _fill(values, "quantity", refills * cast("int", record.facts["quantity"]))
    _fill(values, "price_cents", refills * cast("int", record.facts["price_cents"]))
    _fill(values, "open", record.facts["status"] in UNFINISHED)


def complete_payment(record: IncomingRow, today: date) -> None:  # noqa: ARG001
    """Take it that the whole order is paid; without a key of its own an order has one payment."""
    _fill(record.values, "amount_cents", record.facts["total_cents"])
    _fill(record.values, "request_key", f"load-{record.facts['order_number']}")


def replace_mailing_addresses(connection: Connection, records: Sequence[IncomingRow], today: date) -> None:
    """Let a new verified mailing address take the place of the one that stood."""
    moved = {
        record.whole["member_id"]
        for record in records
        if record.whole["kind"] == "mailing" and record.whole["verified"] and record.whole["replaced_at"] is None
    }
    connection.execute(
        update(Address)
        .where(Address.member_id.in_(moved), Address.kind == "mailing", Address.verified, Address.replaced_at.is_(None))
        .values(replaced_at=noon(today))
    )


def address_orders(connection: Connection, records: Sequence[IncomingRow], today: date) -> None:  # noqa: ARG001
    """Send each new order to the address its member has now: the mailing address, or the newest other one."""
    rows = connection.execute(
        select(Address.member_id, Address.kind, Address.id)
        .where(Address.member_id.in_({record.whole["member_id"] for record in records}))
        .where(Address.replaced_at.is_(None), Address.verified | (Address.kind == "shipping"))
        .order_by(Address.id)
    )
    found: dict[tuple[object, object], int] = {(member_id, kind): address_id for member_id, kind, address_id in rows}
    for record in records:
        kind = record.whole["ship_to"]
        address_id = found.get((record.whole["member_id"], kind))
        if address_id is None:
            raise record.refusal("member_number", f"this member has no {kind} address")
        record.whole["ship_to_id"] = address_id


def give_cards_to_orders(connection: Connection, records: Sequence[IncomingRow], today: date) -> None:  # noqa: ARG001
    """Tell orders of the cards that are kept for them alone."""
    orders = {record.whole["only_for_order_id"] for record in records} - {None}
    kept = select(func.max(SavedCard.id)).where(SavedCard.only_for_order_id == RefillOrder.id).scalar_subquery()
    connection.execute(update(RefillOrder).where(RefillOrder.id.in_(orders)).values(saved_card_id=kept))
