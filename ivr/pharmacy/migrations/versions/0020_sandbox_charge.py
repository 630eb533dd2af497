"""The sandbox's ledger, shared by all workers; what it authorized before, it finds in the payments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, with the charges of the sandbox's payments until now."""
    op.create_table(
        "sandbox_charge",
        sa.Column("reference", sa.Text, primary_key=True),
        sa.Column("request_key", sa.Text, nullable=False, unique=True),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("amount_cents", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("refusal", sa.Text),
        sa.Column("captured_cents", sa.Integer, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute(
        "INSERT INTO sandbox_charge (reference, request_key, token, amount_cents, status, captured_cents, description, "
        "created_at) SELECT reference, request_key, '', amount_cents, status, "
        "CASE status WHEN 'captured' THEN amount_cents ELSE 0 END, 'loaded', created_at FROM payment "
        "WHERE gateway = 'sandbox' AND status IN ('authorized', 'captured', 'voided') AND reference IS NOT NULL "
        "ON CONFLICT DO NOTHING"
    )
