"""All data in the database, column by column, for the search for secrets. Sealed (encrypted) columns are opened too."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import LargeBinary, Table, select, type_coerce
from sqlalchemy.types import NullType, Text

from ivr.line.service import Services
from ivr.pharmacy.columns import line_tables
from ivr.pharmacy.tables import Base


@dataclass(frozen=True, slots=True)
class Holding:
    """The values of a column, or the texts of a call or log, one per line. `opened` is true if they were sealed."""

    place: str
    text: str
    opened: bool = False
    is_text: bool = True
    """False for numbers and bytes, in which a short value may occur by chance."""


ALL_TABLES = (*Base.metadata.sorted_tables, *line_tables.sorted_tables)
NOT_KEYED = ("street", "version")
"""Tables that hold nothing from callers: the street directory, and published flows and prompts."""


def holdings(services: Services, skip: Collection[str] = NOT_KEYED) -> Iterator[Holding]:
    """Yield the values of every column of the database, as the driver returns them."""
    for table in ALL_TABLES:
        if table.name not in skip:
            yield from _holdings_of_table(services, table)


def _holdings_of_table(services: Services, table: Table) -> Iterator[Holding]:
    columns = tuple(table.columns)
    query = select(*(type_coerce(column, NullType()) for column in columns)).order_by(*table.primary_key)
    with services.database.connect() as connection:
        rows = connection.execute(query).all()
    for column, values in zip(columns, zip(*rows, strict=True), strict=False):
        stored = [value for value in values if value is not None]
        place, is_sealed = f"{table.name}.{column.name}", isinstance(column.type, LargeBinary)
        yield Holding(place, "\n".join(map(_decoded, stored)), is_text=isinstance(column.type, Text))
        if is_sealed:
            opened = (services.vault.open(bytes(value), None, services.clock()) for value in stored)
            yield Holding(place, "\n".join(content.decode() for content in opened if content), opened=True)


def _decoded(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
