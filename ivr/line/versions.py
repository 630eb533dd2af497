"""Versions of flows and prompts: what answers new calls, and what earlier calls go on with.

A version is known by a hash of its files. It is written to the database when it is first published, so that any
worker can go on with a call that began on it, also after a restart. A version once loaded stays in memory.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ivr.errors import DefinitionError, Place, Problem, Report
from ivr.flow import load_flows
from ivr.flow.definition import ActionSpec, Flows
from ivr.line import tables
from ivr.prompts import Catalogues, load_prompts, read_folder


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
class Version:
    """Flows and prompts that were checked together."""

    hash: str
    flows: Flows
    catalogues: Catalogues
    files: Files


def read_files(flows: Path, prompts: Path) -> Files:
    """Read a version's files from their folders."""
    return Files(read_folder(flows), read_folder(prompts))


def load(files: Files, actions: Mapping[str, ActionSpec]) -> Version:
    """Build a version; DefinitionError carries every problem of every file."""
    report = Report()
    catalogues = load_prompts(files.prompts, report)
    flows = load_flows(files.flows, catalogues, actions, report)
    report.raise_if_any()
    if flows is None:
        raise DefinitionError([Problem(Place("flows"), "the flows cannot be used")])
    return Version(files.hash, flows, catalogues, files)


class Versions:
    """The versions this worker knows; `current` answers new calls."""

    def __init__(self, current: Version, actions: Mapping[str, ActionSpec]) -> None:
        self.current = current
        self._actions = actions
        self._known = {current.hash: current}

    def publish(self, session: Session, now: datetime) -> None:
        """Write the current version down, once."""
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        files = zlib.compress(self.current.files.to_json().encode())
        row = {"hash": self.current.hash, "published_at": now, "files": files}
        session.execute(insert(tables.version).values(row).on_conflict_do_nothing())

    def get(self, session: Session, name: str) -> Version:
        """Return the version a call began with; the current one in the place of one that is lost."""
        if name not in self._known:
            files = session.scalar(select(tables.version.c.files).where(tables.version.c.hash == name))
            self._known[name] = (
                load(Files(**json.loads(zlib.decompress(files))), self._actions) if files else self.current
            )
        return self._known[name]
