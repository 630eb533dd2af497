"""The urbanization of an address, which in Puerto Rico tells streets of one name in one ZIP code apart.

It is part of what a street is known by, and there may be none; a primary key could not hold that.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column to addresses, and make the directory of streets anew with it."""
    op.add_column("address", sa.Column("urbanization", sa.Text))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("pk_street", "street")
    op.rename_table("street", "street_before")
    op.create_table(
        "street",
        sa.Column("id", sa.Integer),
        sa.Column("zip", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("urbanization", sa.Text),
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("low", sa.Integer),
        sa.Column("high", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_street"),
        sa.CheckConstraint("length(zip) = 5", name="ck_street_zip"),
    )
    op.execute(
        "INSERT INTO street (zip, name, city, state, low, high) "
        "SELECT zip, name, city, state, low, high FROM street_before ORDER BY zip, name"
    )
    op.drop_table("street_before")
    op.create_index("uq_street_zip", "street", ["zip", "name", sa.text("coalesce(urbanization, '')")], unique=True)
