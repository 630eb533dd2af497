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
        "--workers-kill-timeout", "10", "--respawn-failed-workers", "--respawn-interval", "0.1",
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


@contextmanager
def running(
    command: Command, settings: Mapping[str, str], folder: Path
) -> Iterator[tuple[str, subprocess.Popen[bytes], Path]]:
    """Run a server until it is ready; give its URL, its process and its log, and end it whatever happened."""
    port = free_port()
    log = folder / f"{port}.log"
    program, *options = command(port)
    with log.open("w") as out:
        process = subprocess.Popen(
            [PROGRAMS / program, *options], cwd=PROJECT, env=environment(settings),
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process, log)
        yield url, process, log
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):  # noqa: S310 - our own
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")


def children(pid: int) -> list[int]:
    """Return the process ids of a process's children, by /proc."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []
