"""Fills the street directory from a stream of rows: batch by batch, so that a load that was cut short goes on.

How far a file has got is written with each batch, in the same transaction; a street that comes again only widens its
range of house numbers, so that no harm is done by loading twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from ivr.errors import DataError
from ivr.pharmacy.database import answering, unhurried, upgrade
from ivr.pharmacy.street_rows import BadRow, StreetRow, joined

BATCH = 10_000
SAMPLE = 1 << 16

Bad = Callable[[BadRow], None]
Progress = Callable[[int], None]
"""Is told how many rows of the file are done."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load came to, in rows; `resumed` of them were in already."""

    rows: int
    bad: int
    resumed: int


def load_streets(
    engine: Engine,
    path: Path,
    rows: Iterable[StreetRow | BadRow],
    bad: Bad | None = None,
    progress: Progress = lambda _: None,
) -> Loaded:
    """Load the rows of a file; a bad one is told to `bad` and left out or, without it, ends the load with DataError."""
    upgrade(engine)
    source, done = fingerprint(path), 0
    with answering(engine), engine.connect() as connection:
        done = resumed = _rows_done(connection, source)
        connection.rollback()
        count_bad = 0
        waiting = islice(rows, done, None)
        while batch := list(islice(waiting, BATCH)):
            good = list(_good(batch, path, bad))
            count_bad += len(batch) - len(good)
            done += len(batch)
            with connection.begin():
                unhurried(connection)
                _write(connection, good)
                _note(connection, source, done)
            progress(done)
        with connection.begin():
            connection.execute(text("DELETE FROM street_load WHERE source = :source"), {"source": source})
    return Loaded(done, count_bad, resumed)


def fingerprint(path: Path) -> str:
    """Return what tells a file from others and from an older one of its name, without reading all of it."""
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(SAMPLE))
    return f"{path.name} {path.stat().st_size} {digest.hexdigest()[:16]}"


def _good(batch: Iterable[StreetRow | BadRow], path: Path, bad: Bad | None) -> Iterator[StreetRow]:
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


def _note(connection: Connection, source: str, done: int) -> None:
    statement = text(
        "INSERT INTO street_load (source, rows_done) VALUES (:source, :done) "
        "ON CONFLICT (source) DO UPDATE SET rows_done = excluded.rows_done"
    )
    connection.execute(statement, {"source": source, "done": done})


_ONE_BY_ONE = """
    INSERT INTO street (zip, name, urbanization, city, state, low, high) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (zip, name, coalesce(urbanization, '')) DO UPDATE SET city = excluded.city, state = excluded.state,
    low = coalesce(min(street.low, excluded.low), street.low, excluded.low),
    high = coalesce(max(street.high, excluded.high), street.high, excluded.high)
"""
_AT_ONCE = """
    INSERT INTO street (zip, name, urbanization, city, state, low, high)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::int[])
    ON CONFLICT (zip, name, coalesce(urbanization, '')) DO UPDATE SET city = excluded.city, state = excluded.state,
    low = least(street.low, excluded.low), high = greatest(street.high, excluded.high)
"""


def _write(connection: Connection, rows: Sequence[StreetRow]) -> None:
    streets: dict[tuple[str, str, str | None], StreetRow] = {}
    for row in rows:
        streets[row.key] = joined(row, streets[row.key]) if row.key in streets else row
    values = [(*row.key, row.city, row.state, row.low, row.high) for row in streets.values()]
    if not values:
        return
    if connection.dialect.name == "postgresql":
        columns = tuple([value[at] for value in values] for at in range(7))
        connection.exec_driver_sql(_AT_ONCE, columns)
    else:
        connection.exec_driver_sql(_ONE_BY_ONE, values)
