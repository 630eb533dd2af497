"""The folder in which the workers of one line count, so that any of them can answer `/metrics` for all.

prometheus-client keeps the counts of each worker in files of its own, which are mapped into memory, and adds up all
files in the folder when it is asked. So the folder must be the same for all workers of a line, and for nobody else:

- Workers of one server have the same parent and process group, whatever server that is. Their folder is named after
  both and lies among the system's temporary files. No setting is needed, and each start has a folder of its own.
- Where `PROMETHEUS_MULTIPROC_DIR` is set, that folder is used.

What a worker counted stays when it dies: its files are added to those of worker 0, which never was one.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from prometheus_client import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from ivr import logs

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
ROOM = 256 * 1024
"""The bytes that each file of a worker is given at once, several times as many as it needs."""
KINDS = ("counter", "histogram", "gauge_livesum")
"""What the files of a worker are named after, each with the worker's process id."""

_NAME = re.compile(r"ivr-metrics-\d+-(?P<parent>\d+)-(?P<start>\d*)-\d+")


def join() -> None:
    """Choose this worker's folder, and name it in the environment, where prometheus-client looks for it.

    Where no folder can be made, or the disk is full, this worker counts for itself alone, and the log says so.
    """
    try:
        folder = Path(os.environ[VARIABLE]) if VARIABLE in os.environ else _folder_of_line()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _claim_room(folder, os.getpid())
    except OSError as error:
        os.environ.pop(VARIABLE, None)
        logs.get_logger().warning("metrics_not_shared", reason=error.strerror)
        return
    os.environ[VARIABLE] = str(folder)


def shared_counts(folder: Path) -> Iterable[Metric]:
    """Return what all workers of the line have counted, those that are dead included."""
    with _locked(folder):  # or another worker's answer could miss files that are being added up
        with suppress(OSError):  # no room to do so: their own files are read as well
            _add_up_the_dead(folder)
        collector: Any = MultiProcessCollector(None, path=str(folder))  # type: ignore[no-untyped-call]  # theirs
        return list(collector.collect())


def _folder_of_line() -> Path:
    """Return the folder of the workers that this process is one of. Raises OSError if somebody else has made it."""
    temporary, parent = Path(tempfile.gettempdir()), os.getppid()
    for path in temporary.glob(f"ivr-metrics-{os.getuid()}-*"):
        name = _NAME.fullmatch(path.name)
        is_left = name and name["start"] != _start_of(int(name["parent"]))
        with suppress(FileNotFoundError):  # another worker that starts now has taken it away
            if is_left and path.lstat().st_uid == os.getuid():
                shutil.rmtree(path, ignore_errors=True)  # by a line that is over
    folder = temporary / f"ivr-metrics-{os.getuid()}-{parent}-{_start_of(parent)}-{os.getpgrp()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or folder.is_symlink():
        raise PermissionError(0, f"{folder} is not ours alone")
    return folder


def _start_of(pid: int) -> str:
    """Return when a process was started, in the kernel's ticks; "" if it is over, or the system does not say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _claim_room(folder: Path, pid: int) -> None:
    """Make a worker's files. Raises OSError if the disk is full.

    Without it they would take room on the disk as they are written, and a full disk would end the worker (SIGBUS).
    """
    for kind in KINDS:
        with _file(folder, kind, pid).open("ab") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, ROOM)


def _file(folder: Path, kind: str, pid: int) -> Path:
    return folder / f"{kind}_{pid}.db"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _add_up_the_dead(folder: Path) -> None:
    """Add the counts of dead workers to those of worker 0, and delete their files."""
    _claim_room(folder, 0)
    for path in folder.glob("*_*.db"):
        kind, _, pid = path.stem.rpartition("_")
        if _is_alive(int(pid)):
            continue
        if not kind.startswith("gauge"):
            total: Any = MmapedDict(str(_file(folder, kind, 0)))  # type: ignore[no-untyped-call]
            for key, value, timestamp, _ in MmapedDict.read_all_values_from_file(str(path)):  # type: ignore[no-untyped-call]  # theirs
                total.write_value(key, total.read_value(key)[0] + value, timestamp)
            total.close()
        path.unlink()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # 0 stands for our own process group, so that worker 0 is never dead
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, which has come to have the same number
        return True
    return True
