"""Opening the database, and bringing its tables up to date with migrations.

The database is either SQLite (embedded) or PostgreSQL. Only this module opens and sets up the two differently. With
either engine a transaction may write, waits at most about five seconds for another one, and is on disk once committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from ivr import logs
from ivr.errors import SettingError, UnreachableError

Result = TypeVar("Result")

WAIT_MS = 5000
"""How long a statement or a lock is waited for."""
CONNECT_SECONDS = 3
RECYCLE_SECONDS = 1800
MOST_RETRIES = 3
UNDEFINED_TABLE = "42P01"
"""PostgreSQL's SQLSTATE for a table that is not there."""
UNDONE = ("40P01", "40001")
"""SQLSTATE codes of transactions that can be tried again: deadlock, serialization failure."""
MIGRATION_LOCK = 7979_245
VACUUM_LOCK = 7979_246
"""Keys of PostgreSQL advisory locks: one process at a time migrates, and one vacuums."""
MIGRATIONS = Path(__file__).parent / "migrations"
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
    engine = create_engine(url, hide_parameters=True, **({"poolclass": StaticPool} if in_memory else {}))
    synchronous = "FULL" if durable else "OFF"

    if not in_memory and url.database and not url.database.startswith("file:"):
        event.listen(engine, "do_connect", partial(_keep_private, Path(url.database)))

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin transactions itself: see _begin_immediate
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {WAIT_MS}",  # first: switching to WAL may have to wait for another process
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    engine.dialect.do_begin = _begin_immediate  # type: ignore[assignment, method-assign] # see there why not an event
    return engine


def _keep_private(path: Path, *_: object) -> None:
    """Create the database file if it is new, and give it and SQLite's `-wal` and `-shm` files mode 0600.

    Raises SettingError if it cannot be created, is a folder, or its mode cannot be changed.
    """
    try:
        if path.is_dir():
            raise SettingError(f"DATABASE_URL: expected a file, found the folder {path.absolute()}")
        if not path.exists():
            path.touch(0o600)
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


def _begin_immediate(connection: PoolProxiedConnection) -> None:
    """Begin a transaction with SQLite's write lock.

    Without it, a transaction that reads first and then writes fails at once, instead of waiting, if another one wrote
    in between. This replaces the dialect's method because a listener for the event "begin" costs four checks for
    listeners on every statement.
    """
    connection.cursor().execute("BEGIN IMMEDIATE")


_BEGIN_LIMITED = f"BEGIN; SET LOCAL lock_timeout = {WAIT_MS}; SET LOCAL statement_timeout = {WAIT_MS}"


def _begin_limited(connection: PoolProxiedConnection) -> None:
    """Begin a transaction and set its time limits in one round trip to the server.

    The limits are set per transaction because behind pgbouncer the next transaction may run in another session. They
    are not set as connection options because pgbouncer refuses those by default.
    """
    connection.cursor().execute(_BEGIN_LIMITED)


def _open_postgresql(url: URL, *, durable: bool) -> Engine:
    options: dict[str, str | int] = {
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": WAIT_MS,  # notices a lost connection in seconds; the kernel's default takes minutes
    }
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={name: value for name, value in options.items() if name not in url.query},
        pool_size=10,
        max_overflow=20,
        pool_timeout=CONNECT_SECONDS,
        pool_recycle=RECYCLE_SECONDS,
        pool_use_lifo=True,
    )
    session_settings = f"SET timezone = 'UTC'; SET synchronous_commit = {'on' if durable else 'off'}"

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.autocommit = True  # the driver must not begin transactions itself: see _begin_limited
        connection.cursor().execute(session_settings)

    engine.dialect.do_begin = _begin_limited  # type: ignore[assignment, method-assign] # as for SQLite

    @event.listens_for(engine, "handle_error")
    def forget_detail(context: ExceptionContext) -> None:
        # The second line of the server's message quotes the failed row, which may hold a card token or a name.
        for error in (context.original_exception, context.sqlalchemy_exception):
            if error is not None and error.args:
                error.args = (str(error.args[0]).split("\n", 1)[0], *error.args[1:])

    return engine


def retried(work: Callable[[], Result]) -> Result:
    """Call `work`, which must be one whole transaction, and call it again if the database rolled it back.

    When two transactions wait for each other, PostgreSQL rolls one of them back; it succeeds once the other is done.
    The error comes through after `MOST_RETRIES` retries.
    """
    for _ in range(MOST_RETRIES):
        try:
            return work()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in UNDONE:
                raise
            logs.get_logger().warning("transaction_undone", sqlstate=getattr(error.orig, "sqlstate", None))
    return work()


def check_connection(engine: Engine) -> None:
    """Raise UnreachableError if the database does not answer; its message is one line without the password."""
    with answering(engine), engine.connect() as connection:
        connection.execute(text("SELECT 1"))


@contextmanager
def answering(engine: Engine) -> Iterator[None]:
    """Raise an UnreachableError with a readable message in place of a driver's error inside the block."""
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines() or ["no reason given"]
        name = _database_name(engine.url)
        if getattr(error.orig, "sqlstate", None) == UNDEFINED_TABLE or reason[0].startswith("no such table"):
            raise UnreachableError(
                f"the database {name} lacks tables of this release; ivr db upgrade makes them"
            ) from error
        raise UnreachableError(f"the database {name} does not answer: {reason[0]}") from error


def _database_name(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return f"{url.database or 'in memory'}"
    port = f":{url.port}" if url.port else ""
    return f"{url.database or ''} on {url.host or 'localhost'}{port}"


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


def vacuum(engine: Engine, table: str) -> bool:
    """Make the database erase deleted and changed rows of a table from its files.

    Return False if it could not: another process is vacuuming, or holds a lock. SQLite rewrites the whole database file
    and empties the write-ahead log.
    """
    quoted = engine.dialect.identifier_preparer.quote(table)
    work = _vacuum_sqlite if engine.dialect.name == "sqlite" else partial(_vacuum_postgresql, table=quoted)
    connection = engine.raw_connection()  # VACUUM cannot run in a transaction, which SQLAlchemy would begin
    try:
        return work(connection)
    except engine.dialect.loaded_dbapi.OperationalError:
        return False
    finally:
        connection.close()


def _vacuum_sqlite(connection: PoolProxiedConnection) -> bool:
    cursor = connection.cursor()
    cursor.execute("VACUUM")
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    is_busy, *_ = cursor.fetchone() or (0,)
    return not is_busy


def _vacuum_postgresql(connection: PoolProxiedConnection, table: str) -> bool:
    driver: Any = connection.driver_connection
    connection.detach()  # closed afterwards instead of returned to the pool, which ends its settings and its lock
    driver.autocommit = True
    is_ours = driver.execute("SELECT pg_try_advisory_lock(%s)", (VACUUM_LOCK,)).fetchone()
    if is_ours == (True,):
        driver.execute("SET statement_timeout = 0")
        driver.execute(f"VACUUM {table}")
    return bool(is_ours == (True,))


def upgrade(engine: Engine) -> None:
    """Migrate the tables to the newest revision. Several processes may call this at once."""
    from alembic import command  # takes half a second to import, which commands about flows do not need
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    with answering(engine), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            lift_time_limits(connection)
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        if MigrationContext.configure(connection).get_current_revision() != head:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
