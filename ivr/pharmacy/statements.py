"""The statements this room is written in: read rows as facts, insert unless taken, change what still fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TypeVar

from sqlalchemy import ColumnExpressionArgument, Executable, Table, Update, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from ivr.pharmacy.tables import Base

Facts = TypeVar("Facts")


def columns(table: type[Base], facts: type) -> tuple[InstrumentedAttribute[object], ...]:
    """Return the table's columns in the order of a dataclass's fields of the same names, so that `Facts(*row)` works."""
    return tuple(getattr(table, field.name) for field in fields(facts))


def first(session: Session, query: Executable, make: Callable[..., Facts], **values: object) -> Facts | None:
    """Return what is made of the first row, or None where there is none; `values` fill a query that is built once."""
    row = session.connection().execute(query, values).first()
    return None if row is None else make(*row)


def every(session: Session, query: Executable, make: Callable[..., Facts], **values: object) -> tuple[Facts, ...]:
    """Return what is made of each row; `values` fill a query that is built once."""
    return tuple(make(*row) for row in session.connection().execute(query, values))


def insert_into(session: Session, table: type[Base] | Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an insert that can say what to do where the row is there already: each database has its own kind."""
    return postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)


def insert_new(session: Session, table: type[Base], values: Mapping[str, object]) -> int | None:
    """Insert a row and return its id, or None where a unique index says that it is taken.

    A plain insert would fail instead, and a failure costs PostgreSQL's whole transaction.
    """
    statement = insert_into(session, table).values(**values).on_conflict_do_nothing()
    inserted: int | None = session.scalar(statement.returning(table.__table__.c.id))
    return inserted


def change(table: type[Base], *where: ColumnExpressionArgument[bool]) -> Update:
    """Begin an update that leaves the session's objects alone: this room keeps none."""
    return update(table).where(*where).execution_options(synchronize_session=False)


def changed(session: Session, table: type[Base], statement: Update) -> bool:
    """Run an update and tell whether any row still fitted its conditions."""
    return session.execute(statement.returning(table.__table__.c.id)).first() is not None
