"""Loading a folder of CSV files into the pharmacy database: all of it or, if one row is bad, nothing.

Rows are read and written in batches, so that millions of them need no more memory than a thousand. `load_files` defines
the files and their columns; this module reads them, compares them with the database and writes the changes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.exc import DataError as UnfitValueError
from sqlalchemy.exc import IntegrityError

from ivr.errors import DataError, did_you_mean
from ivr.pharmacy.database import answering, lift_time_limits, upgrade
from ivr.pharmacy.load_fields import secret
from ivr.pharmacy.load_files import FILES, PRESCRIPTION, Column, CsvFile, Reference
from ivr.pharmacy.load_refills import Refills
from ivr.pharmacy.load_rules import IncomingRow, RefusedError, Values
from ivr.secret import Secret

BATCH = 1000
LONGEST_QUOTE = 40


def load_folder(engine: Engine, folder: Path, today: date, *, timezone: tzinfo = UTC) -> Mapping[str, int]:
    """Migrate the database and load the CSV files of a folder; return the number of rows loaded, by table name.

    Relative dates count from `today`; the day of an order is a day in `timezone`. Refills taken by orders that the
    files do not include stay taken (see `load_refills`). Raises DataError at the first row that cannot be loaded.
    """
    files = _files_in(folder)
    upgrade(engine)
    with answering(engine), engine.begin() as connection:
        lift_time_limits(connection)
        with Refills(connection, folder, today, timezone) as refills:
            return _load(connection, folder, files, today, refills)


def add_folder(engine: Engine, folder: Path, today: date) -> Mapping[str, int]:
    """Load a folder as `load_folder` does, into a migrated database; used for rows that a scenario changes.

    The rows are written as they are, without `load_refills`: they were read from the database, and so their refills
    already include what orders have taken.
    """
    with answering(engine), engine.begin() as connection:
        return load_into(connection, folder, today)


def load_into(connection: Connection, folder: Path, today: date) -> Mapping[str, int]:
    """Load a folder as `add_folder` does, within the connection's transaction."""
    return _load(connection, folder, _files_in(folder), today, None)


def _load(
    connection: Connection, folder: Path, files: Sequence[CsvFile], today: date, refills: Refills | None
) -> Mapping[str, int]:
    return {
        file.table.name: _load_file(
            connection, folder / file.name, file, today, refills if file is PRESCRIPTION else None
        )
        for file in files
    }


def _files_in(folder: Path) -> list[CsvFile]:
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder")
    names, known_names = {path.name for path in folder.glob("*.csv")}, [file.name for file in FILES]
    for name in sorted(names.difference(known_names)):
        raise DataError(f"{name}: there is no table of that name{did_you_mean(name, known_names)}")
    if not names:
        raise DataError(f"{folder}: there is no CSV file to load; expected some of {', '.join(known_names)}")
    return [file for file in FILES if file.name in names]


def _load_file(connection: Connection, path: Path, file: CsvFile, today: date, refills: Refills | None) -> int:
    loaded = 0
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            records = _read_rows(lines, file, today)
            while batch := list(islice(records, BATCH)):
                _resolve(connection, file, batch)
                for record in batch:
                    file.complete(record, today)
                _store(connection, file, refills.put_aside(batch) if refills else batch, today)
                loaded += len(batch)
        for aside in refills.in_turn() if refills else ():
            _store(connection, file, aside, today)
    except RefusedError as error:
        raise DataError(f"{file.name}:{error.line}: {error}") from None
    except OSError as error:
        raise DataError(f"{file.name}: cannot be read: {error.strerror}") from None
    return loaded


# Reading -------------------------------------------------------------------------------------------------------------


def _read_rows(lines: Iterable[str], file: CsvFile, today: date) -> Iterator[IncomingRow]:
    """Yield the rows with their values parsed, skipping empty lines."""
    reader = csv.reader(lines, strict=True)
    columns: list[Column | Reference] = []
    try:
        while True:
            line = reader.line_num + 1
            row = next(reader, None)
            if row is None:
                break
            if row and columns:
                yield _parse_row(line, [field_text.strip() for field_text in row], columns, today)
            elif row:
                columns = _columns_named(line, [field_text.strip() for field_text in row], file)
    except csv.Error as error:
        raise RefusedError(reader.line_num, f"not readable as CSV: {error}") from None
    if not columns:
        raise RefusedError(1, "the file is empty; expected a line with the names of its columns")


def _columns_named(line: int, names: Sequence[str], file: CsvFile) -> list[Column | Reference]:
    columns_by_name = {column.name: column for column in file.columns}
    for name in names:
        if name not in columns_by_name:
            raise RefusedError(line, f"there is no column {_quote_field(name)}{did_you_mean(name, columns_by_name)}")
        if names.count(name) > 1:
            raise RefusedError(line, f"column {name} is there twice")
    for column in file.columns:
        if column.needed and column.name not in names:
            raise RefusedError(line, f"column {column.name} is missing")
    return [columns_by_name[name] for name in names]


def _parse_row(line: int, row: Sequence[str], columns: Sequence[Column | Reference], today: date) -> IncomingRow:
    if len(row) != len(columns):
        raise RefusedError(line, f"expected {len(columns)} fields, found {len(row)}")
    record = IncomingRow(line, {})
    for column, field_text in zip(columns, row, strict=True):
        if field_text or column.needed:
            try:
                value = column.parse(field_text, today)
            except ValueError as error:
                quoted = "something else" if column.parse is secret and field_text else _quote_field(field_text)
                raise record.refusal(column.name, f"expected {error}, found {quoted}") from None
            if isinstance(column, Reference):
                record.facts[column.name] = value
            else:
                record.values[column.target] = value
        elif not callable(column.default):
            record.values[column.target] = column.default
    return record


def _quote_field(field_text: str) -> str:
    shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in field_text)
    return f'"{shown[:LONGEST_QUOTE]}{"…" if len(shown) > LONGEST_QUOTE else ""}"' if field_text else "nothing"


# Writing -------------------------------------------------------------------------------------------------------------


def _resolve(connection: Connection, file: CsvFile, batch: Sequence[IncomingRow]) -> None:
    """Look up the rows of other tables that a batch refers to by number, and set their ids."""
    for column in file.columns:
        if not isinstance(column, Reference):
            continue
        table, name = column.table, column.name
        numbers = {record.facts[name] for record in batch if name in record.facts}
        extra_columns = [table.c[carry] for carry in column.carries]
        rows = connection.execute(select(table.c[name], table.c.id, *extra_columns).where(table.c[name].in_(numbers)))
        row_by_number = {row[0]: row for row in rows}
        for record in batch:
            if name not in record.facts:
                continue
            row = row_by_number.get(record.facts[name])
            if row is None:
                row_name = table.name.removeprefix("refill_")
                raise record.refusal(name, f"there is no {row_name} with the number {record.facts[name]}")
            record.values[column.target] = row[1]
            record.facts.update(zip(column.carries, row[2:], strict=True))


def _store(connection: Connection, file: CsvFile, batch: Sequence[IncomingRow], today: date) -> None:
    """Write a batch; if the database refuses it, halve it until the bad row is alone, and raise RefusedError for it."""
    if not batch:
        return
    try:
        with connection.begin_nested():
            _write_batch(connection, file, batch, today)
    except (IntegrityError, UnfitValueError) as error:
        if len(batch) == 1:
            reason = str(error.orig).strip().splitlines()[0]
            raise RefusedError(batch[0].line, f"the database refuses this row: {reason}") from None
        middle = len(batch) // 2
        _store(connection, file, batch[:middle], today)
        _store(connection, file, batch[middle:], today)


def _write_batch(connection: Connection, file: CsvFile, batch: Sequence[IncomingRow], today: date) -> None:
    defaults = {column.target: column.default for column in file.columns}
    for record in batch:
        record.whole = _with_defaults(defaults, record.values, today)
    by_key = {_keys_of(file, record.whole)[0]: record for record in batch}
    existing = _existing_rows(connection, file, by_key.values())
    pairs = [(record, _existing_row(file, record, existing)) for record in by_key.values()]
    new = [record for record, row in pairs if row is None]
    if new:
        file.before_insert(connection, new, today)
        names = [name for name in new[0].whole if name in file.table.c]
        connection.execute(insert(file.table), [{name: record.whole[name] for name in names} for record in new])
    _update(connection, file, [(row, record.values) for record, row in pairs if row is not None])
    file.afterwards(connection, list(by_key.values()), today)


def _with_defaults(defaults: Values, values: Values, today: date) -> Values:
    whole = defaults | values
    for name, value in defaults.items():
        if callable(value) and name not in values:
            whole[name] = value(whole, today)
    return whole


def _existing_rows(
    connection: Connection, file: CsvFile, records: Iterable[IncomingRow]
) -> Mapping[tuple[object, ...], Values]:
    """Return the rows that the database already has for these records, by each of their keys."""
    first = file.table.c[file.key[0]]
    is_possible = first.in_({record.whole[first.name] for record in records})
    rows: list[Values] = [{**row} for row in connection.execute(select(file.table).where(is_possible)).mappings()]
    return {key: row for row in rows for key in _keys_of(file, row)}


def _existing_row(file: CsvFile, record: IncomingRow, existing: Mapping[tuple[object, ...], Values]) -> Values | None:
    return next((existing[key] for key in _keys_of(file, record.whole) if key in existing), None)


def _update(connection: Connection, file: CsvFile, pairs: Iterable[tuple[Values, Values]]) -> None:
    """Update the rows whose values differ; a column that the file does not have keeps its value."""
    primary = [column.name for column in file.table.primary_key]
    names = [c.target for c in file.columns if c.target in file.table.c and c.target not in primary]
    rows = [
        {f"new_{name}": values.get(name, old[name]) for name in names} | {f"old_{name}": old[name] for name in primary}
        for old, values in pairs
        if any(values.get(name, old[name]) != old[name] for name in names)
    ]
    if rows:
        statement = update(file.table).values({name: bindparam(f"new_{name}") for name in names})
        for name in primary:
            statement = statement.where(file.table.c[name] == bindparam(f"old_{name}"))
        connection.execute(statement, rows)


def _keys_of(file: CsvFile, values: Mapping[str, object]) -> tuple[tuple[object, ...], ...]:
    """Return the keys that identify a row, the surest one first. Beside `other_key`, `key` needs all its values too."""
    key = tuple(_key_part(values[name]) for name in file.key)
    other_key = tuple(_key_part(values[name]) for name in file.other_key)
    if not other_key or None in other_key:
        return (key,)
    return (other_key,) if None in key else (other_key, key)


def _key_part(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, datetime):
        return True  # only whether there is a time (`replaced_at`) counts: with relative dates it differs at every load
    return value
