"""The CSV files of a load: their columns, what those refer to, and how a row finds its row in the database.

`FILES` holds them in the order they are loaded. A key that comes twice in a file: the later row counts. Two keys are
a choice. An address is the same while its words are the same, so that a member who moved gets a new row and old orders
keep theirs. A renewal request goes by its reference, which staff have on paper.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from sqlalchemy import Boolean, Connection, Date, Integer, SmallInteger, Table, Text

from ivr.languages import LANGUAGES
from ivr.pharmacy import load_rules as rules
from ivr.pharmacy import tables
from ivr.pharmacy.columns import EnumText, Instant, SecretText
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
from ivr.pharmacy.load_rules import IncomingRow, Values


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
    complete: Callable[[IncomingRow, date], None] = rules.nothing_follows
    before_insert: Callable[[Connection, Sequence[IncomingRow], date], None] = rules.nothing_changes
    afterwards: Callable[[Connection, Sequence[IncomingRow], date], None] = rules.nothing_changes

    @property
    def name(self) -> str:
        """Return the file's name."""
        return f"{self.table.name}.csv"


_PARSERS: Mapping[type, Parser] = {
    Boolean: flag,
    Date: day,
    Instant: instant,
    Integer: number(),
    SecretText: secret,
    SmallInteger: number(),
    Text: text,
}


def _table(model: type[tables.Base]) -> Table:
    return cast("Table", model.__table__)


def _columns(
    model: type[tables.Base],
    *own: Column | Reference,
    parsers: Mapping[str, Parser] | None = None,
    defaults: Mapping[str, object] | None = None,
    needed: Collection[str] = (),
    completed: Collection[str] = (),
    without: Collection[str] = (),
) -> tuple[Column | Reference, ...]:
    """Return the table's columns, each read by its type, and needed if the table knows no default; `own` in their places.

    What the file cannot tell by type is said here: `parsers` and `defaults` by name, what is `needed` although the table
    has a default, what is `completed` from the rest of the row, and what the file goes `without`.
    """

    def of_table(column: Any) -> Column | None:
        name, kind = column.name, column.type
        if column.primary_key or column.foreign_keys or name in without:
            return None
        words = [str(word) for word in kind.words] if isinstance(kind, EnumText) else []
        parse = (parsers or {}).get(name) or (Word(*words) if words else _PARSERS[type(kind)])
        usual = (defaults or {}).get(name, column.default.arg if column.default else None)
        is_needed = not column.nullable and usual is None and name not in completed
        return Column(name, parse, is_needed or name in needed, usual)

    told = {column.target: column for column in own}
    found = [
        told.pop(c.name, None) or told.pop(c.name.removesuffix("_id"), None) or of_table(c) for c in _table(model).c
    ]
    return (*(column for column in found if column), *told.values())


def _noon_today(values: Values, today: date) -> object:  # noqa: ARG001
    return noon(today)


def _request_key(values: Values, today: date) -> object:  # noqa: ARG001
    return f"load-{values['order_number']}"


MEMBER_NUMBER = digits(8, 10)
RX_NUMBER = digits(7, 12)
CHANNEL = Word(*tables.CHANNELS)

OF_MEMBER = Reference("member_number", MEMBER_NUMBER, _table(tables.Member), "member_id")
OF_PRESCRIPTION = Reference("rx_number", RX_NUMBER, _table(tables.Prescription), "prescription_id")
OF_ORDER = Reference("order_number", checked_digits, _table(tables.RefillOrder), "order_id")

MEMBER = CsvFile(
    _table(tables.Member),
    key=("member_number",),
    columns=_columns(
        tables.Member,
        parsers={"member_number": MEMBER_NUMBER, "phone": phone, "language": Word(of=LANGUAGES)},
    ),
)

ADDRESS = CsvFile(
    _table(tables.Address),
    key=("member_id", "kind", "house_number", "street", "unit", "urbanization", "zip", "replaced_at"),
    columns=_columns(
        tables.Address,
        OF_MEMBER,
        parsers={
            "kind": Word(*tables.ADDRESS_KINDS),
            "state": state,
            "zip": digits(5, 5),
            "entered_by": Word(*tables.ENTERED_BY),
        },
        defaults={"created_at": _noon_today},
        completed=("city", "state"),
    ),
    complete=rules.complete_place,
    before_insert=rules.replace_mailing_addresses,
)

PRESCRIPTION = CsvFile(
    _table(tables.Prescription),
    key=("rx_number",),
    columns=_columns(
        tables.Prescription,
        OF_MEMBER,
        parsers={
            "rx_number": RX_NUMBER,
            "replaced_by": RX_NUMBER,
            "schedule": number(2, 5),
            **dict.fromkeys(("last_days_supply", "days_supply", "max_days_supply", "quantity"), number(1)),
        },
        needed=("refills_left",),
        completed=("max_days_supply",),
    ),
    complete=rules.complete_prescription,
)

REFILL_ORDER = CsvFile(
    _table(tables.RefillOrder),
    key=("order_number",),
    columns=_columns(
        tables.RefillOrder,
        OF_MEMBER,
        Column("ship_to", Word(*tables.ADDRESS_KINDS), default="mailing"),
        parsers={"order_number": checked_digits, "channel": CHANNEL},
        defaults={"channel": "phone", "placed_at": _noon_today, "request_key": _request_key},
    ),
    complete=rules.complete_order,
    before_insert=rules.address_orders,
)

ORDER_LINE = CsvFile(
    _table(tables.OrderLine),
    key=("order_id", "prescription_id"),
    columns=_columns(
        tables.OrderLine,
        replace(OF_ORDER, carries=("status",)),
        replace(OF_PRESCRIPTION, carries=("days_supply", "quantity", "price_cents")),
        Column("open", flag),
        parsers={"days_supply": number(1), "quantity": number(1)},
        completed=("days_supply", "quantity", "price_cents"),
        without=("filled_on", "refills_short"),
    ),
    complete=rules.complete_line,
)

SAVED_CARD = CsvFile(
    _table(tables.SavedCard),
    key=("member_id", "gateway", "token", "only_for_order_id"),
    columns=_columns(
        tables.SavedCard,
        OF_MEMBER,
        replace(OF_ORDER, target="only_for_order_id", needed=False),
        parsers={"last4": digits(4, 4), "exp_month": number(1, 12), "exp_year": year},
        defaults={"gateway": "sandbox"},
    ),
    afterwards=rules.give_cards_to_orders,
)

PAYMENT = CsvFile(
    _table(tables.Payment),
    key=("request_key",),
    columns=_columns(
        tables.Payment,
        replace(OF_ORDER, carries=("total_cents",)),
        parsers={"last4": digits(4, 4)},
        defaults={"gateway": "sandbox", "created_at": _noon_today},
        completed=("amount_cents", "request_key"),
    ),
    complete=rules.complete_payment,
)

RENEWAL_REQUEST = CsvFile(
    _table(tables.RenewalRequest),
    key=("reference",),
    columns=_columns(
        tables.RenewalRequest,
        OF_PRESCRIPTION,
        parsers={"reference": checked_digits, "channel": CHANNEL},
        defaults={"channel": "phone", "requested_at": _noon_today},
    ),
)

TRANSFER = CsvFile(
    _table(tables.Transfer),
    key=("member_id", "drug_name", "requested_on"),
    columns=_columns(tables.Transfer, OF_MEMBER, parsers={"rx_number": RX_NUMBER}),
)

STREET = CsvFile(
    _table(tables.Street),
    key=("zip", "name", "urbanization"),
    columns=_columns(
        tables.Street,
        Column("street", text, needed=True, to="name"),
        parsers={"zip": digits(5, 5), "state": state},
        completed=("city", "state"),
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
