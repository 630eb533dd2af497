"""The database behind a line elsewhere, as far as it is its test members': looked at, set, and made as it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Engine, bindparam, select

from ivr.line import trials as traces
from ivr.line.service import Caller
from ivr.payment.vault import Vault
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
"""Whose the row is that a number stands for, by the column that has it."""


class TestMembers:
    """What a run of scripts may touch; made when it begins, as everything is then."""

    def __init__(self, database: Engine, vault: Vault, now: datetime, today: date, *, live: bool) -> None:
        """The street directory is everybody's: on a line that is `live` it is left alone."""
        self._streets = None if live else LentStreets(database, today)
        self._database = database
        self._vault = vault
        self._now = now
        self._today = today
        with database.connect() as connection:
            self._members = members_for_tests(connection)
            self._kept = trials.take_snapshot(connection, tuple(self._members.values()))
        self._calls: Collection[tuple[str, str]] = ()
        self._before: Mapping[str, set[object]] = {}
        self._last_try = 0

    def __len__(self) -> int:
        """Return how many test members there are."""
        return len(self._members)

    def refuses(self, rows: Iterable[Row], keyed: str) -> str:
        """Say why rows cannot be given or numbers not be keyed there."""
        given: set[str] = set()
        for row in rows:
            if self._streets and row.table == lent_streets.TABLE:
                if refusal := self._streets.refuses(row):
                    return refusal
                continue
            if self._theirs(row.table) is None:
                return f"it changes the table {row.table}, which is not the test members' alone"
            if not self._is_theirs(row, given):
                return f"it gives a row of {row.table} to somebody who is no test member there"
            given.update(str(row.columns[name]) for name in _OWNERS if name in row.columns)
        others = self._others(keyed)
        return f"{', '.join(others)} is not a test member there" if others else ""

    def _is_theirs(self, row: Row, given: Collection[str]) -> bool:
        """Say whether every number in a row is a test member's, or new and given to one by this row or one before it."""
        columns = {name: str(value) for name, value in row.columns.items()}
        member = columns.get("member_number")
        owned = member in self._members
        if member is not None and not owned:
            return False
        for name, owner in _OWNERS.items():
            if name in columns and columns[name] != NEWEST:
                with self._database.connect() as connection:
                    found = connection.scalar(owner, {"number": columns[name]})
                if found is not None and found not in self._members.values():
                    return False
                owned = owned or found is not None or columns[name] in given
        return owned or columns.get("order_number") == NEWEST

    def _others(self, keyed: str) -> Sequence[str]:
        """Return the numbers among these keys that are members' who are no test members, zeros before them or not."""
        numbers = set(_runs("".join(key if key.isdigit() else " " for key in keyed)))
        wanted = select(Member.member_number).where(Member.member_number.in_(numbers), Member.test.is_(False))
        with self._database.connect() as connection:
            return sorted(connection.scalars(wanted))

    def begin(self, calls: Collection[tuple[str, str]]) -> None:
        """Note what stands there before a script."""
        self._calls = calls
        self._before = {
            table: pharmacy_rows.ids(self._database, table, self._theirs(table)) for table in pharmacy_rows.WRITTEN
        }
        with self._database.connect() as connection:
            self._last_try = traces.last_try(connection)

    def change(self, rows: Sequence[Row]) -> None:
        """Add rows, or change them; what stands there before a call is none of what it wrote."""
        if not rows:
            return
        before = {table: self._ids(table) for table in self._before}
        for row in rows:
            if self._streets and row.table == lent_streets.TABLE:
                self._streets.lend(row)
            else:
                pharmacy_rows.change(self._database, [row], self._today, self._theirs)
        for table, ids in before.items():
            self._before[table].update(self._ids(table) - ids)

    def table(self, name: str) -> Sequence[Found]:
        """Return the test members' rows of a table."""
        if name in line_rows.COLUMNS:
            return LineRows(self._database, self._vault, self._now, self._callers(), self._members).rows(name)
        return pharmacy_rows.rows(self._database, name, only=self._theirs(name))

    def new_rows(self, table: str) -> Sequence[Found]:
        """Return those that the script's calls have written."""
        if table in line_rows.COLUMNS:
            return self.table(table)
        return pharmacy_rows.rows(self._database, table, but=self._before[table], only=self._theirs(table))

    def restore(self) -> None:
        """Make everything as it was when the run began."""
        with self._database.begin() as connection:
            if self._streets:
                self._streets.take_back(connection)
            trials.restore_snapshot(connection, self._kept)
            traces.forget_members(connection, self._vault, self._kept.ids, self._members)
            traces.forget_calls(connection, self._vault, self._callers(), self._last_try)

    def _callers(self) -> Sequence[Caller]:
        return [Caller(sid, from_number, "") for sid, from_number in self._calls]

    def _ids(self, table: str) -> set[object]:
        return pharmacy_rows.ids(self._database, table, self._theirs(table))

    def _theirs(self, table: str) -> ColumnElement[bool] | None:
        return trials.owned_by(pharmacy_rows.table(table), self._kept.ids)


def _runs(keyed: str) -> Iterator[str]:
    """Yield every run of digits that could be a member's number, however it was keyed together with others."""
    low, high = MEMBER_DIGITS
    for digits in keyed.split():
        for start in range(len(digits)):
            yield from (
                digits[start : start + length] for length in range(low, high + 1) if start + length <= len(digits)
            )
