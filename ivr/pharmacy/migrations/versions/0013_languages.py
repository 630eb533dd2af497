"""Members speak any language: which ones the line has is told by its prompts, and not held by the database."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CHECK = "CONSTRAINT ck_member_language CHECK (language IN ('en', 'es'))"


def upgrade() -> None:
    """Drop the check. SQLite has no word for that, and other tables point at members: its note of the table is changed."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("ck_member_language", "member")
        return
    version = op.get_bind().exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    op.get_bind().exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, '') WHERE name = 'member' AND type = 'table'",
        (f"{CHECK}, \n\t",),
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
