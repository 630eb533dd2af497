"""`expect:` of a script: read from YAML, and held against what a call came to."""

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
"""What a call can write, by the word for it in `expect`: rows of the pharmacy, then what the line keeps for itself."""

_BOUND = re.compile(r"(<=|>=|<|>)?\s*(\d+(?:\.\d+)?)")


def read(node: Node, known: Vocabulary, report: Report) -> Expected:
    """Read what is expected."""
    known = replace(known, tables={**known.tables, **known.line_tables})
    fields = node.record(report, '"expect"', (), ("end", "keys", "seconds", *TABLES, "rows", "no_rows"))
    expected = Expected(
        written=tuple(_written(TABLES[name], fields[name], known, report) for name in TABLES if name in fields),
        there=row_patterns.read_rows(fields["rows"], known, report) if "rows" in fields else (),
        not_there=row_patterns.read_rows(fields["no_rows"], known, report) if "no_rows" in fields else (),
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


def _written(table: str, node: Node, known: Vocabulary, report: Report) -> Written:
    if node.items is not None:
        rows = tuple(row_patterns.read_row(table, item, known, report) for item in node.items)
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
class CameTo:
    """What a script came to: how its last call ended, what all its calls cost, and a look into the pharmacy."""

    end: Ending
    keys: int
    seconds: float
    today: date
    rows: Callable[[str], Sequence[Found]]
    new_rows: Callable[[str], Sequence[Found]]


def unmet(expected: Expected, came_to: CameTo, *, look_at_rows: bool) -> Iterator[Problem]:
    """Yield what does not hold, each at its place in the script."""
    if expected.end and expected.end != came_to.end:
        place = expected.end_place or Place("")
        yield Problem(place, f"the call should end with {expected.end}, but it ended with {came_to.end}")
    if expected.keys and not expected.keys.holds(came_to.keys):
        yield Problem(expected.keys.place, f"the call should take {expected.keys} keys, but it took {came_to.keys}")
    if expected.seconds and not expected.seconds.holds(came_to.seconds):
        took = f"the call should take {expected.seconds} seconds, but it took {came_to.seconds:.1f}"
        yield Problem(expected.seconds.place, took)
    if look_at_rows:
        for written in expected.written:
            yield from _not_written(written, came_to)
        for row in expected.there:
            yield from _missing(row, came_to)
        for row in expected.not_there:
            yield from _unwanted(row, came_to)


def _not_written(written: Written, came_to: CameTo) -> Iterator[Problem]:
    found = came_to.new_rows(written.table)
    told = "; ".join(map(row_patterns.show, found)) or "none"
    if written.count:
        if not written.count.holds(len(found)):
            yield Problem(written.place, f"{written.count} new rows of {written.table} should be there; found {told}")
    elif not row_patterns.pair_off([row.columns for row in written.rows], found, came_to.today):
        wanted = "; ".join(row_patterns.show(row.columns) for row in written.rows) or "none"
        yield Problem(written.place, f"new rows of {written.table} should be {wanted}; found {told}")


def _missing(row: Row, came_to: CameTo) -> Iterator[Problem]:
    rows = came_to.rows(row.table)
    if not any(row_patterns.matches(row.columns, found, came_to.today) for found in rows):
        closest = row_patterns.nearest(row, rows, came_to.today)
        told = f"the closest is {row_patterns.show(closest)}" if closest else "there is none like it"
        yield Problem(row.place, f"{row.table} should have the row {row_patterns.show(row.columns)}; {told}")


def _unwanted(row: Row, came_to: CameTo) -> Iterator[Problem]:
    for found in came_to.rows(row.table):
        if row_patterns.matches(row.columns, found, came_to.today):
            yield Problem(row.place, f"{row.table} should have no such row, but has {row_patterns.show(found)}")
            return
