"""Takes edits while calls go on: looks at the folders and at the database, and moves the line to what is published.

A good edit is written to the database first and answers new calls then or, where publishing is asked for, is kept as a
draft; a bad one is refused and told, and the last good version goes on. Whatever is published elsewhere, by another worker or a rollback, is followed. Each worker runs
one `Watcher`.
"""

from __future__ import annotations

import getpass
import os
import pwd
import socket
import time
from collections.abc import Mapping
from enum import Enum, auto
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ivr import logs
from ivr.errors import DefinitionError
from ivr.flow.definition import ActionSpec
from ivr.line import publications
from ivr.line.publications import Files, Publication
from ivr.line.service import Services
from ivr.line.versions import Folders, Proof, Refusal, Version, Versions, load, read_files, unproved, usable
from ivr.yaml_reader import candidates

LOOK_SECONDS = 0.25
"""Between two looks; an edit is taken at the second look that finds it the same, so that a half-saved file is not."""

FOLLOWED = "followed"
"""How the files are looked at again when something else was published: not to publish them, but to say how they stand."""

Traces = frozenset[tuple[str, int, int, int]]
"""What tells of a change without reading: path, time of change, size and number of every file."""


class Standing(Enum):
    """How what lies in the folders stands to what is published."""

    PUBLISHED = auto()
    PASSED_OVER = auto()
    """It was taken back, or replaced by something newer, and does not come back by itself."""
    DRAFT = auto()
    """Somebody is to ask for it."""
    NEW = auto()


def open_versions(
    database: Engine,
    folders: Folders,
    actions: Mapping[str, ActionSpec],
    prove: Proof = unproved,
    *,
    asked: bool = False,
) -> Versions:
    """Return what a new process answers calls with: what lies in the folders or, when that is bad, what is published.

    With `asked` it is the other way round. What is published was checked by the rules of the release that published it:
    it goes on when its words would be refused now, for a line that answers is better than none. Raises DefinitionError
    when neither can be used.
    """

    def lying_there() -> Version:
        return load(read_files(folders.flows, folders.prompts), actions, prove)

    def published() -> Version | None:
        with database.begin() as connection:
            newest = publications.latest(connection)
            files = publications.stored(connection, newest.hash) if newest else None
        try:
            return usable(files, actions) if files else None
        except DefinitionError as error:  # made for another release of the program
            problems = [str(problem) for problem in error.problems]
            logs.get_logger().error("version_not_taken", version=newest.hash if newest else "", problems=problems)
            return None

    if asked:
        return Versions(published() or lying_there(), actions, prove)
    try:
        return Versions(lying_there(), actions, prove)
    except DefinitionError:
        version = published()
        if version is None:
            raise
        return Versions(version, actions, prove)


class Watcher:
    """Keeps one worker's line at what is published."""

    def __init__(self, line: Services, folders: Folders, *, asked: bool = False) -> None:
        """With `asked`, what is saved is a draft until somebody asks for it to be published."""
        self._line = line
        self._asked = asked
        self._versions = line.versions
        self._folders = folders
        self._traces: Traces = frozenset()
        self._is_judged = True
        self._not_taken = ""
        """A published version that this worker cannot use: told once."""
        self._told = ""
        """The draft that was told last."""
        self._away = False

    def begin(self) -> None:
        """Publish what lies in the folders if nothing is published, or if it is new and nobody is to ask for it."""
        self._traces = traces(self._folders)
        self._offer("start", whoami())
        self._follow()

    def run(self) -> None:
        """Look for ever."""
        while True:
            time.sleep(LOOK_SECONDS)
            try:
                self.look()
                self._away = False
            except SQLAlchemyError as error:
                if not self._away:  # told once; what was edited meanwhile is taken when the database is back
                    logs.get_logger().error("publishing_paused", reason=type(error).__name__)
                self._away = True
            except Exception:
                logs.get_logger().exception("publishing_failed")
                self._is_judged = True  # what broke us would do so again; the next edit is looked at anew

    def look(self) -> None:
        """Look once at the folders and at what is published."""
        found = traces(self._folders)
        if found != self._traces:
            self._traces, self._is_judged = found, False
        elif not self._is_judged:
            self._offer("edit", editor(self._folders))
            self._is_judged = True
        self._follow()

    def _offer(self, how: str, by: str) -> None:
        """Publish the files, or keep them as a draft, if they are new and good; note it if they are not good."""
        versions, files = self._versions, None
        try:
            files = read_files(self._folders.flows, self._folders.prompts)
            standing = self._standing(files.hash, how)
            version = versions.build(files) if standing in (Standing.NEW, Standing.DRAFT) else None
        except DefinitionError as error:
            self._refuse(error, files)
            return
        versions.refused = None
        versions.passed_over = files.hash if standing is Standing.PASSED_OVER else ""
        versions.draft = version if standing is Standing.DRAFT else None
        if version and standing is Standing.NEW:
            self._publish(version, how, by)
        elif version and version.hash != self._told:
            self._told = version.hash
            logs.get_logger().info("draft_kept", version=version.hash, going_on_with=versions.current.hash, by=by)

    def _standing(self, name: str, how: str) -> Standing:
        with self._line.database.begin() as connection:
            newest = publications.latest(connection)
            is_old = how == "start" and publications.was_published(connection, name)
        if newest is None:
            return Standing.NEW
        if name == newest.hash:
            return Standing.PUBLISHED
        if self._asked:  # where what is published is of no use to this release, the line was opened with the files
            return Standing.NEW if how == "start" and name == self._versions.current.hash else Standing.DRAFT
        return Standing.PASSED_OVER if is_old or name == newest.passes_over or how == FOLLOWED else Standing.NEW

    def _publish(self, version: Version, how: str, by: str) -> None:
        publication = Publication(version.hash, self._line.clock(), by, how)
        with self._line.database.begin() as connection:
            is_first = publications.record(connection, version.files, publication)
        self._take(version)
        if is_first:
            logs.get_logger().info("published", version=version.hash, how=how, by=by)

    def _refuse(self, error: DefinitionError, files: Files | None) -> None:
        self._versions.draft = None
        self._versions.refused = Refusal(self._line.clock(), error.problems, files)
        problems = [str(problem) for problem in error.problems]
        logs.get_logger().error("edit_refused", going_on_with=self._versions.current.hash, problems=problems)

    def _follow(self) -> None:
        """Move to what is published, wherever that was done."""
        with self._line.database.begin() as connection:
            newest = publications.latest(connection)
            if newest is None or newest.hash in (self._versions.current.hash, self._not_taken):
                return
            files = publications.stored(connection, newest.hash)
        try:
            if files is not None:
                self._take(self._versions.build(files))
        except DefinitionError as error:  # made for another release of the program: a rolling update is under way
            self._not_taken = newest.hash
            problems = [str(problem) for problem in error.problems]
            logs.get_logger().error("version_not_taken", version=newest.hash, problems=problems)
        if self._is_judged and self._versions.refused is None:  # else they are looked at anyway, or known to be bad
            self._offer(FOLLOWED, newest.by)

    def _take(self, version: Version) -> None:
        if version.hash != self._versions.current.hash:
            self._versions.take(version)
            logs.get_logger().info("answering_with", version=version.hash)


def publish(line: Services, folders: Folders, name: str, over: int, by: str) -> bool:
    """Publish what lies in the folders if it is still the version named, in the place of one publication (0: of none).

    False when the files, or what is published, are no longer what whoever asks for it has looked at. Raises
    DefinitionError when the files cannot be used.
    """
    files = read_files(folders.flows, folders.prompts)
    if files.hash != name:
        return False
    version = line.versions.build(files)
    publication = Publication(name, line.clock(), by, "publish")
    with line.database.begin() as connection:
        is_done = publications.replace(connection, files, publication, over)
    if is_done:
        line.versions.take(version)
        logs.get_logger().info("published", version=name, how=publication.how, by=by)
    return is_done


def roll_back(line: Services, folders: Folders, name: str) -> Publication | None:
    """Publish an earlier version again, and pass over what lies in the folders until it changes; None: no such version.

    Raises DefinitionError when the version cannot be used by this release of the program.
    """
    with line.database.begin() as connection:
        files = publications.stored(connection, name)
    if files is None:
        return None
    line.versions.build(files)
    try:
        lying_there = read_files(folders.flows, folders.prompts).hash
    except DefinitionError:
        lying_there = ""
    passes_over = lying_there if lying_there != name else None
    publication = Publication(name, line.clock(), whoami(), "rollback", passes_over)
    with line.database.begin() as connection:
        publications.record(connection, files, publication)
    return publication


def traces(folders: Folders) -> Traces:
    """Return what tells of a change in the folders."""
    return frozenset((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino) for path, stat in _stats(folders))


def _stats(folders: Folders) -> list[tuple[Path, os.stat_result]]:
    found = []
    for folder in (folders.flows, folders.prompts):
        for path in candidates(folder):
            try:
                found.append((path, path.stat()))
            except OSError:  # it went while we looked; the next look tells
                continue
    return found


def editor(folders: Folders) -> str:
    """Return whose file was saved last, as far as the machine knows."""
    newest = max(_stats(folders), key=lambda each: each[1].st_mtime_ns, default=None)
    try:
        user = pwd.getpwuid(newest[1].st_uid).pw_name if newest else ""
    except KeyError:
        user = f"user {newest[1].st_uid}" if newest else ""
    return f"{user}@{socket.gethostname()}" if user else whoami()


def whoami() -> str:
    """Return who runs this process, and where."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
