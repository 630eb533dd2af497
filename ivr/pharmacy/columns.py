"""What tables are made of: column types, check constraints, partial indexes, and a place for the line's own tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import CheckConstraint, DateTime, Dialect, Index, MetaData, Text, TypeDecorator, text

from ivr.secret import Secret

EnumWord = TypeVar("EnumWord", bound=StrEnum)

line_tables = MetaData()
"""The tables that belong to the line alone, of whichever room; `pharmacy.tables` has those that it shares."""


class Instant(TypeDecorator[datetime]):
    """A time-zone-aware `datetime`, stored in UTC. SQLite stores no time zone, so it is added back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Convert to UTC; raise ValueError for a naive `datetime`."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone, found {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return an aware `datetime`; the naive ones that SQLite gives are in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SecretText(TypeDecorator[Secret]):
    """Text that is a `Secret` in the program and plain text only in the database."""

    impl = Text
    cache_ok = True
    hashable = False

    def process_bind_param(self, value: Secret | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the plain text for the database."""
        return None if value is None else value.reveal()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Secret | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Wrap the stored text in a `Secret`."""
        return None if value is None else Secret(value)


class EnumText(TypeDecorator[EnumWord]):
    """A member of a `StrEnum` in the program, stored as text in the database."""

    impl = Text
    cache_ok = True

    def __init__(self, enum: type[EnumWord]) -> None:
        super().__init__()
        self.enum = enum

    def process_result_value(self, value: str | None, dialect: Dialect) -> EnumWord | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the enum's member for the stored text; raise ValueError if it has none."""
        return None if value is None else self.enum(value)


def is_one_of(column: str, values: Iterable[str]) -> str:
    """Return the SQL condition that a column holds one of these values."""
    words = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({words})"


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Return a check constraint, named after the column, that allows these values only."""
    return CheckConstraint(is_one_of(column, values), name=column)


def holds(name: str, rule: str) -> CheckConstraint:
    """Return a named check constraint from an SQL condition."""
    return CheckConstraint(rule, name=name)


def unique_where(name: str, *columns: str, where: str) -> Index:
    """Return a unique index over the rows that meet the SQL condition `where`."""
    return Index(name, *columns, unique=True, postgresql_where=text(where), sqlite_where=text(where))


def index_where(name: str, *columns: str, where: str) -> Index:
    """Return an index over the rows that meet the SQL condition `where`, so that it stays small as history grows."""
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))
