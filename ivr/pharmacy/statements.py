"""How this room's statements are run: read rows as facts, insert unless taken, change what still fits.

A statement is built once, with `bindparam` for what differs, and given its values when it runs: a caller's turn waits
for it, and building one takes longer than running it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnExpressionArgument, Connection, Executable, Table, Update, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from ivr.pharmacy.tables import Base

Facts = TypeVar("Facts")


def columns(table: type[Base], facts: type) -> tuple[InstrumentedAttribute[Any], ...]:
    """Return the table's columns in the order of a dataclass's fields of the same names, so that `Facts(*row)` works."""
    return tuple(getattr(table, field.name) for field in fields(facts))


def fetch_one(connection: Connection, query: Executable, make: Callable[..., Facts], **values: object) -> Facts | None:
    """Return what is made of the first row, or None where there is none."""
    row = connection.execute(query, values).first()
    return None if row is None else make(*row)


def fetch_all(
    connection: Connection, query: Executable, make: Callable[..., Facts], **values: object
) -> tuple[Facts, ...]:
    """Return what is made of each row."""
    return tuple(make(*row) for row in connection.execute(query, values))


def insert_or_none(connection: Connection, table: type[Base], values: Mapping[str, object]) -> int | None:
    """Insert a row and return its id, or None where a unique index says that it is taken.

    A plain insert would fail instead, and a failure costs PostgreSQL's whole transaction.
    """
    inserted: int | None = connection.scalar(_inserting(_table(table), connection.dialect.name), values)
    return inserted


def insert_unless_there(connection: Connection, table: Table, values: Mapping[str, object]) -> None:
    """Insert a row, or leave the one that is there as it is."""
    connection.execute(_keeping(table, connection.dialect.name), values)


def upsert(connection: Connection, table: Table, *rows: Mapping[str, object]) -> None:
    """Insert rows, which have the same columns, or write their values over those of the same primary key."""
    connection.execute(_replacing(table, connection.dialect.name, tuple(rows[0])), rows)


def update_where(table: type[Base], *where: ColumnExpressionArgument[bool]) -> Update:
    """Begin an update, to be given its new values by `.values()` or when it runs.

    The parameters of its conditions must not be named as columns are: those names say what is written.
    """
    return update(_table(table)).where(*where)


def changed(connection: Connection, statement: Update, **values: object) -> bool:
    """Run an update and tell whether any row still fitted its conditions."""
    return connection.execute(statement, values).rowcount > 0


def _table(table: type[Base]) -> Table:
    return cast("Table", table.__table__)


# Each database has an insert of its own that can say what to do where the row is there already.


def _insert(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _keeping(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    return _insert(table, dialect).on_conflict_do_nothing()


@cache
def _inserting(table: Table, dialect: str) -> Executable:
    return _insert(table, dialect).on_conflict_do_nothing().returning(table.c.id)


@cache
def _replacing(table: Table, dialect: str, names: tuple[str, ...]) -> Executable:
    begun = _insert(table, dialect)
    key = [column.name for column in table.primary_key]
    return begun.on_conflict_do_update(index_elements=key, set_={name: begun.excluded[name] for name in names})
