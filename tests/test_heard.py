"""Nothing is ordered, charged or cancelled whose facts were not heard whole: `bench/heard.py`, with a few callers."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from demo_line import PROJECT

from ivr.flow import verbs
from ivr.flow.tempo import Tempo
from ivr.flow.verbs import Speak
from ivr.line import answer
from ivr.line.answer import SpokenWords, as_spoken
from ivr.prompts import Catalogues
from ivr.settings import Settings
from ivr.simulator.simulator import Simulator

EVERY = 37
"""One caller in so many of those of the bench: each want, language and mishap with some of the carrier's habits."""


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROJECT / "bench"))
        yield importlib.import_module("heard")


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(Settings())


def test_what_is_ordered_charged_or_cancelled_was_heard_whole(bench: Any, simulator: Simulator) -> None:
    results = [(case, bench.call(simulator, case)) for case in list(bench.cases(120))[::EVERY]]
    assert {str(case): result.unheard for case, result in results if result.unheard} == {}
    assert sum(result.done for _, result in results) / len(results) >= 0.95


def some(bench: Any, simulator: Simulator) -> set[str]:
    """Return the wants of callers who were bound to something unheard, with one caller for each."""
    found = {want: bench.call(simulator, bench.Case(0, want, "en", "none")) for want in bench.WANTS}
    return {want for want, result in found.items() if result.unheard}


def test_facts_that_a_key_could_cut_are_missed(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Any = verbs.Gather

    def cut(*values: Any) -> Any:
        return real(*values[:5], 0)

    monkeypatch.setattr("ivr.flow.states.question.Gather", cut)
    assert some(bench, Simulator(Settings())) == set(bench.WANTS)


@pytest.mark.parametrize(
    ("prompt", "fact", "wants"),
    [
        ("order.facts", "lines", {"card on file", "new card"}),
        ("order.facts", "ship_to", {"card on file", "new card"}),
        ("order.facts", "amounts", {"card on file", "new card"}),
        ("order.facts", "paying", {"card on file", "new card"}),
        ("payment.facts", "amounts", {"pay unpaid"}),
        ("payment.facts", "paying", {"pay unpaid"}),
        ("cancel.facts", "contents", {"cancel"}),
    ],
)
def test_a_fact_that_is_left_out_is_missed(
    bench: Any, monkeypatch: pytest.MonkeyPatch, prompt: str, fact: str, wants: set[str]
) -> None:
    real = as_spoken

    def silent(catalogues: Catalogues, words: tuple[Speak, ...], tempo: Tempo) -> tuple[SpokenWords, ...]:
        said = (
            replace(speak, values={**speak.values, fact: ()}) if speak.prompt == prompt else speak for speak in words
        )
        return real(catalogues, tuple(said), tempo)

    monkeypatch.setattr(answer, "as_spoken", silent)
    assert some(bench, Simulator(Settings())) == wants
