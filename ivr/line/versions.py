"""Versions of flows and prompts: what answers new calls, and what earlier calls go on with.

A version is known by a hash of its files. `publications` keeps them in the database, `publishing` moves `current`
on; here is what a version is and which of them this worker has in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from ivr import logs
from ivr.errors import DefinitionError, Place, Problem, Report
from ivr.flow import build_flows, load_flows
from ivr.flow.definition import ActionSpec, Flows
from ivr.line import publications
from ivr.line.earlier_release import with_words_since
from ivr.line.publications import Files
from ivr.line.word_checks import check_words
from ivr.prompts import Catalogues, load_prompts
from ivr.yaml_reader import texts_below

__all__ = ["Files", "Folders", "Refusal", "Version", "Versions", "load", "read_files", "rebuild"]

MOST_IN_MEMORY = 8
"""Versions kept ready; an older one that a call still needs is loaded again."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where staff edit."""

    flows: Path
    prompts: Path


@dataclass(frozen=True, slots=True)
class Version:
    """Flows and prompts that were checked together."""

    hash: str
    flows: Flows
    catalogues: Catalogues
    files: Files


@dataclass(frozen=True, slots=True)
class Refusal:
    """An edit that was not published, and why."""

    at: datetime
    problems: tuple[Problem, ...]
    files: Files | None
    """None when they cannot even be read as text."""


def read_files(flows: Path, prompts: Path) -> Files:
    """Read a version's files from their folders; DefinitionError tells of all that cannot be read."""
    report = Report()
    texts = [texts_below(folder, report, root) for folder, root in ((flows, "flows"), (prompts, "prompts"))]
    report.raise_if_any()
    return Files(*({name: text for name, text in read.items() if text is not None} for read in texts))


Proof = Callable[[Flows, Catalogues], Iterable[Problem]]
"""Finds what keeps a version that is right in itself from being spoken: whoever knows the carrier hands it in."""


def unproved(_: Flows, __: Catalogues) -> Iterable[Problem]:
    """Find nothing: for versions that no carrier is to speak."""
    return ()


def load(files: Files, actions: Mapping[str, ActionSpec], prove: Proof = unproved) -> Version:
    """Build a version; DefinitionError carries every problem of every file.

    The last few are remembered: a line that starts opens what it has just checked, and an edit may be taken back.
    """
    key = files.hash, id(actions), prove
    known = _loaded.get(key)
    if known and known[0] is actions:  # and not another table that came to lie in its place
        return known[1]
    version = _load(files, actions, prove)
    if len(_loaded) >= MOST_IN_MEMORY:
        _loaded.pop(next(iter(tuple(_loaded))), None)
    _loaded[key] = actions, version
    return version


_loaded: dict[tuple[str, int, Proof], tuple[Mapping[str, ActionSpec], Version]] = {}


def _load(files: Files, actions: Mapping[str, ActionSpec], prove: Proof) -> Version:
    report = Report()
    catalogues = load_prompts(files.prompts, report)
    flows = load_flows(files.flows, catalogues, actions, report)
    check_words(flows, files.flows, catalogues, actions, report)
    version = _sound(files, flows, catalogues, report)
    report.problems.extend(prove(version.flows, version.catalogues))
    report.raise_if_any()
    return version


def usable(files: Files, actions: Mapping[str, ActionSpec]) -> Version:
    """Build a version that an earlier release may have published: its flow has to fit the actions of this one.

    Raises DefinitionError when it does not. Its words are taken as they are.
    """
    report = Report()
    catalogues = load_prompts(files.prompts, report)
    return _sound(files, load_flows(files.flows, catalogues, actions, report), catalogues, report)


def _sound(files: Files, flows: Flows | None, catalogues: Catalogues, report: Report) -> Version:
    report.raise_if_any()
    if flows is None:
        raise DefinitionError([Problem(Place("flows"), "the flows cannot be used")])
    return Version(files.hash, flows, catalogues, files)


def rebuild(files: Files, current: Catalogues | None = None) -> Version | None:
    """Build a version that was checked when it was published: the actions may have moved on, its calls still go on.

    The current version's words stand in for prompts that actions have come to speak since.
    """
    report = Report()
    catalogues = load_prompts(files.prompts, report)
    catalogues = with_words_since(catalogues, current) if current else catalogues
    flows = build_flows(files.flows, catalogues, report)
    return Version(files.hash, flows, catalogues, files) if flows and not report.problems else None


class Versions:
    """The versions this worker knows; `current` answers new calls, and is swapped as a whole."""

    def __init__(self, current: Version, actions: Mapping[str, ActionSpec], prove: Proof = unproved) -> None:
        self.current = current
        self.refused: Refusal | None = None
        """What lies in the folders, when it cannot be published."""
        self.draft: Version | None = None
        """What lies in the folders, when it is good and waits to be published."""
        self.passed_over = ""
        """The hash of what lies in the folders, when it does not come back by itself: it was taken back, or replaced."""
        self._actions = actions
        self._prove = prove
        self._known = {current.hash: current}

    def build(self, files: Files) -> Version:
        """Return a version of these files, built and checked unless it is known; DefinitionError says what is wrong."""
        if self.draft and self.draft.hash == files.hash:
            return self.draft
        return self._known.get(files.hash) or load(files, self._actions, self._prove)

    def take(self, version: Version) -> None:
        """Answer new calls with a version; calls that have begun keep theirs."""
        self._keep(version)
        self.current = version
        if self.draft and self.draft.hash == version.hash:
            self.draft = None

    def get(self, connection: Connection, name: str) -> Version:
        """Return the version a call began with; the current one in the place of one that is lost or of no use now."""
        known = self._known.get(name)
        if known is None:
            known = self._stored(connection, name)
            self._keep(known)
        return known

    def _stored(self, connection: Connection, name: str) -> Version:
        files = publications.stored(connection, name)
        version = rebuild(files, self.current.catalogues) if files else None
        if version is None:
            logs.get_logger().error("version_lost", version=name, stored=files is not None)
        return version or self.current

    def _keep(self, version: Version) -> None:
        if len(self._known) >= MOST_IN_MEMORY:
            oldest = next((name for name in tuple(self._known) if name != self.current.hash), None)
            self._known.pop(oldest or "", None)
        self._known[version.hash] = version
