"""The telephone line's own tables.

Card entries are kept out of PostgreSQL's write-ahead log, so that no digit, even encrypted, outlives its row there.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def needed(name: str, kind: sa.types.TypeEngine | type = sa.Text, **more: object) -> sa.Column:
    """Make a column that is never null."""
    return sa.Column(name, kind, nullable=False, **more)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "call",
        sa.Column("sid", sa.Text, primary_key=True),
        needed("version"),
        needed("from_number"),
        needed("to_number"),
        sa.Column("member_id", sa.Integer),
        needed("turn", sa.Integer),
        sa.Column("sealed_state", sa.LargeBinary),
        sa.Column("sealed_reply", sa.LargeBinary),
        sa.Column("sealed_reply_before", sa.LargeBinary),
        sa.Column("acting_until", INSTANT),
        needed("started_at", INSTANT),
        needed("heard_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("ending", sa.Text),
    )
    sealed = sa.text("sealed_reply IS NOT NULL")
    op.create_index("ix_call_sealed", "call", ["heard_at"], sqlite_where=sealed, postgresql_where=sealed)
    op.create_index("ix_call_heard_at", "call", ["heard_at"])
    op.create_index("ix_call_from_number", "call", ["from_number", "heard_at"])
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        needed("call_sid"),
        needed("turn", sa.Integer),
        needed("at", INSTANT),
        needed("event"),
        needed("trail"),
        needed("said"),
    )
    op.create_index("ix_journal_call_sid", "journal", ["call_sid", "turn"])
    op.create_index("ix_journal_at", "journal", ["at"])
    op.create_table(
        "version",
        sa.Column("hash", sa.Text, primary_key=True),
        needed("published_at", INSTANT),
        needed("files", sa.LargeBinary),
    )
    op.create_table(
        "lock_out",
        sa.Column("subject", sa.Text, primary_key=True),
        needed("failures", sa.SmallInteger),
        needed("since", INSTANT),
        sa.Column("locked_until", INSTANT),
    )
    op.create_table(
        "card_entry",
        sa.Column("call_sid", sa.Text, primary_key=True),
        needed("sealed_card", sa.LargeBinary),
        needed("expires_at", INSTANT),
        prefixes=["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else [],
    )
    op.create_index("ix_card_entry_expires_at", "card_entry", ["expires_at"])
    op.create_table(
        "settlement",
        sa.Column("order_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("call_sid", sa.Text),
        needed("keep_card", sa.Boolean),
        sa.Column("lease_until", INSTANT),
        needed("tries", sa.SmallInteger),
        needed("begun_at", INSTANT),
    )
    op.create_index("ix_settlement_begun_at", "settlement", ["begun_at"])
