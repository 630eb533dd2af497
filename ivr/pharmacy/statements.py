"""Helpers to read rows into dataclasses, and to insert and update rows.

A statement is built once, at import, with `bindparam` for its values: building one takes longer than running it, and a
caller waits for the turn.
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
    """Return the table's columns named as a dataclass's fields, in their order, so that `Facts(*row)` works."""
    return tuple(getattr(table, field.name) for field in fields(facts))


def fetch_one(connection: Connection, query: Executable, make: Callable[..., Facts], **values: object) -> Facts | None:
    """Return `make(*row)` for the first row, or None if there is none."""
    row = connection.execute(query, values).first()
    return None if row is None else make(*row)


def fetch_all(
    connection: Connection, query: Executable, make: Callable[..., Facts], **values: object
) -> tuple[Facts, ...]:
    """Return `make(*row)` for each row."""
    return tuple(make(*row) for row in connection.execute(query, values))


def insert_or_none(connection: Connection, table: type[Base], values: Mapping[str, object]) -> int | None:
    """Insert a row and return its id, or None if it conflicts with a unique index.

    A plain insert would raise an error instead, after which PostgreSQL's transaction can only be rolled back.
    """
    inserted: int | None = connection.scalar(_insert_returning_id(_table_of(table), connection.dialect.name), values)
    return inserted


def insert_unless_there(connection: Connection, table: Table, values: Mapping[str, object]) -> None:
    """Insert a row, or do nothing if it conflicts with a unique index."""
    connection.execute(_insert_or_ignore(table, connection.dialect.name), values)


def upsert(connection: Connection, table: Table, *rows: Mapping[str, object]) -> None:
    """Insert rows, all with the same columns; a row whose primary key exists is updated."""
    connection.execute(_insert_or_update(table, connection.dialect.name, tuple(rows[0])), rows)


def update_where(table: type[Base], *where: ColumnExpressionArgument[bool]) -> Update:
    """Return an UPDATE with conditions; new values come from `.values()` or from the parameters when it is run.

    The conditions' own `bindparam`s must not be named like a column, since such a parameter is a new value.
    """
    return update(_table_of(table)).where(*where)


def changed(connection: Connection, statement: Update, **values: object) -> bool:
    """Run an update and return whether any row met its conditions."""
    return connection.execute(statement, values).rowcount > 0


def _table_of(table: type[Base]) -> Table:
    return cast("Table", table.__table__)


# "ON CONFLICT" is not in SQLAlchemy's common INSERT, only in those of the two dialects.


def _insert(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _insert_or_ignore(table: Table, dialect: str) -> postgresql.Insert | sqlite.Insert:
    return _insert(table, dialect).on_conflict_do_nothing()


@cache
def _insert_returning_id(table: Table, dialect: str) -> Executable:
    return _insert(table, dialect).on_conflict_do_nothing().returning(table.c.id)


@cache
def _insert_or_update(table: Table, dialect: str, names: tuple[str, ...]) -> Executable:
    statement = _insert(table, dialect)
    key = [column.name for column in table.primary_key]
    return statement.on_conflict_do_update(index_elements=key, set_={name: statement.excluded[name] for name in names})
