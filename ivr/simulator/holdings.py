"""What lies in the database, column by column, as the search for secrets looks at it: sealed columns also opened."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import LargeBinary, Table, select, type_coerce
from sqlalchemy.types import NullType, Text

from ivr.line import tables
from ivr.line.service import Services
from ivr.orders.lease import payment_lease
from ivr.pharmacy.notices import notice
from ivr.pharmacy.tables import Base


@dataclass(frozen=True, slots=True)
class Holding:
    """What lies at a place: the rows of a column or of a call one below the other; `opened` when it was sealed."""

    place: str
    text: str
    opened: bool = False
    is_text: bool = True
    """It is neither numbers nor bytes, in which a short value may stand by chance."""


EVERY = (*Base.metadata.sorted_tables, *tables.metadata.sorted_tables, notice, payment_lease)
NOT_KEYED = ("street", "version")
"""Tables that hold no word of callers: the directory of streets, and the flows and prompts that were published."""


def holdings(services: Services, skip: Collection[str] = NOT_KEYED) -> Iterator[Holding]:
    """Yield every column of the database as the driver gives it."""
    for table in EVERY:
        if table.name not in skip:
            yield from _table(services, table)


def _table(services: Services, table: Table) -> Iterator[Holding]:
    columns = tuple(table.columns)
    query = select(*(type_coerce(column, NullType()) for column in columns)).order_by(*table.primary_key)
    with services.database.connect() as connection:
        rows = connection.execute(query).all()
    for column, values in zip(columns, zip(*rows, strict=True), strict=False):
        here = [value for value in values if value is not None]
        place, is_sealed = f"{table.name}.{column.name}", isinstance(column.type, LargeBinary)
        yield Holding(place, "\n".join(map(_text, here)), is_text=isinstance(column.type, Text))
        if is_sealed:
            opened = (services.vault.open(bytes(value), None, services.clock()) for value in here)
            yield Holding(place, "\n".join(one.decode() for one in opened if one), opened=True)


def _text(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
