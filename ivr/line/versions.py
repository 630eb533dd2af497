"""Versions of flows and prompts: the current one answers new calls, earlier ones finish the calls they began.

A version is identified by a hash of its files. This module builds versions and keeps those in use in memory;
`publications` stores them in the database, and `publishing` replaces the current one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from ivr import logs
from ivr.errors import DefinitionError, Place, Problem, Report
from ivr.flow import build_flows, load_flows
from ivr.flow.definition import ActionSpec, Flows
from ivr.languages import reviewed_languages
from ivr.line import publications
from ivr.line.earlier_release import with_words_since
from ivr.line.publications import Files
from ivr.line.word_checks import check_words
from ivr.prompts import Catalogues, load_prompts
from ivr.yaml_reader import texts_below

__all__ = ["Files", "Folders", "Refusal", "Version", "Versions", "load", "read_files", "rebuild"]

MOST_IN_MEMORY = 8
"""How many versions are kept in memory. Another one that a call still needs is loaded from the database."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders in which staff edit flows and prompts."""

    flows: Path
    prompts: Path


@dataclass(frozen=True, slots=True)
class Version:
    """Flows and prompts that were checked together."""

    hash: str
    flows: Flows
    catalogues: Catalogues
    files: Files

    def heard(self, *, local: bool) -> Flows:
        """Return the flows as a call hears them: from elsewhere than this machine, without languages that are drafts."""
        languages = self.flows.languages if local else reviewed_languages(self.flows.languages)
        return self.flows if languages == self.flows.languages else replace(self.flows, languages=languages)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An edit that was not published, and why."""

    at: datetime
    problems: tuple[Problem, ...]
    files: Files | None
    """The edited files; None when one of them cannot be read as text."""


def read_files(flows: Path, prompts: Path) -> Files:
    """Read a version's files from their folders; raise DefinitionError, listing every file that cannot be read."""
    report = Report()
    texts = [texts_below(folder, report, root) for folder, root in ((flows, "flows"), (prompts, "prompts"))]
    report.raise_if_any()
    return Files(*({path: text for path, text in read.items() if text is not None} for read in texts))


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A published version that this worker's program cannot use, and why."""

    hash: str
    problems: tuple[Problem, ...]


Proof = Callable[[Flows, Catalogues], Iterable[Problem]]
"""Checks a version against the carrier's rules and returns the problems. Passed in, since `line` knows no carrier."""


def unproved(_: Flows, __: Catalogues) -> Iterable[Problem]:
    """Return no problems: the proof for versions that no carrier is going to speak."""
    return ()


@dataclass(frozen=True, slots=True)
class _Built:
    """A version that was built for these actions; `prove` proved it, or is None if its words were not checked."""

    actions: Mapping[str, ActionSpec]
    prove: Proof | None
    version: Version


_built: dict[tuple[str, int], _Built] = {}
"""The versions built last, by their hash and the id of their actions; workers have those of the process they are
forked from."""


def load(files: Files, actions: Mapping[str, ActionSpec], prove: Proof = unproved) -> Version:
    """Build and check a version; raise DefinitionError, which carries every problem of every file.

    The last few are remembered: a line that starts opens what it has just checked, and an edit may be taken back.
    """
    known = _known(files, actions)
    if known and known.prove and prove in (known.prove, unproved):
        return known.version
    return _remember(actions, prove, _load(files, actions, prove))


def _known(files: Files, actions: Mapping[str, ActionSpec]) -> _Built | None:
    built = _built.get((files.hash, id(actions)))
    return built if built and built.actions is actions else None  # another table may have come to lie in its place


def _remember(actions: Mapping[str, ActionSpec], prove: Proof | None, version: Version) -> Version:
    if len(_built) >= MOST_IN_MEMORY:
        _built.pop(next(iter(tuple(_built))), None)
    _built[version.hash, id(actions)] = _Built(actions, prove, version)
    return version


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
    """Build a version that was published, perhaps by another release, without checking its words.

    Raises DefinitionError when its flows do not fit the actions of this release.
    """
    known = _known(files, actions)
    return known.version if known else _remember(actions, None, _usable(files, actions))


def _usable(files: Files, actions: Mapping[str, ActionSpec]) -> Version:
    report = Report()
    catalogues = load_prompts(files.prompts, report)
    return _sound(files, load_flows(files.flows, catalogues, actions, report), catalogues, report)


def _sound(files: Files, flows: Flows | None, catalogues: Catalogues, report: Report) -> Version:
    report.raise_if_any()
    if flows is None:
        raise DefinitionError([Problem(Place("flows"), "the flows cannot be used")])
    return Version(files.hash, flows, catalogues, files)


def rebuild(files: Files, current: Catalogues | None = None) -> Version | None:
    """Build a version that was checked when it was published, so that its calls can go on; None if that is impossible.

    Nothing is checked against the actions, which may have changed since. Prompts that the actions have come to speak
    since then are taken from the current version.
    """
    report = Report()
    catalogues = load_prompts(files.prompts, report)
    catalogues = with_words_since(catalogues, current) if current else catalogues
    flows = build_flows(files.flows, catalogues, report)
    return Version(files.hash, flows, catalogues, files) if flows and not report.problems else None


class Versions:
    """The versions this worker has in memory; `current` answers new calls, and is only ever replaced as a whole."""

    def __init__(self, current: Version, actions: Mapping[str, ActionSpec], prove: Proof = unproved) -> None:
        self.current = current
        self.refused: Refusal | None = None
        """Why the files in the folders cannot be published; None when they can."""
        self.draft: Version | None = None
        """The version in the folders, when it is good and waits for someone to publish it."""
        self.passed_over = False
        """Whether that version waits because it was published before, and then replaced or rolled back."""
        self.not_taken: NotTaken | None = None
        """The newest published version, when this worker cannot use it and so answers with another one."""
        self.actions = actions
        self._prove = prove
        self._in_memory = {current.hash: current}

    def build(self, files: Files) -> Version:
        """Return the version of these files, built and checked.

        Raises DefinitionError, which lists what is wrong with the files.
        """
        if self.draft and self.draft.hash == files.hash:
            return self.draft
        return load(files, self.actions, self._prove)

    def take(self, version: Version) -> None:
        """Answer new calls with a version; calls in progress keep theirs."""
        self._keep(version)
        self.current = version
        if self.draft and self.draft.hash == version.hash:
            self.draft = None

    def get(self, connection: Connection, version_hash: str) -> Version:
        """Return the version a call began with, or the current one if that is lost or cannot be built any more."""
        version = self._in_memory.get(version_hash)
        if version is None:
            version = self._stored(connection, version_hash)
            self._keep(version)
        return version

    def _stored(self, connection: Connection, version_hash: str) -> Version:
        files = publications.stored(connection, version_hash)
        version = rebuild(files, self.current.catalogues) if files else None
        if version is None:
            logs.get_logger().error("version_lost", version=version_hash, stored=files is not None)
        return version or self.current

    def _keep(self, version: Version) -> None:
        if len(self._in_memory) >= MOST_IN_MEMORY:
            oldest = next((key for key in tuple(self._in_memory) if key != self.current.hash), None)
            self._in_memory.pop(oldest or "", None)
        self._in_memory[version.hash] = version
