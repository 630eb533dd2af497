"""The shared pharmacy tables as they first were.

The tables are written out again instead of taken from `ivr.pharmacy.tables`: those move on, this revision does not.
`create_all` knows in which order tables that point at each other can be made on either database.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CHANNELS = "channel IN ('phone', 'web', 'app')"

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def needed(name: str, kind: sa.types.TypeEngine | type = sa.Text, *rest: sa.SchemaItem, **more: object) -> sa.Column:
    """Make a column that is never null."""
    return sa.Column(name, kind, *rest, nullable=False, **more)


def number(name: str = "id") -> sa.Column:
    """Make a primary key."""
    return sa.Column(name, sa.Integer, primary_key=True)


def points_at(name: str, target: str, **more: object) -> sa.Column:
    """Make a foreign key."""
    return sa.Column(name, sa.Integer, sa.ForeignKey(target), **more)


def check(name: str, rule: str) -> sa.CheckConstraint:
    """Let rows stand only where the rule holds."""
    return sa.CheckConstraint(rule, name=name)


def index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """Index the rows that fit."""
    return sa.Index(name, *columns, unique=unique, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


sa.Table(
    "member",
    metadata,
    number(),
    needed("member_number", unique=True),
    needed("first_name"),
    needed("last_name"),
    needed("birth_date", sa.Date),
    sa.Column("phone", sa.Text),
    needed("language"),
    needed("status"),
    check("member_number", "length(member_number) BETWEEN 8 AND 10"),
    check("language", "language IN ('en', 'es')"),
    check("status", "status IN ('active', 'ended', 'deceased')"),
    index("ix_member_phone", "phone", where="phone IS NOT NULL"),
)

sa.Table(
    "address",
    metadata,
    number(),
    points_at("member_id", "member.id", nullable=False, index=True),
    needed("kind"),
    sa.Column("house_number", sa.Text),
    needed("street"),
    sa.Column("unit", sa.Text),
    needed("city"),
    needed("state"),
    needed("zip"),
    needed("entered_by"),
    needed("verified", sa.Boolean),
    sa.Column("keyed", sa.Text),
    sa.Column("replaced_at", INSTANT),
    needed("created_at", INSTANT),
    check("kind", "kind IN ('mailing', 'shipping')"),
    check("entered_by", "entered_by IN ('staff', 'phone', 'web', 'app')"),
    check("zip", "length(zip) = 5"),
    check("state", "length(state) = 2"),
    index(
        "uq_address_current_mailing",
        "member_id",
        unique=True,
        where="kind = 'mailing' AND verified AND replaced_at IS NULL",
    ),
)

sa.Table(
    "prescription",
    metadata,
    number(),
    needed("rx_number", unique=True),
    points_at("member_id", "member.id", nullable=False, index=True),
    needed("drug_name"),
    needed("otc", sa.Boolean),
    needed("status"),
    sa.Column("replaced_by", sa.Text),
    sa.Column("schedule", sa.SmallInteger),
    needed("written_on", sa.Date),
    sa.Column("expires_on", sa.Date),
    needed("refills_left", sa.Integer),
    needed("refills_used", sa.Integer),
    sa.Column("first_filled_on", sa.Date),
    sa.Column("last_filled_on", sa.Date),
    sa.Column("last_days_supply", sa.Integer),
    needed("days_supplied", sa.Integer),
    needed("days_supply", sa.Integer),
    needed("max_days_supply", sa.Integer),
    needed("quantity", sa.Integer),
    needed("price_cents", sa.Integer),
    needed("mailable", sa.Boolean),
    needed("prescriber_name"),
    check("rx_number", "length(rx_number) BETWEEN 7 AND 12"),
    check(
        "status",
        "status IN ('active', 'on_hold', 'discontinued', 'transfer_pending', 'replaced', 'inactive_drug')",
    ),
    check("schedule", "schedule BETWEEN 2 AND 5"),
    check("refills", "refills_left >= 0 AND refills_used >= 0"),
    check("supply", "days_supply > 0 AND max_days_supply >= days_supply AND quantity > 0"),
    check("supplied", "days_supplied >= 0 AND last_days_supply > 0"),
    check("price_cents", "price_cents >= 0"),
    check("filled", "(first_filled_on IS NULL) = (last_filled_on IS NULL)"),
)

sa.Table(
    "refill_order",
    metadata,
    number(),
    needed("order_number", unique=True),
    points_at("member_id", "member.id", nullable=False),
    needed("channel"),
    needed("status"),
    points_at("ship_to_id", "address.id", nullable=False),
    needed("total_cents", sa.Integer),
    needed("placed_at", INSTANT),
    sa.Column("ship_on", sa.Date),
    sa.Column("expected_by", sa.Date),
    sa.Column("tracking_number", sa.Text),
    sa.Column("held_reason", sa.Text),
    sa.Column(
        "saved_card_id",
        sa.Integer,
        sa.ForeignKey("saved_card.id", ondelete="SET NULL", use_alter=True),
        index=True,
    ),
    needed("request_key", unique=True),
    check("channel", CHANNELS),
    check("status", "status IN ('pending', 'held', 'scheduled', 'placed', 'shipped', 'delivered', 'cancelled')"),
    check("held_reason", "held_reason IN ('address', 'payment', 'stock')"),
    check("total_cents", "total_cents >= 0"),
    check("ship_on", "status <> 'scheduled' OR ship_on IS NOT NULL"),
    sa.Index("ix_refill_order_member_id", "member_id", "placed_at"),
    index(
        "ix_refill_order_unfinished",
        "status",
        "ship_on",
        where="status IN ('pending', 'held', 'scheduled', 'placed')",
    ),
)

sa.Table(
    "order_line",
    metadata,
    number(),
    points_at("order_id", "refill_order.id", nullable=False),
    points_at("prescription_id", "prescription.id", nullable=False, index=True),
    needed("days_supply", sa.Integer),
    needed("quantity", sa.Integer),
    needed("price_cents", sa.Integer),
    needed("open", sa.Boolean),
    sa.UniqueConstraint("order_id", "prescription_id"),
    check("supply", "days_supply > 0 AND quantity > 0 AND price_cents >= 0"),
    index("uq_order_line_open", "prescription_id", unique=True, where="open"),
)

sa.Table(
    "payment",
    metadata,
    number(),
    points_at("order_id", "refill_order.id", nullable=False, index=True),
    needed("gateway"),
    sa.Column("reference", sa.Text),
    needed("brand"),
    needed("last4"),
    needed("amount_cents", sa.Integer),
    needed("status"),
    needed("request_key", unique=True),
    needed("created_at", INSTANT),
    check(
        "status",
        "status IN ('pending', 'authorized', 'captured', 'voided', 'declined', 'expired', 'failed')",
    ),
    check("amount_cents", "amount_cents >= 0"),
    index(
        "uq_payment_standing",
        "order_id",
        unique=True,
        where="status IN ('pending', 'authorized', 'captured')",
    ),
)

sa.Table(
    "saved_card",
    metadata,
    number(),
    points_at("member_id", "member.id", nullable=False, index=True),
    needed("gateway"),
    needed("token"),
    needed("brand"),
    needed("last4"),
    needed("exp_month", sa.SmallInteger),
    needed("exp_year", sa.SmallInteger),
    points_at("only_for_order_id", "refill_order.id", index=True),
    check("last4", "length(last4) = 4"),
    check("exp_month", "exp_month BETWEEN 1 AND 12"),
    index(
        "uq_saved_card_on_file",
        "member_id",
        "gateway",
        "token",
        unique=True,
        where="only_for_order_id IS NULL",
    ),
)

sa.Table(
    "renewal_request",
    metadata,
    number(),
    points_at("prescription_id", "prescription.id", nullable=False, index=True),
    needed("channel"),
    needed("status"),
    needed("requested_at", INSTANT),
    needed("reference", unique=True),
    check("channel", CHANNELS),
    check("status", "status IN ('requested', 'approved', 'denied')"),
    index("uq_renewal_request_open", "prescription_id", unique=True, where="status = 'requested'"),
)

sa.Table(
    "transfer",
    metadata,
    number(),
    points_at("member_id", "member.id", nullable=False),
    needed("drug_name"),
    needed("from_pharmacy"),
    needed("status"),
    needed("requested_on", sa.Date),
    sa.Column("rx_number", sa.Text),
    check("status", "status IN ('requested', 'confirmed', 'rejected')"),
    sa.UniqueConstraint("member_id", "drug_name", "requested_on"),
)

sa.Table(
    "street",
    metadata,
    sa.Column("zip", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    needed("city"),
    needed("state"),
    sa.Column("low", sa.Integer),
    sa.Column("high", sa.Integer),
    check("zip", "length(zip) = 5"),
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    """Make the tables."""
    metadata.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Drop the tables, and with them all that the pharmacy knows."""
    metadata.drop_all(op.get_bind(), checkfirst=False)
