"""Publishes edits of flows and prompts while calls go on.

Each worker runs one `Watcher`, which looks at the folders and at the database again and again:

- A good edit is published: it is written to the database and from then on answers new calls. With `asked`, it is kept
  as a draft until somebody asks for it to be published.
- A bad edit is refused and logged, and the last good version goes on.
- A version that another worker published, or a rollback, replaces this worker's current version.
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
from ivr.pharmacy.database_errors import code_of, reason_of
from ivr.yaml_reader import candidates

LOOK_SECONDS = 0.25
"""Seconds between two looks at the folders. An edit is taken when two looks in a row find it the same, so that a
half-saved file is not."""

AFTER_FOLLOWING = "followed"
"""The reason for checking the folders after another version was published: to learn their status, not to publish."""

FileStamps = frozenset[tuple[str, int, int, int]]
"""Path, time of change (ns), size and inode number of every file: shows a change without reading the files."""


class FolderStatus(Enum):
    """How the files in the folders relate to the published version."""

    PUBLISHED = auto()
    PASSED_OVER = auto()
    """They were rolled back, or replaced by a newer version, and are not published by themselves."""
    DRAFT = auto()
    """They are published when somebody asks for it."""
    NEW = auto()


def open_versions(
    database: Engine,
    folders: Folders,
    actions: Mapping[str, ActionSpec],
    prove: Proof = unproved,
    *,
    asked: bool = False,
) -> Versions:
    """Return the versions that a new process starts with: the folders' or, if they are bad, the published one.

    With `asked` (publishing has to be asked for) the published version comes first. It was checked by the release that
    published it and is used even if its words would be refused today, since a line that answers is better than none.

    Raises DefinitionError when neither can be used.
    """

    def in_folders() -> Version:
        return load(read_files(folders.flows, folders.prompts), actions, prove)

    def last_published() -> Version | None:
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
        return Versions(last_published() or in_folders(), actions, prove)
    try:
        return Versions(in_folders(), actions, prove)
    except DefinitionError:
        version = last_published()
        if version is None:
            raise
        return Versions(version, actions, prove)


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
        self._unusable_hash = ""
        """The published version that this worker cannot use; logged once."""
        self._logged_draft = ""
        """The draft that was logged last."""
        self._database_away = False

    def begin(self) -> None:
        """Publish the folders' version if nothing is published yet, or if it is new and need not be asked for."""
        self._stamps = file_stamps(self._folders)
        self._publish_or_keep("start", whoami())
        self._follow()

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
            self._stamps, self._is_checked = stamps, False
        elif not self._is_checked:
            self._publish_or_keep("edit", editor(self._folders))
            self._is_checked = True
        self._follow()

    def _publish_or_keep(self, how: str, by: str) -> None:
        """Publish the folders' files, or keep them as a draft, if they are new and good; refuse bad ones."""
        versions, files = self._versions, None
        try:
            files = read_files(self._folders.flows, self._folders.prompts)
            status = self._folder_status(files.hash, how)
            version = versions.build(files) if status in (FolderStatus.NEW, FolderStatus.DRAFT) else None
        except DefinitionError as error:
            self._refuse(error, files)
            return
        versions.refused = None
        versions.passed_over = files.hash if status is FolderStatus.PASSED_OVER else ""
        versions.draft = version if status is FolderStatus.DRAFT else None
        if version and status is FolderStatus.NEW:
            self._publish(version, how, by)
        elif version and version.hash != self._logged_draft:
            self._logged_draft = version.hash
            logs.get_logger().info("draft_kept", version=version.hash, going_on_with=versions.current.hash, by=by)

    def _folder_status(self, version_hash: str, how: str) -> FolderStatus:
        with self._services.database.begin() as connection:
            newest = publications.latest(connection)
            was_published_before = how == "start" and publications.was_published(connection, version_hash)
        if newest is None:
            return FolderStatus.NEW
        if version_hash == newest.hash:
            return FolderStatus.PUBLISHED
        if self._asked:  # a release that cannot use the published version was started with the folders' files
            is_started_with = how == "start" and version_hash == self._versions.current.hash
            return FolderStatus.NEW if is_started_with else FolderStatus.DRAFT
        is_passed_over = was_published_before or version_hash == newest.passes_over or how == AFTER_FOLLOWING
        return FolderStatus.PASSED_OVER if is_passed_over else FolderStatus.NEW

    def _publish(self, version: Version, how: str, by: str) -> None:
        publication = Publication(version.hash, self._services.clock(), by, how)
        with self._services.database.begin() as connection:
            is_first = publications.record(connection, version.files, publication)
        self._answer_with(version)
        if is_first:
            logs.get_logger().info("published", version=version.hash, how=how, by=by)

    def _refuse(self, error: DefinitionError, files: Files | None) -> None:
        self._versions.draft = None
        self._versions.refused = Refusal(self._services.clock(), error.problems, files)
        problems = [str(problem) for problem in error.problems]
        logs.get_logger().error("edit_refused", going_on_with=self._versions.current.hash, problems=problems)

    def _follow(self) -> None:
        """Make the newest published version current, wherever it was published."""
        with self._services.database.begin() as connection:
            newest = publications.latest(connection)
            if newest is None or newest.hash in (self._versions.current.hash, self._unusable_hash):
                return
            files = publications.stored(connection, newest.hash)
        try:
            if files is not None:
                self._answer_with(self._versions.build(files))
        except DefinitionError as error:  # made for another release of the program: a rolling update is under way
            self._unusable_hash = newest.hash
            problems = [str(problem) for problem in error.problems]
            logs.get_logger().error("version_not_taken", version=newest.hash, problems=problems)
        if self._is_checked and self._versions.refused is None:  # otherwise they are checked anyway, or known to be bad
            self._publish_or_keep(AFTER_FOLLOWING, newest.by)

    def _answer_with(self, version: Version) -> None:
        if version.hash != self._versions.current.hash:
            self._versions.take(version)
            logs.get_logger().info("answering_with", version=version.hash)


def publish(services: Services, folders: Folders, version_hash: str, replaced_id: int, by: str) -> bool:
    """Publish the folders' files in place of the publication with this id (0 for none); return whether that was done.

    It is not done when the files no longer have `version_hash`, or another publication is the newest by now: then
    whoever asks for it has looked at something else. Raises DefinitionError when the files cannot be used.
    """
    files = read_files(folders.flows, folders.prompts)
    if files.hash != version_hash:
        return False
    version = services.versions.build(files)
    publication = Publication(version_hash, services.clock(), by, "publish")
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
    if files is None:
        return None
    services.versions.build(files)
    try:
        in_folders = read_files(folders.flows, folders.prompts).hash
    except DefinitionError:
        in_folders = ""
    passes_over = in_folders if in_folders != version_hash else None
    publication = Publication(version_hash, services.clock(), whoami(), "rollback", passes_over)
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


def whoami() -> str:
    """Return who runs this process, as user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
