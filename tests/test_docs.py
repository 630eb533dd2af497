"""README and docs say what is true: their commands exist, their YAML loads, their links lead somewhere."""

from __future__ import annotations

import ast
import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click
import pytest
from databases import Databases
from demo_line import PROJECT, TODAY, fill_demo
from documents import PARTS, made
from hurried_edits import Edit, edits_table, row_begins
from sqlalchemy import Connection

from ivr.cli import main
from ivr.errors import Report
from ivr.flow import files
from ivr.flow.loader import read_flows
from ivr.hours import HOURS_FILE, read_hours
from ivr.pharmacy.database import open_database
from ivr.pharmacy.members import find_member
from ivr.pharmacy.prescriptions import assess
from ivr.pharmacy.refusals import FindingKind
from ivr.pharmacy.rules import Rules
from ivr.prompts import load_prompts
from ivr.prompts import shapes as prompt_shapes
from ivr.settings import SETTINGS
from ivr.yaml_reader import Either, ListOf, MapOf, Record, Shape

DOCUMENTS = sorted(
    path.relative_to(PROJECT).as_posix() for path in (*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"))
)
LINE_FILE = (PROJECT / "flows/line.yaml").read_text(encoding="utf-8")
CATALOGUE = (PROJECT / "prompts/en/catalogue.yaml").read_text(encoding="utf-8")

OTHER_COMMANDS = {
    "apt-get", "cd", "cp", "createdb", "createuser", "docker", "granian", "gunicorn", "install", "just", "mkdir", "nginx",
    "openssl", "pg_dump", "pg_restore", "pip", "pytest", "python", "python3", "set", "source", "sqlite3", "systemctl", "useradd",
}  # fmt: skip
"""Commands of others that the documents name; what they are given is checked where it is ours."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    file: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """Return the fenced blocks in these languages, of all documents."""
    found = []
    for file in DOCUMENTS:
        text = (PROJECT / file).read_text(encoding="utf-8")
        for match in re.finditer(r"^( *)```(\w+)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
            if match[2] in languages:
                found.append(Block(file, text.count("\n", 0, match.start()) + 1, match[2], textwrap.dedent(match[3])))
    return found


def shell_lines() -> Iterator[tuple[str, str]]:
    for block in blocks("sh", "bash"):
        for number, line in enumerate(block.text.splitlines(), block.line + 1):
            if line.strip():
                yield f"{block.file}:{number}", line


# Made parts


@pytest.mark.parametrize("file", PARTS)
def test_what_the_program_makes_of_a_document_is_in_it(file: str) -> None:
    text = (PROJECT / file).read_text(encoding="utf-8")

    def as_it_stands(slip: Edit) -> str:
        return next((line for line in text.splitlines() if line.startswith(row_begins(slip))), "")

    held = {"edits": lambda: edits_table(as_it_stands)}  # what each row says takes long to find out: by test_odd_files
    assert text == made(file, {name: held[name] for name in PARTS[file] if name in held}), (
        "run: python tests/documents.py"
    )


# Commands


def test_the_readme_gives_the_two_commands() -> None:
    commands = [line for place, line in shell_lines() if place.startswith("README.md")]
    assert "pip install -e . && ivr serve" in commands
    assert 'pip install -e ".[test]" && pytest' in commands


@pytest.mark.parametrize(("place", "line"), [*shell_lines()], ids=[place for place, _ in shell_lines()])
def test_a_command_can_be_given_as_it_stands(
    place: str, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(PROJECT)
    line = line.replace("add speaker", f"add {tmp_path}")  # a folder that the recipe has made by then
    for words in _commands(shlex.split(line, comments=True)):
        if words[0] == "runuser":
            words = words[words.index("--") + 1 :]
        name, arguments = Path(words[0]).name, words[1:]
        if name == "export":
            _check_export(arguments[0])
        elif name == "ivr":
            _parse(main, arguments, click.Context(main, info_name="ivr"))
        else:
            assert name in OTHER_COMMANDS, f"{place}: {name}"


def recipes() -> set[str]:
    """Return the names of the recipes in the justfile."""
    text = (PROJECT / "justfile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+)[^:=\n]*:(?!=)", text, re.MULTILINE))


@pytest.mark.parametrize("file", DOCUMENTS)
def test_recipes_that_documents_name_are_in_the_justfile(file: str) -> None:
    named = set(re.findall(r"`just (\w+)", (PROJECT / file).read_text(encoding="utf-8")))
    assert named <= recipes()


def test_every_recipe_is_told_to_contributors() -> None:
    told = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8") + (PROJECT / "docs/developers.md").read_text(
        encoding="utf-8"
    )
    assert {name for name in recipes() - {"default"} if f"just {name}" not in told} == set()


def _commands(words: list[str]) -> Iterator[list[str]]:
    command: list[str] = []
    for word in words:
        if word in ("&&", "|"):
            yield command
            command = []
        else:
            command.append(word)
    yield command


def _check_export(assignment: str) -> None:
    name, _, value = assignment.partition("=")
    (setting,) = (one for one in SETTINGS if one.name == name)
    if "…" not in value:
        setting.read(value)


def _parse(command: click.Command, arguments: list[str], parent: click.Context) -> None:
    """Let click read the arguments of the command they name, without running it."""
    if isinstance(command, click.Group) and (arguments or not command.invoke_without_command):
        inner = command.get_command(parent, arguments[0]) if arguments else None
        assert inner is not None, f"{parent.command_path} has no {arguments[:1]}"
        _parse(inner, arguments[1:], click.Context(inner, info_name=arguments[0], parent=parent))
    else:
        command.make_context(parent.info_name, list(arguments), parent=parent.parent)


# Links and names


@pytest.mark.parametrize("file", DOCUMENTS)
def test_links_lead_somewhere(file: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(file)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (PROJECT / file).parent / path if path else PROJECT / file
        assert found.exists(), f"{file}: {target}"
        if anchor:
            assert anchor in _anchors(found), f"{file}: {target}"


def _prose(file: str) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", (PROJECT / file).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("file", DOCUMENTS)
def test_settings_are_called_by_their_names(file: str) -> None:
    text = (PROJECT / file).read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:IVR|TWILIO|STRIPE)_[A-Z_]+\b", text))
    assert named <= {setting.name for setting in SETTINGS} | {"STRIPE_LOG"}


@pytest.mark.parametrize("file", [file for file in DOCUMENTS if file != "CHANGELOG.md"])
def test_files_of_the_project_are_there(file: str) -> None:
    for path in re.findall(r"`((?:ivr|flows|prompts|tests|docs|bench)/[\w./-]+)`", _prose(file)):
        assert (PROJECT / path).exists(), f"{file}: {path}"


@pytest.mark.parametrize("file", DOCUMENTS)
def test_nothing_is_said_of_the_workplace(file: str) -> None:
    text = (PROJECT / file).read_text(encoding="utf-8")
    assert not re.search(r"/work\b|\.\./shared|pypi\.|npmjs|registry\.", text)


# The flow language


def example_flows() -> list[Block]:
    return [block for block in blocks("yaml") if block.file == "docs/flows.md"]


@pytest.mark.parametrize("block", example_flows(), ids=str)
def test_an_example_of_the_flow_language_loads(block: Block) -> None:
    report = Report()
    if block.text.startswith("week:"):
        assert read_hours({HOURS_FILE: block.text}, report).dates
    elif block.text.startswith("start:"):
        line, _ = read_flows({"line.yaml": block.text}, report)
        assert line is not None
    else:
        read_flows({"line.yaml": LINE_FILE, "example.yaml": _as_flow(block.text)}, report)
    assert [str(problem) for problem in report.problems] == []


def _as_flow(text: str) -> str:
    """Return states alone as a flow that begins with the first."""
    if text.startswith("flow:"):
        return text
    return f"flow: example\nstart: {text.partition(':')[0]}\nstates:\n{textwrap.indent(text, '  ')}"


def test_every_key_of_the_flow_language_stands_in_an_example() -> None:
    keys = set(re.findall(r"([a-z_]+):", "\n".join(block.text for block in example_flows())))
    assert field_names(files.file_shape()) <= keys


def field_names(shape: Shape) -> set[str]:
    """Return the names of all fields that a YAML file of this shape can have, at any depth."""
    match shape:
        case Record(fields=fields):
            return set(fields).union(*(field_names(field.shape) for field in fields.values()))
        case Either(shapes=shapes):
            return set().union(*map(field_names, shapes))
        case MapOf(value=inner) | ListOf(item=inner):
            return field_names(inner)
        case _:
            return set()


# The prompt language


@pytest.mark.parametrize("block", [one for one in blocks("yaml") if one.file == "docs/prompts.md"], ids=str)
def test_an_example_of_the_prompt_language_loads(block: Block) -> None:
    report = Report()
    is_catalogue = re.search("^language:", block.text, re.MULTILINE) is not None
    files = {"en/catalogue.yaml": block.text if is_catalogue else CATALOGUE}
    name = "notices" if "until:" in block.text else "example"
    load_prompts(files if is_catalogue else {**files, f"en/{name}.yaml": block.text}, report)
    assert [str(problem) for problem in report.problems] == []


def test_the_examples_of_hours_and_notices_for_staff_load() -> None:
    dates, notices = (block.text for block in blocks("yaml") if block.file == "docs/staff.md" and "2026" in block.text)
    report = Report()
    hours = (PROJECT / "flows" / HOURS_FILE).read_text(encoding="utf-8")
    assert read_hours({HOURS_FILE: f"{hours}\n{dates}"}, report).dates
    catalogue = (PROJECT / "prompts/es/catalogue.yaml").read_text(encoding="utf-8")
    catalogues = load_prompts({"es/catalogue.yaml": catalogue, "es/notices.yaml": notices}, report)
    assert catalogues.by_language["es"].notices
    assert report.problems == []


def test_every_key_of_the_prompt_language_is_explained() -> None:
    text = (PROJECT / "docs/prompts.md").read_text(encoding="utf-8")
    plurals = {"zero", "two", "few", "many"}  # forms that languages have, not keys that we made
    prompts = field_names(Either((prompt_shapes.CATALOGUE, prompt_shapes.NOTICES, prompt_shapes.SUBJECT)))
    medicines = set(prompt_shapes.MEDICINES.fields)  # what its sections hold stands in the file itself, all of it
    assert {name for name in (prompts | medicines) - plurals if f"`{name}`" not in text} == set()


# Operations


def test_every_log_event_stands_in_the_table() -> None:
    text = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    section = text.partition("### Log\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(_logged())


def _logged() -> Iterator[str]:
    for path in (PROJECT / "ivr").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            owner, event = ast.unparse(node.func.value), node.args[0]
            if node.func.attr in ("info", "warning", "error", "exception") and owner in ("log", "logs.get_logger()"):
                assert isinstance(event, ast.Constant), f"{path}:{node.lineno}: an event is a name, not a sentence"
                yield str(event.value)


# The call map


def test_each_threat_names_tests_that_there_are() -> None:
    text = (PROJECT / "docs/security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| .+ \| .+ \| (.*) \|$", text, re.MULTILINE)[1:]
    named = [re.findall(r"`(test_\w+)`", row) for row in rows]
    assert all(named)
    sources = "".join(path.read_text(encoding="utf-8") for path in PROJECT.glob("tests/test_*.py"))
    assert {test for row in named for test in row} <= set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE))


def test_each_refusal_of_the_call_map_can_be_heard(databases: Databases) -> None:
    text = (PROJECT / "docs/calls.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \|.*\| (\d+), (\d+), (\d+) \|$", text, re.MULTILINE)
    with databases.fresh("sqlite", fill_demo) as url:
        engine = open_database(url, durable=False)
        with engine.connect() as connection:
            found = [_finding(connection, member, zip_code, rx, TODAY) for _, member, zip_code, rx in rows]
        engine.dispose()
    unheard = {
        FindingKind.DISCONTINUED,
        FindingKind.REPLACED_BY_UNKNOWN,
        FindingKind.REFILLABLE,
    }  # the first is with on_hold
    assert found == [kind for kind in FindingKind if kind not in unheard]


def _finding(connection: Connection, member_number: str, zip_code: str, rx_number: str, today: date) -> str:
    member = find_member(connection, member_number, zip_code)
    assert member is not None, member_number
    return assess(connection, member.id, rx_number, today, Rules()).kind.value
