"""Alembic's script: runs migrations in the transaction of the connection that `database.upgrade` passes."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
