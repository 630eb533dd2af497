"""Keeping the refills that orders have taken when a file of prescriptions is loaded over existing ones.

The pharmacy system wrote the file before the load, so that it may lack the latest orders of this line. For each order
of a prescription one of these holds:

- The file includes it: the same load names the order, or a load brought it. Its refills are in the file's numbers.
- The file has filled it: its day (the day it ships on, or else was placed on) is not after the prescription's last fill
  in the file. The file's numbers then include its refills and its fill, and the order line is marked (`filled_on`), so
  that shipping or cancelling it does not count them again.
- Otherwise the file lacks it. Its refills are taken from the file's numbers; a fill that shipped here within the last
  `OLDEST_FILE` is kept too. Where the file has fewer refills left than the order took, the line notes how many
  (`refills_short`).

Calls go on meanwhile. While the file is read, its rows for existing prescriptions are put aside in a temporary table.
At the end those prescriptions are locked in ascending order of their ids, as placing, cancelling and shipping do, and
only then are their orders looked up.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    Integer,
    MetaData,
    PickleType,
    RowMapping,
    Table,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
)

from ivr.pharmacy.load_rules import IncomingRow, Values
from ivr.pharmacy.statements import update_where, upsert
from ivr.pharmacy.tables import OrderLine, OrderStatus, Prescription, RefillOrder

BATCH_ROWS = 1000
OLDEST_FILE = timedelta(days=7)
"""How old a file can be. An older fill that shipped here and is not in the file was taken back."""
LOADED = "load-%"
"""The pattern (for LIKE) of the request keys of orders that were loaded."""

_METADATA = MetaData()
_ASIDE = Table(
    "load_aside",
    _METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("record", PickleType, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Rows of the file by the id of the existing prescription."""
_NAMED = Table(
    "load_named",
    _METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)
"""Existing orders that the same load names."""

_PRESCRIPTION = cast("Table", Prescription.__table__)
_THESE: BindParameter[Any] = bindparam("these", expanding=True)
_NAME = insert(_NAMED).from_select(
    ["id"],
    select(RefillOrder.id).where(
        RefillOrder.order_number.in_(_THESE), ~exists().where(_NAMED.c.id == RefillOrder.id).correlate(RefillOrder)
    ),
)
_ORDERED = exists().where(OrderLine.prescription_id == _PRESCRIPTION.c.id, OrderLine.open).correlate(_PRESCRIPTION)
_ANY = select(exists().where(_PRESCRIPTION.c.id.is_not(None)))
_STANDING = select(_PRESCRIPTION, _ORDERED.label("ordered")).where(_PRESCRIPTION.c.rx_number.in_(_THESE))
_FORGET = delete(_ASIDE).where(_ASIDE.c.id.in_(_THESE))
_NEXT = select(_ASIDE).where(_ASIDE.c.id > bindparam("after")).order_by(_ASIDE.c.id).limit(BATCH_ROWS).subquery()
_LOCKED = (
    select(_PRESCRIPTION, _NEXT.c.record)
    .join(_NEXT, _NEXT.c.id == _PRESCRIPTION.c.id)
    .order_by(_PRESCRIPTION.c.id)
    .with_for_update(of=_PRESCRIPTION)
)
_LINES = (
    select(
        OrderLine.id,
        OrderLine.prescription_id,
        OrderLine.days_supply,
        OrderLine.open,
        OrderLine.filled_on,
        OrderLine.refills_short,
        RefillOrder.placed_at,
        RefillOrder.ship_on,
        RefillOrder.request_key.like(LOADED),
    )
    .join(RefillOrder, RefillOrder.id == OrderLine.order_id)
    .where(
        OrderLine.prescription_id.in_(select(_NEXT.c.id)),
        or_(OrderLine.open, RefillOrder.status.in_((OrderStatus.SHIPPED, OrderStatus.DELIVERED))),
        ~exists().where(_NAMED.c.id == OrderLine.order_id).correlate(OrderLine),
    )
    .order_by(OrderLine.id)
)
_MARK = update_where(OrderLine, OrderLine.id == bindparam("line"))


@dataclass(frozen=True, slots=True)
class _Line:
    """An order line of a prescription, in an order that this load does not name; `loaded` if a load brought it."""

    id: int
    prescription_id: int
    days_supply: int
    open: bool
    filled_on: date | None
    refills_short: int
    placed_at: datetime
    ship_on: date | None
    loaded: bool

    def is_filled(self, last_fill: date | None, timezone: tzinfo) -> bool:
        """Return whether the file's last fill includes this order; once it did, a later ship date changes nothing."""
        day = self.ship_on or self.placed_at.astimezone(timezone).date()
        return last_fill is not None and last_fill >= min(day, self.filled_on or day)


class Refills:
    """Puts aside a file's rows for existing prescriptions, and returns them with corrected refills.

    A context manager, so that its temporary tables are dropped.
    """

    def __init__(self, connection: Connection, folder: Path, today: date, timezone: tzinfo) -> None:
        self._connection = connection
        self._folder = folder
        self._today = today
        self._timezone = timezone
        self._any = bool(connection.scalar(_ANY))
        self._aside = False

    def __enter__(self) -> Refills:
        """Create the temporary tables and record which orders the folder names."""
        _METADATA.create_all(self._connection, checkfirst=False)
        for name in ("refill_order.csv", "order_line.csv"):
            numbers = _order_numbers(self._folder / name)
            while batch := list(islice(numbers, BATCH_ROWS)):
                self._connection.execute(_NAME, {"these": batch})
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        """Drop the temporary tables; after a failure the rollback does so."""
        if failed is None:
            _METADATA.drop_all(self._connection, checkfirst=False)

    def put_aside(self, records: Sequence[IncomingRow]) -> Sequence[IncomingRow]:
        """Return the rows of new prescriptions; put aside those that change one or whose prescription is in an open
        order.

        Rows that change nothing, of prescriptions without an open order, are dropped.
        """
        if not self._any:
            return records
        unmatched = {record.values["rx_number"]: record for record in records}
        existing = self._connection.execute(_STANDING, {"these": list(unmatched)}).mappings().all()
        aside, unchanged = {}, []
        for row in existing:
            record = unmatched.pop(row["rx_number"])
            if row["ordered"] or any(record.values[name] != row[name] for name in record.values):
                aside[row["id"]] = record
            else:
                unchanged.append(row["id"])
        if self._aside and unchanged:  # where a number comes twice in the file, its later row counts
            self._connection.execute(_FORGET, {"these": unchanged})
        if aside:
            self._aside = True
            rows = [{"id": row_id, "record": record} for row_id, record in aside.items()]
            upsert(self._connection, _ASIDE, *rows)
        return [record for record in records if record.values["rx_number"] in unmatched]

    def in_turn(self) -> Iterator[Sequence[IncomingRow]]:
        """Yield the rows put aside, batch by batch, with corrected refills; their prescriptions are locked then."""
        after = 0
        while rows := self._connection.execute(_LOCKED, {"after": after}).mappings().all():
            existing = {row["id"]: row for row in rows}
            lines: dict[tuple[int, bool], _Line] = {}
            for line_row in self._connection.execute(_LINES, {"after": after}):
                lines[line_row.prescription_id, line_row.open] = _Line(*line_row)
            marks = [
                mark
                for (prescription_id, _), line in lines.items()
                if (mark := self._refills_of(line, existing[prescription_id]))
            ]
            if marks:
                self._connection.execute(_MARK, marks)
            yield [row["record"] for row in rows]
            after = rows[-1]["id"]

    def _refills_of(self, line: _Line, existing: RowMapping) -> Values | None:
        """Take the refills of a prescription's open line, or of the last that shipped, from the values to be loaded.

        Return the new values of the order line, or None if it stays as it is.
        """
        values = cast("IncomingRow", existing["record"]).values
        last_fill = cast("date | None", values.get("last_filled_on", existing["last_filled_on"]))
        filled = line.is_filled(last_fill, self._timezone)
        unknown = not filled and not line.loaded
        if not line.open:
            if unknown and self._shipped_lately(last_fill, existing):
                _take(values, line)
                _keep_fill(values, line, existing)
            return None
        short = _take(values, line) if unknown else 0
        filled_on = (line.filled_on or last_fill) if filled else None
        if (filled_on, short) == (line.filled_on, line.refills_short):
            return None
        return {"line": line.id, "filled_on": filled_on, "refills_short": short}

    def _shipped_lately(self, last_fill: date | None, existing: RowMapping) -> bool:
        shipped_on = cast("date | None", existing["last_filled_on"])
        return shipped_on is not None and shipped_on > max(last_fill or date.min, self._today - OLDEST_FILE)


def _take(values: Values, line: _Line) -> int:
    """Count a line's refills as used; return how many more they are than the file has left."""
    n, refills_left = line.days_supply // cast("int", values["days_supply"]), cast("int", values["refills_left"])
    values["refills_left"] = max(0, refills_left - n)
    if "refills_used" in values:  # without it in the file, the database keeps the number that placing the order set
        values["refills_used"] = cast("int", values["refills_used"]) + n
    return max(0, n - refills_left)


def _keep_fill(values: Values, line: _Line, existing: RowMapping) -> None:
    """Keep the fill that shipped here in the values to be loaded."""
    values["last_filled_on"], values["last_days_supply"] = existing["last_filled_on"], existing["last_days_supply"]
    values["first_filled_on"] = values.get("first_filled_on") or existing["first_filled_on"]
    if "days_supplied" in values:
        values["days_supplied"] = cast("int", values["days_supplied"]) + line.days_supply


def _order_numbers(path: Path) -> Iterator[str]:
    """Yield the order numbers in a file; errors in the file are ignored here and reported when it is loaded."""
    with suppress(OSError, csv.Error), path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        rows = ([field.strip() for field in row] for row in csv.reader(lines) if row)
        header = next(rows, [])
        if "order_number" in header:
            index = header.index("order_number")
            yield from (row[index] for row in rows if len(row) > index and row[index].isdecimal())
