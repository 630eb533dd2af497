"""Takes edits while calls go on: looks at the folders and at the database, and moves the line to what is published.

A good edit is written to the database first and answers new calls then; a bad one is refused and told, and the last
good version goes on. Whatever is published elsewhere, by another worker or a rollback, is followed. Each worker runs
one `Watcher`.
"""

from __future__ import annotations

import getpass
import os
import pwd
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ivr import logs
from ivr.errors import DefinitionError
from ivr.flow.definition import ActionSpec
from ivr.line import publications
from ivr.line.publications import Files, Publication
from ivr.line.service import Line
from ivr.line.versions import Folders, Refusal, Version, Versions, load, read_files, rebuild

LOOK_SECONDS = 0.25
"""Between two looks; an edit is taken at the second look that finds it the same, so that a half-saved file is not."""

Traces = frozenset[tuple[str, int, int, int]]
"""What tells of a change without reading: path, time of change, size and number of every file."""


def open_versions(database: Engine, folders: Folders, actions: Mapping[str, ActionSpec]) -> Versions:
    """Return what a new process answers calls with: what lies in the folders or, when that is bad, what is published.

    That was checked when it was published, by the rules of that release: a line that answers is better than none.
    Raises DefinitionError when neither can be used.
    """
    try:
        return Versions(load(read_files(folders.flows, folders.prompts), actions), actions)
    except DefinitionError:
        with database.begin() as connection:
            newest = publications.latest(connection)
            files = publications.stored(connection, newest.hash) if newest else None
        version = rebuild(files) if files else None
        if version is None:
            raise
        return Versions(version, actions)


class Watcher:
    """Keeps one worker's line at what is published."""

    def __init__(self, line: Line, folders: Folders) -> None:
        self._line = line
        self._versions = line.versions
        self._folders = folders
        self._traces: Traces = frozenset()
        self._settled = True
        self._not_taken = ""
        """A published version that this worker cannot use: told once."""
        self._away = False

    def begin(self) -> None:
        """Publish what lies in the folders, unless it is published already or a rollback passes over it."""
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
                self._settled = True  # what broke us would do so again; the next edit is looked at anew

    def look(self) -> None:
        """Look once at the folders and at what is published."""
        found = traces(self._folders)
        if found != self._traces:
            self._traces, self._settled = found, False
        elif not self._settled:
            self._offer("edit", editor(self._folders))
            self._settled = True
        self._follow()

    def _offer(self, how: str, by: str) -> None:
        """Publish the files if they are new and good; note it if they are not good."""
        versions, files = self._versions, None
        try:
            files = read_files(self._folders.flows, self._folders.prompts)
            if not self._wanted(files):
                versions.refused = None
                return
            version = versions.build(files)
        except DefinitionError as error:
            self._refuse(error, files)
            return
        publication = Publication(version.hash, self._line.clock(), by, how)
        with self._line.database.begin() as connection:
            is_first = publications.record(connection, files, publication)
        versions.refused = None
        self._take(version)
        if is_first:
            logs.get_logger().info("published", version=version.hash, how=how, by=by)

    def _refuse(self, error: DefinitionError, files: Files | None) -> None:
        self._versions.refused = Refusal(self._line.clock(), error.problems, files)
        problems = [str(problem) for problem in error.problems]
        logs.get_logger().error("edit_refused", going_on_with=self._versions.current.hash, problems=problems)

    def _wanted(self, files: Files) -> bool:
        with self._line.database.begin() as connection:
            newest = publications.latest(connection)
        self._versions.passed_over = files.hash if newest and newest.passes_over == files.hash else ""
        return newest is None or files.hash not in (newest.hash, newest.passes_over)

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

    def _take(self, version: Version) -> None:
        if version.hash != self._versions.current.hash:
            self._versions.take(version)
            logs.get_logger().info("answering_with", version=version.hash)


def roll_back(line: Line, folders: Folders, name: str) -> Publication | None:
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
        for path in folder.rglob("*.y*ml"):
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
