"""The JSON Schemas that editors use: they take what the loaders take, and refuse what the loaders refuse.

Files as they are, and the same files with things left out, renamed and put elsewhere, are held against both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from folders import read_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from json_schemas import as_json, is_valid

from ivr.cli import main
from ivr.errors import Place, Report
from ivr.flow import files
from ivr.flow.loader import read_flows
from ivr.hours import HOURS_FILE, read_hours
from ivr.prompts import load_prompts, shapes
from ivr.prompts.medicines import read_medicines
from ivr.yaml_reader import Either, Flag, ListOf, MapOf, Node, Record, Shape, Text, Whole, field, json_schema, read

PROJECT = Path(__file__).parent.parent
FLOWS = read_folder(PROJECT / "flows")
PROMPTS = {path: text for path, text in read_folder(PROJECT / "prompts").items() if path.startswith("en/")}
NOTICES = "en/notices.yaml"
PROMPTS[NOTICES] = PROMPTS[NOTICES].partition("\n")[2].replace("# ", "")  # the example, which is a note
SCHEMAS = {
    "flows": json_schema(files.file_shape(), "flows"),
    "line": json_schema(files.file_shape(), "flows"),
    "hours": json_schema(files.file_shape(), "flows"),
    "prompts": json_schema(shapes.SUBJECT, "prompts"),
    "notices": json_schema(shapes.NOTICES, "notices"),
    "catalogue": json_schema(shapes.CATALOGUE, "a catalogue"),
    "medicines": json_schema(shapes.MEDICINES, "medicines"),
}
Json = Any


def loads_flow(text: str) -> bool:
    report = Report()
    read_flows({"line.yaml": FLOWS["line.yaml"], "main.yaml": text}, report)
    return not report.problems


def loads_line(text: str) -> bool:
    report = Report()
    read_flows({"line.yaml": text}, report)
    return not report.problems


def loads_hours(text: str) -> bool:
    report = Report()
    read_hours({HOURS_FILE: text}, report)
    return not report.problems


def loads_notices(text: str) -> bool:
    report = Report()
    load_prompts({"en/catalogue.yaml": PROMPTS["en/catalogue.yaml"], NOTICES: text}, report)
    return not report.problems


def loads_prompts(text: str) -> bool:
    report = Report()
    load_prompts({"en/catalogue.yaml": PROMPTS["en/catalogue.yaml"], "en/main.yaml": text}, report)
    return not report.problems


def loads_catalogue(text: str) -> bool:
    report = Report()
    load_prompts({"en/catalogue.yaml": text}, report)
    return not report.problems


def loads_medicines(text: str) -> bool:
    return not read_medicines("medicines.yaml", text).problems


LOADS: dict[str, Callable[[str], bool]] = {
    "flows": loads_flow,
    "line": loads_line,
    "hours": loads_hours,
    "prompts": loads_prompts,
    "notices": loads_notices,
    "catalogue": loads_catalogue,
    "medicines": loads_medicines,
}


def document(text: str) -> Json:
    node = read("file.yaml", text, Report())
    assert node is not None
    return as_json(node)


def kind_of(path: str) -> str:
    if path in ("line.yaml", HOURS_FILE):
        return path.removesuffix(".yaml")
    if path.endswith(("catalogue.yaml", "medicines.yaml", "notices.yaml")):
        return path.rpartition("/")[2].removesuffix(".yaml")
    return "prompts" if "/" in path else "flows"


@pytest.mark.parametrize("path", [*FLOWS, *PROMPTS])
def test_what_the_line_is_made_of_is_valid(path: str) -> None:
    text = FLOWS.get(path) or PROMPTS[path]
    assert is_valid(document(text), SCHEMAS[kind_of(path)])


MEDICINES = PROMPTS["en/medicines.yaml"]
REFUSED = {
    "an unknown field": ("flows", "flow: a\nstart: b\nstates:\n  b:\n    hang_up: c\n    then: d\n"),
    "a missing field": ("flows", "flow: a\nstart: b\nstates:\n  b:\n    say: c\n"),
    "a state of two kinds": ("flows", "flow: a\nstart: b\nstates:\n  b:\n    menu: c\n    hang_up: d\n"),
    "a menu without keys": ("flows", "flow: a\nstart: b\nstates:\n  b:\n    menu: c\n"),
    "an empty set of keys": ("flows", "flow: a\nstart: b\nstates:\n  b:\n    menu: c\n    keys: {}\n"),
    "a key that is none": ("flows", "flow: a\nstart: b\nstates:\n  b:\n    menu: c\n    keys: {12: b}\n"),
    "a target with two ends": ("flows", "flow: a\nstart: b\nstates:\n  b:\n    say: c\n    next: {next: b, end: c}\n"),
    "digits both ways": (
        "flows",
        "flow: a\nstart: b\nstates:\n  b: {ask: c, digits: {exactly: 1, max: 2}, save: d, next: b}\n",
    ),
    "too many digits": (
        "flows",
        "flow: a\nstart: b\nstates:\n  b: {ask: c, digits: {exactly: 41}, save: d, next: b}\n",
    ),
    "an unknown kind of value": ("prompts", "a: Your total is {total:mony}.\n"),
    "a brace too many": ("prompts", "a: Your total is {total:money}}.\n"),
    "a capital letter in a name": ("prompts", "A: Hello.\n"),
    "an empty list": ("prompts", "a: {say: Hello., silence: []}\n"),
    "plural forms without other": ("prompts", "a: {by: count, one: One.}\n"),
    "a catalogue without a voice": ("catalogue", "language: en-US\n"),
    "a form that is misspelt": ("medicines", MEDICINES.replace("\n  tablet:", "\n  tabelt:")),
    "a unit without its plural": ("medicines", MEDICINES.replace("{one: gram, other: grams}", "{one: gram}")),
}


@pytest.mark.parametrize(("kind", "text"), REFUSED.values(), ids=REFUSED)
def test_what_a_loader_refuses_is_not_valid(kind: str, text: str) -> None:
    assert not LOADS[kind](text)
    assert not is_valid(document(text), SCHEMAS[kind])


ACCEPTED = {
    "digits that look like a number": ("flows", "flow: 1\nstart: 0612\nstates:\n  0612: {hang_up: true}\n"),
    "a quoted number": (
        "flows",
        "flow: a\nstart: b\nstates:\n  b: {ask: c, digits: {exactly: '05'}, save: d, next: b}\n",
    ),
    "a quoted flag": ("flows", "flow: a\nstart: b\nstates:\n  b: {say: c, next: b, every_language: 'true'}\n"),
    "keys of every sort": ("flows", "flow: a\nstart: b\nstates:\n  b: {menu: c, keys: {0: b, star: b, pound: b}}\n"),
    "words of several lines": ("prompts", "a: |\n  One {b:text}\n  two {pharmacy}.\n"),
}


@pytest.mark.parametrize(("kind", "text"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_a_loader_takes_is_valid(kind: str, text: str) -> None:
    assert LOADS[kind](text)
    assert is_valid(document(text), SCHEMAS[kind])


SPARE: list[Json] = ["menu", "main.menu", "", 0, 99, True, [], ["Hello."], {}, {"next": "menu"}, {"end": "x"}]
SHORT = 3000
"""Characters of the files that are edited; reading the long ones again and again takes its time."""
NAMES = ["next", "end", "say", "keys", "limits", "digits", "exactly", "min", "silence", "by", "other", "star", "7", "x"]


def spots(value: Json) -> list[tuple[Json, Json]]:
    """Return every place in a document: what holds it, and its name or number there."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [spot for key, one in inside for spot in [(value, key), *spots(one)]]


@settings(max_examples=200)
@given(data=st.data())
def test_a_hurried_edit_is_judged_alike(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path, text in {**FLOWS, **PROMPTS}.items() if len(text) < SHORT]))
    edited = json.loads(json.dumps(document(FLOWS.get(path) or PROMPTS[path])))
    holder, key = data.draw(st.sampled_from(spots(edited)))
    match data.draw(st.sampled_from(["drop", "swap", "add", "rename"])):
        case "drop":
            del holder[key]
        case "swap":
            holder[key] = data.draw(st.sampled_from(SPARE))
        case "add" if isinstance(holder, dict):
            holder[data.draw(st.sampled_from(NAMES))] = data.draw(st.sampled_from(SPARE))
        case _ if isinstance(holder, dict):
            holder[data.draw(st.sampled_from(NAMES))] = holder.pop(key)
    text = json.dumps(edited, ensure_ascii=False)  # JSON is YAML
    kind = kind_of(path)
    assert is_valid(document(text), SCHEMAS[kind]) == LOADS[kind](text), text


A_LIST: Shape = ListOf(Text())
SHAPES: list[tuple[Shape, str, bool]] = [
    (Text(), "a", True),
    (Text(), "''", False),
    (Text(pattern="[a-z]+"), "abc", True),
    (Text(pattern="[a-z]+"), "ABC", False),
    (Flag(), "true", True),
    (Flag(), "yes", False),
    (Whole(2, 4), "4", True),
    (Whole(2, 4), "5", False),
    (Whole(2, 4), "'03'", True),
    (Whole(), "'0'", True),
    (A_LIST, "[a]", True),
    (A_LIST, "[]", False),
    (MapOf(Flag(), "[a-z]"), "{a: true}", True),
    (MapOf(Flag(), "[a-z]"), "{aa: true}", False),
    (Either((Flag(), A_LIST)), "[x]", True),
    (Record("r", {"a": field(Text()), "b": field(Flag(), required=False)}), "{a: 1}", True),
    (Record("r", {"a": field(Text()), "b": field(Flag(), required=False)}), "{b: true}", False),
]


@pytest.mark.parametrize(("shape", "text", "valid"), SHAPES, ids=[f"{type(s).__name__} {t}" for s, t, _ in SHAPES])
def test_a_shape_is_written_as_a_schema(shape: Shape, text: str, valid: bool) -> None:
    assert is_valid(document(text), json_schema(shape, "a test")) is valid


@pytest.mark.parametrize("subject", ["flows", "prompts"])
def test_the_command_prints_a_schema(subject: str) -> None:
    result = CliRunner().invoke(main, ["schema", subject])
    assert result.exit_code == 0
    schema = json.loads(result.stdout)
    assert schema["title"]
    path, text = ("a", FLOWS["main.yaml"]) if subject == "flows" else ("b", PROMPTS["en/main.yaml"])
    assert is_valid(document(text), schema), path


def test_a_schema_of_something_else_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["schema", "members"])
    assert result.exit_code == 2
    assert "'flows'" in result.stderr


def test_an_editor_reads_scalars_as_numbers_and_words() -> None:
    node = Node(Place("a"), scalar="0612")
    assert as_json(node) == 612
