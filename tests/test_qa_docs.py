"""What docs/qa.md shows is what scripts take."""

from __future__ import annotations

import re
import textwrap
from typing import get_args

from call_scripts import CALLS, simulator, vocabulary

from ivr.errors import Report
from ivr.qa.replay.player import play
from ivr.qa.scripts.expectations import TABLES
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.script import Carrier, Ending, Person
from ivr.qa.scripts.shapes import STEPS
from ivr.simulator.world import Fault, Processor

TEXT = (CALLS.parent.parent / "docs" / "qa.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_the_first_script_holds() -> None:
    report = Report()
    (script,) = read_scripts("mine.yaml", EXAMPLES[0], report, vocabulary())
    assert [play(script, simulator(), language).problems for language in ("en", "es")] == [(), ()]


def test_the_other_examples_are_read() -> None:
    for example in EXAMPLES[1:]:
        report = Report()
        text = f"call: Example\nsteps: [{{waits: silence}}]\n{textwrap.dedent(example)}"
        read_scripts("example.yaml", text, report, vocabulary())
        assert report.problems == []


def test_every_word_a_script_can_use_is_explained() -> None:
    words = {
        *get_args(Ending),
        *get_args(Person),
        *get_args(Processor),
        *TABLES,
        "line",
        "database",
        "database_after",
        "processor",
        "slow_processor",
        "cancelled_meanwhile",
        "slow_cancelled_meanwhile",
        "guessing",
    }
    steps = {*STEPS, *(f"carrier: {what}" for what in get_args(Carrier))}
    assert {word for word in words if f"`{word}`" not in TEXT} == set()
    assert {word for word in steps if f"`{word}" not in TEXT} == {"carrier: late"}  # `late` beside `carrier: repeats`
    assert {fault.removesuffix("_once") for fault in get_args(Fault)} <= words | {"nothing"}
