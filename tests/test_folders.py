"""Which folders of flows and prompts a command takes, that it says so, and that it writes into no installed ones."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hearing import source

from ivr.cli import main
from ivr.settings import PROJECT, load_settings

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give the commands, run in an empty folder with nothing named."""
    for name in ("IVR_FLOWS", "IVR_PROMPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, list(words))


def copied(folder: Path, *names: str) -> None:
    for name in names:
        shutil.copytree(PROJECT / name, folder / name)


def reworded(folder: Path) -> None:
    words = folder / "prompts" / "en" / "main.yaml"
    words.write_text(words.read_text().replace(source("main.goodbye"), "goodbye: Many thanks."))


@pytest.mark.usefixtures("run")
def test_the_folders_where_one_works_come_first_then_those_of_the_program(tmp_path: Path) -> None:
    assert (load_settings({}).flows, load_settings({}).prompts) == (PROJECT / "flows", PROJECT / "prompts")
    copied(tmp_path, "prompts")
    assert (load_settings({}).flows, load_settings({}).prompts) == (PROJECT / "flows", tmp_path / "prompts")
    copied(tmp_path, "flows")
    assert load_settings({}).flows == tmp_path / "flows"
    elsewhere = {"IVR_FLOWS": str(PROJECT / "flows")}
    assert load_settings(elsewhere).flows == PROJECT / "flows"


def test_a_copy_is_what_is_checked_said_drawn_and_replayed(run: Run, tmp_path: Path) -> None:
    copied(tmp_path, "flows", "prompts")
    reworded(tmp_path)
    assert "Many thanks" in run("say", "main.goodbye").stdout
    assert "Many thanks" in run("draw", "--flow", "main").stdout
    played = run("replay", str(PROJECT / "tests" / "calls" / "menu.yaml"), "--verbose")
    told = "looked at flows and prompts in ./flows and ./prompts"
    for result in (run("say", "main.goodbye"), run("draw", "--flow", "main"), run("recordings", "check"), played):
        assert (result.exit_code, result.stderr.splitlines()[-1]) == (0, told)
    assert run("check", "--quiet").stdout.splitlines()[-1] == told


def test_a_check_says_so_when_it_reads_what_came_with_the_program(run: Run) -> None:
    result = run("check", "--quiet")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == (
        f"looked at flows and prompts in {PROJECT}/flows and {PROJECT}/prompts (no ./flows and no ./prompts here)"
    )


def test_what_other_programs_read_stays_theirs(run: Run) -> None:
    result = run("check", "--quiet", "--json")
    assert result.stdout == "[]\n"
    assert result.stderr.startswith("looked at ")


def test_recordings_are_not_written_into_the_program(run: Run, tmp_path: Path) -> None:
    before = sorted((PROJECT / "prompts").rglob("*"))
    (tmp_path / "hello.wav").write_bytes(b"RIFF")
    result = run("recordings", "add", str(tmp_path / "hello.wav"), "--language", "en")
    assert result.exit_code == 1
    assert result.output == (
        f"nothing is written into {PROJECT}/prompts, which came with the program: go to the folder that holds your "
        "prompts, or name them in IVR_PROMPTS\n"
    )
    assert sorted((PROJECT / "prompts").rglob("*")) == before
