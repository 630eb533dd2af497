"""Members whom a call served before the one that its row names: one call can serve several."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "earlier_member",
        sa.Column("call_sid", sa.Text, primary_key=True),
        sa.Column("member_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_earlier_member_member_id", "earlier_member", ["member_id"])
    op.create_index("ix_earlier_member_until", "earlier_member", ["until"])
