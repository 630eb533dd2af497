"""Loads a folder of CSV files into the pharmacy database: all of it or, if one row is bad, nothing.

Rows stream through in batches, so that millions of them need no more memory than a thousand. Which files there are and
what their columns hold is told in `load_files`; here they are read, held against the database and written.
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
from ivr.pharmacy.database import answering, unhurried, upgrade
from ivr.pharmacy.load_fields import secret
from ivr.pharmacy.load_files import FILES, PRESCRIPTION, Column, CsvFile, Reference
from ivr.pharmacy.load_refills import Refills
from ivr.pharmacy.load_rules import IncomingRow, RefusedError, Values
from ivr.secret import Secret

BATCH = 1000
LONGEST_QUOTE = 40


def load_folder(engine: Engine, folder: Path, today: date, *, timezone: tzinfo = UTC) -> Mapping[str, int]:
    """Bring the database up to date and load the CSV files of a folder; return how many rows each table was given.

    Relative dates count from `today`; the day of an order is a day in `timezone`. Refills that orders have taken and
    the files do not know of stay taken (see `load_refills`). Raises DataError at the first row that cannot be loaded.
    """
    files = _files_in(folder)
    upgrade(engine)
    with answering(engine), engine.begin() as connection:
        unhurried(connection)
        with Refills(connection, folder, today, timezone) as refills:
            return _load(connection, folder, files, today, refills)


def add_folder(engine: Engine, folder: Path, today: date) -> Mapping[str, int]:
    """Do the same in a database that is up to date already, as one is that a scenario changes row by row.

    Its rows are taken as they are told: they were read from the database, with what orders have taken.
    """
    with answering(engine), engine.begin() as connection:
        return load_into(connection, folder, today)


def load_into(connection: Connection, folder: Path, today: date) -> Mapping[str, int]:
    """Do the same within a transaction."""
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
    found, known = {path.name for path in folder.glob("*.csv")}, [file.name for file in FILES]
    for name in sorted(found.difference(known)):
        raise DataError(f"{name}: there is no table of that name{did_you_mean(name, known)}")
    if not found:
        raise DataError(f"{folder}: there is no CSV file to load; expected some of {', '.join(known)}")
    return [file for file in FILES if file.name in found]


def _load_file(connection: Connection, path: Path, file: CsvFile, today: date, refills: Refills | None) -> int:
    loaded = 0
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            records = _read(lines, file, today)
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


def _read(lines: Iterable[str], file: CsvFile, today: date) -> Iterator[IncomingRow]:
    """Yield the rows with their values parsed; empty lines are none."""
    reader = csv.reader(lines, strict=True)
    columns: list[Column | Reference] = []
    try:
        while True:
            line = reader.line_num + 1
            row = next(reader, None)
            if row is None:
                break
            if row and columns:
                yield _record(line, [found.strip() for found in row], columns, today)
            elif row:
                columns = _columns(line, [found.strip() for found in row], file)
    except csv.Error as error:
        raise RefusedError(reader.line_num, f"not readable as CSV: {error}") from None
    if not columns:
        raise RefusedError(1, "the file is empty; expected a line with the names of its columns")


def _columns(line: int, names: Sequence[str], file: CsvFile) -> list[Column | Reference]:
    known = {column.name: column for column in file.columns}
    for name in names:
        if name not in known:
            raise RefusedError(line, f"there is no column {_quote(name)}{did_you_mean(name, known)}")
        if names.count(name) > 1:
            raise RefusedError(line, f"column {name} is there twice")
    for column in file.columns:
        if column.needed and column.name not in names:
            raise RefusedError(line, f"column {column.name} is missing")
    return [known[name] for name in names]


def _record(line: int, row: Sequence[str], columns: Sequence[Column | Reference], today: date) -> IncomingRow:
    if len(row) != len(columns):
        raise RefusedError(line, f"expected {len(columns)} fields, found {len(row)}")
    record = IncomingRow(line, {})
    for column, found in zip(columns, row, strict=True):
        if found or column.needed:
            try:
                value = column.parse(found, today)
            except ValueError as error:
                shown = "something else" if column.parse is secret and found else _quote(found)
                raise record.refusal(column.name, f"expected {error}, found {shown}") from None
            if isinstance(column, Reference):
                record.facts[column.name] = value
            else:
                record.values[column.target] = value
        elif not callable(column.default):
            record.values[column.target] = column.default
    return record


def _quote(found: str) -> str:
    shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in found)
    return f'"{shown[:LONGEST_QUOTE]}{"…" if len(shown) > LONGEST_QUOTE else ""}"' if found else "nothing"


# Writing -------------------------------------------------------------------------------------------------------------


def _resolve(connection: Connection, file: CsvFile, batch: Sequence[IncomingRow]) -> None:
    """Put the ids in place of the numbers that stand for rows of other tables."""
    for column in file.columns:
        if not isinstance(column, Reference):
            continue
        table, name = column.table, column.name
        numbers = {record.facts[name] for record in batch if name in record.facts}
        carried = [table.c[carry] for carry in column.carries]
        rows = connection.execute(select(table.c[name], table.c.id, *carried).where(table.c[name].in_(numbers)))
        found = {row[0]: row for row in rows}
        for record in batch:
            if name not in record.facts:
                continue
            row = found.get(record.facts[name])
            if row is None:
                what = table.name.removeprefix("refill_")
                raise record.refusal(name, f"there is no {what} with the number {record.facts[name]}")
            record.values[column.target] = row[1]
            record.facts.update(zip(column.carries, row[2:], strict=True))


def _store(connection: Connection, file: CsvFile, batch: Sequence[IncomingRow], today: date) -> None:
    """Write a batch; what the database refuses is halved until the row at fault stands alone."""
    if not batch:
        return
    try:
        with connection.begin_nested():
            _write(connection, file, batch, today)
    except (IntegrityError, UnfitValueError) as error:
        if len(batch) == 1:
            reason = str(error.orig).strip().splitlines()[0]
            raise RefusedError(batch[0].line, f"the database refuses this row: {reason}") from None
        middle = len(batch) // 2
        _store(connection, file, batch[:middle], today)
        _store(connection, file, batch[middle:], today)


def _write(connection: Connection, file: CsvFile, batch: Sequence[IncomingRow], today: date) -> None:
    defaults = {column.target: column.default for column in file.columns}
    for record in batch:
        record.whole = _with_defaults(defaults, record.values, today)
    wanted = {_key(file, record.whole): record for record in batch}
    standing = _standing(connection, file, wanted.values())
    new = [record for key, record in wanted.items() if key not in standing]
    if new:
        file.before_insert(connection, new, today)
        names = [name for name in new[0].whole if name in file.table.c]
        connection.execute(insert(file.table), [{name: record.whole[name] for name in names} for record in new])
    _update(connection, file, [(standing[key], record.values) for key, record in wanted.items() if key in standing])
    file.afterwards(connection, list(wanted.values()), today)


def _with_defaults(defaults: Values, values: Values, today: date) -> Values:
    whole = defaults | values
    for name, value in defaults.items():
        if callable(value) and name not in values:
            whole[name] = value(whole, today)
    return whole


def _standing(
    connection: Connection, file: CsvFile, records: Iterable[IncomingRow]
) -> Mapping[tuple[object, ...], Values]:
    """Return the rows that are in the database already, by key."""
    first = file.table.c[file.key[0]]
    wanted = first.in_({record.whole[first.name] for record in records})
    rows: list[Values] = [{**row} for row in connection.execute(select(file.table).where(wanted)).mappings()]
    return {_key(file, row): row for row in rows}


def _update(connection: Connection, file: CsvFile, pairs: Iterable[tuple[Values, Values]]) -> None:
    """Change the rows that say something else now; what their file does not tell stays as it is."""
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


def _key(file: CsvFile, values: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(_key_part(values[name]) for name in file.key)


def _key_part(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, datetime):
        return True  # that an address was replaced tells it apart; the moment moves with relative dates
    return value
