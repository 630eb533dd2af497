"""The words the line says by itself are there in every language, and need nothing that could be away."""

from __future__ import annotations

import re

import pytest
from demo_line import PROJECT, VERSION

from ivr.errors import DefinitionError
from ivr.line.actions import SPECS
from ivr.line.fallback_prompts import FALLBACK_PROMPTS
from ivr.line.publications import Files
from ivr.line.versions import load


def test_every_prompt_that_the_program_names_is_known_to_be_its_own() -> None:
    sources = [path for room in ("line", "web") for path in (PROJECT / "ivr" / room).rglob("*.py")]
    named = {name for path in sources for name in re.findall(r'"(away\.[a-z_]+)"', path.read_text(encoding="utf-8"))}
    assert named == FALLBACK_PROMPTS


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("retry:", "again:", 'prompts/es/away.yaml:1:1: lacks "retry", which the line says by itself when no flow can'),
        (
            "one_moment:",
            "one_moment: '{days:number}'\nmoment:",
            '"away.one_moment" is said when no flow can, so that nothing provides days',
        ),
    ],
    ids=["gone in every language", "with a value"],
)
def test_a_version_without_them_is_refused(old: str, new: str, problem: str) -> None:
    prompts = dict(VERSION.files.prompts)
    for file in ("en/away.yaml", "es/away.yaml"):
        prompts[file] = prompts[file].replace(old, new)
    with pytest.raises(DefinitionError) as refused:
        load(Files(VERSION.files.flows, prompts), SPECS)
    assert problem in str(refused.value)
