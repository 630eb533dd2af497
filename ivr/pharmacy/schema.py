"""Holds the tables of a database against those that this release needs: whose they are, and whether they will do.

Releases only add to the tables (docs/developers.md), so a worker can run on while a newer release migrates the
database under it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain

from sqlalchemy import Connection, Table, inspect

from ivr.pharmacy.columns import line_tables
from ivr.pharmacy.tables import Base

FIRST_TABLES = frozenset(("member", "prescription", "refill_order"))
"""Some of those that the first migration makes."""


def owner_problem(connection: Connection, revisions: Collection[str]) -> str:
    """Return what shows that the tables are another program's, "" if they are ours or there are none.

    `revisions` are those of migrations that the database says were run on it.
    """
    there = frozenset(inspect(connection).get_table_names())
    if revisions and not there >= FIRST_TABLES:
        return f"its migrations are at {', '.join(revisions)}, and it has no table {min(FIRST_TABLES - there)}"
    if not revisions and (same := there.intersection(table.name for table in _needed_tables())):
        return f"it has a table {min(same)} that no migration of this line made"
    return ""


def misfits(connection: Connection) -> Iterator[str]:
    """Yield what keeps this release from using tables of a newer one: what is gone, and what has to be filled."""
    inspector = inspect(connection)
    there = frozenset(inspector.get_table_names())
    for table in _needed_tables():
        if table.name not in there:
            yield f"there is no table {table.name}"
            continue
        found = {column["name"]: column for column in inspector.get_columns(table.name)}
        yield from (f"{table.name} has no column {name}" for name in table.c.keys() if name not in found)  # noqa: SIM118
        for name, column in found.items():
            may_be_left_out = table.c[name].nullable if name in table.c else True
            if may_be_left_out and not column["nullable"] and column["default"] is None:
                yield f"{table.name}.{name} has to be filled"


def _needed_tables() -> Iterator[Table]:
    return chain(Base.metadata.sorted_tables, line_tables.sorted_tables)
