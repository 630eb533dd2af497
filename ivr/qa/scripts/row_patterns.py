"""Patterns of rows in a script: reading them from YAML, and matching them with the pharmacy's rows.

Values are compared as text. `any` is any value but an empty one, an empty text is no value, `<=1500` compares
numbers, `+9d` is a day counted from the script's own day, and `~words` matches text that contains these words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from ivr.errors import Place, Report, did_you_mean
from ivr.qa.scripts.script import COMPARED
from ivr.qa.scripts.vocabulary import Vocabulary
from ivr.simulator.world import LINES, Found, Pattern, Row
from ivr.yaml_reader import Node

_DAYS = re.compile(r"[+-]\d{1,5}d|0d")
_BOUND = re.compile(r"(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)")


def read_rows(node: Node, vocabulary: Vocabulary, report: Report) -> tuple[Row, ...]:
    """Read rows written as `{table: [{column: value}]}`; problems are added to the report."""
    rows: list[Row] = []
    for table, items in node.mapping(report, "rows").items():
        if vocabulary.tables and table not in vocabulary.tables:
            report.add(node.key_place(table), f'there is no table "{table}"{did_you_mean(table, vocabulary.tables)}')
            continue
        rows.extend(read_row(table, item, vocabulary, report) for item in items.sequence(report, f'rows of "{table}"'))
    return tuple(rows)


def read_row(table: str, node: Node, vocabulary: Vocabulary, report: Report) -> Row:
    """Read one row of a table; problems are added to the report."""
    columns = vocabulary.tables.get(table, ())
    words = vocabulary.made_of[table].words if table in vocabulary.made_of else {}
    patterns: dict[str, Pattern] = {}
    places: dict[str, Place] = {}
    for name, value in node.mapping(report, f'a row of "{table}"').items():
        if name == LINES and table == "refill_order":
            items = value.sequence(report, '"lines"')
            patterns[name] = tuple(read_row("order_line", item, vocabulary, report).columns for item in items)
        elif columns and name not in columns:
            report.add(node.key_place(name), f'table "{table}" has no column "{name}"{did_you_mean(name, columns)}')
        elif value.scalar is None:
            report.add(value.place, f'"{name}" should be text, found {value.kind}')
        else:
            patterns[name], places[name] = value.scalar, value.place
            if name in words and not _is_pattern(value.scalar) and value.scalar not in words[name]:
                wanted, hint = ", ".join(words[name]), did_you_mean(value.scalar, words[name])
                report.add(value.place, f'"{name}" should be one of {wanted}; found "{value.scalar}"{hint}')
    return Row(node.place, table, patterns, places)


def _is_pattern(text: str) -> bool:
    return text in ("", "any") or text.startswith("~") or bool(_BOUND.fullmatch(text))


def matches(pattern: Pattern, found: object, today: date) -> bool:
    """Return whether a value that was found matches a pattern; `today` is the day that `+9d` counts from."""
    if isinstance(pattern, Mapping):
        return isinstance(found, Mapping) and all(
            matches(part, found.get(name, ""), today) for name, part in pattern.items()
        )
    if isinstance(pattern, tuple):
        return isinstance(found, Sequence) and not isinstance(found, str) and pair_off(pattern, found, today)
    text = "" if found is None else str(found)
    if pattern == "any":
        return bool(text)
    if bound := _BOUND.fullmatch(pattern):
        return _within(bound[1], float(bound[2]), text)
    if pattern.startswith("~"):
        return pattern[1:] in text
    if _DAYS.fullmatch(pattern) and text != pattern:
        return text[:10] == (today + timedelta(days=int(pattern[:-1]))).isoformat()
    return text == pattern


def _within(sign: str, limit: float, text: str) -> bool:
    try:
        return COMPARED[sign](float(text), limit)
    except ValueError:
        return False


def pair_off(wanted: Sequence[Pattern], found: Sequence[object], today: date) -> bool:
    """Return whether wanted patterns and found values can be paired, in any order, with none left over."""
    if len(wanted) != len(found):
        return False
    if not wanted:
        return True
    first, *rest = wanted
    return any(
        matches(first, candidate, today) and pair_off(rest, [*found[:position], *found[position + 1 :]], today)
        for position, candidate in enumerate(found)
    )


def show(pattern: object) -> str:
    """Return a row, or a value of one, as text for messages."""
    if isinstance(pattern, Mapping):
        return "{" + ", ".join(f"{name}: {show(value)}" for name, value in pattern.items() if value != "") + "}"
    if isinstance(pattern, Sequence) and not isinstance(pattern, str):
        return "[" + ", ".join(map(show, pattern)) + "]"
    return str(pattern)


def nearest_row(row: Row, rows: Iterable[Found], today: date) -> Found | None:
    """Return the row that matches a wanted one best, None if nothing matches; the columns named first count most."""
    weights = {name: 2 ** (len(row.columns) - position) for position, name in enumerate(row.columns)}
    scored = [
        (sum(weights[name] * matches(value, other.get(name), today) for name, value in row.columns.items()), other)
        for other in rows
    ]
    best = max(scored, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] else None
