"""The program as `pip install .` leaves it: a wheel, in a folder without the checkout's files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from demo_line import PROJECT

Installed = Callable[..., str]
"""Runs a program, given by its words, and returns what it printed; it must end well."""

CALL = """
from ivr.pages.app import create_local_app
line = create_local_app().test_client()
caller = {"CallSid": "CA" + 32 * "0", "From": "+15105550123", "To": "+18002457979"}
print(line.get("/studio").status_code, line.post("/voice", data=caller).status_code)
"""


def pip(*words: str | Path) -> None:
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "pip", *words, *options], check=True, capture_output=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel of this checkout was installed into."""
    sources, site = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("site")
    for name in ("ivr", "flows", "prompts"):
        shutil.copytree(PROJECT / name, sources / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", sources)
    pip("wheel", "--no-build-isolation", "--wheel-dir", sources / "dist", sources)
    (wheel,) = (sources / "dist").glob("*.whl")
    pip("install", "--target", site, wheel)
    return site


@pytest.fixture
def run(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    monkeypatch.chdir(tmp_path)
    ours = ("IVR_", "TWILIO_", "STRIPE_", "DATABASE_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment = {**kept, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}

    def run_installed(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run_installed


def files(folder: Path) -> dict[str, bytes]:
    """Return path -> content of all files below a folder, compiled ones apart."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_a_wheel_has_all_that_a_line_needs(run: Installed, site: Path, tmp_path: Path) -> None:
    before, ivr, defaults = files(site), str(site / "bin" / "ivr"), site / "ivr" / "defaults"
    assert files(PROJECT / "ivr").items() <= files(site / "ivr").items()
    assert f"looked at flows and prompts in {defaults}/flows and {defaults}/prompts" in run(ivr, "check", "--quiet")
    assert run("-c", CALL) == "200 200\n"
    run(ivr, "init", "mine")
    for name in ("flows", "prompts"):
        assert files(tmp_path / "mine" / name) == files(PROJECT / name)
    assert files(site) == before, "it writes where it is installed"
