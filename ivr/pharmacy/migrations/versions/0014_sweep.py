"""When the line last swept, and the key of the digests by which it knows phones and members it counts wrong tries of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; the one of sweeps with its one row."""
    op.create_table("sweep", sa.Column("finished_at", INSTANT), sa.Column("due_at", INSTANT))
    op.execute("INSERT INTO sweep (finished_at, due_at) VALUES (NULL, NULL)")
    op.create_table(
        "digest_key",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sealed_key", sa.LargeBinary, nullable=False),
    )
