"""Filling the street directory from a stream of rows, in batches, so that an interrupted load can be resumed.

The number of rows done is stored with each batch in the same transaction (table `street_load`). Loading a street again
only widens its range of house numbers, so that loading a file twice does no harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from ivr.errors import DataError
from ivr.pharmacy.database import answering, lift_time_limits, upgrade
from ivr.pharmacy.street_rows import BadRow, StreetRow, join_stretches

BATCH = 10_000
SAMPLE_BYTES = 1 << 16

OnBadRow = Callable[[BadRow], None]
OnProgress = Callable[[int], None]
"""Called with the number of rows of the file that are done."""


@dataclass(frozen=True, slots=True)
class StreetLoadCounts:
    """How many rows a load read, how many were bad, and how many an earlier, interrupted load had done (`resumed`)."""

    rows: int
    bad: int
    resumed: int


def load_streets(
    engine: Engine,
    path: Path,
    rows: Iterable[StreetRow | BadRow],
    bad: OnBadRow | None = None,
    progress: OnProgress = lambda _: None,
) -> StreetLoadCounts:
    """Load the rows that were read from a file, after migrating the database.

    `bad` is called with each bad row, which is then skipped; without `bad`, it raises DataError.
    """
    upgrade(engine)
    source, rows_done = fingerprint(path), 0
    with answering(engine), engine.connect() as connection:
        rows_done = resumed = _rows_done(connection, source)
        connection.rollback()
        bad_count = 0
        remaining = islice(rows, rows_done, None)
        while batch := list(islice(remaining, BATCH)):
            good = list(_good_rows(batch, path, bad))
            bad_count += len(batch) - len(good)
            rows_done += len(batch)
            with connection.begin():
                lift_time_limits(connection)
                _write_streets(connection, good)
                _note_rows_done(connection, source, rows_done)
            progress(rows_done)
        with connection.begin():
            connection.execute(text("DELETE FROM street_load WHERE source = :source"), {"source": source})
    return StreetLoadCounts(rows_done, bad_count, resumed)


def fingerprint(path: Path) -> str:
    """Return a text that identifies a version of a file: its name, size and a hash of its first `SAMPLE_BYTES`."""
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(SAMPLE_BYTES))
    return f"{path.name} {path.stat().st_size} {digest.hexdigest()[:16]}"


def _good_rows(batch: Iterable[StreetRow | BadRow], path: Path, bad: OnBadRow | None) -> Iterator[StreetRow]:
    for row in batch:
        if isinstance(row, StreetRow):
            yield row
        elif bad is None:
            raise DataError(f"{path.name}:{row.line}: {row.reason}")
        else:
            bad(row)


def _rows_done(connection: Connection, source: str) -> int:
    query = text("SELECT rows_done FROM street_load WHERE source = :source")
    return connection.execute(query, {"source": source}).scalar() or 0


def _note_rows_done(connection: Connection, source: str, done: int) -> None:
    statement = text(
        "INSERT INTO street_load (source, rows_done) VALUES (:source, :done) "
        "ON CONFLICT (source) DO UPDATE SET rows_done = excluded.rows_done"
    )
    connection.execute(statement, {"source": source, "done": done})


_SQLITE_UPSERT = """
    INSERT INTO street (zip, name, urbanization, city, state, low, high) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (zip, name, coalesce(urbanization, '')) DO UPDATE SET city = excluded.city, state = excluded.state,
    low = coalesce(min(street.low, excluded.low), street.low, excluded.low),
    high = coalesce(max(street.high, excluded.high), street.high, excluded.high)
"""
_POSTGRESQL_UPSERT = """
    INSERT INTO street (zip, name, urbanization, city, state, low, high)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::int[])
    ON CONFLICT (zip, name, coalesce(urbanization, '')) DO UPDATE SET city = excluded.city, state = excluded.state,
    low = least(street.low, excluded.low), high = greatest(street.high, excluded.high)
"""


def _write_streets(connection: Connection, rows: Sequence[StreetRow]) -> None:
    streets: dict[tuple[str, str, str | None], StreetRow] = {}
    for row in rows:
        streets[row.key] = join_stretches(row, streets[row.key]) if row.key in streets else row
    values = [(*row.key, row.city, row.state, row.low, row.high) for row in streets.values()]
    if not values:
        return
    if connection.dialect.name == "postgresql":
        columns = tuple([value[position] for value in values] for position in range(7))
        connection.exec_driver_sql(_POSTGRESQL_UPSERT, columns)
    else:
        connection.exec_driver_sql(_SQLITE_UPSERT, values)
