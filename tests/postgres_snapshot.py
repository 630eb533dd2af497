"""A PostgreSQL database as it was when it was made: put back after each test, which is quicker than making another."""

from __future__ import annotations

import psycopg
from psycopg import Connection, sql

# What a test may not change: a database whose tables are others than before is not put back, but dropped.
_SHAPE = """
SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
    SELECT concat_ws(' ', attrelid::regclass, attname, atttypid, attnotnull, attisdropped) FROM pg_attribute
    WHERE attnum > 0 AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT concat_ws(' ', oid::regprocedure, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', datname, datconnlimit, datallowconn) FROM pg_database WHERE datname = current_database()
) AS shape (line)
"""
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
_REFERENCES = "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
_SEQUENCES = "SELECT sequencename, start_value, last_value FROM pg_sequences WHERE schemaname = 'public'"
_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'snapshot'
"""

Mark = tuple[int, int]
"""How many rows a table has, and the newest transaction that wrote one: another mark, other rows."""


class PostgresSnapshot:
    """What lies in a database that nobody else uses yet, and the way back to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection = psycopg.connect(
            url, autocommit=True, application_name="snapshot"
        )  # one may be within another
        self._connection.execute("SET synchronous_commit = off")
        self._tables = tuple(str(name) for (name,) in self._connection.execute(_TABLES))
        self._shape = self._look()
        self._references = {(str(of), str(to)) for of, to in self._connection.execute(_REFERENCES)}
        self._sequences = self._connection.execute(_SEQUENCES).fetchall()
        self._rows = {name: _rows(self._connection, name) for name in self._tables}
        self._marks = self._marked()

    def restore(self) -> bool:
        """End whoever is connected, and put back all rows and counters; False when the tables are others than before."""
        while self._connection.execute(_OTHERS).fetchone():
            pass
        if self._look() != self._shape:
            return False
        with self._connection.transaction():
            changed = self._changed()
            _together(self._connection, [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in changed])
            _together(self._connection, [_insert(name, self._rows[name]) for name in changed if self._rows[name]])
            for name, start, last in self._sequences:
                self._connection.execute("SELECT setval(%s, %s, %s)", (name, last or start, last is not None))
        self._marks = self._marked()
        return True

    def close(self) -> None:
        """Leave the database."""
        self._connection.close()

    def _look(self) -> object:
        return self._connection.execute(_SHAPE).fetchone()

    def _marked(self) -> dict[str, Mark]:
        """Return the mark of every table."""
        mark = "SELECT {} AS name, count(*), coalesce(max(xmin::text::bigint), 0) FROM {}"
        each = [sql.SQL(mark).format(sql.Literal(name), sql.Identifier(name)) for name in self._tables]
        found = self._connection.execute(sql.SQL(" UNION ALL ").join(each))
        return {str(name): (int(count), int(newest)) for name, count, newest in found}

    def _changed(self) -> set[str]:
        """Return the tables whose rows are others, and those with rows that point to them."""
        changed = {name for name, mark in self._marked().items() if mark != self._marks[name]}
        while more := {of for of, to in self._references if to in changed} - changed:
            changed |= more
        return changed


def _rows(connection: Connection, table: str) -> str | None:
    found = connection.execute(
        sql.SQL("SELECT jsonb_agg(to_jsonb(kept))::text FROM {} AS kept").format(sql.Identifier(table))
    ).fetchone()
    return found[0] if found else None


def _insert(table: str, rows: str | None) -> sql.Composed:
    into = "INSERT INTO {0} SELECT * FROM jsonb_populate_recordset(NULL::{0}, {1})"
    return sql.SQL(into).format(sql.Identifier(table), sql.Literal(rows))


def _together(connection: Connection, changes: list[sql.Composed]) -> None:
    """Make changes in one statement, so that it matters to no foreign key which comes first."""
    if changes:
        parts = [sql.SQL("{} AS ({})").format(sql.Identifier(f"part {n}"), change) for n, change in enumerate(changes)]
        connection.execute(sql.SQL("WITH {} SELECT 1").format(sql.SQL(", ").join(parts)))
