"""Members for test calls, and an index of what calls left sealed: their states stay longer than their replies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and make the index anew."""
    op.add_column("member", sa.Column("test", sa.Boolean, nullable=False, server_default=sa.false()))
    sealed = sa.text("sealed_state IS NOT NULL")
    op.drop_index("ix_call_sealed", "call")
    op.create_index("ix_call_sealed", "call", ["heard_at"], sqlite_where=sealed, postgresql_where=sealed)
