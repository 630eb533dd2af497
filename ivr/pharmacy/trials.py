"""Members for test calls: making them again as they were, whatever test calls did to them.

Nothing here touches a row of anybody else. What is theirs is found by the database's own references: rows of the
member, of their orders and of their prescriptions.
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
from ivr.pharmacy.database import answering, unhurried
from ivr.pharmacy.load import load_into
from ivr.pharmacy.load_files import FILES, STREET
from ivr.pharmacy.members import members_for_tests
from ivr.pharmacy.tables import Base, Prescription, RefillOrder

MOST_NAMED = 5
"""Members that a message names; more are counted."""

RowsByTable = Mapping[Table, tuple[Mapping[str, Any], ...]]

_OWNED = tuple(
    table for table in Base.metadata.sorted_tables if {"member_id", "order_id", "prescription_id"} & set(table.c.keys())
)
"""Tables whose rows belong to a member, each after those it refers to."""
_MEMBER = Base.metadata.tables["member"]


def belongs(table: Table, ids: Collection[int]) -> ColumnElement[bool] | None:
    """Return what holds for the rows of a table that are these members'; None for a table of nobody's rows."""
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
    """Everything that is some members', as it was at a moment."""

    ids: tuple[int, ...]
    rows: RowsByTable


def keep(connection: Connection, ids: Collection[int]) -> MemberSnapshot:
    """Keep everything that is these members'."""
    return MemberSnapshot(tuple(ids), {table: _rows(connection, table, ids) for table in (_MEMBER, *_OWNED)})


def _rows(connection: Connection, table: Table, ids: Collection[int]) -> tuple[Mapping[str, Any], ...]:
    theirs = belongs(table, ids)
    assert theirs is not None  # noqa: S101 - every table that is kept has an owner
    found = connection.execute(select(table).where(theirs).order_by(*table.primary_key)).mappings()
    return tuple(dict(row) for row in found)


def put_back(connection: Connection, kept: MemberSnapshot) -> None:
    """Make everything that is these members' as it was."""
    if keep(connection, kept.ids) == kept:
        return
    for row in kept.rows[_MEMBER]:
        connection.execute(update(_MEMBER).where(_MEMBER.c.id == row["id"]).values(row))
    remove(connection, kept.ids)
    for table in _OWNED:
        if rows := kept.rows[table]:
            connection.execute(insert(table), [{**row, **_not_yet(table)} for row in rows])
    orders = Base.metadata.tables["refill_order"]
    for row in kept.rows[orders]:
        if row["saved_card_id"] is not None:
            card = {"saved_card_id": row["saved_card_id"]}
            connection.execute(update(orders).where(orders.c.id == row["id"]).values(card))


def _not_yet(table: Table) -> Mapping[str, None]:
    """An order and the card kept for it name each other: the card comes later."""
    return {"saved_card_id": None} if "saved_card_id" in table.c else {}


def remove(connection: Connection, ids: Collection[int]) -> None:
    """Take away all that is these members' but themselves."""
    for table in reversed(_OWNED):
        theirs = belongs(table, ids)
        assert theirs is not None  # noqa: S101 - every owned table has an owner
        connection.execute(delete(table).where(theirs))


def reset(engine: Engine, folder: Path, today: date) -> tuple[int, ...]:
    """Make all test members what the CSV files of a folder say, as of today; return their ids.

    DataError, with nothing changed, when there are none, or one that the folder does not know.
    """
    with answering(engine), engine.begin() as connection:
        unhurried(connection)
        members = members_for_tests(connection)
        if not members:
            raise DataError(
                "there are no test members here, so nothing was reset; a member is one with test = true in member.csv, as the demo pharmacy's are by ivr pharmacy demo"
            )
        if strangers := sorted(members.keys() - _numbers(folder)):
            named = ", ".join(strangers[:MOST_NAMED])
            more = f" and {len(strangers) - MOST_NAMED} more" if len(strangers) > MOST_NAMED else ""
            raise DataError(
                f"{folder}/member.csv does not have the test members {named}{more}, so nothing was reset; "
                "name the folder that they were loaded from"
            )
        remove(connection, tuple(members.values()))
        with tempfile.TemporaryDirectory() as name:
            _write_theirs(folder, Path(name), members.keys())
            load_into(connection, Path(name), today)
        return tuple(members.values())


def _numbers(folder: Path) -> set[str]:
    return {row["member_number"] for row in _read(folder / "member.csv")}


def _read(path: Path) -> Iterator[Mapping[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                yield {name: (text or "").strip() for name, text in row.items() if name}
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None


def _write_theirs(folder: Path, into: Path, numbers: Collection[str]) -> None:
    """Write those rows of a folder's files that are the members': by their number, their prescriptions', their orders'."""
    theirs: dict[str, set[str]] = {"member_number": set(numbers)}
    for file in FILES:
        path = folder / file.name
        if file is STREET or not path.is_file():
            continue
        rows = [row for row in _read(path) if _is_theirs(row, theirs)]
        for name in ("rx_number", "order_number"):
            if file.key == (name,):
                theirs[name] = {row[name] for row in rows}
        if rows:
            with (into / file.name).open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, rows[0].keys())
                writer.writeheader()
                writer.writerows(rows)


def _is_theirs(row: Mapping[str, str], theirs: Mapping[str, set[str]]) -> bool:
    name = next((name for name in ("member_number", "rx_number", "order_number") if name in row), "")
    return row.get(name, "") in theirs.get(name, ())
