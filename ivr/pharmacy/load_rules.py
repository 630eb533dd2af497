"""Rules for loaded rows: values that a row may leave out, and changes to other rows that follow from it.

The functions named `complete_…` fill in the values of one row, and raise RefusedError if they do not fit each other.
The others get a batch of rows and the connection, and change what belongs to those rows.
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
    """A row cannot be loaded; `line` is its line in the file, the message says why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(slots=True)
class IncomingRow:
    """One row that is being loaded.

    `values` are the file's values for the table's columns, `facts` the numbers of its references and what those carry,
    and `whole` the values with defaults for what the file leaves out, as a new row would have them.
    """

    line: int
    values: Values
    facts: Values = field(default_factory=dict)
    whole: Values = field(default_factory=dict)

    def refusal(self, column: str, reason: str) -> RefusedError:
        """Return a RefusedError for a column of this row."""
        return RefusedError(self.line, f"column {column}: {reason}")


def _fill(values: Values, name: str, value: object) -> None:
    if values.get(name) is None:
        values[name] = value


def nothing_follows(record: IncomingRow, today: date) -> None:
    """Leave the row as it is; the default of `CsvFile.complete`."""


def nothing_changes(connection: Connection, records: Sequence[IncomingRow], today: date) -> None:
    """Change nothing; the default of `CsvFile.before_insert` and `afterwards`."""


@cache
def _cities() -> Mapping[str, tuple[str, str]]:
    places = known_zip_codes().list_all()
    return {place["zip_code"]: (place["city"], place["state"]) for place in places}


def complete_place(record: IncomingRow, today: date) -> None:  # noqa: ARG001 - a CsvFile.complete
    """Fill in city and state from the ZIP code."""
    values = record.values
    if values.get("city") is not None and values.get("state") is not None:
        return
    zip_code = cast("str", values["zip"])
    if zip_code not in _cities():
        raise record.refusal("zip", f"there is no ZIP code {zip_code} to take city and state from")
    city, state = _cities()[zip_code]
    _fill(values, "city", city)
    _fill(values, "state", state)


def complete_prescription(record: IncomingRow, today: date) -> None:  # noqa: ARG001 - a CsvFile.complete
    """Fill in the history of fills as if each was the usual days' supply and came when the last one ran out."""
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
    if not values.get("days_supplied"):  # an empty field has the column's default, 0
        values["days_supplied"] = supply * (refills_used + 1)


def complete_order(record: IncomingRow, today: date) -> None:
    """Fill in when the parcel is expected: the usual business days of mail after it ships, or was placed."""
    values = record.values
    ship_on, placed_at = cast("date | None", values.get("ship_on")), cast("datetime | None", values.get("placed_at"))
    if values["status"] == OrderStatus.SCHEDULED and ship_on is None:
        raise record.refusal("ship_on", "expected a date, because the order is scheduled")
    if values["status"] == OrderStatus.HELD and values.get("held_reason") is None:
        raise record.refusal("held_reason", f"expected one of {', '.join(HeldReason)}, because the order is held")
    start = ship_on or (placed_at.date() if placed_at else today)
    if values["status"] not in UNDATED_STATUSES:
        _fill(values, "expected_by", arrival(start, Rules().mail_business_days))


def complete_line(record: IncomingRow, today: date) -> None:  # noqa: ARG001 - a CsvFile.complete
    """Fill in supply, quantity and price from the prescription; the line is open while its order is unfinished."""
    values, usual_days = record.values, cast("int", record.facts["days_supply"])
    _fill(values, "days_supply", usual_days)
    refills, remainder = divmod(cast("int", values["days_supply"]), usual_days)
    if remainder or not refills:
        raise record.refusal("days_supply", f"expected a multiple of the prescription's {usual_days} days")
    _fill(values, "quantity", refills * cast("int", record.facts["quantity"]))
    _fill(values, "price_cents", refills * cast("int", record.facts["price_cents"]))
    _fill(values, "open", record.facts["status"] in UNFINISHED)


def complete_payment(record: IncomingRow, today: date) -> None:  # noqa: ARG001 - a CsvFile.complete
    """Fill in the order's total as the amount, and a request key, by which an order has one payment."""
    _fill(record.values, "amount_cents", record.facts["total_cents"])
    _fill(record.values, "request_key", f"load-{record.facts['order_number']}")


def complete_transfer(record: IncomingRow, today: date) -> None:  # noqa: ARG001 - a CsvFile.complete
    """Refuse a transfer that neither its medicine nor its number at the other pharmacy tells apart from others."""
    values = record.values
    if values.get("drug_name") is None and None in (values.get("from_phone"), values.get("from_rx_number")):
        raise record.refusal("drug_name", "expected a medicine, because from_phone or from_rx_number is empty")


def replace_mailing_addresses(connection: Connection, records: Sequence[IncomingRow], today: date) -> None:
    """Mark the current mailing addresses of members as replaced who get a new verified one."""
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


def address_orders(connection: Connection, records: Sequence[IncomingRow], today: date) -> None:  # noqa: ARG001 - a CsvFile.before_insert
    """Set the address of new orders: the member's mailing address, or, by `ship_to`, the newest shipping address."""
    rows = connection.execute(
        select(Address.member_id, Address.kind, Address.id)
        .where(Address.member_id.in_({record.whole["member_id"] for record in records}))
        .where(Address.replaced_at.is_(None), Address.verified | (Address.kind == "shipping"))
        .order_by(Address.id)
    )
    address_ids: dict[tuple[object, object], int] = {
        (member_id, kind): address_id for member_id, kind, address_id in rows
    }
    for record in records:
        kind = record.whole["ship_to"]
        address_id = address_ids.get((record.whole["member_id"], kind))
        if address_id is None:
            raise record.refusal("member_number", f"this member has no {kind} address")
        record.whole["ship_to_id"] = address_id


def give_cards_to_orders(connection: Connection, records: Sequence[IncomingRow], today: date) -> None:  # noqa: ARG001 - a CsvFile.afterwards
    """Set `saved_card_id` of the orders that the loaded cards are kept for."""
    orders = {record.whole["only_for_order_id"] for record in records} - {None}
    newest_card = select(func.max(SavedCard.id)).where(SavedCard.only_for_order_id == RefillOrder.id).scalar_subquery()
    connection.execute(update(RefillOrder).where(RefillOrder.id.in_(orders)).values(saved_card_id=newest_card))
