"""What each worker answers with, and which host's folders a version was published from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "worker",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
    )
    op.add_column("publication", sa.Column("origin", sa.Text))
