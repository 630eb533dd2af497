"""`ivr versions` and `ivr rollback`, as staff type them."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version as release_of
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from databases import Databases
from demo_line import PROJECT
from hearing import source, words

from ivr.cli import main
from ivr.clock import system_clock
from ivr.line.build import build_line, folders
from ivr.line.publishing import Watcher, whoami
from ivr.line.tables import worker
from ivr.line.versions import read_files
from ivr.line.workers import WorkerStatus, count_served_versions
from ivr.pharmacy.database import open_database
from ivr.settings import load_settings

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
FAREWELL = "goodbye: Farewell."


@dataclass
class Terminal:
    """A terminal on a machine whose line was started, and then saw one edit."""

    environment: dict[str, str]
    prompts: Path
    first: str = ""
    edited: str = ""

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, env=self.environment)

    def publish(self) -> str:
        """Start a worker, which publishes what lies in the folders; return what it answers with."""
        settings = load_settings(self.environment)
        line = build_line(settings)
        watcher = Watcher(line, folders(settings))
        watcher.begin()
        watcher.look()
        line.database.dispose()
        return line.versions.current.hash

    def edit(self, old: str, new: str) -> None:
        path = self.prompts / "en" / "main.yaml"
        path.write_text(path.read_text().replace(old, new))


@pytest.fixture
def terminal(databases: Databases, tmp_path: Path) -> Iterator[Terminal]:
    shutil.copytree(PROJECT / "prompts", tmp_path / "prompts")
    with databases.fresh("sqlite") as url:
        environment = {
            "DATABASE_URL": url,
            "IVR_PROMPTS": str(tmp_path / "prompts"),
            "IVR_FLOWS": str(PROJECT / "flows"),
            "IVR_NOW": "2026-03-02T12:00",
        }
        made = Terminal(environment, tmp_path / "prompts")
        made.first = made.publish()
        made.edit(source("main.goodbye"), FAREWELL)
        made.edited = made.publish()
        yield made


def tables(result: Result) -> list[list[list[str]]]:
    """Return the cells of each printed table."""
    found: list[list[list[str]]] = []
    for line in result.output.splitlines():
        if line.startswith("┏"):
            found.append([])
        elif line.startswith("│"):
            found[-1].append([cell.strip() for cell in line.split("│")[1:-1]])
    return found


def rows(result: Result) -> list[list[str]]:
    """Return the publications that are listed."""
    return tables(result)[0]


def test_versions_are_listed_newest_first(terminal: Terminal) -> None:
    result = terminal.run("versions")
    assert result.exit_code == 0
    assert rows(result) == [
        [f"{terminal.edited} (now)", "2026-03-02 12:00:00", whoami(), "start", "0", "0"],
        [terminal.first, "2026-03-02 12:00:00", whoami(), "start", "0", "0"],
    ]


def test_what_each_worker_answers_with_is_listed(terminal: Terminal) -> None:
    older, newer = sorted(tables(terminal.run("versions"))[1], key=lambda row: row[4])
    assert older[:4] == [socket.gethostname(), str(os.getpid()), release_of("ivr"), terminal.first]
    assert (older[5], newer[3], newer[5]) == ("it has not looked yet", terminal.edited, "")


def test_a_worker_that_cannot_use_what_is_published_says_why(terminal: Terminal) -> None:
    database = open_database(terminal.environment["DATABASE_URL"])
    status = WorkerStatus(
        "1", "host-b", 17, "0.3.0", terminal.first, NOW, "flows/main.yaml:3:5: is new", system_clock()
    )
    with database.begin() as connection:
        connection.execute(worker.delete())
        assert count_served_versions(connection, system_clock()) == 0
        for each in (status, replace(status, id="2", version=terminal.edited), replace(status, id="3", seen_at=NOW)):
            connection.execute(worker.insert().values(**asdict(each)))
        assert count_served_versions(connection, system_clock()) == 2
    database.dispose()
    assert tables(terminal.run("versions"))[1] == [
        ["host-b", "17", "0.3.0", terminal.first, "2026-03-02 12:00:00", "flows/main.yaml:3:5: is new"],
        ["host-b", "17", "0.3.0", terminal.edited, "2026-03-02 12:00:00", ""],
    ]


def test_a_line_without_workers_says_so(terminal: Terminal) -> None:
    database = open_database(terminal.environment["DATABASE_URL"])
    with database.begin() as connection:
        connection.execute(worker.delete())
    database.dispose()
    assert terminal.run("versions").output.splitlines()[-1] == "no worker is running"


def test_the_files_of_a_version_are_written_out(terminal: Terminal, tmp_path: Path) -> None:
    terminal.edit(FAREWELL, "goodbye: Take care.")
    done = terminal.run("versions", "--out", str(tmp_path / "now"))
    assert (
        done.exit_code,
        terminal.run("versions", terminal.first[:6], "--out", str(tmp_path / "first")).exit_code,
    ) == (0, 0)
    hashes = [read_files(tmp_path / name / "flows", tmp_path / name / "prompts").hash for name in ("first", "now")]
    assert hashes == [terminal.first, terminal.edited]
    again = terminal.run("versions", "--out", str(tmp_path / "now"))
    assert (again.exit_code, again.output) == (
        1,
        f"{tmp_path / 'now'}: expected a new or empty folder; there are files in it\n",
    )


def test_whoever_publishes_is_told_what_they_take_back(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("versions", terminal.first, "--out", str(tmp_path / "b"))
    terminal.environment["IVR_PROMPTS"] = str(tmp_path / "b" / "prompts")
    result = terminal.run("publish", "--yes")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[:3] == [
        f"{whoami()} published {terminal.edited} from {socket.gethostname()}: {PROJECT / 'flows'} and {terminal.prompts}",
        f"you would publish from {socket.gethostname()}: {PROJECT / 'flows'} and {tmp_path / 'b' / 'prompts'}",
        f"{terminal.first} was published on 2026-03-02 12:00:00, and taken back or replaced since",
    ]


def test_two_versions_are_compared_in_words(terminal: Terminal) -> None:
    result = terminal.run("versions", terminal.first[:6], terminal.edited[:6])
    assert result.output == (f'en: main.goodbye: says "Farewell." now, was "{words("main.goodbye")}"\n')


def test_an_edit_is_compared_before_it_is_published(terminal: Terminal) -> None:
    terminal.edit(FAREWELL, "goodbye: Take care.")
    result = terminal.run("versions", terminal.edited, "files")
    assert 'Take care." now, was "' in result.output


def test_a_version_does_not_differ_from_itself(terminal: Terminal) -> None:
    assert terminal.run("versions", terminal.edited).output == "nothing a caller could notice changed\n"


def test_a_rollback_is_published_and_told(terminal: Terminal) -> None:
    result = terminal.run("rollback", terminal.first[:8])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[0] == (
        f"{terminal.first} answers new calls now, in the place of {terminal.edited}; calls in progress keep their version"
    )
    assert 'Farewell."' in result.output
    listed = terminal.run("versions")
    assert rows(listed)[0][0] == f"{terminal.first} (now)"
    assert rows(listed)[0][3] == "rollback"
    assert f"{terminal.edited} in the folders is passed over until it changes" in listed.output
    assert terminal.publish() == terminal.first


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rollback", "zzzz"], 'there is no version "zzzz"; ivr versions lists them'),
        (["versions", "zzzz"], 'there is no version "zzzz"; ivr versions lists them'),
        (["rollback", ""], "may be"),
    ],
)
def test_a_version_that_is_not_known_is_one_clean_line(terminal: Terminal, arguments: list[str], told: str) -> None:
    result = terminal.run(*arguments)
    assert result.exit_code == 1
    assert told in result.output
    assert len(result.output.splitlines()) == 1


def test_what_is_published_cannot_be_rolled_back_to(terminal: Terminal) -> None:
    result = terminal.run("rollback", terminal.edited)
    assert (result.exit_code, result.output) == (1, f"{terminal.edited} answers new calls already\n")


def test_a_line_that_never_ran_has_no_versions(databases: Databases) -> None:
    with databases.fresh("sqlite") as url:
        runner, environment = CliRunner(), {"DATABASE_URL": url}
        assert "nothing was published yet" in runner.invoke(main, ["versions"], env=environment).output
        assert runner.invoke(main, ["versions", "ab"], env=environment).exit_code == 1
        assert runner.invoke(main, ["rollback", "ab"], env=environment).exit_code == 1


def newest(terminal: Terminal) -> list[str]:
    """Return the newest publication as `ivr versions` lists it: version, who, how."""
    row = rows(terminal.run("versions"))[0]
    return [row[0], *row[2:4]]


def test_what_is_published_is_told_first_and_asked_for(terminal: Terminal) -> None:
    terminal.edit(FAREWELL, "goodbye: Take care.")
    result = CliRunner().invoke(main, ["publish"], env=terminal.environment, input="y\n")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    version = lines[0].split()[0]
    assert lines == [
        f"{version} in the folders changes, from {terminal.edited}:",
        '  en: main.goodbye: says "Take care." now, was "Farewell."',
        "Publish it? [y/N]: y",
        f"{version} answers new calls now, in the place of {terminal.edited}; calls in progress keep their version",
    ]
    assert newest(terminal) == [f"{version} (now)", whoami(), "publish"]


@pytest.mark.parametrize(
    ("given", "code", "last"),
    [("n\n", 1, "not published"), ("", 2, "Error: nobody is here to say yes; --yes publishes without asking")],
)
def test_without_a_yes_nothing_is_published(terminal: Terminal, given: str, code: int, last: str) -> None:
    terminal.edit(FAREWELL, "goodbye: Take care.")
    result = CliRunner().invoke(main, ["publish"], env=terminal.environment, input=given)
    assert (result.exit_code, result.output.splitlines()[-1]) == (code, last)
    assert newest(terminal)[0] == f"{terminal.edited} (now)"


def test_a_script_publishes_without_being_asked_and_once(terminal: Terminal) -> None:
    terminal.edit(FAREWELL, "goodbye: Take care.")
    assert terminal.run("publish", "--yes").exit_code == 0
    again = terminal.run("publish", "--yes")
    version = newest(terminal)[0].split()[0]
    assert (again.exit_code, again.output) == (
        0,
        f"nothing to publish: {version} in the folders is what callers hear\n",
    )


def test_files_that_are_bad_are_not_published(terminal: Terminal) -> None:
    terminal.edit(FAREWELL, "goodbye: Go {farewell}.")
    result = terminal.run("publish", "--yes")
    assert result.exit_code == 1
    assert ":14: {farewell} is not one of the catalogue's names" in result.output
    assert newest(terminal)[0] == f"{terminal.edited} (now)"


def test_what_was_taken_back_can_be_asked_for_again(terminal: Terminal) -> None:
    terminal.run("rollback", terminal.first)
    assert terminal.run("publish", "--yes").exit_code == 0
    assert newest(terminal)[0] == f"{terminal.edited} (now)"


def test_of_two_terminals_at_once_one_publishes_and_the_other_is_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.edit(FAREWELL, "goodbye: Take care.")

    def slowly(*_: str) -> bool:
        terminal.run("rollback", terminal.first)
        return True

    monkeypatch.setattr("ivr.cli.versions.is_confirmed", slowly)
    result = terminal.run("publish")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == (
        f"not published: {whoami()} published {terminal.first} meanwhile; look again at what changes"
    )
    assert newest(terminal) == [f"{terminal.first} (now)", whoami(), "rollback"]


def test_the_first_version_can_be_asked_for(databases: Databases, terminal: Terminal) -> None:
    with databases.fresh("sqlite") as url:
        terminal.environment["DATABASE_URL"] = url
        result = terminal.run("publish", "--yes")
        assert result.output.splitlines() == [
            f"nothing was published yet; {terminal.edited} is the first version",
            f"{terminal.edited} answers new calls now",
        ]
