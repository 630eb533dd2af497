"""Tells the database's errors apart: which are undone transactions, which mean that it is away, and which are bugs.

An error is judged by its code: the SQLSTATE that PostgreSQL and pgbouncer send, or SQLite's own name for it. The class
of the Python exception decides only where there is no code, as when no connection could be made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

Found = TypeVar("Found")


class Remedy(Enum):
    """What helps against an error of the database."""

    NOTHING = auto()
    """It is a bug, or the rows do not allow it."""
    RETRY = auto()
    """The transaction was rolled back for another one's sake, and can be done again at once."""
    WAIT = auto()
    """The database cannot do it now: ask again later."""
    RECONNECT = auto()
    """The same, and this connection is of no use any more."""
    RECONNECT_ALL = auto()
    """The same, and all connections made before now are of no use: the server went away, or may no longer write."""


_REMEDIES: Mapping[str, Remedy] = {
    "08": Remedy.RECONNECT_ALL,  # connection exceptions; pgbouncer's own errors
    "25006": Remedy.RECONNECT_ALL,  # read-only transaction: this server is a standby now
    "25P03": Remedy.RECONNECT,  # ended for idling in a transaction
    "25P04": Remedy.RECONNECT,  # ended for a transaction that took too long
    "28": Remedy.WAIT,  # a user or password that the server does not take
    "3D000": Remedy.WAIT,  # no database of that name
    "40001": Remedy.RETRY,  # serialization failure
    "40P01": Remedy.RETRY,  # deadlock
    "42501": Remedy.WAIT,  # no right to a table
    "42P01": Remedy.WAIT,  # no such table: not migrated yet, or restored from an older backup
    "53": Remedy.WAIT,  # full disk, no memory, too many connections
    "55P03": Remedy.WAIT,  # a lock was not to be had in time
    "57014": Remedy.WAIT,  # a statement took too long
    "57P": Remedy.RECONNECT_ALL,  # shut down by an administrator, crashed, starting up, idle for too long
    "58": Remedy.WAIT,  # errors of the server's operating system
    "SQLITE_BUSY": Remedy.WAIT,
    "SQLITE_LOCKED": Remedy.WAIT,
    "SQLITE_PROTOCOL": Remedy.WAIT,
    "SQLITE_FULL": Remedy.WAIT,
    "SQLITE_NOMEM": Remedy.WAIT,
    "SQLITE_READONLY": Remedy.RECONNECT_ALL,  # also when another file was put in its place
    "SQLITE_CANTOPEN": Remedy.RECONNECT_ALL,
    "SQLITE_IOERR": Remedy.RECONNECT_ALL,
}
"""Remedies by code, or by the beginning of codes; errors with any other code are bugs."""

_CODES_OF_REFUSALS: Mapping[str, str] = {
    r"database \S+ does not exist|no such database": "3D000",
    r"password authentication failed|SASL authentication failed|no password supplied": "28P01",
    r"no pg_hba\.conf entry|role \S+ does not exist|no such user|not permitted to log in": "28000",
    r"too many (clients|connections)|connection slots are reserved|no more connections allowed": "53300",
    r"system is (starting up|shutting down|in recovery mode)|not (yet )?accepting connections": "57P03",
}
"""What servers say when they refuse a connection -> its SQLSTATE, which the driver keeps to itself then."""

_SUMMARIES: Mapping[str, str] = {
    "25006": "it is read-only",
    "28": "it refuses this user",
    "3D000": "there is no database of that name",
    "42501": "it refuses this user its tables",
    "42P01": "it lacks tables of this release; ivr db upgrade makes them",
    "53100": "its disk is full",
    "53300": "it has too many connections",
    "55P03": "it is locked",
    "57014": "it is locked, or too slow",
    "SQLITE_BUSY": "it is locked",
    "SQLITE_LOCKED": "it is locked",
    "SQLITE_FULL": "its disk is full",
    "SQLITE_READONLY": "it is read-only",
}

NO_TABLE = "42P01"
"""SQLSTATE of a table that is not there; also given to SQLite's error, which has no code of its own."""
NO_RIGHT = "42501"
READ_ONLY = "25006"
DISK_FULL = "53100"
HOPELESS = ("28", "3D000", NO_RIGHT, "SQLITE_NOTADB", "SQLITE_CORRUPT")
"""Codes, or beginnings of them, of errors that last until somebody changes a setting, a right or the file."""


def code_of(error: BaseException | None) -> str:
    """Return the code of an error of the driver, or of SQLAlchemy's around it; "" if it has none."""
    if isinstance(error, DBAPIError):
        error = error.orig
    message = str(error)
    if name := getattr(error, "sqlite_errorname", None):
        return NO_TABLE if message.startswith("no such table") else name
    if code := getattr(error, "sqlstate", None):
        return str(code)
    return next((code for words, code in _CODES_OF_REFUSALS.items() if re.search(words, message)), "")


def remedy_for(code: str) -> Remedy:
    """Return what helps against an error of this code."""
    return _by_beginning(_REMEDIES, code) or Remedy.NOTHING


def is_away(error: BaseException) -> bool:
    """Return whether an error means that the database cannot be used now, so that the same may be asked of it later."""
    if code := code_of(error):
        return isinstance(error, DBAPIError) and remedy_for(code) is not Remedy.NOTHING
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)


def reason_of(error: BaseException) -> str:
    """Return what the database or its driver says, in one line without the values of a row."""
    if isinstance(error, PoolTimeout):
        return "all connections are in use"
    told = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    return told[0] if told else "no reason given"


def summary_of(code: str) -> str:
    """Return in a few words why the database cannot be used; they name no host, user or table."""
    return _by_beginning(_SUMMARIES, code) or "it does not answer"


def is_hopeless(code: str) -> bool:
    """Return whether an error of this code lasts until somebody corrects its cause."""
    return code.startswith(HOPELESS)


def _by_beginning(table: Mapping[str, Found], code: str) -> Found | None:
    return next((table[code[:length]] for length in range(len(code), 1, -1) if code[:length] in table), None)
