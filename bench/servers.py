"""The line as it is served, for benches: by `ivr serve` or another server, in processes of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).parent.parent
PROGRAMS = Path(sys.executable).parent
START_SECONDS = 60
STOP_SECONDS = 30

Command = Callable[[int], list[str]]
"""Returns the words that start a server at a port."""


def ivr(workers: int) -> Command:
    return lambda port: ["ivr", "serve", "--port", str(port), "--workers", str(workers)]


def gunicorn(workers: int) -> Command:
    return lambda port: [
        "gunicorn", "--workers", str(workers), "--threads", "8", "--bind", f"127.0.0.1:{port}", "wsgi:app",
    ]  # fmt: skip


def granian(workers: int) -> Command:
    return lambda port: [
        "granian", "--interface", "wsgi", "--workers", str(workers), "--blocking-threads", "8",
        "--workers-kill-timeout", "10", "--respawn-failed-workers",
        "--port", str(port), "wsgi:app",
    ]  # fmt: skip


SERVERS = {"ivr": ivr, "gunicorn": gunicorn, "granian": granian}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    ours = ("IVR_", "TWILIO_", "STRIPE_", "DATABASE_URL")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **settings}


@dataclass
class Line:
    """A server that runs, with what started it."""

    words: list[str]
    settings: Mapping[str, str]
    url: str
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        with self.log.open("a") as out:
            self.process = subprocess.Popen(
                [PROGRAMS / self.words[0], *self.words[1:]], cwd=PROJECT, env=environment(self.settings),
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):  # noqa: S310 - our own
                    return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"the server did not start:\n{self.log.read_text()}")

    def stop(self) -> None:
        """Ask it to stop, and wait until it has."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()


@contextmanager
def running(command: Command, settings: Mapping[str, str], folder: Path) -> Iterator[Line]:
    """Run a server on a free port, and end it whatever happened."""
    port = free_port()
    line = Line(command(port), settings, f"http://127.0.0.1:{port}", folder / f"{port}.log")
    try:
        line.start()
        yield line
    finally:
        line.stop()


def children(pid: int) -> list[int]:
    """Return the process ids of a process's children, by /proc."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []
