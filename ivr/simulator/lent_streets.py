"""Streets that a script adds to the directory of a line elsewhere, only while it is played.

Streets that the directory has already are never changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func

from ivr.simulator import pharmacy_rows
from ivr.simulator.world import Found, Row

TABLE = "street"
_KEY = ("zip", "street", "urbanization")
"""The columns that identify a street, by the loader's names."""

_Key = tuple[str, ...]


@dataclass(slots=True)
class LentStreets:
    """Adds streets to a directory, and removes those that it has added."""

    database: Engine
    today: date
    _lent: set[_Key] = field(default_factory=set)

    def refuses(self, row: Row) -> str:
        """Return why a street cannot be added, or "" if it is new, or in the directory with the same values."""
        existing = self._existing(_key(row))
        if existing is None or all(existing[name] == str(value) for name, value in row.columns.items()):
            return ""
        return f"it gives the street {row.columns['street']} of {row.columns['zip']} otherwise than it stands there"

    def lend(self, row: Row) -> None:
        """Add a street unless the directory has it; raise RefusedRowError if the loader refuses it."""
        key = _key(row)
        if key not in self._lent:
            if self._existing(key):
                return
            self._lent.add(key)
        pharmacy_rows.change(self.database, [row], self.today, lambda _: _has_key(key))

    def take_back(self, connection: Connection) -> None:
        """Delete the streets that were added."""
        for key in self._lent:
            connection.execute(delete(pharmacy_rows.table(TABLE)).where(_has_key(key)))
        self._lent.clear()

    def _existing(self, key: _Key) -> Found | None:
        return next(iter(pharmacy_rows.rows(self.database, TABLE, only=_has_key(key))), None)


def _key(row: Row) -> _Key:
    return tuple(str(row.columns.get(name, "")).strip() for name in _KEY)


def _has_key(key: _Key) -> ColumnElement[bool]:
    street = pharmacy_rows.table(TABLE).c
    return and_(street.zip == key[0], street.name == key[1], func.coalesce(street.urbanization, "") == key[2])
