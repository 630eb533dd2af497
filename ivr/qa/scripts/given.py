"""Rows that a script gives, held against those that are there before: what names none of them is told when it is read."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.errors import Report, did_you_mean
from ivr.qa.scripts.vocabulary import Vocabulary
from ivr.simulator.world import NEWEST, Row


def tell_strangers(rows: Iterable[Row], known: Vocabulary, report: Report) -> None:
    """Tell rows that are to be changed, or are referred to, and are not there: neither before nor by an earlier row."""
    there = {table: set(keys) for table, keys in known.standing.items()}
    for row in rows:
        table = known.made_of.get(row.table)
        if table is None:
            continue
        for column, other in table.refers_by.items():
            _tell(row, column, other, there, report)
        missing = [name for name in table.needed if not row.columns.get(name)]
        if missing:
            _tell(row, table.key, row.table, there, report, f"; a new one needs {', '.join(missing)} too")
        if row.table in there:
            there[row.table].add(str(row.columns.get(table.key, "")))


def _tell(row: Row, column: str, table: str, there: dict[str, set[str]], report: Report, todo: str = "") -> None:
    key = str(row.columns.get(column, ""))
    if table in there and key not in ("", NEWEST) and key not in there[table]:
        hint = did_you_mean(key, sorted(there[table]))
        report.add(row.places.get(column, row.place), f'there is no such {table} as "{key}"{hint}{todo}')
