"""The `expect:` of a script: reading it from YAML, and checking it against the result of a call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import get_args

from ivr.errors import Place, Problem, Report, did_you_mean
from ivr.qa.scripts import row_patterns
from ivr.qa.scripts.script import Bound, Ending, Expected, Written
from ivr.qa.scripts.vocabulary import Vocabulary
from ivr.simulator.world import Found, Row
from ivr.yaml_reader import Node

TABLES = {
    "orders": "refill_order",
    "lines": "order_line",
    "payments": "payment",
    "renewals": "renewal_request",
    "addresses": "address",
    "cards": "saved_card",
    "notices": "notice",
    "wrong_tries": "wrong_try",
    "lock_outs": "lock_out",
    "journal": "journal",
}
"""Word in `expect:` -> the table whose new rows it is about: tables of the pharmacy, then those of the line itself."""

_BOUND = re.compile(r"(<=|>=|<|>)?\s*(\d+(?:\.\d+)?)")


def read(node: Node, vocabulary: Vocabulary, report: Report) -> Expected:
    """Read `expect:`, adding any problems to the report."""
    vocabulary = replace(vocabulary, tables={**vocabulary.tables, **vocabulary.line_tables})
    fields = node.record(report, '"expect"', (), ("end", "keys", "seconds", *TABLES, "rows", "no_rows"))
    expected = Expected(
        written=tuple(_written(TABLES[name], fields[name], vocabulary, report) for name in TABLES if name in fields),
        there=row_patterns.read_rows(fields["rows"], vocabulary, report) if "rows" in fields else (),
        not_there=row_patterns.read_rows(fields["no_rows"], vocabulary, report) if "no_rows" in fields else (),
        keys=_bound(fields["keys"], report) if "keys" in fields else None,
        seconds=_bound(fields["seconds"], report) if "seconds" in fields else None,
    )
    if "end" not in fields:
        return expected
    end, endings = fields["end"].text(report, '"end"') or "", get_args(Ending)
    if end not in endings:
        wanted = ", ".join(endings)
        report.add(fields["end"].place, f'"end" should be one of {wanted}; found "{end}"{did_you_mean(end, endings)}')
        return expected
    return replace(expected, end=end, end_place=fields["end"].place)  # type: ignore[arg-type]  # one of the endings


def _written(table: str, node: Node, vocabulary: Vocabulary, report: Report) -> Written:
    if node.items is not None:
        rows = tuple(row_patterns.read_row(table, item, vocabulary, report) for item in node.items)
        return Written(node.place, table, rows=rows)
    if node.scalar == "none":
        return Written(node.place, table, Bound(node.place, "=", 0))
    return Written(node.place, table, _bound(node, report))


def _bound(node: Node, report: Report) -> Bound | None:
    match = _BOUND.fullmatch(node.scalar or "")
    if match is None:
        report.add(node.place, f"a number, or a limit like <=25, is expected here; found {node.kind}")
        return None
    return Bound(node.place, match[1] or "=", float(match[2]))  # type: ignore[arg-type]  # the signs of the pattern


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of a script: how its last call ended, what all its calls cost, and access to the pharmacy's rows."""

    end: Ending
    keys: int
    seconds: float
    today: date
    rows: Callable[[str], Sequence[Found]]
    new_rows: Callable[[str], Sequence[Found]]


def unmet(expected: Expected, result: CallResult, *, look_at_rows: bool) -> Iterator[Problem]:
    """Yield each expectation that does not hold, as a problem at its place in the script."""
    if expected.end and expected.end != result.end:
        place = expected.end_place or Place("")
        yield Problem(place, f"the call should end with {expected.end}, but it ended with {result.end}")
    if expected.keys and not expected.keys.holds(result.keys):
        yield Problem(expected.keys.place, f"the call should take {expected.keys} keys, but it took {result.keys}")
    if expected.seconds and not expected.seconds.holds(result.seconds):
        took = f"the call should take {expected.seconds} seconds, but it took {result.seconds:.1f}"
        yield Problem(expected.seconds.place, took)
    if look_at_rows:
        for written in expected.written:
            yield from _not_written(written, result)
        for row in expected.there:
            yield from _missing(row, result)
        for row in expected.not_there:
            yield from _unwanted(row, result)


def _not_written(written: Written, result: CallResult) -> Iterator[Problem]:
    new_rows = result.new_rows(written.table)
    found = "; ".join(map(row_patterns.show, new_rows)) or "none"
    if written.count:
        if not written.count.holds(len(new_rows)):
            yield Problem(written.place, f"{written.count} new rows of {written.table} should be there; found {found}")
    elif not row_patterns.pair_off([row.columns for row in written.rows], new_rows, result.today):
        wanted = "; ".join(row_patterns.show(row.columns) for row in written.rows) or "none"
        yield Problem(written.place, f"new rows of {written.table} should be {wanted}; found {found}")


def _missing(row: Row, result: CallResult) -> Iterator[Problem]:
    rows = result.rows(row.table)
    if not any(row_patterns.matches(row.columns, found, result.today) for found in rows):
        closest = row_patterns.nearest_row(row, rows, result.today)
        instead = f"the closest is {row_patterns.show(closest)}" if closest else "there is none like it"
        yield Problem(row.place, f"{row.table} should have the row {row_patterns.show(row.columns)}; {instead}")


def _unwanted(row: Row, result: CallResult) -> Iterator[Problem]:
    for found in result.rows(row.table):
        if row_patterns.matches(row.columns, found, result.today):
            yield Problem(row.place, f"{row.table} should have no such row, but has {row_patterns.show(found)}")
            return
