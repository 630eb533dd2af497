"""The recipes for staff, each run as it is written: in a fresh copy of flows and prompts, with what it needs."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from databases import Databases
from demo_line import PROJECT, fill_demo
from test_docs import Block, blocks
from test_serve import PROGRAMS

from ivr.line import tables
from ivr.line.versions import read_files
from ivr.pharmacy.database import open_database

RECIPES = [block for block in blocks("sh") if block.file in ("docs/staff.md", "docs/checking.md")]
VERSIONS = ("9c41" + "0" * 12, "3f2a" + "0" * 12)
"""Those that the recipes speak of; what lies in the folders is published after them."""
SILENT_VOICE = "#!/bin/sh\nexit 0\n"
AT = datetime(2026, 3, 2, 20, tzinfo=UTC)
HERE = "looked at flows and prompts in ./flows and ./prompts\n"
PORT = 8000
"""Where a line answers, and a telephone calls, when nothing else is said."""


@pytest.fixture
def folder(databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a copy to work in, versions that were published, and a voice that says nothing."""
    for name in ("flows", "prompts"):
        shutil.copytree(PROJECT / name, tmp_path / name)
        monkeypatch.delenv(f"IVR_{name.upper()}", raising=False)
    voice = tmp_path / "bin" / "espeak-ng"
    voice.parent.mkdir()
    voice.write_text(SILENT_VOICE)
    voice.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join((str(voice.parent), str(PROGRAMS), os.environ["PATH"])))
    with databases.fresh("sqlite", fill_demo) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        publish(url, tmp_path)
        yield tmp_path


def publish(url: str, folder: Path) -> None:
    """Publish what lies in the folders, under the names of the recipes and then its own."""
    files = read_files(folder / "flows", folder / "prompts")
    engine = open_database(url)
    with engine.begin() as connection:
        for name in (*VERSIONS, files.hash):
            row = {"hash": name, "published_at": AT, "files": zlib.compress(files.to_json().encode())}
            connection.execute(tables.version.insert().values(row))
            connection.execute(tables.publication.insert().values(hash=name, at=AT, published_by="staff", how="edit"))
    engine.dispose()


@contextmanager
def line(folder: Path) -> Iterator[None]:
    """Answer calls where a telephone looks for the line."""
    with socket.socket() as found:
        if found.connect_ex(("127.0.0.1", PORT)) == 0:
            pytest.skip(f"something else answers at {PORT}")
    command = [str(PROGRAMS / "ivr"), "serve", "--port", str(PORT)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout
        assert any("looked at" in told for told in process.stdout), "the line did not start"
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextmanager
def bash(recipe: Block, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Follow a recipe, and end what it leaves running."""
    command = ["bash", "-e", "-c", recipe.text]
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_a_recipe_can_be_followed(recipe: Block, folder: Path) -> None:
    if "recordings add" in recipe.text:
        (folder / "speaker").mkdir()  # the speaker sent nothing back yet
    answering = line(folder) if "ivr dial" in recipe.text else nullcontext()
    with answering, bash(recipe, folder) as process:
        if "--watch" in recipe.text:
            assert process.stdout
            told = (said for said in process.stdout if said.startswith("looked at"))
            assert [next(told, "") for _ in range(recipe.text.count("ivr check"))] == [HERE] * 2
            return
        said, _ = process.communicate("h\n", timeout=120)
        assert process.returncode == 0, said
    if "ivr check" in recipe.text or "recordings" in recipe.text:
        assert HERE in said
