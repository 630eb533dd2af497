"""What every order can still become: when it shipped or was cancelled, by whom, and whether its member was told.

Also what happened to an order (`order_event`), call-backs, notes for the person who takes a call over, transfers asked
for by telephone, and how a member likes to be spoken to.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

COLUMNS = {
    "member": {"speech_rate": sa.SmallInteger, "waits": sa.SmallInteger},
    "refill_order": {
        "stock_expected_on": sa.Date,
        "shipped_at": INSTANT,
        "cancelled_at": INSTANT,
        "cancelled_by": sa.Text,
        "cancel_reason": sa.Text,
        "told_at": INSTANT,
    },
    "payment": {"decline_reason": sa.Text, "updated_at": INSTANT},
    "saved_card": {"consented_at": INSTANT, "last_declined_at": INSTANT},
    "renewal_request": {"answered_at": INSTANT, "new_rx_number": sa.Text, "told_at": INSTANT},
    "transfer": {"from_phone": sa.Text, "from_rx_number": sa.Text, "confirmed_on": sa.Date, "told_at": INSTANT},
}


def upgrade() -> None:
    """Add the columns and tables."""
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind))
    op.create_table(
        "order_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column(
            "order_id", sa.Integer, sa.ForeignKey("refill_order.id", name="fk_order_event_order_id"), nullable=False
        ),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_index("ix_order_event_order_id", "order_event", ["order_id"])
    op.create_table(
        "call_back",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("member.id", name="fk_call_back_member_id")),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("best_from", INSTANT, nullable=False),
        sa.Column("best_to", INSTANT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.CheckConstraint("status IN ('asked', 'done')", name="ck_call_back_status"),
    )
    op.create_index("ix_call_back_member_id", "call_back", ["member_id"])
    op.create_table(
        "hand_over",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("call_sid", sa.Text, nullable=False),
        sa.Column("member_id", sa.Integer),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT),
        sa.Column("seen_by", sa.Text),
    )
    op.create_index("ix_hand_over_call_sid", "hand_over", ["call_sid"])
    op.create_index("ix_hand_over_noted_at", "hand_over", ["noted_at"])
