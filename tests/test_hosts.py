"""Hosts with folders of their own on one database: whatever is restarted when, callers hear what was published."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from databases import Databases
from demo_line import PROJECT, DemoLine, fill_demo, open_demo_line
from hearing import source

from ivr.flow.definition import ActionSpec
from ivr.line import publications
from ivr.line.actions import SPECS
from ivr.line.publishing import Watcher, open_versions
from ivr.line.versions import Folders

GOODBYE = source("main.goodbye")
ACTION, EARLIER_ACTION = "count_refillable", "count_earlier"
EARLIER = {EARLIER_ACTION if name == ACTION else name: spec for name, spec in SPECS.items()}
"""The actions of the release before, which had another name for one."""


@dataclass
class Host:
    """A host with folders of its own, and the worker that it runs, if it does."""

    line: DemoLine
    folders: Folders
    asked: bool = False
    actions: Mapping[str, ActionSpec] = field(default_factory=lambda: SPECS)
    """Those of the release of the program that it has."""
    worker: Watcher | None = None

    def start(self) -> str:
        """Start its worker, or start it again; return the version that it answers with from the first moment."""
        database = self.line.services.database
        versions = open_versions(database, self.folders, self.actions, asked=self.asked)
        self.worker = Watcher(replace(self.line.services, versions=versions), self.folders, asked=self.asked)
        first = versions.current.hash
        self.worker.begin()
        return first

    def look(self) -> None:
        if self.worker:
            self.worker.look()
            self.worker.look()

    def save(self, words: str) -> None:
        path = self.folders.prompts / "en" / "main.yaml"
        path.write_text(path.read_text().replace(GOODBYE, words))

    @property
    def hears(self) -> str:
        assert self.worker
        return self.worker._versions.current.hash


@pytest.fixture
def line(databases: Databases) -> Iterator[DemoLine]:
    with databases.fresh("sqlite", fill_demo) as url:
        demo_line = open_demo_line(url)
        demo_line.run("DELETE FROM publication")
        yield demo_line
        demo_line.services.database.dispose()


def host(line: DemoLine, folder: Path, words: str = GOODBYE, *, asked: bool = False) -> Host:
    shutil.copytree(PROJECT / "flows", folder / "flows")
    shutil.copytree(PROJECT / "prompts", folder / "prompts")
    made = Host(line, Folders(folder / "flows", folder / "prompts"), asked)
    made.save(words)
    return made


def published(line: DemoLine) -> list[str]:
    with line.services.database.connect() as connection:
        return [publication.how for publication in publications.history(connection, 20)]


@pytest.mark.parametrize("asked", [False, True], ids=["saved", "asked"])
def test_restarts_of_two_hosts_change_nothing(line: DemoLine, tmp_path: Path, asked: bool) -> None:
    a, b = (host(line, tmp_path / name, f"goodbye: From {name}.", asked=asked) for name in "ab")
    a.start()
    b.start()
    a.look()
    settled, before = a.hears, published(line)
    for one, other in [(a, b), (b, a)] * 3:
        assert one.start() == settled
        other.look()
        assert (one.hears, other.hears) == (settled, settled)
    assert published(line) == before


@pytest.mark.parametrize("asked", [False, True], ids=["saved", "asked"])
def test_restarts_during_a_rolling_upgrade_change_nothing(line: DemoLine, tmp_path: Path, asked: bool) -> None:
    """Neither of the two releases can use what comes with the other."""
    old, new = (host(line, tmp_path / name, f"goodbye: From {name}.", asked=asked) for name in ("old", "new"))
    old.actions = EARLIER
    flow = old.folders.flows / "main.yaml"
    flow.write_text(flow.read_text().replace(f"do: {ACTION}", f"do: {EARLIER_ACTION}"))
    old.start()
    new.start()
    old.look()
    before = published(line), old.hears, new.hears
    for one, other in [(old, new), (new, old)] * 3:
        one.start()
        other.look()
        assert (published(line), old.hears, new.hears) == before
