"""Find the members that a phone ordered for: each call begins with that question."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_known_phone_phone", "known_phone", ["phone"])
