"""Resetting the test members (members for test calls) after calls have changed their rows.

Only their own rows are touched: those that refer to the member, to one of their orders or to one of their
prescriptions.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, insert, select, update

from ivr.errors import DataError
from ivr.pharmacy.database import answering, lift_time_limits
from ivr.pharmacy.load import load_into
from ivr.pharmacy.load_files import FILES, STREET
from ivr.pharmacy.members import members_for_tests
from ivr.pharmacy.tables import Base, Prescription, RefillOrder

MOST_NAMED = 5
"""How many members a message names; the rest are counted."""

RowsByTable = Mapping[Table, tuple[Mapping[str, Any], ...]]

_OWNED = tuple(
    table for table in Base.metadata.sorted_tables if {"member_id", "order_id", "prescription_id"} & set(table.c.keys())
)
"""Tables whose rows belong to a member, each after the tables that it refers to."""
_MEMBER = Base.metadata.tables["member"]


def owned_by(table: Table, ids: Collection[int]) -> ColumnElement[bool] | None:
    """Return the condition for a table's rows that belong to these members, or None if its rows belong to nobody."""
    columns = table.c
    if table is _MEMBER:
        return columns.id.in_(ids)
    if "member_id" in columns:
        return columns.member_id.in_(ids)
    if "order_id" in columns:
        return columns.order_id.in_(select(RefillOrder.id).where(RefillOrder.member_id.in_(ids)))
    if "prescription_id" in columns:
        return columns.prescription_id.in_(select(Prescription.id).where(Prescription.member_id.in_(ids)))
    return None


@dataclass(frozen=True, slots=True)
class MemberSnapshot:
    """All rows that belong to some members, as they were when it was taken."""

    ids: tuple[int, ...]
    rows: RowsByTable


def take_snapshot(connection: Connection, ids: Collection[int]) -> MemberSnapshot:
    """Return a snapshot of all rows that belong to these members."""
    return MemberSnapshot(tuple(ids), {table: _owned_rows(connection, table, ids) for table in (_MEMBER, *_OWNED)})


def _owned_rows(connection: Connection, table: Table, ids: Collection[int]) -> tuple[Mapping[str, Any], ...]:
    condition = owned_by(table, ids)
    assert condition is not None  # noqa: S101 - every table that is kept has an owner
    rows = connection.execute(select(table).where(condition).order_by(*table.primary_key)).mappings()
    return tuple(dict(row) for row in rows)


def restore_snapshot(connection: Connection, snapshot: MemberSnapshot) -> None:
    """Make all rows of the snapshot's members as they were; rows added since are deleted."""
    if take_snapshot(connection, snapshot.ids) == snapshot:
        return
    for row in snapshot.rows[_MEMBER]:
        connection.execute(update(_MEMBER).where(_MEMBER.c.id == row["id"]).values(row))
    delete_owned_rows(connection, snapshot.ids)
    for table in _OWNED:
        if rows := snapshot.rows[table]:
            connection.execute(insert(table), [{**row, **_without_card(table)} for row in rows])
    orders = Base.metadata.tables["refill_order"]
    for row in snapshot.rows[orders]:
        if row["saved_card_id"] is not None:
            card = {"saved_card_id": row["saved_card_id"]}
            connection.execute(update(orders).where(orders.c.id == row["id"]).values(card))


def _without_card(table: Table) -> Mapping[str, None]:
    """Return the column to leave empty at first: an order and the card kept for it refer to each other."""
    return {"saved_card_id": None} if "saved_card_id" in table.c else {}


def delete_owned_rows(connection: Connection, ids: Collection[int]) -> None:
    """Delete all rows that belong to these members, but not the members themselves."""
    for table in reversed(_OWNED):
        condition = owned_by(table, ids)
        assert condition is not None  # noqa: S101 - every owned table has an owner
        connection.execute(delete(table).where(condition))


def reset_test_members(engine: Engine, folder: Path, today: date) -> tuple[int, ...]:
    """Load the rows of all test members again from the CSV files of a folder, as of today; return their ids.

    Raises DataError, and changes nothing, if there are no test members or one of them is not in the folder.
    """
    with answering(engine), engine.begin() as connection:
        lift_time_limits(connection)
        members = members_for_tests(connection)
        if not members:
            raise DataError(
                "there are no test members here, so nothing was reset; a member is one with test = true in member.csv, "
                "as the demo pharmacy's are by ivr pharmacy demo"
            )
        if missing := sorted(members.keys() - _member_numbers(folder)):
            listed = ", ".join(missing[:MOST_NAMED])
            more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
            raise DataError(
                f"{folder}/member.csv does not have the test members {listed}{more}, so nothing was reset; "
                "name the folder that they were loaded from"
            )
        delete_owned_rows(connection, tuple(members.values()))
        with tempfile.TemporaryDirectory() as name:
            _write_owned_rows(folder, Path(name), members.keys())
            load_into(connection, Path(name), today)
        return tuple(members.values())


def _member_numbers(folder: Path) -> set[str]:
    return {row["member_number"] for row in _read_csv(folder / "member.csv")}


def _read_csv(path: Path) -> Iterator[Mapping[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                yield {name: (text or "").strip() for name, text in row.items() if name}
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None


def _write_owned_rows(folder: Path, into: Path, numbers: Collection[str]) -> None:
    """Write the rows of a folder's files that belong to these members, by member, prescription and order number."""
    owned_numbers: dict[str, set[str]] = {"member_number": set(numbers)}
    for file in FILES:
        path = folder / file.name
        if file is STREET or not path.is_file():
            continue
        rows = [row for row in _read_csv(path) if _is_owned(row, owned_numbers)]
        for name in ("rx_number", "order_number"):
            if file.key == (name,):
                owned_numbers[name] = {row[name] for row in rows}
        if rows:
            with (into / file.name).open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, rows[0].keys())
                writer.writeheader()
                writer.writerows(rows)


def _is_owned(row: Mapping[str, str], owned_numbers: Mapping[str, set[str]]) -> bool:
    name = next((name for name in ("member_number", "rx_number", "order_number") if name in row), "")
    return row.get(name, "") in owned_numbers.get(name, ())
