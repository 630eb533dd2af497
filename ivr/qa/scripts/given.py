"""Checks, when a script is read, that the rows it changes or refers to exist."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.errors import Report, did_you_mean
from ivr.qa.scripts.vocabulary import Vocabulary
from ivr.simulator.world import NEWEST, Row


def report_unknown_rows(rows: Iterable[Row], vocabulary: Vocabulary, report: Report) -> None:
    """Report rows that do not exist, though a script changes them or refers to them.

    A row exists if every script finds it, or if an earlier one of these rows makes it.
    """
    existing_keys = {table: set(keys) for table, keys in vocabulary.standing.items()}
    for row in rows:
        table = vocabulary.made_of.get(row.table)
        if table is None:
            continue
        for column, other in table.refers_by.items():
            _report_unknown_key(row, column, other, existing_keys, report)
        missing = [name for name in table.needed if not row.columns.get(name)]
        if missing:
            _report_unknown_key(
                row, table.key, row.table, existing_keys, report, f"; a new one needs {', '.join(missing)} too"
            )
        if row.table in existing_keys:
            existing_keys[row.table].add(str(row.columns.get(table.key, "")))


def _report_unknown_key(
    row: Row, column: str, table: str, existing_keys: dict[str, set[str]], report: Report, advice: str = ""
) -> None:
    key = str(row.columns.get(column, ""))
    if table in existing_keys and key not in ("", NEWEST) and key not in existing_keys[table]:
        hint = did_you_mean(key, sorted(existing_keys[table]))
        report.add(row.places.get(column, row.place), f'there is no such {table} as "{key}"{hint}{advice}')
