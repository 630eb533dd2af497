"""Reads the published version, which `ivr check` compares with, straight from the database.

It does so without SQLAlchemy, which takes longer to load than a whole check does. No database is created here.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

WAIT_SECONDS = 1
_NEWEST = (
    "SELECT version.hash, version.files FROM publication JOIN version ON version.hash = publication.hash "
    "ORDER BY publication.id DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Published:
    """The version that answers new calls: its hash, and the text of its files by name."""

    hash: str
    flows: Mapping[str, str]
    prompts: Mapping[str, str]


def published(url: str) -> Published | None:
    """Return the version published in the database at `url`.

    None when the database does not exist or answer within a second, or has no version that can be read.
    """
    row = _of_file(url.partition("///")[2]) if url.startswith("sqlite") else _of_server(url)
    try:
        return Published(row[0], **json.loads(zlib.decompress(row[1]))) if row else None
    except (zlib.error, ValueError, TypeError):
        return None


def _of_file(path: str) -> tuple[str, bytes] | None:
    if not Path(path).is_file():
        return None
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=WAIT_SECONDS)) as database:
            row: tuple[str, bytes] | None = database.execute(_NEWEST).fetchone()
            return row
    except sqlite3.Error:
        return None


def _of_server(url: str) -> tuple[str, bytes] | None:
    import psycopg  # loaded only if it is needed, since that takes time

    try:
        with psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=WAIT_SECONDS) as connection:
            return connection.execute(_NEWEST).fetchone()
    except psycopg.Error:
        return None
