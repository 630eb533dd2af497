"""What columns and rows of our tables are made of: moments, secrets, words from a list, rules and partial indexes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import CheckConstraint, DateTime, Dialect, Index, Text, TypeDecorator, text

from ivr.secret import Secret

Words = TypeVar("Words", bound=StrEnum)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC: aware going in, aware coming out, also where the database keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a moment that does not say where it is told."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone, found {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give SQLite's naive text its time zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SecretText(TypeDecorator[Secret]):
    """Text that is a `Secret` everywhere in the program; only the database sees it in clear."""

    impl = Text
    cache_ok = True
    hashable = False

    def process_bind_param(self, value: Secret | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Give the text to the database."""
        return None if value is None else value.reveal()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Secret | None:  # noqa: ARG002
        """Wrap what the database gave."""
        return None if value is None else Secret(value)


class EnumText(TypeDecorator[Words]):
    """A word that is a member of its enum everywhere in the program, and text in the database."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[Words]) -> None:
        super().__init__()
        self.words = words

    def process_result_value(self, value: str | None, dialect: Dialect) -> Words | None:  # noqa: ARG002
        """Return the member of that name."""
        return None if value is None else self.words(value)


def is_one_of(column: str, values: Iterable[str]) -> str:
    """Return the condition that a column holds one of these words."""
    words = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({words})"


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Let a column hold these words only."""
    return CheckConstraint(is_one_of(column, values), name=column)


def holds(name: str, rule: str) -> CheckConstraint:
    """Let rows stand only where the rule holds."""
    return CheckConstraint(rule, name=name)


def unique_where(name: str, *columns: str, where: str) -> Index:
    """Make columns unique among the rows that fit, and findable."""
    return Index(name, *columns, unique=True, postgresql_where=text(where), sqlite_where=text(where))


def index_where(name: str, *columns: str, where: str) -> Index:
    """Index only the rows that fit, so that the index stays small as history grows."""
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))
