from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from call_scripts import simulator, vocabulary
from click.testing import CliRunner, Result

from ivr.cli import main
from ivr.cli.mutate import RULES
from ivr.errors import IvrError, Report
from ivr.pharmacy import refusals, rules
from ivr.qa.mutate.flow_mutants import FlowMutant, flow_mutants, roots_of
from ivr.qa.mutate.mutants import MutantKind
from ivr.qa.mutate.rule_mutants import applied, rule_mutants
from ivr.qa.mutate.run import AnyFault, Fate, MutantFate, judge, mutants_of, watch, workers
from ivr.qa.replay.many import ScriptInLanguage
from ivr.qa.scripts.reader import read_scripts
from ivr.yaml_reader import Node

NEW_PRESCRIPTION = """
call: A new prescription
language: en
steps:
  - presses: '13'
  - hears: main.new_prescription
"""
SIXTH_REFILL = """
call: A sixth refill of schedule IV is not allowed
language: en
given:
  prescription: [{rx_number: '7304112', schedule: 4, refills_used: 5, written_on: -60d}]
steps:
  - presses: '11'
  - presses: '41200017#'
  - presses: '94550'
  - presses: '3'
  - presses: '7304112#'
  - hears: prescription.legal_limit
"""
FOUND = [
    # what is changed, what becomes of it with these two scripts
    ('state "menu", keys 3: swapped with 4', Fate.CAUGHT),
    ('state "menu", keys 3: new_prescription → dropped', Fate.REFUSED),
    ("limits wrong: 3 → 2", Fate.SURVIVED),
    ("CONTROLLED_REFILLS: 5 → 6", Fate.CAUGHT),
    ("CONTROLLED_REFILLS: 5 → 4", Fate.SURVIVED),
    ("_is_beyond_legal_limit: always False", Fate.CAUGHT),
    ("_has_expired: always False", Fate.SURVIVED),
]


def every_mutant() -> list[AnyFault]:
    files = simulator().files.flows
    rng = random.Random(0)  # noqa: S311 - any seed will do
    return [*flow_mutants(roots_of(files), rng), *rule_mutants(RULES, Path.cwd())]


def flow_text(root: Node) -> str:
    return FlowMutant(MutantKind.VALUE, root.place, "", "", ()).text(root)


def parts(*texts: str) -> list[ScriptInLanguage]:
    report = Report()
    scripts = [script for text in texts for script in read_scripts("tiny.yaml", text, report, vocabulary())]
    assert report.problems == []
    return [ScriptInLanguage(script, "en") for script in scripts]


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with workers(simulator, RULES, 1) as pool:
        yield pool


def fates(pool: ProcessPoolExecutor, mutants: Sequence[AnyFault]) -> list[MutantFate]:
    return list(judge(pool, mutants, watch(pool, parts(NEW_PRESCRIPTION, SIXTH_REFILL)), RULES))


def test_a_mutant_is_refused_or_caught_or_survives(pool: ProcessPoolExecutor) -> None:
    known = every_mutant()
    planted = [next(one for one in known if str(one).endswith(change)) for change, _ in FOUND]
    found = fates(pool, planted)
    assert [(change, one.fate) for (change, _), one in zip(FOUND, found, strict=True)] == FOUND
    by = {one.by for one in found if one.fate is Fate.CAUGHT}
    assert by == {"A new prescription [en]", "A sixth refill of schedule IV is not allowed [en]"}


def test_nothing_of_a_mutant_is_left(pool: ProcessPoolExecutor) -> None:
    known = every_mutant()
    planted = [next(one for one in known if str(one).endswith(change)) for change, fate in FOUND if fate is Fate.CAUGHT]
    first, second = fates(pool, planted), fates(pool, planted[::-1])
    assert [one.by for one in first] == [one.by for one in second[::-1]]
    mutant = next(one for one in rule_mutants(RULES, Path.cwd()) if "CONTROLLED_REFILLS: 5 → 6" in str(one))
    with applied(mutant, RULES):
        assert [vars(one)["CONTROLLED_REFILLS"] for one in (rules, refusals)] == [6, 6]
    assert [vars(one)["CONTROLLED_REFILLS"] for one in (rules, refusals)] == [5, 5]


def test_the_same_seed_gives_the_same_mutants_whatever_the_order_of_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    first = list(map(str, mutants_of(simulator(), RULES, 60, 7)))
    files = dict(reversed(list(simulator().files.flows.items())))
    monkeypatch.setattr("ivr.qa.mutate.run.roots_of", lambda _: roots_of(files))
    assert list(map(str, mutants_of(simulator(), RULES, 60, 7))) == first
    assert list(map(str, mutants_of(simulator(), RULES, 60, 8))) != first
    assert len(set(first)) == 60


def test_there_are_as_many_of_each_kind() -> None:
    chosen = [one.kind for one in mutants_of(simulator(), RULES, 300, 0)]
    assert {kind: chosen.count(kind) for kind in MutantKind} == dict.fromkeys(MutantKind, 60)


def test_no_mutant_is_what_there_was_before() -> None:
    roots, rng = roots_of(simulator().files.flows), random.Random(0)  # noqa: S311 - likewise
    whole = {name: flow_text(root) for name, root in roots.items()}
    assert [str(one) for one in flow_mutants(roots, rng) if one.text(roots[one.file]) == whole[one.file]] == []
    for rule in rule_mutants(RULES, Path.cwd()):
        before, _, after = rule.change.partition(": ")[2].partition(" → ")
        assert before != after, str(rule)


def test_scripts_that_do_not_hold_are_told_first(pool: ProcessPoolExecutor) -> None:
    with pytest.raises(IvrError, match=r"tiny.yaml:2:1: A new prescription \[en\] does not hold as it is"):
        watch(pool, parts(NEW_PRESCRIPTION.replace("'13'", "'14'")))


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["mutate", *map(str, args)])


def test_the_command_tells_what_survives_and_fails_by_it(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(NEW_PRESCRIPTION)
    result = run(tmp_path, "--mutants", 5, "--jobs", 2)
    *survivors, by_file, took = result.stdout.splitlines()
    assert by_file.startswith("caught first by ")
    assert took.startswith("5 mutants (seed 0) and 1 plays in ")
    told = [line for line in survivors if line.startswith("survived ")]
    assert result.exit_code == 1
    assert f"{len(told):3d} survived" in survivors[-1]
    assert run(tmp_path, "--mutants", 5, "--accept", len(told)).exit_code == 0


def test_the_command_wants_scripts(tmp_path: Path) -> None:
    assert (run(tmp_path).exit_code, run(tmp_path / "nothing").exit_code) == (2, 2)
