from __future__ import annotations

import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from call_scripts import CALLS
from click.testing import CliRunner, Result
from hearing import source, words

from ivr.cli import main

PROJECT = CALLS.parent.parent
GOOD = """
- call: A new prescription
  steps:
    - presses: language
    - presses: '3'
    - hears: main.new_prescription
    - presses: '9'
  expect: {end: goodbye}
"""
BAD = """
- call: Another menu
  steps:
    - presses: '1'
    - hears: main.other_ways
"""


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    folder = tmp_path / "calls"
    folder.mkdir()
    (folder / "good.yaml").write_text(GOOD)
    return folder


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def test_replay_prints_a_line_a_script(calls: Path) -> None:
    result = run("replay", calls)
    first, second, last = result.stdout.splitlines()
    assert result.exit_code == 0
    assert first.startswith("ok    A new prescription [en]: goodbye, 3 keys, ")
    assert second.startswith("ok    A new prescription [es]: goodbye, 3 keys, ")
    assert last.startswith("2 passed in ")


def test_replay_tells_what_failed_with_the_call_up_to_it(calls: Path) -> None:
    (calls / "bad.yaml").write_text(BAD)
    result = run("replay", calls, "--language", "en")
    assert result.exit_code == 1
    assert "FAIL  Another menu [en]" in result.stdout
    assert "bad.yaml:5:14: expected to hear main.other_ways; heard main.menu" in result.stdout
    assert "presses  1" in result.stdout
    assert "1 passed, 1 failed in " in result.stdout


def test_replay_tells_slips_in_scripts(calls: Path) -> None:
    (calls / "bad.yaml").write_text(BAD.replace("main.other_ways", "main.other_weys"))
    result = run("replay", calls)
    assert result.exit_code == 1
    assert 'there is no prompt "main.other_weys" (did you mean "main.other_ways"?)' in result.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("-k", "nothing like it"), 'of 1 scripts none has "nothing like it" in its name'),
        (("-k", "prescribtion"), 'has "prescribtion" in its name (did you mean "prescription"?)'),
        (("no-such-folder",), "there is no file or folder no-such-folder"),
        (("--language", "fr"), "no language fr; there are en, es"),
        (("--url", "http://localhost", "--against", "HEAD"), "--against compares flows and prompts here"),
        (("--url", "localhost:8000"), "expected an address like http://127.0.0.1:8000"),
        (("--url", "http://localhost:80x"), "this is no address"),
        (("--junit", "/no/such/x.xml"), "there is no folder /no/such; make it, or name a file in one that is there"),
        (("--shares", "/no/such/x.json"), "there is no folder /no/such"),
        (("--junit", "/usr"), "File '/usr' is a directory"),
    ],
)
def test_replay_refuses_wrong_usage(calls: Path, options: tuple[str, ...], told: str) -> None:
    result = run("replay", calls, *options)
    assert result.exit_code == 2
    assert told in result.stderr


@pytest.mark.parametrize(
    "url", ["http://u:hunter2@localhost", "https://u:hunt/er2@line.example", "u:hunter2@line.example", "//:hunter2@x"]
)
def test_a_password_in_an_address_is_refused_and_not_shown(calls: Path, url: str) -> None:
    result = run("replay", calls, "--url", url)
    assert result.exit_code == 2
    assert "a name or password stands before an @" in result.stderr
    assert "hunt" not in result.output
    assert "er2" not in result.output


def test_explore_refuses_a_file_that_it_could_not_write() -> None:
    result = run("explore", "--out", "/no/such/new.yaml")
    assert (result.exit_code, "there is no folder /no/such" in result.stderr) == (2, True)


def test_a_script_in_another_encoding_is_told_at_its_letter(calls: Path) -> None:
    (calls / "old.yaml").write_bytes("call: Señora\nsteps: [{hangs_up: now}]\n".encode("latin-1"))
    result = run("replay", calls)
    assert result.exit_code == 1
    assert (
        'old.yaml:1:9: the file is not UTF-8 text from here on, where "ñ" may be meant; save it with that encoding'
        in result.stderr
    )


def test_replay_takes_several_names(calls: Path) -> None:
    (calls / "bad.yaml").write_text(BAD + "- call: A third\n  steps: [{hangs_up: now}]\n")
    result = run("replay", calls, "--language", "en", "-k", "NEW prescription", "-k", "third")
    assert [line.partition(" [")[0] for line in result.stdout.splitlines()[:-1]] == [
        "ok    A third",
        "ok    A new prescription",
    ]


def test_replay_without_scripts_of_its_own_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("replay")
    assert (result.exit_code, "there is no file or folder tests/calls" in result.stderr) == (2, True)


def test_a_folder_without_scripts_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "calls.yml").write_text(GOOD)
    result = run("replay", tmp_path)
    assert (result.exit_code, f"there is no call script in {tmp_path}" in result.stderr) == (2, True)


def test_a_language_that_no_script_is_played_in_is_wrong_usage(calls: Path) -> None:
    (calls / "good.yaml").write_text(BAD)
    result = run("replay", calls, "--language", "es")
    assert (result.exit_code, "none of these scripts is played in es" in result.stderr) == (2, True)


def test_replay_writes_for_machines(calls: Path, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    result = run("replay", calls, "--json", "--junit", junit)
    told = json.loads(result.stdout)
    assert [(one["call"], one["language"], one["result"]) for one in told] == [
        ("A new prescription", "en", "passed"),
        ("A new prescription", "es", "passed"),
    ]
    assert [line.split()[0] for line in told[0]["transcript"][:4]] == ["dials", "hears", "presses", "hears"]
    assert ET.parse(junit).getroot().get("tests") == "2"  # noqa: S314 - written here


def test_replay_in_several_processes_says_the_same(calls: Path) -> None:
    alone, together = run("replay", calls, "--json"), run("replay", calls, "--json", "--jobs", 2)

    def told(result: Result) -> list[dict[str, object]]:
        return [{name: value for name, value in one.items() if name != "took"} for one in json.loads(result.stdout)]

    assert told(alone) == told(together)


def test_replay_fails_below_a_coverage(calls: Path) -> None:
    result = run("replay", calls, "--fail-under", "50")
    assert result.exit_code == 1
    assert "% of all" in result.stdout
    missing = "key star, key star_again, key 0, key 1, key 2, hang-up, silence, too many, wrong key"
    assert f'menu "new_prescription": {missing} never tried' in result.stdout


def test_replay_tells_the_cost(calls: Path) -> None:
    result = run("replay", calls, "--cost")
    assert "main.new_prescription" in result.stdout
    assert "seconds in all" in result.stdout


def test_replay_tells_what_would_change(calls: Path, tmp_path: Path) -> None:
    for name in ("flows", "prompts"):
        shutil.copytree(PROJECT / name, tmp_path / "old" / name)
    flow = tmp_path / "old" / "flows" / "main.yaml"
    text = flow.read_text().replace("      3: new_prescription", "      3: other_ways")
    flow.write_text(text.replace("      5: other_ways", "      5: new_prescription"))
    result = run("replay", calls, "--against", tmp_path / "old", "--language", "en")
    assert result.exit_code == 1
    assert "after main.menu 3 comes main.new_prescription, was main.other_ways" in result.stdout
    assert "1 of 1 calls go differently" in result.stdout
    assert "main menu: " in result.stdout  # what changed, in words


def test_replay_against_the_same_changes_nothing(calls: Path, tmp_path: Path) -> None:
    for name in ("flows", "prompts"):
        shutil.copytree(PROJECT / name, tmp_path / "old" / name)
    result = run("replay", calls, "--against", tmp_path / "old")
    assert result.exit_code == 0
    assert result.stdout.endswith("0 of 2 calls go differently\n")


@pytest.mark.parametrize("old", ["no-such-revision", "."], ids=["no revision", "a folder without flows"])
def test_replay_tells_of_an_older_version_it_cannot_find(calls: Path, tmp_path: Path, old: str) -> None:
    result = run("replay", calls, "--against", tmp_path if old == "." else old)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_replay_knows_a_revision(tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("flows", "prompts"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=QA", "-c", "user.email=qa@example.org"]
    for command in (["init", "-q"], ["add", "flows", "prompts"], ["commit", "-q", "-m", "All"]):
        subprocess.run([*git, *command], check=True)
    prompt = tmp_path / "prompts" / "en" / "main.yaml"
    prompt.write_text(
        prompt.read_text().replace(source("main.goodbye"), f"goodbye: {'so ' * 6}{words('main.goodbye')}")
    )
    monkeypatch.setenv("IVR_FLOWS", str(tmp_path / "flows"))
    monkeypatch.setenv("IVR_PROMPTS", str(tmp_path / "prompts"))
    result = run("replay", calls, "--against", "HEAD", "--language", "en")
    assert result.exit_code == 1
    assert "en: main.goodbye: says" in result.stdout
    assert "takes 2 more seconds" in result.stdout


def test_explore_writes_scripts_that_replay(calls: Path, tmp_path: Path) -> None:
    found = tmp_path / "found.yaml"
    result = run("explore", calls, "--seconds", "3", "--out", found)
    assert result.exit_code == 1  # so much is missing
    assert "scripts written to" in result.stdout
    assert run("replay", found, "--language", "en").exit_code == 0


def test_explore_makes_a_file_anew_that_it_could_read_too(calls: Path, tmp_path: Path) -> None:
    found = tmp_path / "found.yaml"
    first = run("explore", calls, "--seconds", "3", "--out", found)
    again = run("explore", calls, found, "--seconds", "3", "--out", found)
    for result in (first, again):
        assert "scripts written to" in result.stdout
        assert "\n0 scripts" not in f"\n{result.stdout}"


def test_explore_lets_random_callers_call() -> None:
    result = run("explore", "--random", "5", "--seed", "3")
    assert result.exit_code == 0
    assert result.stdout.startswith("5 random callers, ")


def test_record_tells_of_a_call_it_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'line.db'}")
    upgraded = run("db", "upgrade")
    result = run("record", "CA404")
    assert (upgraded.exit_code, result.exit_code) == (0, 1)
    assert result.stderr == "there is no call CA404 in the journal\n"


def test_the_command_reads_scripts_below_the_folder_it_is_run_in() -> None:
    command = [sys.executable, "-m", "ivr.cli", "replay", "-k", "A person, and somebody answers", "--language", "en"]
    if not (PROJECT / "ivr" / "cli" / "__main__.py").exists():
        command = ["ivr", *command[3:]]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1][:8]) == (0, "1 passed")
