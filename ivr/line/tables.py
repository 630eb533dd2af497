"""The tables that belong to the line alone, apart from the pharmacy's tables, which it shares with other programs.

Columns named `sealed_…` are encrypted with IVR_SECRET_KEY. Cards that are being keyed have a table of their own, which
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
    SmallInteger,
    Table,
    Text,
    text,
)

from ivr.payment.gateway import Reason
from ivr.pharmacy.columns import EnumText, Instant, line_tables

SEALED = "sealed_state IS NOT NULL"

call = Table(
    "call",
    line_tables,
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
"""Calls: the state of each and its last two replies.

`turn` is the number of the turn that is awaited next. `acting_until` is set while a worker runs an external action.
`member_id` is the member who was identified last.
"""

earlier_member = Table(
    "earlier_member",
    line_tables,
    Column("call_sid", Text, primary_key=True),
    Column("member_id", Integer, primary_key=True, autoincrement=False),
    Column("until", Instant, nullable=False),
    Index("ix_earlier_member_member_id", "member_id"),
    Index("ix_earlier_member_until", "until"),
)
"""Members whom a call served before the one that its row names, and when the next one was identified."""

journal = Table(
    "journal",
    line_tables,
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
"""What happened in each turn, by the names of states and prompts; keyed numbers are masked with dots.

`trail` holds the turn's trace: each state passed, and how it was left.
"""

hand_over = Table(
    "hand_over",
    line_tables,
    Column("id", Integer, primary_key=True),
    Column("call_sid", Text, nullable=False),
    Column("member_id", Integer),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("order_number", Text),
    Column("noted_at", Instant, nullable=False),
    Column("seen_at", Instant),
    Column("seen_by", Text),
    Index("ix_hand_over_call_sid", "call_sid"),
    Index("ix_hand_over_noted_at", "noted_at"),
)
"""Notes for the person who takes a call over (see `hand_over`), and who has seen each."""

journal_cleaning = Table(
    "journal_cleaning",
    line_tables,
    Column("through", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("vacuumed", Boolean, nullable=False),
)
"""One row, the progress of `journal_cleaning`: rows up to the id `through` are to be cleaned, up to `done` they are.

`vacuumed` says whether the database has given up the space, and so the content, of the old rows.
"""

version = Table(
    "version",
    line_tables,
    Column("hash", Text, primary_key=True),
    Column("published_at", Instant, nullable=False),
    Column("files", LargeBinary, nullable=False),
)
"""Every version of flows and prompts that was ever published or answered a call, and since when it is stored.

`files` is compressed JSON (zlib).
"""

publication = Table(
    "publication",
    line_tables,
    Column("id", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("passes_over", Text),
    Column("origin", Text),
)
"""Publications of versions, in order; the version in the newest row answers new calls.

A rollback sets `passes_over` to the hash of the files in the folders at that time, which must not be published again
by themselves. `origin` names the host and the folders that the files came from.
"""

worker = Table(
    "worker",
    line_tables,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("release", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("problem", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
)
"""What each worker answers new calls with, since when, and `problem`: why it cannot use the published version, or "".

`seen_at` is refreshed while the worker is alive. `id` is random, since containers share process ids and host names.
"""

lock_out = Table(
    "lock_out",
    line_tables,
    Column("subject", Text, primary_key=True),
    Column("failures", SmallInteger, nullable=False, default=0),
    Column("since", Instant, nullable=False),
)
"""Rows that are locked while a caller's secret is checked (see `lockout`), and when each was last locked.

`subject` is a keyed digest of a phone or member number. `failures`, and `locked_until` beside it in the database,
belong to an earlier release and are no longer read.
"""

wrong_try = Table(
    "wrong_try",
    line_tables,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("phone", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_wrong_try_phone", "phone", "at"),
    Index("ix_wrong_try_member", "member", "at"),
    Index("ix_wrong_try_at", "at"),
)
"""Wrongly keyed secrets: from which phone and about which member, both as keyed digests; kept for a day.

Without a phone it is a new card of a member that was refused (see `card_limit`).
"""

known_phone = Table(
    "known_phone",
    line_tables,
    Column("member_id", Integer, primary_key=True, autoincrement=False),
    Column("phone", Text, primary_key=True),
    Column("ordered_at", Instant, nullable=False),
    Index("ix_known_phone_phone", "phone"),
)
"""Phones that placed an order for a member, as keyed digests, and when they last did."""

staff_guess = Table(
    "staff_guess",
    line_tables,
    Column("peer", Text, primary_key=True),
    Column("wrong", SmallInteger, nullable=False),
    Column("since", Instant, nullable=False),
    Column("locked_until", Instant),
)
"""Wrong staff passwords, counted by the network address they came from."""

card_entry = Table(
    "card_entry",
    line_tables,
    Column("call_sid", Text, primary_key=True),
    Column("sealed_card", LargeBinary, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_card_entry_expires_at", "expires_at"),
)
"""Cards between the turn in which the number is keyed and the one in which the processor gives a token for it.

`sealed_card` holds number and expiry, encrypted, and can be opened for five minutes. The token is not stored here: it
is one of the call's values, sealed once more within `call.sealed_state`.
"""

digest_key = Table(
    "digest_key",
    line_tables,
    Column("id", Integer, primary_key=True),
    Column("sealed_key", LargeBinary, nullable=False),
)
"""One row, whose id is 1: the key of the digests in `lock_out`, `wrong_try` and `known_phone` (see `digests`).

It is encrypted with IVR_SECRET_KEY, and stays the same when that changes.
"""

sweep = Table("sweep", line_tables, Column("finished_at", Instant), Column("due_at", Instant))
"""One row: when a sweep last finished, and when the process that led it will sweep again; NULL before the first one."""

sandbox_charge = Table(
    "sandbox_charge",
    line_tables,
    Column("reference", Text, primary_key=True),
    Column("request_key", Text, nullable=False, unique=True),
    Column("token", Text, nullable=False),
    Column("amount_cents", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("refusal", EnumText(Reason)),
    Column("captured_cents", Integer, nullable=False),
    Column("description", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)
"""The sandbox's ledger (see `sandbox_ledger`): every authorization that it was asked for, the declined ones too.

It is a processor's and not the line's, so it names no member, and rows are never deleted.
"""
