"""Access to the test members' rows in the database of a line elsewhere: reading, changing and restoring them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Engine, bindparam, select

from ivr.line import trials as line_trials
from ivr.line.digests import Digest
from ivr.line.service import Caller
from ivr.pharmacy import trials
from ivr.pharmacy.members import MEMBER_DIGITS, members_for_tests
from ivr.pharmacy.tables import Member, Prescription, RefillOrder, RenewalRequest
from ivr.simulator import lent_streets, line_rows, pharmacy_rows
from ivr.simulator.lent_streets import LentStreets
from ivr.simulator.line_rows import LineRows
from ivr.simulator.world import NEWEST, Found, Row

_OWNERS = {
    "rx_number": select(Prescription.member_id).where(Prescription.rx_number == bindparam("number")),
    "order_number": select(RefillOrder.member_id).where(RefillOrder.order_number == bindparam("number")),
    "reference": select(Prescription.member_id)
    .join(RenewalRequest, RenewalRequest.prescription_id == Prescription.id)
    .where(RenewalRequest.reference == bindparam("number")),
}
"""Queries for the member who owns the row with a number, by the column of the number."""


class TestMembers:
    """The rows that scripts may change. Make it before the first script: `restore` returns to that moment."""

    def __init__(self, database: Engine, digest: Digest, now: datetime, today: date, *, live: bool) -> None:
        """Take a snapshot of the test members. On a `live` line the street directory, which is shared, stays as it is."""
        self._streets = None if live else LentStreets(database, today)
        self._database = database
        self._digest = digest
        self._now = now
        self._today = today
        with database.connect() as connection:
            self._members = members_for_tests(connection)
            self._snapshot = trials.take_snapshot(connection, tuple(self._members.values()))
        self._calls: Collection[tuple[str, str]] = ()
        self._earlier_ids: Mapping[str, set[object]] = {}
        self._last_try = 0

    def __len__(self) -> int:
        """Return how many test members there are."""
        return len(self._members)

    def refuses(self, rows: Iterable[Row], keyed: str) -> str:
        """Return why a script cannot be played there, or "": it changes rows or keys numbers of other members."""
        given_numbers: set[str] = set()
        for row in rows:
            if self._streets and row.table == lent_streets.TABLE:
                if refusal := self._streets.refuses(row):
                    return refusal
                continue
            if self._condition(row.table) is None:
                return f"it changes the table {row.table}, which is not the test members' alone"
            if not self._is_theirs(row, given_numbers):
                return f"it gives a row of {row.table} to somebody who is no test member there"
            given_numbers.update(str(row.columns[name]) for name in _OWNERS if name in row.columns)
        others = self._others(keyed)
        return f"{', '.join(others)} is not a test member there" if others else ""

    def _is_theirs(self, row: Row, given_numbers: Collection[str]) -> bool:
        """Return whether a row's numbers are test members', or new and given to one by this row or an earlier one."""
        columns = {name: str(value) for name, value in row.columns.items()}
        member = columns.get("member_number")
        is_owned = member in self._members
        if member is not None and not is_owned:
            return False
        for name, owner in _OWNERS.items():
            if name in columns and columns[name] != NEWEST:
                with self._database.connect() as connection:
                    owner_id = connection.scalar(owner, {"number": columns[name]})
                if owner_id is not None and owner_id not in self._members.values():
                    return False
                is_owned = is_owned or owner_id is not None or columns[name] in given_numbers
        return is_owned or columns.get("order_number") == NEWEST

    def _others(self, keyed: str) -> Sequence[str]:
        """Return the numbers of members other than test members that these keys contain, with leading zeros or not."""
        numbers = set(_possible_numbers("".join(key if key.isdigit() else " " for key in keyed)))
        query = select(Member.member_number).where(Member.member_number.in_(numbers), Member.test.is_(False))
        with self._database.connect() as connection:
            return sorted(connection.scalars(query))

    def begin(self, calls: Collection[tuple[str, str]]) -> None:
        """Record which rows exist before a script; `calls` are the ids and phone numbers of the script's calls."""
        self._calls = calls
        self._earlier_ids = {
            table: pharmacy_rows.ids(self._database, table, self._condition(table)) for table in pharmacy_rows.WRITTEN
        }
        with self._database.connect() as connection:
            self._last_try = line_trials.last_try(connection)

    def change(self, rows: Sequence[Row]) -> None:
        """Add or change rows before a call; they do not count as rows that calls have written."""
        if not rows:
            return
        earlier_ids = {table: self._ids(table) for table in self._earlier_ids}
        for row in rows:
            if self._streets and row.table == lent_streets.TABLE:
                self._streets.lend(row)
            else:
                pharmacy_rows.change(self._database, [row], self._today, self._condition)
        for table, ids in earlier_ids.items():
            self._earlier_ids[table].update(self._ids(table) - ids)

    def table(self, name: str) -> Sequence[Found]:
        """Return the test members' rows of a table."""
        if name in line_rows.COLUMNS:
            return LineRows(self._database, self._digest, self._now, self._callers(), self._members).rows(name)
        return pharmacy_rows.rows(self._database, name, only=self._condition(name))

    def new_rows(self, table: str) -> Sequence[Found]:
        """Return the rows of a table that the script's calls have written."""
        if table in line_rows.COLUMNS:
            return self.table(table)
        return pharmacy_rows.rows(self._database, table, but=self._earlier_ids[table], only=self._condition(table))

    def restore(self) -> None:
        """Make the test members' rows as they were when this object was made, and remove what calls left elsewhere."""
        with self._database.begin() as connection:
            if self._streets:
                self._streets.take_back(connection)
            trials.restore_snapshot(connection, self._snapshot)
            line_trials.forget_members(connection, self._digest, self._snapshot.ids, self._members)
            line_trials.forget_calls(connection, self._digest, self._callers(), self._last_try)

    def _callers(self) -> Sequence[Caller]:
        return [Caller(sid, from_number, "") for sid, from_number in self._calls]

    def _ids(self, table: str) -> set[object]:
        return pharmacy_rows.ids(self._database, table, self._condition(table))

    def _condition(self, table: str) -> ColumnElement[bool] | None:
        return trials.owned_by(pharmacy_rows.table(table), self._snapshot.ids)


def _possible_numbers(keyed: str) -> Iterator[str]:
    """Yield every run of digits that could be a member's number, even in the middle of other keys."""
    low, high = MEMBER_DIGITS
    for digits in keyed.split():
        for start in range(len(digits)):
            yield from (
                digits[start : start + length] for length in range(low, high + 1) if start + length <= len(digits)
            )
