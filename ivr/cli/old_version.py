"""Reads an older version of flows and prompts, from a folder or from a git revision."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path, PurePosixPath

from ivr.errors import IvrError
from ivr.line.versions import Files, read_files
from ivr.settings import Settings

FOLDERS = ("flows", "prompts")


class OldVersionError(IvrError):
    """An older version that cannot be found or read."""


def old_files(old: str, chosen: Settings) -> Files:
    """Return the files of flows and prompts in the folder `old`, or at the git revision of that name.

    Raises OldVersionError when it is neither.
    """
    if Path(old).is_dir():
        folders = [Path(old) / name for name in FOLDERS]
        for folder in folders:
            if not folder.is_dir():
                raise OldVersionError(f"{old}: expected the folders flows and prompts in it, found no {folder.name}")
        return read_files(*folders)
    return _of_revision(old, chosen)


def _of_revision(revision: str, chosen: Settings) -> Files:
    git = shutil.which("git")
    if git is None:
        raise OldVersionError(f"{revision}: there is no such folder, and no git to look for a revision")
    texts_of_folders: list[dict[str, str]] = []
    for folder in (chosen.flows, chosen.prompts):
        full_path = folder.resolve()
        command = [git, "-C", str(full_path.parent), "archive", revision, full_path.name]
        result = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - runs git, without a shell
        if result.returncode:
            reason = result.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise OldVersionError(f"{revision}: neither a folder nor a revision: {reason[-1]}")
        texts_of_folders.append(_texts(result.stdout, full_path.name))
    return Files(*texts_of_folders)


def _texts(archive: bytes, folder: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for member in files:
            path = PurePosixPath(member.name)
            content = files.extractfile(member) if member.isfile() and path.suffix in (".yaml", ".yml") else None
            if content:
                texts[str(path.relative_to(folder))] = content.read().decode("utf-8-sig")
    return texts
