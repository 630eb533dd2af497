"""What a load finds out about an order's line, and wrong staff passwords.

A line is filled, by the pharmacy's own file, or that file has not left as many refills as the line took.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("order_line", sa.Column("filled_on", sa.Date))
    op.add_column("order_line", sa.Column("refills_short", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "staff_guess",
        sa.Column("peer", sa.Text, primary_key=True),
        sa.Column("wrong", sa.SmallInteger, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("locked_until", INSTANT),
    )
