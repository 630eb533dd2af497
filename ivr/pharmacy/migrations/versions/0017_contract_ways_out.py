"""Orders are held for two more reasons, and a transfer asked for by telephone may lack its drug and pharmacy's name.

A telephone has one call-back at a time that is asked for.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

REASONS = "held_reason IN ('address', 'payment', 'stock')"
MORE_REASONS = "held_reason IN ('address', 'payment', 'payment_unknown', 'stock', 'rules')"


def upgrade() -> None:
    """Change the tables. SQLite has no word for that: its note of the table is changed, or the table made anew."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("ck_refill_order_held_reason", "refill_order")
        op.create_check_constraint("ck_refill_order_held_reason", "refill_order", MORE_REASONS)
    else:
        _replace_in_sqlite("refill_order", REASONS, MORE_REASONS)
    with op.batch_alter_table("transfer") as transfer:
        transfer.alter_column("drug_name", existing_type=sa.Text, nullable=True)
        transfer.alter_column("from_pharmacy", existing_type=sa.Text, nullable=True)
    _unique_where("uq_transfer_requested", "transfer", ["member_id", "from_phone", "from_rx_number"], "requested")
    _unique_where("uq_call_back_asked", "call_back", ["phone"], "asked")


def _unique_where(name: str, table: str, columns: list[str], status: str) -> None:
    where = sa.text(f"status = '{status}'")
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def _replace_in_sqlite(table: str, old: str, new: str) -> None:
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = ? AND type = 'table'", (old, new, table)
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
