"""`ivr check`: every problem and remark at once, in the form that people, editors and CI read."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from databases import KINDS, Databases
from hearing import source
from test_layers import LATE

from ivr.cli import main, staff
from ivr.cli.findings import RECORDING
from ivr.line import publications
from ivr.line.publications import Publication
from ivr.line.versions import read_files
from ivr.pharmacy.database import open_database
from ivr.prompts.lint import RULES

PROJECT = Path(__file__).parent.parent
GOODBYE = source("main.goodbye")
Edit = Callable[[str, str, str], None]
Check = Callable[..., Result]


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of flows and prompts to spoil."""
    for name in ("flows", "prompts"):
        shutil.copytree(PROJECT / name, tmp_path / name)
        monkeypatch.setenv(f"IVR_{name.upper()}", str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def edit(folders: Path) -> Edit:
    """Give what replaces words in a file once."""

    def replace(file: str, old: str, new: str) -> None:
        path = folders / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


@pytest.fixture
def check(folders: Path) -> Check:
    """Give the command, run where the folders are."""
    assert folders.is_dir()
    return lambda *options: CliRunner().invoke(main, ["check", *options])


def test_the_line_as_it_is_has_no_problems(check: Check) -> None:
    result = check("--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "prompts in en and es: no problems" in result.stdout


def test_problems_of_flows_and_prompts_are_told_together(check: Check, edit: Edit) -> None:
    edit("flows/main.yaml", "4: transfer", "4: transfr")
    edit("flows/orders.yaml", "digits: {exactly: 8}", "digits: {exactly: eight}")
    edit("prompts/en/main.yaml", "goodbye:", "goodby:")
    edit("prompts/es/main.yaml", "{pharmacy}", "{pharmacy")
    result = check("--quiet")
    assert result.exit_code == 1
    told = result.stderr.split("\n")
    assert any(
        'state "menu" goes to "transfr", which does not exist (did you mean "transfer"?)' in line for line in told
    )
    assert any('digits should be a whole number from 1 to 40, found "eight"' in line for line in told)
    assert any(line.startswith("prompts/es/main.yaml:") and "a brace that opens" in line for line in told)
    assert any('lacks "goodbye"' in line for line in told)
    assert all(line.partition(":")[0] in _files() for line in told if line)


def _files() -> set[str]:
    return {f"flows/{name}.yaml" for name in ("main", "orders")} | {
        f"prompts/{language}/main.yaml" for language in ("en", "es")
    }


def test_what_is_proved_is_told_with_its_way(check: Check, edit: Edit) -> None:
    edit("flows/checkout.yaml", "7: {next: place, confirms: true}", "7: place")
    result = check("--quiet")
    assert result.exit_code == 1
    assert (
        '"place_order" without a key that "confirms" right before it: main.begin unknown → main.language 1 →'
        in result.stderr
    )


def test_a_phrase_cannot_ask_for_more_than_its_action_gives(check: Check, edit: Edit) -> None:
    for language in ("en", "es"):
        edit(f"prompts/{language}/amount.yaml", "{total:money}", "{price:money}")
    result = check("--quiet")
    assert 'prompt "amount.now" speaks "price", which the action "tell_order" does not provide' in result.stderr


def test_a_file_that_is_not_utf8_has_a_place(check: Check, folders: Path) -> None:
    for path in (folders / "flows" / "line.yaml", folders / "prompts" / "es" / "person.yaml"):
        path.write_bytes(path.read_bytes().replace(b"\n", "\n# Señor\n".encode(), 1) + "# Línea\n".encode("latin-1"))
    result = check("--quiet")
    assert result.exit_code == 1
    said = 'the file is not UTF-8 text from here on, where "í" may be meant; save it with that encoding'
    lines = [(folders / name).read_bytes().count(b"\n") for name in ("flows/line.yaml", "prompts/es/person.yaml")]
    assert result.stderr.splitlines() == [
        f"flows/line.yaml:{lines[0]}:4: {said}",
        f"prompts/es/person.yaml:{lines[1]}:4: {said}",
    ]


def test_a_byte_order_mark_does_not_matter(check: Check, folders: Path) -> None:
    path = folders / "flows" / "main.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert check("--quiet").exit_code == 0


def test_remarks_are_warnings_with_their_kind(check: Check, edit: Edit) -> None:
    edit("prompts/en/main.yaml", GOODBYE, "goodbye: Bye & bye.")
    result = check()
    assert result.exit_code == 0
    assert 'warning: "&" is a character that nobody speaks; write the word for it [markup]' in result.stderr
    assert ": no problems, " in result.stdout


def test_remarks_can_be_made_errors_and_left_out(check: Check, edit: Edit) -> None:
    edit("prompts/en/main.yaml", GOODBYE, "goodbye: Bye & bye.")
    kinds = ["long", "hard", "two-ways", "key-first", "unused"]
    ignored = [option for kind in kinds for option in ("--ignore", kind)]
    strict = check("--strict", *ignored)
    assert strict.exit_code == 1
    assert [line.partition(": ")[2] for line in strict.stderr.split("\n") if "markup" in line] == [
        '"&" is a character that nobody speaks; write the word for it [markup]'
    ]
    assert "[long]" not in strict.stderr


def test_findings_can_be_had_as_json(check: Check, edit: Edit) -> None:
    edit("flows/main.yaml", "4: transfer", "4: transfr")
    result = check("--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)
    assert found == {
        "file": "flows/main.yaml",
        "line": found["line"],
        "column": found["column"],
        "severity": "error",
        "rule": None,
        "message": 'state "menu" goes to "transfr", which does not exist (did you mean "transfer"?)',
    }
    assert (PROJECT / "flows/main.yaml").read_text(encoding="utf-8").split("\n")[
        found["line"] - 1
    ].strip() == "4: transfer"


def test_findings_can_be_had_beside_the_lines(check: Check, edit: Edit) -> None:
    edit("flows/main.yaml", "4: transfer", "4: '100%'")
    result = check("--github")
    assert result.exit_code == 1
    assert '::state "menu" goes to "100%25", which does not exist' in result.stdout
    assert result.stdout.startswith("::error file=flows/main.yaml,line=")


def test_folders_elsewhere_are_told_as_they_were_given(check: Check, edit: Edit, folders: Path, tmp_path: Path) -> None:
    edit("flows/main.yaml", "4: transfer", "4: transfr")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(elsewhere)
        assert check().stderr.startswith(f"{folders}/flows/main.yaml:")


def test_it_is_checked_now_and_once_for_each_change() -> None:
    seen: list[str] = []

    def run() -> int:
        seen.append("checked")
        return 0

    def changes() -> Iterator[object]:
        for name in ("first", "second"):
            seen.append(name)
            yield name

    staff.check_on_changes(run, changes())
    assert seen == ["checked", "first", "checked", "second", "checked"]


def test_every_kind_of_warning_is_explained() -> None:
    page = (PROJECT / "docs" / "checking.md").read_text(encoding="utf-8")
    assert [kind for kind in (*RULES, RECORDING) if f"| `{kind}` |" not in page] == []


# What is new since the version that callers hear


@pytest.fixture(params=KINDS)
def heard(request: pytest.FixtureRequest, databases: Databases, folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish what lies in the folders."""
    if request.param == "postgresql" and databases.missing:
        pytest.skip(databases.missing)
    url = request.getfixturevalue("fresh_url")(request.param)
    monkeypatch.setenv("DATABASE_URL", url)
    files, database = read_files(folders / "flows", folders / "prompts"), open_database(url)
    with database.begin() as connection:
        publications.record(connection, files, Publication(files.hash, datetime(2026, 3, 2, tzinfo=UTC), "x", "start"))
    database.dispose()


@pytest.fixture
def fresh_url(databases: Databases) -> Iterator[Callable[[str], str]]:
    with ExitStack() as stack:
        yield lambda kind: stack.enter_context(databases.fresh(kind))


@pytest.mark.usefixtures("heard")
def test_what_callers_hear_without_is_marked_as_new(check: Check, edit: Edit, folders: Path) -> None:
    before = check()
    assert before.stdout.splitlines()[0].endswith("no problems")
    assert "(new)" not in before.stderr
    edit("prompts/en/main.yaml", "menu:", "# a line more moves all that is below\nmenu:")
    edit("prompts/en/main.yaml", GOODBYE, "goodbye: Bye & bye.")
    words = (folders / "prompts" / "en" / "main.yaml").read_text(encoding="utf-8").split("\n")
    at = words.index("goodbye: Bye & bye.") + 1
    after = check()
    assert after.stdout.splitlines()[0].endswith("; 1 new since what callers hear")
    assert [line for line in after.stderr.splitlines() if line.endswith("(new)")] == [
        f'prompts/en/main.yaml:{at}:10: warning: "&" is a character that nobody speaks; write the word for it [markup] (new)'
    ]
    found = json.loads(check("--json").stdout)
    assert [one["rule"] for one in found if one["new"]] == ["markup"]
    assert "write the word for it (new)" in check("--github").stdout


@pytest.mark.usefixtures("heard")
def test_a_problem_is_new_where_callers_hear_none(check: Check, edit: Edit) -> None:
    edit("flows/main.yaml", "1: refill", "1: refil")
    result = check("--quiet")
    assert all(line.endswith("(new)") for line in result.stderr.splitlines())
    assert result.stdout.splitlines()[0] == "1 problem; 1 new since what callers hear"


@pytest.mark.parametrize("lies_there", ["nothing", "no database", "another database", "no server"])
def test_without_a_published_version_nothing_is_compared_and_nothing_made(
    lies_there: str, check: Check, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folders / "line.db"
    match lies_there:
        case "no database":
            path.write_text("a note")
        case "another database":
            with closing(sqlite3.connect(path)) as database:
                database.execute("CREATE TABLE publication (id)")
        case _:
            pass
    url = "postgresql://127.0.0.1:1/nothing" if lies_there == "no server" else f"sqlite:///{path}"
    monkeypatch.setenv("DATABASE_URL", url)
    before = path.read_bytes() if path.exists() else None
    result = check("--json")
    assert result.exit_code == 0
    assert not any("new" in one for one in json.loads(result.stdout))
    assert (path.read_bytes() if path.exists() else None) == before


@pytest.mark.usefixtures("folders")
def test_a_check_loads_nothing_that_it_has_no_use_for() -> None:
    """The whole line is checked in less than a second only as long as these stay out."""
    code = (
        "import sys; from ivr.cli import main\n"
        "try: main(['check', '--quiet'])\n"
        "except SystemExit: pass\n"
        "print('ivr.line.actions' in sys.modules, *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    with_actions, *loaded = done.stdout.splitlines()[-1].split()
    assert with_actions == "True"
    unused = {*LATE, "attr", "flask", "psycopg", "pygments", "rich", "stripe", "waitress"}
    assert unused & set(loaded) == set()
