"""Publishes edits of flows and prompts while calls go on.

Each worker runs one `Watcher`, which looks at the folders and at the database again and again:

- A good edit is published: it is written to the database and from then on answers new calls. With `asked`, it is kept
  as a draft until somebody asks for it to be published.
- A bad edit is refused and logged, and the last good version goes on.
- A version that another worker published, or a rollback, replaces this worker's current version.

Hosts may have folders that differ. Whatever lies there, each worker answers new calls with the newest published version
that its program can use, and with its folders' version only where there is none. A start publishes the folders' version
where nothing was published yet or, unless publishing has to be asked for, where it never was published before; so
restarts alone never change twice what callers hear.
"""

from __future__ import annotations

import getpass
import os
import pwd
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from ivr import logs
from ivr.errors import DefinitionError
from ivr.flow.definition import ActionSpec
from ivr.line import publications, tables
from ivr.line.publications import Files, Publication
from ivr.line.service import Services
from ivr.line.versions import Folders, NotTaken, Proof, Refusal, Version, Versions, load, read_files, unproved, usable
from ivr.line.workers import WorkerReporter
from ivr.pharmacy.database import lock_table
from ivr.pharmacy.database_errors import code_of, reason_of
from ivr.yaml_reader import candidates

LOOK_SECONDS = 0.25
"""Seconds between two looks at the folders. An edit is taken when two looks in a row find it the same, so that a
half-saved file is not."""

AFTER_FOLLOWING = "followed"
"""The reason for checking the folders after another version was published: to learn their status, not to publish."""

FileStamps = frozenset[tuple[str, int, int, int]]
"""Path, time of change (ns), size and inode number of every file: shows a change without reading the files."""


MOST_TRIED = 8
"""How many of the versions published last are tried until one is found that this program can use."""


class FolderStatus(Enum):
    """How the files in the folders relate to the published version."""

    PUBLISHED = auto()
    PASSED_OVER = auto()
    """They were rolled back, or replaced by a newer version, and are not published by themselves."""
    DRAFT = auto()
    """They are published when somebody asks for it."""
    NEW = auto()


def open_versions(
    database: Engine, folders: Folders, actions: Mapping[str, ActionSpec], prove: Proof = unproved
) -> Versions:
    """Return the versions that a new process starts with: the newest published one that it can use, or the folders'.

    What is published was checked by the release that published it. It is used even if its words would be refused today,
    since a line that answers is better than none.

    Raises DefinitionError when nothing that is published can be used, nor what lies in the folders.
    """
    version, not_taken = newest_usable(database, actions)
    versions = Versions(version or load(read_files(folders.flows, folders.prompts), actions, prove), actions, prove)
    versions.not_taken = not_taken
    return versions


def newest_usable(database: Engine, actions: Mapping[str, ActionSpec]) -> tuple[Version | None, NotTaken | None]:
    """Return the newest published version that a program with these actions can use, or None.

    The newest of all is returned, too, if it is another one, which was published for another release of the program.
    """
    not_taken = None
    with database.begin() as connection:
        history = publications.history(connection, MOST_TRIED)
    for version_hash in dict.fromkeys(publication.hash for publication in history):
        with database.begin() as connection:
            files = publications.stored(connection, version_hash)
        try:
            if files is not None:
                return usable(files, actions), not_taken
        except DefinitionError as error:
            if not_taken is None:
                not_taken = NotTaken(version_hash, error.problems)
                problems = [str(problem) for problem in error.problems]
                logs.get_logger().error("version_not_taken", version=version_hash, problems=problems)
    return None, not_taken


class Watcher:
    """Keeps one worker's current version at the published one, and publishes edits."""

    def __init__(self, services: Services, folders: Folders, *, asked: bool = False) -> None:
        """Watch the folders for a line; with `asked`, an edit stays a draft until somebody asks to publish it."""
        self._services = services
        self._asked = asked
        self._versions = services.versions
        self._folders = folders
        self._stamps: FileStamps = frozenset()
        self._is_checked = True
        self._followed = 0
        """The id of the newest publication at the last look."""
        self._followed_before_edit = 0
        """The same, from when the folders were last as they had been checked."""
        self._logged_draft = ""
        """The draft, or version passed over, that was logged last."""
        self._reporter = WorkerReporter(services.database)
        self._database_away = False

    def begin(self) -> None:
        """Publish the folders' version if that is for a start to do, and follow what is published."""
        self._stamps = file_stamps(self._folders)
        self._publish_or_keep("start", whoami())
        self._follow()
        if self._versions.not_taken:  # what is answered with instead may never have been published, nor stored
            with self._services.database.begin() as connection:
                publications.store(connection, self._versions.current.files, self._services.clock())

    def run(self) -> None:
        """Look again and again, for ever."""
        while True:
            time.sleep(LOOK_SECONDS)
            try:
                self.look()
                self._database_away = False
            except SQLAlchemyError as error:
                if not self._database_away:  # logged once; edits made meanwhile are taken when the database is back
                    logs.get_logger().error("publishing_paused", sqlstate=code_of(error), reason=reason_of(error))
                self._database_away = True
            except Exception:
                logs.get_logger().exception("publishing_failed")
                self._is_checked = True  # the same files would fail again; the next edit is checked

    def look(self) -> None:
        """Look once: check the folders if they changed, and follow what was published elsewhere."""
        stamps = file_stamps(self._folders)
        if stamps != self._stamps:
            self._stamps, self._is_checked, self._followed_before_edit = stamps, False, self._followed
        elif not self._is_checked:
            self._publish_or_keep("edit", editor(self._folders))
            self._is_checked = True
        self._follow()
        self._reporter.report(self._versions)

    def _publish_or_keep(self, how: str, by: str) -> None:
        """Publish the folders' files, or keep them as a draft, if they are new and good; refuse bad ones."""
        versions, files = self._versions, None
        try:
            files = read_files(self._folders.flows, self._folders.prompts)
            with self._services.database.begin() as connection:
                status = self._folder_status(connection, files.hash, how)
            version = None if status is FolderStatus.PUBLISHED else versions.build(files)
        except DefinitionError as error:
            self._refuse(error, files)
            return
        versions.refused = None
        versions.draft = None if status is FolderStatus.NEW else version
        versions.passed_over = status is FolderStatus.PASSED_OVER
        if version and status is FolderStatus.NEW:
            self._publish(version, how, by)
        elif version and version.hash not in (versions.current.hash, self._logged_draft):
            self._logged_draft = version.hash
            log, going_on_with = logs.get_logger(), versions.current.hash
            if versions.passed_over:
                log.info("folders_passed_over", version=version.hash, going_on_with=going_on_with)
            else:
                log.info("draft_kept", version=version.hash, going_on_with=going_on_with, by=by)

    def _folder_status(self, connection: Connection, version_hash: str, how: str) -> FolderStatus:
        newest = publications.latest(connection)
        if newest is None:
            return FolderStatus.NEW
        if version_hash == newest.hash:
            return FolderStatus.PUBLISHED
        last = publications.last_of(connection, version_hash)
        is_edit = how == "edit" and not self._asked
        # Whoever saves what was published long ago wants it; but another worker may have published this very edit.
        was_published = last is not None and last.id > (self._followed_before_edit if is_edit else 0)
        if was_published:
            return FolderStatus.PASSED_OVER
        if self._asked:
            return FolderStatus.DRAFT
        is_passed_over = version_hash == newest.passes_over or how == AFTER_FOLLOWING
        return FolderStatus.PASSED_OVER if is_passed_over else FolderStatus.NEW

    def _publish(self, version: Version, how: str, by: str) -> None:
        publication = Publication(version.hash, self._services.clock(), by, how, origin=origin(self._folders))
        with self._services.database.begin() as connection:
            lock_table(connection, tables.publication.name)
            if self._folder_status(connection, version.hash, how) is not FolderStatus.NEW:
                return  # another worker was quicker
            publications.record(connection, version.files, publication)
        self._answer_with(version)
        logs.get_logger().info("published", version=version.hash, how=how, by=by)

    def _refuse(self, error: DefinitionError, files: Files | None) -> None:
        self._versions.draft = None
        self._versions.refused = Refusal(self._services.clock(), error.problems, files)
        problems = [str(problem) for problem in error.problems]
        logs.get_logger().error("edit_refused", going_on_with=self._versions.current.hash, problems=problems)

    def _follow(self) -> None:
        """Answer new calls with the newest published version that can be used, wherever it was published."""
        versions = self._versions
        with self._services.database.begin() as connection:
            newest = publications.latest(connection)
        self._followed = newest.id if newest else 0
        if newest and newest.hash == versions.current.hash:
            versions.not_taken = None
        elif newest and not (versions.not_taken and versions.not_taken.hash == newest.hash):
            version, versions.not_taken = newest_usable(self._services.database, versions.actions)
            self._answer_with(version or versions.current)
            if self._is_checked and versions.refused is None:  # else they are checked anyway, or known to be bad
                self._publish_or_keep(AFTER_FOLLOWING, newest.by)

    def _answer_with(self, version: Version) -> None:
        if version.hash != self._versions.current.hash:
            self._versions.take(version)
            logs.get_logger().info("answering_with", version=version.hash)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Why to publish a version from some folders would take back what was published, perhaps unawares."""

    published: Publication
    """What would be taken back."""
    is_from_elsewhere: bool
    """It was published from other folders, so these may lack what was edited there."""
    earlier: Publication | None
    """The version's own last publication, which was replaced since or rolled back; None if it never was published."""


def taken_back(connection: Connection, folders: Folders, version_hash: str) -> TakenBack | None:
    """Return what it would take back to publish a version from these folders, or None if that is nothing."""
    published = publications.latest(connection)
    if published is None or published.hash == version_hash:
        return None
    is_from_elsewhere = published.origin not in (None, origin(folders))
    earlier = publications.last_of(connection, version_hash)
    return TakenBack(published, is_from_elsewhere, earlier) if is_from_elsewhere or earlier else None


def publish(services: Services, folders: Folders, version_hash: str, replaced_id: int, by: str) -> bool:
    """Publish the folders' files in place of the publication with this id (0 for none); return whether that was done.

    It is not done when the files no longer have `version_hash`, or another publication is the newest by now: then
    whoever asks for it has looked at something else. Raises DefinitionError when the files cannot be used.
    """
    files = read_files(folders.flows, folders.prompts)
    if files.hash != version_hash:
        return False
    version = services.versions.build(files)
    publication = Publication(version_hash, services.clock(), by, "publish", origin=origin(folders))
    with services.database.begin() as connection:
        is_done = publications.replace(connection, files, publication, replaced_id)
    if is_done:
        services.versions.take(version)
        logs.get_logger().info("published", version=version_hash, how=publication.how, by=by)
    return is_done


def roll_back(services: Services, folders: Folders, version_hash: str) -> Publication | None:
    """Publish an earlier version again, and pass over the folders' files until they change.

    Return None when there is no such version. Raises DefinitionError when this release cannot use it.
    """
    with services.database.begin() as connection:
        files = publications.stored(connection, version_hash)
        last = publications.last_of(connection, version_hash)
    if files is None:
        return None
    services.versions.build(files)
    try:
        in_folders = read_files(folders.flows, folders.prompts).hash
    except DefinitionError:
        in_folders = ""
    passes_over = in_folders if in_folders != version_hash else None
    came_from = last.origin if last else None
    publication = Publication(
        version_hash, services.clock(), whoami(), "rollback", passes_over=passes_over, origin=came_from
    )
    with services.database.begin() as connection:
        publications.record(connection, files, publication)
    return publication


def file_stamps(folders: Folders) -> FileStamps:
    """Return the stamps of every file in the folders; they differ after any change."""
    return frozenset((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino) for path, stat in _stats(folders))


def _stats(folders: Folders) -> list[tuple[Path, os.stat_result]]:
    stats = []
    for folder in (folders.flows, folders.prompts):
        for path in candidates(folder):
            try:
                stats.append((path, path.stat()))
            except OSError:  # it was deleted meanwhile; the next look notices
                continue
    return stats


def editor(folders: Folders) -> str:
    """Return who saved a file last, as user@host: the owner of the newest file, or else this process's user."""
    newest = max(_stats(folders), key=lambda path_and_stat: path_and_stat[1].st_mtime_ns, default=None)
    try:
        user = pwd.getpwuid(newest[1].st_uid).pw_name if newest else ""
    except KeyError:
        user = f"user {newest[1].st_uid}" if newest else ""
    return f"{user}@{socket.gethostname()}" if user else whoami()


def origin(folders: Folders) -> str:
    """Return where the folders lie: the host, and their paths on it."""
    return f"{socket.gethostname()}: {folders.flows.absolute()} and {folders.prompts.absolute()}"


def whoami() -> str:
    """Return who runs this process, as user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
