"""How far each file of streets has been loaded, so that a load that was cut short goes on from there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "street_load",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("rows_done", sa.BigInteger, nullable=False),
    )
