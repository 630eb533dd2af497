"""The CSV files of a load: their columns, what those refer to, and how a row finds its row in the database.

`FILES` holds them in the order they are loaded. A key that comes twice in a file: the later row counts. Two keys are
a choice. An address is the same while its words are the same, so that a member who moved gets a new row and old orders
keep theirs. A renewal request goes by its reference, which staff have on paper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from sqlalchemy import Connection, Table

from ivr.pharmacy import load_rules as rules
from ivr.pharmacy import tables
from ivr.pharmacy.load_fields import (
    Parser,
    Word,
    checked_digits,
    day,
    digits,
    flag,
    instant,
    noon,
    number,
    phone,
    secret,
    state,
    text,
    year,
)
from ivr.pharmacy.load_rules import Record, Values


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file. A new row that leaves it out has `default`, or what a default makes of row and today."""

    name: str
    parse: Parser
    needed: bool = False
    default: object | Callable[[Values, date], object] = None
    to: str = ""

    @property
    def target(self) -> str:
        """Return the name the value has in the table."""
        return self.to or self.name


@dataclass(frozen=True, slots=True)
class Reference:
    """A number in the file that stands for a row of another table; `carries` are that row's columns of use here."""

    name: str
    parse: Parser
    table: Table
    target: str
    needed: bool = True
    carries: tuple[str, ...] = ()
    default: None = None


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One CSV file and the table it fills.

    `key` are the table's columns that tell its rows apart, the first of them indexed. `complete` is told each row,
    `before_insert` the new rows of a batch, `afterwards` all rows of a batch.
    """

    table: Table
    key: tuple[str, ...]
    columns: tuple[Column | Reference, ...]
    complete: Callable[[Record, date], None] = rules.nothing_follows
    before_insert: Callable[[Connection, Sequence[Record], date], None] = rules.nothing_changes
    afterwards: Callable[[Connection, Sequence[Record], date], None] = rules.nothing_changes

    @property
    def name(self) -> str:
        """Return the file's name."""
        return f"{self.table.name}.csv"


def _table(model: type[tables.Base]) -> Table:
    return cast("Table", model.__table__)


def _noon_today(values: Values, today: date) -> object:  # noqa: ARG001
    return noon(today)


def _request_key(values: Values, today: date) -> object:  # noqa: ARG001
    return f"load-{values['order_number']}"


MEMBER_NUMBER = digits(8, 10)
RX_NUMBER = digits(7, 12)
ORDER_NUMBER = checked_digits(4, 12)
CENTS = number()

OF_MEMBER = Reference("member_number", MEMBER_NUMBER, _table(tables.Member), "member_id")
OF_PRESCRIPTION = Reference("rx_number", RX_NUMBER, _table(tables.Prescription), "prescription_id")
OF_ORDER = Reference("order_number", ORDER_NUMBER, _table(tables.RefillOrder), "order_id")

MEMBER = CsvFile(
    _table(tables.Member),
    key=("member_number",),
    columns=(
        Column("member_number", MEMBER_NUMBER, needed=True),
        Column("first_name", text, needed=True),
        Column("last_name", text, needed=True),
        Column("birth_date", day, needed=True),
        Column("phone", phone),
        Column("language", Word(*tables.LANGUAGES), default="en"),
        Column("status", Word(*tables.MemberStatus), default="active"),
        Column("test", flag, default=False),
    ),
)

ADDRESS = CsvFile(
    _table(tables.Address),
    key=("member_id", "kind", "house_number", "street", "unit", "urbanization", "zip", "replaced_at"),
    columns=(
        OF_MEMBER,
        Column("kind", Word(*tables.ADDRESS_KINDS), default="mailing"),
        Column("house_number", text),
        Column("street", text, needed=True),
        Column("unit", text),
        Column("urbanization", text),
        Column("city", text),
        Column("state", state),
        Column("zip", digits(5, 5), needed=True),
        Column("entered_by", Word(*tables.ENTERED_BY), default="staff"),
        Column("verified", flag, default=True),
        Column("keyed", text),
        Column("replaced_at", instant),
        Column("created_at", instant, default=_noon_today),
    ),
    complete=rules.complete_place,
    before_insert=rules.replace_mailing_addresses,
)

PRESCRIPTION = CsvFile(
    _table(tables.Prescription),
    key=("rx_number",),
    columns=(
        Column("rx_number", RX_NUMBER, needed=True),
        OF_MEMBER,
        Column("drug_name", text, needed=True),
        Column("otc", flag, default=False),
        Column("status", Word(*tables.PrescriptionStatus), default="active"),
        Column("replaced_by", RX_NUMBER),
        Column("schedule", number(2, 5)),
        Column("written_on", day, needed=True),
        Column("expires_on", day),
        Column("refills_left", number(), needed=True),
        Column("refills_used", number(), default=0),
        Column("first_filled_on", day),
        Column("last_filled_on", day),
        Column("last_days_supply", number(1)),
        Column("days_supplied", number(), default=0),
        Column("days_supply", number(1), needed=True),
        Column("max_days_supply", number(1)),
        Column("quantity", number(1), needed=True),
        Column("price_cents", CENTS, needed=True),
        Column("mailable", flag, default=True),
        Column("prescriber_name", text, needed=True),
    ),
    complete=rules.complete_prescription,
)

REFILL_ORDER = CsvFile(
    _table(tables.RefillOrder),
    key=("order_number",),
    columns=(
        Column("order_number", ORDER_NUMBER, needed=True),
        OF_MEMBER,
        Column("channel", Word(*tables.CHANNELS), default="phone"),
        Column("status", Word(*tables.OrderStatus), needed=True),
        Column("ship_to", Word(*tables.ADDRESS_KINDS), default="mailing"),
        Column("total_cents", CENTS, needed=True),
        Column("placed_at", instant, default=_noon_today),
        Column("ship_on", day),
        Column("expected_by", day),
        Column("tracking_number", text),
        Column("held_reason", Word(*tables.HeldReason)),
        Column("request_key", text, default=_request_key),
    ),
    complete=rules.complete_order,
    before_insert=rules.address_orders,
)

ORDER_LINE = CsvFile(
    _table(tables.OrderLine),
    key=("order_id", "prescription_id"),
    columns=(
        replace(OF_ORDER, carries=("status",)),
        replace(OF_PRESCRIPTION, carries=("days_supply", "quantity", "price_cents")),
        Column("days_supply", number(1)),
        Column("quantity", number(1)),
        Column("price_cents", CENTS),
        Column("open", flag),
    ),
    complete=rules.complete_line,
)

SAVED_CARD = CsvFile(
    _table(tables.SavedCard),
    key=("member_id", "gateway", "token", "only_for_order_id"),
    columns=(
        OF_MEMBER,
        Column("gateway", text, default="sandbox"),
        Column("token", secret, needed=True),
        Column("brand", text, needed=True),
        Column("last4", digits(4, 4), needed=True),
        Column("exp_month", number(1, 12), needed=True),
        Column("exp_year", year, needed=True),
        replace(OF_ORDER, target="only_for_order_id", needed=False),
    ),
    afterwards=rules.give_cards_to_orders,
)

PAYMENT = CsvFile(
    _table(tables.Payment),
    key=("request_key",),
    columns=(
        replace(OF_ORDER, carries=("total_cents",)),
        Column("gateway", text, default="sandbox"),
        Column("reference", text),
        Column("brand", text, needed=True),
        Column("last4", digits(4, 4), needed=True),
        Column("amount_cents", CENTS),
        Column("status", Word(*tables.PaymentStatus), needed=True),
        Column("request_key", text),
        Column("created_at", instant, default=_noon_today),
    ),
    complete=rules.complete_payment,
)

RENEWAL_REQUEST = CsvFile(
    _table(tables.RenewalRequest),
    key=("reference",),
    columns=(
        Column("reference", checked_digits(4, 12), needed=True),
        OF_PRESCRIPTION,
        Column("channel", Word(*tables.CHANNELS), default="phone"),
        Column("status", Word(*tables.RenewalStatus), default="requested"),
        Column("requested_at", instant, default=_noon_today),
    ),
)

TRANSFER = CsvFile(
    _table(tables.Transfer),
    key=("member_id", "drug_name", "requested_on"),
    columns=(
        OF_MEMBER,
        Column("drug_name", text, needed=True),
        Column("from_pharmacy", text, needed=True),
        Column("status", Word(*tables.TransferStatus), default="requested"),
        Column("requested_on", day, needed=True),
        Column("rx_number", RX_NUMBER),
    ),
)

STREET = CsvFile(
    _table(tables.Street),
    key=("zip", "name", "urbanization"),
    columns=(
        Column("zip", digits(5, 5), needed=True),
        Column("street", text, needed=True, to="name"),
        Column("urbanization", text),
        Column("city", text),
        Column("state", state),
        Column("low", number()),
        Column("high", number()),
    ),
    complete=rules.complete_place,
)

FILES = (
    MEMBER,
    ADDRESS,
    PRESCRIPTION,
    REFILL_ORDER,
    ORDER_LINE,
    SAVED_CARD,
    PAYMENT,
    RENEWAL_REQUEST,
    TRANSFER,
    STREET,
)
