"""Wrong tries one by one, so that each counts for a day, and the phones that ordered for a member."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; counts of the release before are not taken over."""
    op.create_table(
        "wrong_try",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("member", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )
    op.create_index("ix_wrong_try_phone", "wrong_try", ["phone", "at"])
    op.create_index("ix_wrong_try_member", "wrong_try", ["member", "at"])
    op.create_index("ix_wrong_try_at", "wrong_try", ["at"])
    op.create_table(
        "known_phone",
        sa.Column("member_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("phone", sa.Text, primary_key=True),
        sa.Column("ordered_at", INSTANT, nullable=False),
    )
