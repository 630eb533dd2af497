"""Runs migrations on a database, or tells why they cannot be run: another program's tables, or a newer release's.

This loads Alembic, which takes half a second, so `database` loads this module only when it is needed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from ivr import logs
from ivr.errors import SettingError
from ivr.pharmacy import schema

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(connection: Connection, name: str) -> None:
    """Migrate the tables to the newest revision, in the connection's transaction.

    Tables of a newer release are used as they are, if this one finds in them what it needs. Raises SettingError, with
    the database's `name`, if it does not, or if they are another program's.
    """
    found, known = MigrationContext.configure(connection).get_current_heads(), revisions()
    if found == known[-1:]:
        return
    if problem := schema.owner_problem(connection, found):
        raise SettingError(f"DATABASE_URL: the database {name} is another program's: {problem}")
    if set(found) <= set(known):
        config = _configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return
    newer = ", ".join(found)
    if problem := next(schema.misfits(connection), ""):
        raise SettingError(
            f"DATABASE_URL: the database {name} has tables of a newer release (database change {newer}; this release "
            f"knows those up to {known[-1]}) that this one cannot use: {problem}; run that release, or a later one"
        )
    logs.get_logger().warning("schema_newer", database_change=newer, known=known[-1])


@cache
def revisions() -> tuple[str, ...]:
    """Return the revisions of this release's migrations, the newest last."""
    scripts = ScriptDirectory.from_config(_configuration()).walk_revisions()
    return tuple(script.revision for script in scripts)[::-1]


def _configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
