"""Hosts with folders of their own on one database: whatever is restarted when, callers hear what was published."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from databases import KINDS, Databases
from demo_line import PROJECT, VERSION, DemoLine, fill_demo, open_demo_line
from hearing import source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.errors import DefinitionError, Place, Problem
from ivr.flow.definition import ActionSpec
from ivr.line import publications
from ivr.line.actions import SPECS
from ivr.line.publications import Publication
from ivr.line.publishing import Watcher, open_versions, publish, roll_back
from ivr.line.service import Services
from ivr.line.versions import Files, Folders, Version, read_files
from ivr.pages.app import make_app
from ivr.settings import Settings

GOODBYE = source("main.goodbye")
ACTION, EARLIER_ACTION = "count_refillable", "count_earlier"
EARLIER = {EARLIER_ACTION if name == ACTION else name: spec for name, spec in SPECS.items()}
"""The actions of the release before, which had another name for one."""


@dataclass
class Host:
    """A host with folders of its own; `services` and `watcher` are those of the worker started last."""

    line: DemoLine
    folders: Folders
    asked: bool = False
    actions: Mapping[str, ActionSpec] = field(default_factory=lambda: SPECS)
    """Those of the release of the program that it has."""
    services: Services = field(init=False)
    watcher: Watcher = field(init=False)

    def start(self) -> str:
        """Start its worker, or start it again; return the version that it answers with from the first moment."""
        versions = open_versions(self.line.services.database, self.folders, self.actions)
        self.services = replace(self.line.services, versions=versions)
        self.watcher = Watcher(self.services, self.folders, asked=self.asked)
        first = versions.current.hash
        self.watcher.begin()
        return first

    def look(self) -> None:
        self.watcher.look()
        self.watcher.look()

    def save(self, words: str) -> None:
        path = self.folders.prompts / "en" / "main.yaml"
        path.write_text(path.read_text().replace(GOODBYE, words))

    @property
    def hears(self) -> str:
        """The version that callers hear on this host."""
        return self.services.versions.current.hash

    @property
    def demo_line(self) -> DemoLine:
        return self.line.copy_with(services=self.services, app=make_app(self.services, Settings()))

    @property
    def in_folders(self) -> str:
        return read_files(self.folders.flows, self.folders.prompts).hash

    @property
    def published(self) -> list[str]:
        """The versions that were published, newest first."""
        return [publication.hash for publication in self.history]

    @property
    def history(self) -> tuple[Publication, ...]:
        with self.line.services.database.connect() as connection:
            return publications.history(connection, 100)


@pytest.fixture
def line(databases: Databases, request: pytest.FixtureRequest) -> Iterator[DemoLine]:
    """Lend a line on which nothing is published, on SQLite unless a test asks for another database."""
    kind = getattr(request, "param", "sqlite")
    if kind == "postgresql" and databases.missing:
        pytest.skip(databases.missing)
    with databases.fresh(kind, fill_demo) as url:
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


@pytest.mark.parametrize("asked", [False, True], ids=["saved", "asked"])
def test_restarts_of_two_hosts_change_nothing(line: DemoLine, tmp_path: Path, asked: bool) -> None:
    a, b = (host(line, tmp_path / name, f"goodbye: From {name}.", asked=asked) for name in "ab")
    a.start()
    b.start()
    a.look()
    settled, before = a.hears, a.published
    for one, other in [(a, b), (b, a)] * 3:
        assert one.start() == settled
        other.look()
        assert (one.hears, other.hears) == (settled, settled)
    assert a.published == before
    assert len(before) == (1 if asked else 2)


@pytest.fixture
def releases(line: DemoLine, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Host, Host]:
    """Lend a host with the release before, which runs, and one with this; none can use what comes with the other."""
    old, new = (host(line, tmp_path / name, f"goodbye: From {name}.", asked=request.param) for name in ("old", "new"))
    old.actions = EARLIER
    flow = old.folders.flows / "refill.yaml"
    flow.write_text(flow.read_text().replace(f"do: {ACTION}", f"do: {EARLIER_ACTION}"))
    old.start()
    return old, new


BOTH = pytest.mark.parametrize("releases", [False, True], ids=["saved", "asked"], indirect=True)


@BOTH
def test_restarts_during_a_rolling_upgrade_change_nothing(releases: tuple[Host, Host]) -> None:
    old, new = releases
    new.start()
    old.look()
    before = old.published, old.hears, new.hears
    for one, other in [(old, new), (new, old)] * 3:
        one.start()
        other.look()
        assert (old.published, old.hears, new.hears) == before
    assert len(before[0]) == (1 if new.asked else 2)


@BOTH
def test_a_call_that_began_on_the_new_release_goes_on_on_the_old_one(releases: tuple[Host, Host]) -> None:
    old, new = releases
    new.start()
    old.look()
    phone, _ = new.demo_line.call("13")
    phone.post = old.demo_line.post
    assert phone.press("9").text.endswith("From new.")
    if new.asked:
        assert publish(new.services, new.folders, new.in_folders, new.history[0].id, "staff")
    old.look()
    _, heard = old.demo_line.call("139")  # it plays what it cannot use for calls that began with it, and no others
    assert heard.text.endswith("From old.")


# Whatever happens in whatever order


WORDS = ("one", "two", "three")
EVENTS = st.one_of(
    st.tuples(st.just("restart"), st.integers(0, 1)),
    st.tuples(st.just("edit"), st.integers(0, 1), st.sampled_from(WORDS)),
    st.tuples(st.just("edit while it is down"), st.integers(0, 1), st.sampled_from(WORDS)),
    st.tuples(st.just("publish"), st.integers(0, 1)),
    st.tuples(st.just("roll back"), st.integers(0, 1), st.integers(0, 5)),
    st.tuples(st.just("upgrade"), st.integers(0, 1)),
)


class Fleet:
    """Two hosts whose flows and words are a word each: which release can use them, and what callers hear."""

    def __init__(self, line: DemoLine, folder: Path, *, asked: bool) -> None:
        self.hosts = [Host(line, Folders(folder / name / "flows", folder / name / "prompts"), asked) for name in "ab"]
        for name, each in zip(WORDS, self.hosts, strict=False):
            each.actions = EARLIER
            self.write(each, "release", "before")
            self.write(each, "words", name)

    @staticmethod
    def write(host: Host, name: str, text: str) -> None:
        path = {"release": host.folders.flows, "words": host.folders.prompts}[name] / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # so that its number changes, whatever the clock says
        path.write_text(text)

    def happen(self, what: str, number: int, *details: Any) -> None:
        host = self.hosts[number]
        services = host.services
        match what:
            case "restart":
                host.start()
            case "edit":
                self.write(host, "words", details[0])
            case "edit while it is down":
                self.write(host, "words", details[0])
                host.start()
            case "publish":
                with suppress(DefinitionError):
                    publish(services, host.folders, host.in_folders, host.history[0].id, "staff")
            case "roll back":
                with suppress(DefinitionError):
                    roll_back(services, host.folders, host.published[details[0] % len(host.published)])
            case "upgrade":
                host.actions = SPECS
                self.write(host, "release", "this")
                host.start()
        self.look()

    def look(self) -> None:
        for host in self.hosts:
            host.look()

    def heard(self) -> tuple[object, ...]:
        """Return what is published, and what callers hear on each host."""
        return (*self.hosts[0].published, *(host.hears for host in self.hosts))


def plain(files: Files, actions: Mapping[str, ActionSpec], *_: object) -> Version:
    """Build a version of which a test needs no more than its files."""
    if files.flows != {"release.yaml": "before" if actions is EARLIER else "this"}:
        raise DefinitionError([Problem(Place("flows"), "for another release")])
    return Version(files.hash, VERSION.flows, VERSION.catalogues, files)


@pytest.mark.parametrize("asked", [False, True], ids=["saved", "asked"])
@given(events=st.lists(EVENTS, max_size=12), restarts=st.lists(st.integers(0, 1), min_size=3, max_size=8))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_whatever_happened_restarts_change_nothing(
    line: DemoLine,
    tmp_path_factory: pytest.TempPathFactory,
    asked: bool,
    events: list[tuple[Any, ...]],
    restarts: list[int],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ivr.line.versions._load", plain)
        patch.setattr("ivr.line.versions._usable", plain)
        line.run("DELETE FROM publication")
        fleet = Fleet(line, tmp_path_factory.mktemp("fleet"), asked=asked)
        for host in fleet.hosts:
            host.start()
        for event in events:
            published = fleet.hosts[0].published
            fleet.happen(*event)
            if asked and event[0] not in ("publish", "roll back"):
                assert fleet.hosts[0].published == published
        for number in (0, 1):  # a start after an upgrade may publish what is new, once
            fleet.happen("restart", number)
        settled = fleet.heard()
        for number in restarts:
            host = fleet.hosts[number]
            before = host.hears
            assert host.start() == before  # from the first moment
            fleet.look()
            assert fleet.heard() == settled


@pytest.mark.parametrize("line", KINDS, indirect=True)
@pytest.mark.parametrize("asked", [False, True], ids=["saved", "asked"])
def test_hosts_that_start_at_once_agree(
    line: DemoLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    for name in ("_load", "_usable"):
        monkeypatch.setattr(f"ivr.line.versions.{name}", plain)
    a, b = Fleet(line, tmp_path, asked=asked).hosts
    workers, ready = [replace(host) for host in (a, b) * 3], Barrier(6)

    def start(worker: Host) -> None:
        ready.wait()
        worker.start()

    with ThreadPoolExecutor(len(workers)) as threads:
        list(threads.map(start, workers))
    for worker in workers:
        worker.look()
    assert len({worker.hears for worker in workers}) == 1
    assert len(workers[0].published) == (1 if asked else 2)
