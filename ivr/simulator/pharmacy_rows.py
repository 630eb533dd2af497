"""The pharmacy's rows as call scripts see them: with the loader's column names, every value as text."""

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
from ivr.pharmacy.trials import owned_by
from ivr.simulator import world
from ivr.simulator.world import LINES, NEWEST, Found, Pattern, RefusedRowError, Row

_FILES: Mapping[str, CsvFile] = {file.table.name: file for file in FILES}
COLUMNS: Mapping[str, tuple[str, ...]] = {
    name: tuple(column.name for column in file.columns) for name, file in _FILES.items()
}


def _table_of_file(file: CsvFile) -> world.Table:
    return world.Table(
        key=file.key[0] if len(file.key) == 1 else "",
        needed=tuple(column.name for column in file.columns if column.needed),
        refers_by={column.name: column.table.name for column in file.columns if isinstance(column, Reference)},
        words={column.name: words for column in file.columns if (words := _words(column.parse))},
    )


def _words(parse: Parser) -> Collection[str]:
    if parse is flag:
        return ("true", "false")
    return parse.allowed if isinstance(parse, Word) else ()


MADE_OF: Mapping[str, world.Table] = {name: _table_of_file(file) for name, file in _FILES.items()}
"""The key, references and kinds of values of each table."""
WRITTEN = ("refill_order", "order_line", "payment", "renewal_request", "address", "saved_card")
"""The tables that a call can write to."""


@cache
def demo_keys() -> Mapping[str, frozenset[str]]:
    """Return the keys of the demo pharmacy's rows, for the tables with one key column that every row must have."""
    return {
        name: frozenset(demo_values(file.name, table_info.key))
        for name, file in _FILES.items()
        if (table_info := MADE_OF[name]).key in table_info.needed
    }


def table(name: str) -> Table:
    """Return a table of the pharmacy by its name."""
    return _FILES[name].table


def ids(database: Engine, table: str, only: ColumnElement[bool] | None = None) -> set[object]:
    """Return the ids of a table's rows, or of those that meet the condition `only`."""
    query = select(*_FILES[table].table.primary_key)
    with database.connect() as connection:
        return {tuple(row) for row in connection.execute(query if only is None else query.where(only))}


def rows(
    database: Engine, table: str, but: Collection[object] = (), only: ColumnElement[bool] | None = None
) -> Sequence[Found]:
    """Return a table's rows, without those with the ids `but`, and only those that meet the condition `only`.

    Orders have their lines with them. Reading all rows is meant for a demo pharmacy.
    """
    with database.connect() as connection:
        table_rows = _read_rows(connection, table, only, but)
        if table != "refill_order":
            return table_rows
        orders, lines = _FILES["refill_order"].table.c, _FILES["order_line"].table.c
        order_ids = select(orders.id).where(orders.order_number.in_([row["order_number"] for row in table_rows]))
        line_rows = _read_rows(connection, "order_line", lines.order_id.in_(order_ids))
    return [
        {**row, LINES: [line for line in line_rows if line["order_number"] == row["order_number"]]}
        for row in table_rows
    ]


def rows_of_member(database: Engine, member_id: int) -> Mapping[str, Sequence[Found]]:
    """Return the rows that belong to a member, by table."""
    conditions = ((name, owned_by(file.table, (member_id,))) for name, file in _FILES.items())
    with database.connect() as connection:
        return {
            name: _read_rows(connection, name, condition) for name, condition in conditions if condition is not None
        }


def _read_rows(
    connection: Connection, table: str, only: ColumnElement[bool] | None = None, but: Collection[object] = ()
) -> Sequence[dict[str, str]]:
    file = _FILES[table]
    key = file.table.primary_key
    query = select(file.table).order_by(*key)
    rows = connection.execute(query if only is None else query.where(only)).mappings()
    kept = [row for row in rows if tuple(row[column.name] for column in key) not in but]
    numbers_by_id = {
        column.name: _numbers_by_id(connection, column.table, column.name, {row[column.target] for row in kept})
        for column in file.columns
        if isinstance(column, Reference)
    }
    if table == "refill_order":
        numbers_by_id["ship_to"] = _numbers_by_id(
            connection, _FILES["address"].table, "kind", {row["ship_to_id"] for row in kept}
        )
    return [{column.name: as_text(_value(row, column, numbers_by_id)) for column in file.columns} for row in kept]


def _numbers_by_id(connection: Connection, table: Table, name: str, ids: Collection[object]) -> Mapping[object, object]:
    """Return the values of a column of another table, by the ids of its rows."""
    present_ids = [row_id for row_id in ids if row_id is not None]
    if not present_ids:
        return {}
    return {row[0]: row[1] for row in connection.execute(_select_column(table, name), {"ids": present_ids})}


@cache
def _select_column(table: Table, name: str) -> Select[Any]:
    return select(table.c.id, table.c[name]).where(table.c.id.in_(bindparam("ids", expanding=True)))


def _value(row: Any, column: Any, numbers_by_id: Mapping[str, Mapping[object, object]]) -> object:
    if column.name == "ship_to":
        return numbers_by_id["ship_to"].get(row["ship_to_id"])
    if column.name in numbers_by_id:
        return numbers_by_id[column.name].get(row[column.target])
    return row.get(column.target)


def as_text(value: object) -> str:
    """Return a value of a row as scripts write it."""
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
"""Returns the condition of the rows of a table that may be read, None for all rows."""


def change(database: Engine, given_rows: Sequence[Row], today: date, only: Only = lambda _: None) -> None:
    """Add rows, or change existing ones; columns that a row leaves out keep their values.

    Raises RefusedRowError if the loader refuses a row.
    """
    for given_row in given_rows:
        row = replace(given_row, columns=_with_newest(database, given_row.columns, only))
        whole = {**_existing(database, row, only), **{name: str(value) for name, value in row.columns.items()}}
        with tempfile.TemporaryDirectory() as folder:
            _write(Path(folder) / f"{row.table}.csv", whole)
            try:
                add_folder(database, Path(folder), today)
            except DataError as error:
                reason = str(error).partition(": ")[2]
                raise RefusedRowError(row.place, f"{row.table}: {reason}") from None


def _with_newest(database: Engine, columns: Mapping[str, Pattern], only: Only) -> Mapping[str, Pattern]:
    """Return the columns with the number of the order placed last in place of the word NEWEST."""
    number = columns.get("order_number")
    return {**columns, "order_number": order_number(database, NEWEST, only)} if number == NEWEST else columns


def order_number(database: Engine, number_or_newest: str, only: Only = lambda _: None) -> str:
    """Return the number that is given, or for NEWEST that of the order placed last."""
    if number_or_newest != NEWEST:
        return number_or_newest
    orders, condition = _FILES["refill_order"].table.c, only("refill_order")
    query = select(orders.order_number).order_by(orders.id.desc()).limit(1)
    with database.connect() as connection:
        return str(connection.scalar(query if condition is None else query.where(condition)))


def _write(path: Path, row: Mapping[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(row)
        writer.writerow(row.values())


def _existing(database: Engine, row: Row, only: Only) -> Mapping[str, str]:
    """Return the values of the only row that matches the key columns that the script gives, or {}."""
    file = _FILES[row.table]
    names = {column.target: column.name for column in file.columns}
    key = {name: str(row.columns[name]) for target in file.key if (name := names.get(target, target)) in row.columns}
    if not key:
        return {}
    with database.connect() as connection:
        existing_rows = _read_rows(connection, row.table, only(row.table))
    matching = [existing for existing in existing_rows if all(existing[name] == text for name, text in key.items())]
    if len(matching) != 1:
        return {}
    return {name: text for name, text in matching[0].items() if text}
