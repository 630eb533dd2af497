"""Real addresses keyed through the dialogue: few presses, the right street early, nothing accepted unheard."""

from __future__ import annotations

import csv
import importlib
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from demo_line import PROJECT

from ivr.pharmacy.streets import StreetFacts, rank

BENCH = PROJECT / "bench"
EVERY = 12
"""One address in so many is keyed here; the bench keys them all."""


@pytest.fixture(scope="module")
def bench() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))
        yield importlib.import_module("address")


@pytest.fixture(scope="module")
def streets(bench: Any) -> Mapping[str, Sequence[str]]:
    found: Mapping[str, Sequence[str]] = bench.read_streets(BENCH / "data" / "us-streets-by-zip-sample.csv")
    return found


@pytest.fixture(scope="module")
def addresses(bench: Any, streets: Mapping[str, Sequence[str]]) -> list[Any]:
    return all_addresses(bench, streets)[::EVERY]


def all_addresses(bench: Any, streets: Mapping[str, Sequence[str]]) -> list[Any]:
    with (BENCH / "data" / "us-addresses-sample.csv").open(encoding="utf-8") as lines:
        wanted = [bench.Wanted.of(row) for row in csv.DictReader(lines)]
    return [one for one in wanted if one and one.zip in streets]


def test_an_address_takes_sixteen_presses_at_most_on_average(bench: Any, streets: Any, addresses: Any) -> None:
    result = bench.Result(0, 3, 0.0, bench.play(streets, addresses, letters=3, slips=0.0))
    assert all(outcome.accepted and not outcome.wrong and outcome.heard for outcome in result.outcomes)
    assert result.mean <= 16


def test_five_letters_find_the_street_among_two_hundred(bench: Any, streets: Any) -> None:
    thick = bench.thicken(streets, 200, random.Random(7))  # noqa: S311
    known = {code: [StreetFacts(name, "", None, None) for name in names] for code, names in thick.items()}
    ranks = []
    for wanted in all_addresses(bench, streets):
        found = rank(known[wanted.zip], wanted.letters[:5], int(wanted.house))
        ranks.append(next(at for at, street in enumerate(found) if wanted.is_street(street.name)))
    assert sum(at < 1 for at in ranks) >= 0.90 * len(ranks)
    assert sum(at < 3 for at in ranks) >= 0.98 * len(ranks)


def test_slips_cost_presses_but_accept_nothing_unheard(bench: Any, streets: Any, addresses: Any) -> None:
    outcomes = bench.play(streets, addresses, letters=3, slips=0.02)
    assert all(outcome.heard for outcome in outcomes if outcome.accepted)
    assert sum(outcome.accepted for outcome in outcomes) >= 0.98 * len(outcomes)
    assert sum(outcome.wrong for outcome in outcomes) <= 0.01 * len(outcomes)


def test_the_bench_draws_what_it_found(bench: Any, streets: Any, addresses: Any) -> None:
    results = [bench.Result(0, letters, 0.0, bench.play(streets, addresses[:20], letters, 0.0)) for letters in (2, 3)]
    drawn = bench.plot(results)
    assert drawn.startswith("<svg")
    assert drawn.count("<polyline") == 3
