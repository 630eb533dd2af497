"""An index of what is set aside on cards just now: few rows, looked through by every sweep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    authorized = sa.text("status = 'authorized'")
    op.create_index(
        "ix_payment_authorized", "payment", ["order_id"], sqlite_where=authorized, postgresql_where=authorized
    )
