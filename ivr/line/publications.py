"""Versions in the database: their files, and which was published when and by whom.

The version of the newest publication answers new calls, on every worker. Files are never deleted, so that a call finds
the version it began with and a rollback the version it asks for.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from ivr.line import tables
from ivr.pharmacy.database import lock_table
from ivr.pharmacy.statements import insert_unless_there

COUNTS_AS_IN_PROGRESS = timedelta(hours=1)
"""How long after its last turn a call without a reported end still counts as in progress; later, its end was lost."""


@dataclass(frozen=True, slots=True)
class Files:
    """The text files of one version: relative path -> text, for flows and for prompts."""

    flows: Mapping[str, str]
    prompts: Mapping[str, str]

    @property
    def hash(self) -> str:
        """The version's identifier: the first 16 hex digits of the SHA-256 hash of its content."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Return the content as JSON, which is the same text for the same files."""
        return json.dumps(
            {"flows": dict(self.flows), "prompts": dict(self.prompts)}, sort_keys=True, ensure_ascii=False
        )


@dataclass(frozen=True, slots=True)
class Publication:
    """One publication of a version.

    `how` is `start` (a worker started), `edit` (a file was saved), `publish` (somebody asked for it) or `rollback`.
    """

    hash: str
    at: datetime
    by: str
    how: str
    passes_over: str | None = None
    """The hash of the files a rollback found in the folders, which must not be published again by themselves."""
    id: int = 0
    origin: str | None = None
    """Where the files lay (see `publishing.origin`); None if the release that published them did not tell."""


@dataclass(frozen=True, slots=True)
class Calls:
    """How many calls a version has answered, and how many of them are still in progress."""

    in_progress: int = 0
    all: int = 0


def replace(connection: Connection, files: Files, publication: Publication, replaced_id: int) -> bool:
    """Publish a version in place of the publication with this id (0 for none).

    Return False, and publish nothing, when that is no longer the newest publication.
    """
    lock_table(connection, tables.publication.name)
    newest = latest(connection)
    if (newest.id if newest else 0) != replaced_id:
        return False
    record(connection, files, publication)
    return True


def record(connection: Connection, files: Files, publication: Publication) -> None:
    """Publish a version. What was looked up before still holds if the table `publication` was locked before that."""
    store(connection, files, publication.at)
    connection.execute(
        tables.publication.insert().values(
            hash=files.hash,
            at=publication.at,
            published_by=publication.by,
            how=publication.how,
            passes_over=publication.passes_over,
            origin=publication.origin,
        )
    )


def store(connection: Connection, files: Files, now: datetime) -> None:
    """Store a version's files, so that any worker can go on with its calls."""
    row = {"hash": files.hash, "published_at": now, "files": zlib.compress(files.to_json().encode())}
    insert_unless_there(connection, tables.version, row)


def last_of(connection: Connection, version_hash: str) -> Publication | None:
    """Return the last publication of a version, or None when it was never published."""
    rows = select(tables.publication).where(tables.publication.c.hash == version_hash)
    row = connection.execute(rows.order_by(tables.publication.c.id.desc()).limit(1)).one_or_none()
    return _publication(row) if row else None


def latest(connection: Connection) -> Publication | None:
    """Return the newest publication, or None when nothing was ever published."""
    return next(iter(history(connection, 1)), None)


def history(connection: Connection, most: int) -> tuple[Publication, ...]:
    """Return at most `most` publications, newest first."""
    rows = select(tables.publication).order_by(tables.publication.c.id.desc()).limit(most)
    return tuple(_publication(row) for row in connection.execute(rows))


def numbered(connection: Connection, publication_id: int) -> Publication | None:
    """Return the publication with this id, or None."""
    row = connection.execute(select(tables.publication).where(tables.publication.c.id == publication_id)).one_or_none()
    return _publication(row) if row else None


def before(connection: Connection, publication: Publication) -> Publication | None:
    """Return the publication before the given one, or None."""
    earlier = select(tables.publication).where(tables.publication.c.id < publication.id)
    row = connection.execute(earlier.order_by(tables.publication.c.id.desc()).limit(1)).one_or_none()
    return _publication(row) if row else None


def _publication(row: Row[Any]) -> Publication:
    return Publication(row.hash, row.at, row.published_by, row.how, row.passes_over, row.id, row.origin)


def stored(connection: Connection, version_hash: str) -> Files | None:
    """Return a version's files, or None when the version is unknown."""
    files = connection.scalar(select(tables.version.c.files).where(tables.version.c.hash == version_hash))
    return Files(**json.loads(zlib.decompress(files))) if files else None


def named(connection: Connection, prefix: str) -> tuple[str, ...]:
    """Return the hashes of the versions whose hash begins with a prefix, in order."""
    hashes = select(tables.version.c.hash).where(tables.version.c.hash.startswith(prefix, autoescape=True))
    return tuple(connection.scalars(hashes.order_by(tables.version.c.hash)))


def calls(connection: Connection, now: datetime) -> dict[str, Calls]:
    """Return the number of calls of each version, by its hash."""
    in_progress = tables.call.c.ended_at.is_(None) & (tables.call.c.heard_at > now - COUNTS_AS_IN_PROGRESS)
    counts = select(
        tables.call.c.version, func.count().filter(in_progress).label("talking"), func.count().label("all_calls")
    )
    rows = connection.execute(counts.group_by(tables.call.c.version))
    return {row.version: Calls(row.talking, row.all_calls) for row in rows}
