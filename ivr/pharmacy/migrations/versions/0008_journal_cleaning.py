"""How far the journal that earlier releases wrote has been cleaned of numbers that were keyed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, with one row: what is in the journal by now is still to be cleaned."""
    op.create_table(
        "journal_cleaning",
        sa.Column("through", sa.BigInteger, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("vacuumed", sa.Boolean, nullable=False),
    )
    op.execute(
        "INSERT INTO journal_cleaning (through, done, vacuumed) "
        "SELECT coalesce(max(id), 0), 0, count(*) = 0 FROM journal"
    )
