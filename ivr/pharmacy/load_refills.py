"""Keeps refills that orders have taken, when a file of prescriptions is written over those that stand.

The file is older than the load. It knows of an order that the same load names, and of one that came by a load: its
numbers hold those orders' refills. It has filled an order whose day, the one it ships on or was placed on, is not after
the prescription's last fill in the file: it counts that order's refills and its fill, and the line is marked so that
shipping or cancelling it counts nothing again. Of any other order it knows nothing, and the order's refills stay taken;
so does a fill that shipped here lately. Where the file has fewer refills left than an order took, the line notes it.

Calls go on meanwhile. Prescriptions that stand are put aside, on disk, while the file is read, and at its end locked in
ascending order of their ids, as placing, cancelling and shipping do; only then are their orders looked up.
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

AT_ONCE = 1000
OLDEST_FILE = timedelta(days=7)
"""A file is no older than this: a fill that shipped here before and that it does not tell of was taken back."""
LOADED = "load-%"
"""The request keys of orders that came by a load."""

_METADATA = MetaData()
_ASIDE = Table(
    "load_aside",
    _METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("record", PickleType, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Rows of the file by the id of the prescription that stands."""
_NAMED = Table(
    "load_named",
    _METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)
"""Orders that stand and that the same load names."""

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
_NEXT = select(_ASIDE).where(_ASIDE.c.id > bindparam("after")).order_by(_ASIDE.c.id).limit(AT_ONCE).subquery()
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
    """A prescription in an order that this load does not name."""

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
        """Say whether the file's last fill is this order's. Once it was, an order's day may move as it will."""
        day = self.ship_on or self.placed_at.astimezone(timezone).date()
        return last_fill is not None and last_fill >= min(day, self.filled_on or day)


class Refills:
    """Puts a file's rows for prescriptions that stand aside, and gives them back with refills as they are to be."""

    def __init__(self, connection: Connection, folder: Path, today: date, timezone: tzinfo) -> None:
        self._connection = connection
        self._folder = folder
        self._today = today
        self._timezone = timezone
        self._any = bool(connection.scalar(_ANY))
        self._aside = False

    def __enter__(self) -> Refills:
        """Note which orders the folder names."""
        _METADATA.create_all(self._connection, checkfirst=False)
        for name in ("refill_order.csv", "order_line.csv"):
            numbers = _order_numbers(self._folder / name)
            while batch := list(islice(numbers, AT_ONCE)):
                self._connection.execute(_NAME, {"these": batch})
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        """Clear up; after a failure the rollback does."""
        if failed is None:
            _METADATA.drop_all(self._connection, checkfirst=False)

    def put_aside(self, records: Sequence[IncomingRow]) -> Sequence[IncomingRow]:
        """Return the rows whose prescription is new; put aside those that change one or stand beside an open order."""
        if not self._any:
            return records
        told = {record.values["rx_number"]: record for record in records}
        standing = self._connection.execute(_STANDING, {"these": list(told)}).mappings().all()
        aside, same = {}, []
        for row in standing:
            record = told.pop(row["rx_number"])
            if row["ordered"] or any(record.values[name] != row[name] for name in record.values):
                aside[row["id"]] = record
            else:
                same.append(row["id"])
        if self._aside and same:  # a number that comes twice has its later row
            self._connection.execute(_FORGET, {"these": same})
        if aside:
            self._aside = True
            rows = [{"id": row_id, "record": record} for row_id, record in aside.items()]
            upsert(self._connection, _ASIDE, *rows)
        return [record for record in records if record.values["rx_number"] in told]

    def in_turn(self) -> Iterator[Sequence[IncomingRow]]:
        """Yield what was put aside, batch by batch, its prescriptions locked and its refills as they are to be."""
        after = 0
        while rows := self._connection.execute(_LOCKED, {"after": after}).mappings().all():
            standing = {row["id"]: row for row in rows}
            lines: dict[tuple[int, bool], _Line] = {}
            for found in self._connection.execute(_LINES, {"after": after}):
                lines[found.prescription_id, found.open] = _Line(*found)
            marks = [mark for (rx, _), line in lines.items() if (mark := self._refills_of(line, standing[rx]))]
            if marks:
                self._connection.execute(_MARK, marks)
            yield [row["record"] for row in rows]
            after = rows[-1]["id"]

    def _refills_of(self, line: _Line, standing: RowMapping) -> Values | None:
        """Take what a prescription's open line, or the last that shipped, holds; return what the line is to note."""
        values = cast("IncomingRow", standing["record"]).values
        last_fill = cast("date | None", values.get("last_filled_on", standing["last_filled_on"]))
        filled = line.is_filled(last_fill, self._timezone)
        unknown = not filled and not line.loaded
        if not line.open:
            if unknown and self._shipped_lately(last_fill, standing):
                _take(values, line)
                _keep_fill(values, line, standing)
            return None
        short = _take(values, line) if unknown else 0
        filled_on = (line.filled_on or last_fill) if filled else None
        if (filled_on, short) == (line.filled_on, line.refills_short):
            return None
        return {"line": line.id, "filled_on": filled_on, "refills_short": short}

    def _shipped_lately(self, last_fill: date | None, standing: RowMapping) -> bool:
        shipped_on = cast("date | None", standing["last_filled_on"])
        return shipped_on is not None and shipped_on > max(last_fill or date.min, self._today - OLDEST_FILE)


def _take(values: Values, line: _Line) -> int:
    """Move a line's refills; return how many of them the file has not left."""
    n, left = line.days_supply // cast("int", values["days_supply"]), cast("int", values["refills_left"])
    values["refills_left"] = max(0, left - n)
    if "refills_used" in values:  # one that the file does not tell stands as placing left it
        values["refills_used"] = cast("int", values["refills_used"]) + n
    return max(0, n - left)


def _keep_fill(values: Values, line: _Line, standing: RowMapping) -> None:
    """Keep the fill that shipped here."""
    values["last_filled_on"], values["last_days_supply"] = standing["last_filled_on"], standing["last_days_supply"]
    values["first_filled_on"] = values.get("first_filled_on") or standing["first_filled_on"]
    if "days_supplied" in values:
        values["days_supplied"] = cast("int", values["days_supplied"]) + line.days_supply


def _order_numbers(path: Path) -> Iterator[str]:
    """Yield the numbers of the orders a file names; what is wrong with the file is told when it is loaded."""
    with suppress(OSError, csv.Error), path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        rows = ([field.strip() for field in row] for row in csv.reader(lines) if row)
        header = next(rows, [])
        if "order_number" in header:
            at = header.index("order_number")
            yield from (row[at] for row in rows if len(row) > at and row[at].isdecimal())
