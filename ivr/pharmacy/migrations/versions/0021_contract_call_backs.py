"""Each member of a telephone has a call-back of their own that is asked for, and whoever was not identified has one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the index of a telephone go, which a worker of the release before can do without, and add two others."""
    op.drop_index("uq_call_back_asked", "call_back")
    _unique_where("uq_call_back_member", ["phone", "member_id"], "status = 'asked'")
    _unique_where("uq_call_back_unidentified", ["phone"], "status = 'asked' AND member_id IS NULL")


def _unique_where(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "call_back", columns, unique=True, sqlite_where=where, postgresql_where=where)
