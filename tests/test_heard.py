"""Nothing is ordered, charged or cancelled whose facts were not heard whole: `bench/heard.py`, with a few callers."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from rehearsal import PROJECT

from ivr.cli.rehearsal import Rehearsal
from ivr.flow import verbs
from ivr.flow.call import Done
from ivr.line.actions import ACTIONS, Inside
from ivr.line.service import Context
from ivr.settings import Settings
from ivr.wording import Values

EVERY = 37
"""One caller in so many of those of the bench: each want, language and mishap with some of the carrier's habits."""


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROJECT / "bench"))
        yield importlib.import_module("heard")


@pytest.fixture(scope="module")
def stage() -> Rehearsal:
    return Rehearsal(Settings())


def test_what_is_ordered_charged_or_cancelled_was_heard_whole(bench: Any, stage: Rehearsal) -> None:
    results = [(case, bench.call(stage, case)) for case in list(bench.cases(120))[::EVERY]]
    assert {str(case): result.unheard for case, result in results if result.unheard} == {}
    assert sum(result.done for _, result in results) / len(results) >= 0.95


def some(bench: Any, stage: Rehearsal) -> set[str]:
    """Return the wants of callers who were bound to something unheard, with one caller for each."""
    found = {want: bench.call(stage, bench.Case(0, want, "en", "none")) for want in bench.WANTS}
    return {want for want, result in found.items() if result.unheard}


def test_facts_that_a_key_could_cut_are_missed(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Any = verbs.Gather

    def cut(*values: Any) -> Any:
        return real(*values[:5], 0)

    monkeypatch.setattr(verbs, "Gather", cut)
    assert some(bench, Rehearsal(Settings())) == set(bench.WANTS)


@pytest.mark.parametrize(
    ("action", "fact", "wants"),
    [
        ("say_back", "lines", {"card on file", "new card"}),
        ("say_back", "ship_to", {"card on file", "new card"}),
        ("say_back", "amounts", {"card on file", "new card"}),
        ("say_back", "paying", {"card on file", "new card"}),
        ("say_payment", "amounts", {"pay unpaid"}),
        ("say_payment", "paying", {"pay unpaid"}),
        ("say_cancel", "contents", {"cancel"}),
    ],
)
def test_a_fact_that_is_left_out_is_missed(
    bench: Any, monkeypatch: pytest.MonkeyPatch, action: str, fact: str, wants: set[str]
) -> None:
    real = ACTIONS[action]
    assert isinstance(real, Inside)

    def silent(context: Context, values: Values) -> Done:
        done = real.run(context, values)
        return replace(done, values={**done.values, fact: ()})

    monkeypatch.setitem(ACTIONS, action, Inside(silent))
    assert some(bench, Rehearsal(Settings())) == wants
