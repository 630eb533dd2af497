"""Streets that a script gives to a line elsewhere: in its directory for the play alone. What was there stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func

from ivr.simulator import pharmacy_rows
from ivr.simulator.world import Found, Row

TABLE = "street"
_KEY = ("zip", "street", "urbanization")
"""What a street is known by, as the loader names it."""

_Key = tuple[str, ...]


@dataclass(slots=True)
class LentStreets:
    """The streets that are lent to a directory at the moment."""

    database: Engine
    today: date
    _lent: set[_Key] = field(default_factory=set)

    def refuses(self, row: Row) -> str:
        """Say why a street cannot be lent; nothing when it is new, or there just as it is given."""
        there = self._there(_key(row))
        if there is None or all(there[name] == str(value) for name, value in row.columns.items()):
            return ""
        return f"it gives the street {row.columns['street']} of {row.columns['zip']} otherwise than it stands there"

    def lend(self, row: Row) -> None:
        """Put a street there, unless it is there already; RefusedRowError when the loader refuses it."""
        key = _key(row)
        if key not in self._lent:
            if self._there(key):
                return
            self._lent.add(key)
        pharmacy_rows.change(self.database, [row], self.today, lambda _: _is(key))

    def take_back(self, connection: Connection) -> None:
        """Take away what was put there."""
        for key in self._lent:
            connection.execute(delete(pharmacy_rows.table(TABLE)).where(_is(key)))
        self._lent.clear()

    def _there(self, key: _Key) -> Found | None:
        return next(iter(pharmacy_rows.rows(self.database, TABLE, only=_is(key))), None)


def _key(row: Row) -> _Key:
    return tuple(str(row.columns.get(name, "")).strip() for name in _KEY)


def _is(key: _Key) -> ColumnElement[bool]:
    street = pharmacy_rows.table(TABLE).c
    return and_(street.zip == key[0], street.name == key[1], func.coalesce(street.urbanization, "") == key[2])
