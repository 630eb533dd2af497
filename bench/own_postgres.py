"""A PostgreSQL server of one's own in a scratch folder, which may be broken off and started again."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
from servers import free_port

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # the machine goes on when the server is broken off, and so does what was written
    "max_connections": "300",
    "shared_buffers": "256MB",
}


@dataclass
class OwnPostgres:
    """A server in `folder`, which is made; it runs as the user postgres if this program runs as root."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            self.folder.parent.chmod(0o711)
        self.data, self.log, self._port = self.folder / "data", self.folder / "log", free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        self._run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync")
        self._control("start")

    def crash(self) -> None:
        """Break the server off as a crash would, start it again, and wait until it has recovered."""
        self._control("restart", "-m", "immediate")

    def checkpoint(self) -> None:
        """Have all that is in its memory written to the files below `data`."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    def stop(self) -> None:
        """Stop it without ceremony."""
        self._control("stop", "-m", "immediate")

    def _control(self, action: str, *words: str) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in {"port": self._port, **SETTINGS}.items())
        start = () if action == "stop" else ("-o", options, "-l", self.log)
        self._run("pg_ctl", "-D", self.data, "-w", action, *words, *start)

    def _run(self, name: str, *words: str | Path) -> None:
        """Run one of PostgreSQL's programs, which refuse to be root."""
        program = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))[-1]
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run(
            [*as_user, program, *words], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True
        )
