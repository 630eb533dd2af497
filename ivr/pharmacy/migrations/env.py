"""Runs migrations on the connection that `ivr.pharmacy.database.upgrade` hands over, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
