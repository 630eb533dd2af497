"""Messages that members are owed after a call.

They are written to the table `notice` in the same transaction as the change; another system sends them and sets
`sent_at`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, Index, Integer, Table, Text, insert

from ivr.pharmacy.columns import Instant, line_tables
from ivr.pharmacy.members import phone_of

KINDS = ("address_changed",)
SENT_BY = ("text", "letter")

notice = Table(
    "notice",
    line_tables,
    Column("id", Integer, primary_key=True),
    Column("member_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("address_id", Integer),
    Column("noted_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Index("ix_notice_sent_at", "sent_at", "noted_at"),
)
"""`kind` is one of `KINDS`, `by` one of `SENT_BY`: a text for a member whose telephone is on file, else a letter."""


def note_changed_address(connection: Connection, member_id: int, address_id: int, now: datetime) -> None:
    """Add a notice of a changed mailing address, so that the member learns of a change made by a stranger."""
    by = "text" if phone_of(connection, member_id) else "letter"
    values = {"member_id": member_id, "kind": "address_changed", "by": by, "address_id": address_id}
    connection.execute(insert(notice).values(**values, noted_at=now))
