"""Reading YAML: every scalar is text, every node has its place, and both ways of reading come to the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_schemas import as_json

from ivr.errors import Report
from ivr.yaml_reader import Node, read

PROJECT = Path(__file__).parent.parent
FILES = sorted([*(PROJECT / "flows").glob("*.yaml"), *(PROJECT / "prompts").glob("*/*.yaml")])
ODD = "\n# &\n"
"""A comment that keeps a file from being read by libyaml."""


def node(text: str) -> Node | None:
    return read("a.yaml", text, Report())


@pytest.mark.parametrize("path", FILES, ids=[path.relative_to(PROJECT).as_posix() for path in FILES])
def test_both_ways_of_reading_come_to_the_same(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert node(f"# -\n{text}") == node(f"# &\n{text}")


@given(
    text=st.text(st.sampled_from(list("ab01 :-#'\"[]{},\n?|>&*!%\t\r\0\x85\u00a0\u200b\u2028\ufeff“”<=é")), max_size=60)
)
def test_whatever_stands_in_a_file_is_read_alike_or_told(text: str) -> None:
    report, odd = Report(), Report()
    fast, slow = read("a.yaml", text, report), read("a.yaml", text + ODD, odd)
    if fast is not None and slow is not None:
        assert as_json(fast) == as_json(slow)
    elif fast is None:
        assert report.problems


@pytest.mark.parametrize(
    ("text", "scalar", "quoted"),
    [("0612", "0612", False), ("'on'", "on", True), ("yes", "yes", False), ("12:30", "12:30", False), ('""', "", True)],
)
def test_a_scalar_stays_as_it_was_written(text: str, scalar: str, quoted: bool) -> None:
    found = node(f"a: {text}\n")
    assert found is not None
    assert found.fields is not None
    assert (found.fields["a"].scalar, found.fields["a"].quoted) == (scalar, quoted)
    assert str(found.fields["a"].place) == "a.yaml:1:4"


@pytest.mark.parametrize("deep", ["[" * 5000, "{a: " * 5000, "- " * 5000, "&a [*a]"], ids=["[", "{", "-", "itself"])
def test_what_is_too_deep_or_endless_is_told_and_not_tried(deep: str) -> None:
    report = Report()
    assert read("a.yaml", deep, report) is None
    assert len(report.problems) == 1


@pytest.mark.parametrize("figures", [16, 5000])
def test_a_number_of_more_figures_than_anything_means_is_told(figures: int) -> None:
    report = Report()
    found = node(f"a: {'9' * figures}\n")
    assert found is not None
    assert found.fields is not None
    assert found.fields["a"].integer(report, "a", low=1) is None
    assert [problem.message for problem in report.problems] == [
        f"a should be a whole number of at least 1, found one of {figures} figures"
    ]
    assert node("a: 0000000000000000000012\n").fields["a"].integer(report, "a") == 12  # type: ignore[union-attr, index]
