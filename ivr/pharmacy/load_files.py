"""The CSV files that can be loaded: their columns, their references to other tables, and their keys.

`FILES` holds them in the order in which they are loaded. A row's key finds the database row that it updates; where a
key comes twice in a file, the later row counts. Three keys are a deliberate choice: an address is known by its text, so
that a member who moved gets a new row and old orders keep theirs; a renewal request by its reference, which staff have
on paper; a transfer asked for by telephone by its number at the other pharmacy, so that staff can add its medicine.
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
    """A column of the file.

    `default` is the value for new rows without one; a callable is given the row's values and today's date. `to` is the
    name of the table's column where it differs.
    """

    name: str
    parse: Parser
    needed: bool = False
    default: object | Callable[[Values, date], object] = None
    to: str = ""

    @property
    def target(self) -> str:
        """Return the name of the table's column."""
        return self.to or self.name


@dataclass(frozen=True, slots=True)
class Reference:
    """A column whose number identifies a row of another table.

    `target` is the column that gets that row's id; the columns `carries` of that row are copied to `IncomingRow.facts`.
    """

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

    `key` names the columns that identify a row; the first one must be indexed. A row with values for all columns of
    `other_key`, which are not as many, is identified by those first. Three functions are called while it is loaded: `complete` with each row,
    `before_insert` with the new rows of a batch, `afterwards` with all rows of it.
    """

    table: Table
    key: tuple[str, ...]
    columns: tuple[Column | Reference, ...]
    other_key: tuple[str, ...] = ()
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


def _model_table(model: type[tables.Base]) -> Table:
    return cast("Table", model.__table__)


def _columns_of(
    model: type[tables.Base],
    *own: Column | Reference,
    parsers: Mapping[str, Parser] | None = None,
    defaults: Mapping[str, object] | None = None,
    needed: Collection[str] = (),
    completed: Collection[str] = (),
    without: Collection[str] = (),
) -> tuple[Column | Reference, ...]:
    """Return the file's columns for a table: one for each of its columns, parsed by type, required without a default.

    Columns in `own` replace those of the same target; the rest of `own` comes last. Exceptions are given by name:
    `parsers` and `defaults` differ from the table's, `needed` are required although the table has a default,
    `completed` are not because the rest of the row gives their values, and `without` are not in the file.
    """

    def of_table(column: Any) -> Column | None:
        name, kind = column.name, column.type
        if column.primary_key or column.foreign_keys or name in without:
            return None
        words = [str(word) for word in kind.enum] if isinstance(kind, EnumText) else []
        parse = (parsers or {}).get(name) or (Word(*words) if words else _PARSERS[type(kind)])
        default = (defaults or {}).get(name, column.default.arg if column.default else None)
        is_needed = not column.nullable and default is None and name not in completed
        return Column(name, parse, is_needed or name in needed, default)

    own_by_target = {column.target: column for column in own}
    columns = [
        own_by_target.pop(c.name, None) or own_by_target.pop(c.name.removesuffix("_id"), None) or of_table(c)
        for c in _model_table(model).c
    ]
    return (*(column for column in columns if column), *own_by_target.values())


def _noon_today(values: Values, today: date) -> object:  # noqa: ARG001 - a Column.default
    return noon(today)


def _request_key(values: Values, today: date) -> object:  # noqa: ARG001 - a Column.default
    return f"load-{values['order_number']}"


MEMBER_NUMBER = digits(8, 10)
RX_NUMBER = digits(7, 12)
CHANNEL = Word(*tables.CHANNELS)

OF_MEMBER = Reference("member_number", MEMBER_NUMBER, _model_table(tables.Member), "member_id")
OF_PRESCRIPTION = Reference("rx_number", RX_NUMBER, _model_table(tables.Prescription), "prescription_id")
OF_ORDER = Reference("order_number", checked_digits, _model_table(tables.RefillOrder), "order_id")

MEMBER = CsvFile(
    _model_table(tables.Member),
    key=("member_number",),
    columns=_columns_of(
        tables.Member,
        parsers={"member_number": MEMBER_NUMBER, "phone": phone, "language": Word(of=LANGUAGES)},
    ),
)

ADDRESS = CsvFile(
    _model_table(tables.Address),
    key=("member_id", "kind", "house_number", "street", "unit", "urbanization", "zip", "replaced_at"),
    columns=_columns_of(
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
    _model_table(tables.Prescription),
    key=("rx_number",),
    columns=_columns_of(
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
    _model_table(tables.RefillOrder),
    key=("order_number",),
    columns=_columns_of(
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
    _model_table(tables.OrderLine),
    key=("order_id", "prescription_id"),
    columns=_columns_of(
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
    _model_table(tables.SavedCard),
    key=("member_id", "gateway", "token", "only_for_order_id"),
    columns=_columns_of(
        tables.SavedCard,
        OF_MEMBER,
        replace(OF_ORDER, target="only_for_order_id", needed=False),
        parsers={"last4": digits(4, 4), "exp_month": number(1, 12), "exp_year": year},
        defaults={"gateway": "sandbox"},
    ),
    afterwards=rules.give_cards_to_orders,
)

PAYMENT = CsvFile(
    _model_table(tables.Payment),
    key=("request_key",),
    columns=_columns_of(
        tables.Payment,
        replace(OF_ORDER, carries=("total_cents",)),
        parsers={"last4": digits(4, 4)},
        defaults={"gateway": "sandbox", "created_at": _noon_today},
        completed=("amount_cents", "request_key"),
    ),
    complete=rules.complete_payment,
)

RENEWAL_REQUEST = CsvFile(
    _model_table(tables.RenewalRequest),
    key=("reference",),
    columns=_columns_of(
        tables.RenewalRequest,
        OF_PRESCRIPTION,
        parsers={"reference": checked_digits, "channel": CHANNEL},
        defaults={"channel": "phone", "requested_at": _noon_today},
    ),
)

TRANSFER = CsvFile(
    _model_table(tables.Transfer),
    key=("member_id", "drug_name", "requested_on"),
    other_key=("member_id", "from_phone", "from_rx_number", "requested_on"),
    columns=_columns_of(tables.Transfer, OF_MEMBER, parsers={"rx_number": RX_NUMBER, "from_phone": phone}),
    complete=rules.complete_transfer,
)

STREET = CsvFile(
    _model_table(tables.Street),
    key=("zip", "name", "urbanization"),
    columns=_columns_of(
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
