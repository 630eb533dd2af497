"""What members are to be told afterwards: noted here in the turn that it happens in, sent by whoever sends messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, Index, Integer, MetaData, Table, Text, insert

from ivr.pharmacy.columns import Instant
from ivr.pharmacy.members import phone_of

KINDS = ("address_changed",)
WAYS = ("text", "letter")

notice = Table(
    "notice",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("member_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("address_id", Integer),
    Column("noted_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Index("ix_notice_sent_at", "sent_at", "noted_at"),
)
"""`kind` is one of `KINDS`, `by` one of `WAYS`: a text for a member whose telephone is on file, else a letter."""


def note_changed_address(connection: Connection, member_id: int, address_id: int, now: datetime) -> None:
    """Note that a member is to hear of a changed mailing address, so that a stranger's change does not go unnoticed."""
    by = "text" if phone_of(connection, member_id) else "letter"
    values = {"member_id": member_id, "kind": "address_changed", "by": by, "address_id": address_id}
    connection.execute(insert(notice).values(**values, noted_at=now))
