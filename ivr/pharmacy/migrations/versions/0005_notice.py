"""What members are to be told by text message or letter, such as that their address was changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("member_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("address_id", sa.Integer),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT),
    )
    op.create_index("ix_notice_sent_at", "notice", ["sent_at", "noted_at"])
