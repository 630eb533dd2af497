"""Which folders of flows and prompts a command takes, that it says so, and that it writes into no installed ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from demo_line import PROJECT
from hearing import source

from ivr.cli import main
from ivr.cli.group import came_with_program
from ivr.errors import SettingError
from ivr.settings import load_settings

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
        "prompts, or name them in IVR_PROMPTS; `ivr init FOLDER` makes one\n"
    )
    assert sorted((PROJECT / "prompts").rglob("*")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only an administrator can become another user")
@pytest.mark.usefixtures("run")
def test_a_folder_that_may_not_be_entered_is_none(tmp_path: Path) -> None:
    copied(tmp_path, "flows", "prompts")
    tmp_path.chmod(0o700)
    os.seteuid(65534)
    try:
        assert load_settings({}).flows == PROJECT / "flows"
        with pytest.raises(SettingError, match="IVR_FLOWS: expected a folder that exists"):
            load_settings({"IVR_FLOWS": str(tmp_path / "flows")})
        assert came_with_program("flows")
    finally:
        os.seteuid(0)


# ivr init


def test_a_copy_is_made_to_be_edited_and_is_what_commands_take_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run("init", "my line")
    assert (made.exit_code, made.stdout.splitlines()[-1]) == (
        0,
        "Edit them, then: cd 'my line' && ivr check && ivr serve",
    )
    monkeypatch.chdir(tmp_path / "my line")
    reworded(tmp_path / "my line")
    assert "Many thanks" in run("say", "main.goodbye").stdout


def test_a_copy_where_one_stands_needs_no_change_of_folder(run: Run) -> None:
    assert run("init", ".").stdout.splitlines()[-1] == "Edit them, then: ivr check && ivr serve"
    assert run("check", "--quiet").exit_code == 0


def test_a_copy_may_be_edited_where_what_was_installed_may_not(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(tmp_path / "installed", "flows", "prompts")
    words = tmp_path / "installed" / "prompts" / "en" / "main.yaml"
    words.chmod(0o444)
    monkeypatch.setattr("ivr.settings.DEFAULTS", tmp_path / "installed")
    assert run("init", "mine").exit_code == 0
    assert (tmp_path / "mine" / "prompts" / "en" / "main.yaml").stat().st_mode & 0o200


@pytest.mark.parametrize("name", ["flows", "prompts"])
def test_a_copy_replaces_nothing(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "mine" / name).mkdir(parents=True)
    refused = run("init", "mine")
    assert (refused.exit_code, refused.output) == (
        1,
        f"mine/{name} is there already, so nothing was copied: choose another folder, or move it away\n",
    )
    assert [path.name for path in (tmp_path / "mine").iterdir()] == [name]


def test_a_copy_that_cannot_be_written_is_told_in_one_line(run: Run) -> None:
    refused = run("init", "/dev/null/mine")
    assert (refused.exit_code, refused.output) == (1, "/dev/null/mine/flows could not be written: Not a directory\n")
