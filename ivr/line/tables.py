"""The line's own tables, kept apart from the shared pharmacy's.

Columns named `sealed_…` hold what is encrypted with IVR_SECRET_KEY. Card entries lie in a table of their own, which
PostgreSQL keeps out of its write-ahead log (UNLOGGED, see the migration).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

from ivr.pharmacy.columns import Instant

metadata = MetaData()

SEALED = "sealed_state IS NOT NULL"

call = Table(
    "call",
    metadata,
    Column("sid", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("from_number", Text, nullable=False),
    Column("to_number", Text, nullable=False),
    Column("member_id", Integer),
    Column("turn", Integer, nullable=False),
    Column("sealed_state", LargeBinary),
    Column("sealed_reply", LargeBinary),
    Column("sealed_reply_before", LargeBinary),
    Column("acting_until", Instant),
    Column("started_at", Instant, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ending", Text),
    Index("ix_call_sealed", "heard_at", sqlite_where=text(SEALED), postgresql_where=text(SEALED)),
    Index("ix_call_heard_at", "heard_at"),
    Index("ix_call_from_number", "from_number", "heard_at"),
)
"""A call: where it stands, and its last two replies. `turn` is the number of the turn that is awaited next."""

journal = Table(
    "journal",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("call_sid", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("event", Text, nullable=False),
    Column("trail", Text, nullable=False),
    Column("said", Text, nullable=False),
    Index("ix_journal_call_sid", "call_sid", "turn"),
    Index("ix_journal_at", "at"),
)
"""What happened in each turn, by the names of states and prompts; numbers that were keyed are dots."""

journal_cleaning = Table(
    "journal_cleaning",
    metadata,
    Column("through", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("vacuumed", Boolean, nullable=False),
)
"""One row: the journal is to be cleaned up to the id `through`, and is up to the id `done`."""

version = Table(
    "version",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("published_at", Instant, nullable=False),
    Column("files", LargeBinary, nullable=False),
)
"""Every set of flows and prompts that ever answered a call."""

publication = Table(
    "publication",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("passes_over", Text),
)
"""What was published when; the newest row says which version answers new calls.

`passes_over` is set by a rollback: the hash of the files that lay in the folders then and must not come back by
themselves.
"""

lock_out = Table(
    "lock_out",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("failures", SmallInteger, nullable=False, default=0),
    Column("since", Instant, nullable=False),
)
"""Rows that are taken while a secret is judged, by a keyed digest of a phone or member number, and when last.

`failures`, and `locked_until` beside it, are of an earlier release and no longer looked at.
"""

wrong_try = Table(
    "wrong_try",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("phone", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_wrong_try_phone", "phone", "at"),
    Index("ix_wrong_try_member", "member", "at"),
    Index("ix_wrong_try_at", "at"),
)
"""Secrets keyed wrongly: from which phone, about which member, both as keyed digests; kept for a day."""

known_phone = Table(
    "known_phone",
    metadata,
    Column("member_id", Integer, primary_key=True, autoincrement=False),
    Column("phone", Text, primary_key=True),
    Column("ordered_at", Instant, nullable=False),
)
"""Phones that ordered for a member, as keyed digests, and when last."""

staff_guess = Table(
    "staff_guess",
    metadata,
    Column("peer", Text, primary_key=True),
    Column("wrong", SmallInteger, nullable=False),
    Column("since", Instant, nullable=False),
    Column("locked_until", Instant),
)
"""Wrong staff passwords by the address they came from."""

card_entry = Table(
    "card_entry",
    metadata,
    Column("call_sid", Text, primary_key=True),
    Column("sealed_card", LargeBinary, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_card_entry_expires_at", "expires_at"),
)
"""Card digits between two turns of one call, and then the token; dead after five minutes whatever happens."""
