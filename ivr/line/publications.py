"""Versions in the database: their files, and which of them was published when, by whom.

The newest publication says what answers new calls, on every worker. Files stay for good, so that a call finds the
version it began with and a rollback the one it asks for.
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
from ivr.pharmacy.statements import insert_unless_there

STILL_TALKING = timedelta(hours=1)
"""A call without an end that nobody was heard in for so long is not in progress: its end was lost."""


@dataclass(frozen=True, slots=True)
class Files:
    """The text of one version: relative path -> text, flows and prompts apart."""

    flows: Mapping[str, str]
    prompts: Mapping[str, str]

    @property
    def hash(self) -> str:
        """Return a short name for exactly this content."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Return the content as text, the same for the same files."""
        return json.dumps(
            {"flows": dict(self.flows), "prompts": dict(self.prompts)}, sort_keys=True, ensure_ascii=False
        )


@dataclass(frozen=True, slots=True)
class Publication:
    """One version put before callers; `how` is `start`, `edit`, `publish` (somebody asked for it) or `rollback`."""

    hash: str
    at: datetime
    by: str
    how: str
    passes_over: str | None = None
    """What a rollback found in the folders, which must not come back by itself."""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Calls:
    """How many calls a version has answered, and how many of them are still going on."""

    in_progress: int = 0
    all: int = 0


BY_ITSELF = ("start", "edit")
"""How a version comes to be published though nobody asked for it then."""


def replace(connection: Connection, files: Files, publication: Publication, over: int) -> bool:
    """Publish a version in the place of one publication, 0 for none; False when that is not the newest any more."""
    mine = select(tables.publication.c.id).where(tables.publication.c.id == over)
    connection.execute(mine.with_for_update())  # others that replace the same wait here, and then find it replaced
    newest = latest(connection)
    return (newest.id if newest else 0) == over and record(connection, files, publication)


def record(connection: Connection, files: Files, publication: Publication) -> bool:
    """Publish a version unless it is the published one; of several workers that try, one does."""
    row = {"hash": files.hash, "published_at": publication.at, "files": zlib.compress(files.to_json().encode())}
    insert_unless_there(connection, tables.version, row)
    mine = select(tables.version.c.hash).where(tables.version.c.hash == files.hash)
    connection.execute(mine.with_for_update())  # others that publish the same wait here, and then find it published
    newest = latest(connection)
    if newest is not None and publication.how in BY_ITSELF and files.hash in (newest.hash, newest.passes_over):
        return False
    connection.execute(
        tables.publication.insert().values(
            hash=files.hash,
            at=publication.at,
            published_by=publication.by,
            how=publication.how,
            passes_over=publication.passes_over,
        )
    )
    return True


def was_published(connection: Connection, name: str) -> bool:
    """Say whether a version ever answered new calls."""
    known = select(tables.publication.c.id).where(tables.publication.c.hash == name).limit(1)
    return connection.scalar(known) is not None


def latest(connection: Connection) -> Publication | None:
    """Return what is published now; None when nothing ever was."""
    return next(iter(history(connection, 1)), None)


def history(connection: Connection, most: int) -> tuple[Publication, ...]:
    """Return what was published, newest first."""
    rows = select(tables.publication).order_by(tables.publication.c.id.desc()).limit(most)
    return tuple(_publication(row) for row in connection.execute(rows))


def numbered(connection: Connection, number: int) -> Publication | None:
    """Return one publication by its number."""
    row = connection.execute(select(tables.publication).where(tables.publication.c.id == number)).one_or_none()
    return _publication(row) if row else None


def before(connection: Connection, publication: Publication) -> Publication | None:
    """Return what a publication took the place of."""
    older = select(tables.publication).where(tables.publication.c.id < publication.id)
    row = connection.execute(older.order_by(tables.publication.c.id.desc()).limit(1)).one_or_none()
    return _publication(row) if row else None


def _publication(row: Row[Any]) -> Publication:
    return Publication(row.hash, row.at, row.published_by, row.how, row.passes_over, row.id)


def stored(connection: Connection, name: str) -> Files | None:
    """Return a version's files."""
    files = connection.scalar(select(tables.version.c.files).where(tables.version.c.hash == name))
    return Files(**json.loads(zlib.decompress(files))) if files else None


def named(connection: Connection, beginning: str) -> tuple[str, ...]:
    """Return the versions whose hash begins so."""
    hashes = select(tables.version.c.hash).where(tables.version.c.hash.startswith(beginning, autoescape=True))
    return tuple(connection.scalars(hashes.order_by(tables.version.c.hash)))


def calls(connection: Connection, now: datetime) -> dict[str, Calls]:
    """Count the calls of each version."""
    talking = tables.call.c.ended_at.is_(None) & (tables.call.c.heard_at > now - STILL_TALKING)
    counts = select(
        tables.call.c.version, func.count().filter(talking).label("talking"), func.count().label("all_calls")
    )
    rows = connection.execute(counts.group_by(tables.call.c.version))
    return {row.version: Calls(row.talking, row.all_calls) for row in rows}
