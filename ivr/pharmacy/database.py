"""Opening the database, and bringing its tables up to date with migrations.

The database is either SQLite (embedded) or PostgreSQL. Only this module opens and sets up the two differently. With
either engine a transaction may write, waits at most about five seconds for another one, and is on disk once committed.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, QueuePool

from ivr import logs
from ivr.errors import SettingError, UnreachableError
from ivr.pharmacy.database_errors import (
    NO_RIGHT,
    NO_TABLE,
    Remedy,
    code_of,
    is_away,
    is_hopeless,
    reason_of,
    remedy_for,
)

Result = TypeVar("Result")

WAIT_MS = 5000
"""How long a statement or a lock is waited for."""
CONNECT_SECONDS = 3
SQLITE_CONNECTIONS = 2
"""How many connections a process has to SQLite.

It has one writer at a time, and lets the others look for their chance again and again, some of them for seconds: so all
but two wait for a connection, in the order in which they came.
"""
SWITCH_PAUSE_SECONDS = 0.02
"""How long a connection to a new SQLite file waits before it asks once more for the write-ahead log."""
RECYCLE_SECONDS = 1800
POOL_SIZE = 10
POOL_OVERFLOW = 20
"""How many connections a worker keeps, and how many more it makes for as long as they are needed."""
KEPT_BEHIND_POOLER = 2
"""How many it keeps of a pgbouncer, which in session mode has 20 for all workers and makes others wait."""
BEHIND_POOLER = "behind_pooler"
"""Whether a connection leads to a pooler, in its record's `info`."""
MOST_RETRIES = 3
MIGRATION_LOCK = 7979_245
"""The key of a PostgreSQL advisory lock: one process at a time migrates."""
EXPECTED = "expected sqlite:///FILE or postgresql://USER@HOST/NAME"


def open_database(url: str, *, durable: bool = True) -> Engine:
    """Return an engine for `DATABASE_URL`, without connecting.

    With `durable=False`, for tests and the simulator, a commit does not wait for the disk. Raises SettingError for a
    URL that cannot be used.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingError(f"DATABASE_URL cannot be read as a URL; {EXPECTED}") from None
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return _open_sqlite(parsed, durable=durable)
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return _open_postgresql(parsed.set(drivername="postgresql+psycopg"), durable=durable)
    raise SettingError(f'DATABASE_URL begins with "{parsed.drivername}:", which is not known; {EXPECTED}')


def _open_sqlite(url: URL, *, durable: bool) -> Engine:
    in_memory = not url.database or url.database == ":memory:"
    if not in_memory and url.database and not Path(url.database).absolute().parent.is_dir():
        raise SettingError(f"DATABASE_URL: there is no folder {Path(url.database).absolute().parent}")
    pool = {"pool_size": SQLITE_CONNECTIONS, "max_overflow": 0, "pool_timeout": CONNECT_SECONDS}
    engine = create_engine(url, hide_parameters=True, **({"poolclass": StaticPool} if in_memory else pool))
    synchronous = "FULL" if durable else "OFF"

    if not in_memory and url.database and not url.database.startswith("file:"):
        event.listen(engine, "do_connect", partial(_keep_private, Path(url.database)))

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin transactions itself: see _begin_immediate
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
        _write_ahead(cursor)
        for pragma in (f"synchronous = {synchronous}", "foreign_keys = ON", "secure_delete = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    engine.dialect.do_begin = _begin_immediate  # type: ignore[assignment, method-assign] # see there why not an event
    event.listen(engine, "handle_error", _on_error)
    return engine


def _keep_private(path: Path, *_: object) -> None:
    """Create the database file if it is new, and give it and SQLite's `-wal` and `-shm` files mode 0600.

    Raises SettingError if it cannot be created or written, is a folder, or its mode cannot be changed.
    """
    try:
        if path.is_dir():
            raise SettingError(f"DATABASE_URL: expected a file, found the folder {path.absolute()}")
        if not path.exists():
            path.touch(0o600)
        if not os.access(path, os.W_OK):
            raise SettingError(f"DATABASE_URL: the file {path.absolute()} cannot be written")
    except OSError as error:
        raise SettingError(f"DATABASE_URL: the file {path.absolute()} cannot be made: {error.strerror}") from None
    try:
        for file in (path, *(path.with_name(f"{path.name}{part}") for part in ("-wal", "-shm"))):
            if file.exists() and file.stat().st_mode & 0o077:
                file.chmod(0o600)
    except FileNotFoundError:  # the last other connection was just closed, which removes -wal and -shm
        pass
    except PermissionError:
        raise SettingError(f"DATABASE_URL: {path} has to be a file of ours alone, of mode 0600, and is not") from None


def _write_ahead(cursor: DBAPICursor) -> None:
    """Switch a database file to the write-ahead log, as every connection asks and the first one to a new file does.

    When two switch at once, SQLite tells one of them at once that the file is locked, whatever `busy_timeout` says: each
    would wait for the other for ever. That one asks again, for as long as it may wait for anything else.

    Raises sqlite3.OperationalError if the file stays locked.
    """
    end = time.monotonic() + WAIT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
            time.sleep(SWITCH_PAUSE_SECONDS)
        else:
            return


def _begin_immediate(connection: PoolProxiedConnection) -> None:
    """Begin a transaction with SQLite's write lock.

    Without it, a transaction that reads first and then writes fails at once, instead of waiting, if another one wrote
    in between. This replaces the dialect's method because a listener for the event "begin" costs four checks for
    listeners on every statement.
    """
    connection.cursor().execute("BEGIN IMMEDIATE")


def _open_postgresql(url: URL, *, durable: bool) -> Engine:
    options: dict[str, str | int] = {
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": WAIT_MS,  # notices a lost connection in seconds; the kernel's default takes minutes
    }
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={
            "autocommit": True,  # the driver must not begin transactions itself: see _begin_limited
            **{name: value for name, value in options.items() if name not in url.query},
        },
        use_native_hstore=False,  # it would be asked for at each connection
        poolclass=_Pool,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=CONNECT_SECONDS,
        pool_recycle=RECYCLE_SECONDS,
        pool_use_lifo=True,
    )
    commits = "on" if durable else "off"
    begin = partial(_begin_limited, f"{_BEGIN_LIMITED}; SET LOCAL synchronous_commit = {commits}")
    engine.dialect.do_begin = begin  # type: ignore[method-assign] # as for SQLite
    event.listen(engine, "connect", partial(_check_encoding, url), insert=True)  # before SQLAlchemy asks anything
    event.listen(engine, "connect", _note_pooler)
    event.listen(engine, "handle_error", _on_error)
    return engine


def _check_encoding(url: URL, connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Raise SettingError for a database that keeps bytes and not letters, as it is made where no locale is set."""
    if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
        raise SettingError(
            f"DATABASE_URL: the database {_database_name(url)} has the encoding SQL_ASCII, in which text has no letters; "
            "make it anew, by createdb --encoding UTF8 --template template0"
        )


def _note_pooler(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    """Note whether a connection leads to a pooler such as pgbouncer: those give clients a process id of their own.

    Nothing is prepared there, since the next transaction may run in another session.
    """
    (server_id,) = connection.execute("SELECT pg_backend_pid()").fetchone()
    record.info[BEHIND_POOLER] = server_id != connection.info.backend_pid
    if record.info[BEHIND_POOLER]:
        connection.prepare_threshold = None


class _Pool(QueuePool):
    """Keeps hardly any connections of a pooler: it keeps them itself, and those kept here are kept from others."""

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if not record.info.get(BEHIND_POOLER) or self.checkedin() < KEPT_BEHIND_POOLER:
            super()._do_return_conn(record)
            return
        try:
            record.close()
        finally:
            self._dec_overflow()


_BEGIN_LIMITED = f"BEGIN; SET LOCAL lock_timeout = {WAIT_MS}; SET LOCAL statement_timeout = {WAIT_MS}"


def _begin_limited(statements: str, connection: PoolProxiedConnection) -> None:
    """Begin a transaction and set what holds in it, in one round trip to the server.

    Nothing is set for the session, because behind pgbouncer the next transaction may run in another one, nor by
    connection options, because pgbouncer refuses those by default.
    """
    connection.cursor().execute(statements)


def _on_error(context: ExceptionContext) -> None:
    """Give up connections that are of no use after an error, and forget the details of its message."""
    remedy = remedy_for(code_of(context.original_exception))
    if remedy in (Remedy.RECONNECT, Remedy.RECONNECT_ALL):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = remedy is Remedy.RECONNECT_ALL
    # The second line of the server's message quotes the failed row, which may hold a card token or a name.
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).split("\n", 1)[0], *error.args[1:])


def retried(work: Callable[[], Result], *, repeatable: bool = False) -> Result:
    """Call `work`, which must be one whole transaction, and call it again if the database rolled it back.

    When two transactions wait for each other, PostgreSQL rolls one of them back; it succeeds once the other is done.
    The error comes through after `MOST_RETRIES` retries.

    With `repeatable`, work that does nothing if it was committed before, it is also called again, once, when its
    connection was lost: after a failover the old connections are of no use, and new ones lead to the new server.
    """
    for _ in range(MOST_RETRIES):
        try:
            return work()
        except DBAPIError as error:
            code, is_lost = code_of(error), error.connection_invalidated
            if remedy_for(code) is Remedy.RETRY:
                logs.get_logger().warning("transaction_undone", sqlstate=code)
            elif repeatable and is_lost:
                repeatable = False
                logs.get_logger().warning("connection_lost", sqlstate=code, reason=reason_of(error))
            else:
                raise
    return work()


def is_connection_lost(error: Exception) -> bool:
    """Return whether an error has ended its connection, or none could be made: the database went away.

    If not, one statement failed, and others may be of use.
    """
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or (isinstance(error, OperationalError) and not code_of(error))


def check_connection(engine: Engine) -> None:
    """Raise UnreachableError if the database does not answer; its message is one line without the password."""
    with answering(engine), engine.connect() as connection:
        connection.execute(text("SELECT 1"))


@contextmanager
def answering(engine: Engine) -> Iterator[None]:
    """Raise an UnreachableError with a readable message in place of a driver's error inside the block."""
    try:
        yield
    except SQLAlchemyError as error:
        if not (isinstance(error, DBAPIError) or is_away(error)):
            raise
        raise unreachable(engine, error) from error


def unreachable(engine: Engine, error: SQLAlchemyError) -> UnreachableError:
    """Return an UnreachableError for an error of the database; its message is one line without password or values."""
    code, name = code_of(error), _database_name(engine.url)
    if code == NO_TABLE:
        return UnreachableError(f"the database {name} lacks tables of this release; ivr db upgrade makes them", code)
    what = "cannot be used" if code else "does not answer"
    return UnreachableError(f"the database {name} {what}: {reason_of(error)}", code)


def _database_name(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return f"{url.database or 'in memory'}"
    port = f":{url.port}" if url.port else ""
    return f"{url.database or ''} on {url.host or url.query.get('host', 'localhost')}{port}"


def lift_time_limits(connection: Connection) -> None:
    """Remove the time limits for the rest of this transaction, as for loading millions of rows."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))


def lock_table(connection: Connection, name: str) -> None:
    """Let no other transaction change a table until this one ends; others can read it meanwhile.

    SQLite lets only one transaction at a time change anything.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE"))


def upgrade(engine: Engine) -> None:
    """Migrate the tables to the newest revision. Several processes may call this at once, and again and again.

    Tables of a newer release are used as they are, if this one finds in them what it needs.

    Raises UnreachableError while the database cannot be reached or migrated, and SettingError for one that never will
    do: another program's, one that a newer release changed too much, one whose tables may not be changed.
    """
    try:
        with answering(engine), engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                lift_time_limits(connection)
                connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
                # Calls wait behind whoever waits to change a table, so nobody does for long
                connection.execute(text(f"SET LOCAL lock_timeout = {WAIT_MS}"))
            _migrations().migrate(connection, _database_name(engine.url))
    except UnreachableError as error:
        if not is_hopeless(error.code):
            raise
        advice = "; let the owner of its tables run ivr db upgrade" if error.code == NO_RIGHT else ""
        raise SettingError(f"DATABASE_URL: {error}{advice}") from error


def is_behind(revision: str) -> bool:
    """Return whether a database at this revision still lacks a migration of this release."""
    return revision in _migrations().revisions()[:-1]


def _migrations() -> ModuleType:
    """Return the module that runs migrations, loaded on first use."""
    import ivr.pharmacy.migrate as migrations

    return migrations
