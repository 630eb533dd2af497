from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.qa.scripts.row_patterns import matches, pair_off, show
from ivr.simulator.world import Pattern

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("pattern", "found", "holds"),
    [
        ("placed", "placed", True),
        ("placed", "shipped", False),
        ("1500", 1500, True),
        ("any", "x", True),
        ("any", "", False),
        ("", None, True),
        ("", "x", False),
        ("<=25", "25", True),
        ("<=25", "26", False),
        (">0", "none", False),
        ("+9d", "2026-03-11", True),
        ("+9d", "2026-03-11T12:00:00+00:00", True),
        ("-1d", "2026-03-02", False),
        ({"a": "1"}, {"a": 1, "b": 2}, True),
        ({"a": "1"}, {"b": 2}, False),
        (({"a": "1"}, {"a": "2"}), [{"a": "2"}, {"a": "1"}], True),
        (({"a": "1"},), [{"a": "1"}, {"a": "1"}], False),
    ],
)
def test_a_value_is_what_was_wanted(pattern: Pattern, found: object, holds: bool) -> None:
    assert matches(pattern, found, TODAY) is holds


@given(
    st.lists(st.sampled_from("abc"), max_size=5).flatmap(
        lambda found: st.tuples(st.just(found), st.permutations(found))
    )
)
def test_rows_are_matched_in_any_order(both: tuple[list[str], list[str]]) -> None:
    wanted, found = both
    assert pair_off(wanted, found, TODAY)
    assert not pair_off([*wanted, "d"], [*found, "a"], TODAY)


def test_a_row_is_told_without_what_is_empty() -> None:
    assert show({"status": "placed", "held_reason": "", "lines": [{"n": 1}]}) == "{status: placed, lines: [{n: 1}]}"
