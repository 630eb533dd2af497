"""The JSON Schema of call scripts takes what the reader takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from call_scripts import CALLS, vocabulary
from json_schemas import as_json, is_valid
from test_qa_reader import SLIPS

from ivr.errors import Report
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.shapes import FILE, STEPS
from ivr.yaml_reader import json_schema, read

SCHEMA = json_schema(FILE, "scripts")
SEEN_ALSO_BY_SCHEMA = (
    "a caller's number without its plus",
    "a number dialled from with spaces",
    "a called number that is none",
    "a step misspelt",
    "no keys",
    "an end misspelt",
    "a limit that is none",
    "a fault misspelt",
    "a span that is none",
    "a processor misspelt",
    "a carrier that cannot",
    "an order that is none",
    "waits with a number",
    "no steps",
)


def fits(text: str) -> bool:
    node = read("calls.yaml", text, Report())
    assert node is not None
    return is_valid(as_json(node), SCHEMA)


@pytest.mark.parametrize("path", sorted(CALLS.glob("*.yaml")), ids=lambda path: path.name)
def test_the_schema_takes_every_script_of_the_line(path: Path) -> None:
    report = Report()
    text = path.read_text(encoding="utf-8")
    assert read_scripts(path.name, text, report, vocabulary())
    assert report.problems == []
    assert fits(text)


@pytest.mark.parametrize("slip", SEEN_ALSO_BY_SCHEMA)
def test_the_schema_refuses_slips_that_need_no_names(slip: str) -> None:
    text, _ = SLIPS[slip]
    assert not fits(text)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_one_thing(name: str) -> None:
    assert not fits(f"call: A\nsteps:\n  - {{hears: main.menu, presses: '1', {name}: ''}}")
