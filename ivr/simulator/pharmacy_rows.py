"""The pharmacy's rows as call scripts know them: by the loader's column names, every value as text."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, bindparam, select

from ivr.errors import DataError
from ivr.pharmacy.demo import demo_values
from ivr.pharmacy.load import add_folder
from ivr.pharmacy.load_fields import Parser, Word, flag
from ivr.pharmacy.load_files import FILES, CsvFile, Reference
from ivr.pharmacy.trials import belongs
from ivr.simulator import world
from ivr.simulator.world import LINES, NEWEST, Found, Pattern, RefusedRowError, Row

_FILES: Mapping[str, CsvFile] = {file.table.name: file for file in FILES}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    name: tuple(column.name for column in file.columns) for name, file in _FILES.items()
}


def _made_of(file: CsvFile) -> world.Table:
    return world.Table(
        key=file.key[0] if len(file.key) == 1 else "",
        needed=tuple(column.name for column in file.columns if column.needed),
        refers_by={column.name: column.table.name for column in file.columns if isinstance(column, Reference)},
        words={column.name: words for column in file.columns if (words := _words(column.parse))},
    )


def _words(parse: Parser) -> Collection[str]:
    if parse is flag:
        return ("true", "false")
    return parse.known if isinstance(parse, Word) else ()


MADE_OF: Mapping[str, world.Table] = {name: _made_of(file) for name, file in _FILES.items()}
"""What rows of each table are made of."""
WRITTEN = ("refill_order", "order_line", "payment", "renewal_request", "address", "saved_card")
"""The tables a call can write to."""


@cache
def demo_keys() -> Mapping[str, frozenset[str]]:
    """Return the keys of the demo pharmacy's rows, by table: of those that go by one that every row has."""
    return {
        name: frozenset(demo_values(file.name, made.key))
        for name, file in _FILES.items()
        if (made := MADE_OF[name]).key in made.needed
    }


def table(name: str) -> Table:
    """Return a table of the pharmacy by its name."""
    return _FILES[name].table


def ids(database: Engine, table: str, only: ColumnElement[bool] | None = None) -> set[object]:
    """Return the ids of a table's rows, perhaps only of some."""
    wanted = select(*_FILES[table].table.primary_key)
    with database.connect() as connection:
        return {tuple(row) for row in connection.execute(wanted if only is None else wanted.where(only))}


def rows(
    database: Engine, table: str, but: Collection[object] = (), only: ColumnElement[bool] | None = None
) -> Sequence[Found]:
    """Return a table's rows, all but those with these ids, perhaps only some; orders with their lines.

    All of them are meant for a demo pharmacy.
    """
    with database.connect() as connection:
        found = _rows(connection, table, only, but)
        if table != "refill_order":
            return found
        orders, lines = _FILES["refill_order"].table.c, _FILES["order_line"].table.c
        these = select(orders.id).where(orders.order_number.in_([row["order_number"] for row in found]))
        opened = _rows(connection, "order_line", lines.order_id.in_(these))
    return [{**row, LINES: [line for line in opened if line["order_number"] == row["order_number"]]} for row in found]


def rows_of_member(database: Engine, member_id: int) -> Mapping[str, Sequence[Found]]:
    """Return the rows that are a member's, by table."""
    whose = ((name, belongs(file.table, (member_id,))) for name, file in _FILES.items())
    with database.connect() as connection:
        return {name: _rows(connection, name, theirs) for name, theirs in whose if theirs is not None}


def _rows(
    connection: Connection, table: str, only: ColumnElement[bool] | None = None, but: Collection[object] = ()
) -> Sequence[dict[str, str]]:
    file = _FILES[table]
    key = file.table.primary_key
    wanted = select(file.table).order_by(*key)
    rows = connection.execute(wanted if only is None else wanted.where(only)).mappings()
    found = [row for row in rows if tuple(row[column.name] for column in key) not in but]
    known = {
        column.name: _numbers(connection, column.table, column.name, {row[column.target] for row in found})
        for column in file.columns
        if isinstance(column, Reference)
    }
    if table == "refill_order":
        known["ship_to"] = _numbers(connection, _FILES["address"].table, "kind", {row["ship_to_id"] for row in found})
    return [{column.name: _text(_value(row, column, known)) for column in file.columns} for row in found]


def _numbers(connection: Connection, table: Table, name: str, ids: Collection[object]) -> Mapping[object, object]:
    """Return what other tables know these rows by."""
    wanted = [row_id for row_id in ids if row_id is not None]
    return {row[0]: row[1] for row in connection.execute(_named(table, name), {"ids": wanted})} if wanted else {}


@cache
def _named(table: Table, name: str) -> Select[Any]:
    return select(table.c.id, table.c[name]).where(table.c.id.in_(bindparam("ids", expanding=True)))


def _value(row: Any, column: Any, known: Mapping[str, Mapping[object, object]]) -> object:
    if column.name == "ship_to":
        return known["ship_to"].get(row["ship_to_id"])
    if column.name in known:
        return known[column.name].get(row[column.target])
    return row.get(column.target)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)


Only = Callable[[str], ColumnElement[bool] | None]
"""What holds for those rows of a table that may be looked at; None for all of them."""


def change(database: Engine, wanted: Sequence[Row], today: date, only: Only = lambda _: None) -> None:
    """Add rows, or change those that stand there already: what a row leaves out stays as it is.

    Raises RefusedRowError when the loader refuses one.
    """
    for named in wanted:
        row = replace(named, columns=_with_newest(database, named.columns, only))
        whole = {**_standing(database, row, only), **{name: str(value) for name, value in row.columns.items()}}
        with tempfile.TemporaryDirectory() as folder:
            _write(Path(folder) / f"{row.table}.csv", whole)
            try:
                add_folder(database, Path(folder), today)
            except DataError as error:
                reason = str(error).partition(": ")[2]
                raise RefusedRowError(row.place, f"{row.table}: {reason}") from None


def _with_newest(database: Engine, columns: Mapping[str, Pattern], only: Only) -> Mapping[str, Pattern]:
    """Put the number of the order that was placed last in the place of the word for it."""
    number = columns.get("order_number")
    return {**columns, "order_number": order_number(database, NEWEST, only)} if number == NEWEST else columns


def order_number(database: Engine, named: str, only: Only = lambda _: None) -> str:
    """Return an order's number: the one named, or that of the order placed last."""
    if named != NEWEST:
        return named
    orders, these = _FILES["refill_order"].table.c, only("refill_order")
    wanted = select(orders.order_number).order_by(orders.id.desc()).limit(1)
    with database.connect() as connection:
        return str(connection.scalar(wanted if these is None else wanted.where(these)))


def _write(path: Path, row: Mapping[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(row)
        writer.writerow(row.values())


def _standing(database: Engine, row: Row, only: Only) -> Mapping[str, str]:
    """Return the one row that has the same key, as far as the script tells it."""
    file = _FILES[row.table]
    names = {column.target: column.name for column in file.columns}
    key = {name: str(row.columns[name]) for target in file.key if (name := names.get(target, target)) in row.columns}
    if not key:
        return {}
    with database.connect() as connection:
        standing = _rows(connection, row.table, only(row.table))
    alike = [found for found in standing if all(found[name] == text for name, text in key.items())]
    if len(alike) != 1:
        return {}
    return {name: text for name, text in alike[0].items() if text}
