from __future__ import annotations

import pytest
from call_scripts import simulator, vocabulary

from ivr.errors import Place, Report
from ivr.flow.graph import all_states
from ivr.qa.replay.coverage import exercised
from ivr.qa.replay.error_paths import wrong_answer, wrong_key
from ivr.qa.replay.played import Played
from ivr.qa.replay.player import play
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.script import Presses, Script

HERE = Place("here")
KEYS = {
    "main.menu": ["language"],
    "identify.zip": ["language", "1", "41200017#"],
    "refill.number": ["language", "1", "41200017#", "94550", "3"],
    "address.house": ["language", "1", "41200017#", "94550", "1", "9", "3", "2", "1", "7304112#", "06040"],
    "card.rest_of_expiry": ["language", "1", "41200017#", "94550", "1", "9", "2", "9", "4242424242424242#", "0320"],
}


def read(question: str, patience: str = "") -> tuple[list[Script], list[str]]:
    keys = ["language" if key == "language" else f"'{key}'" for key in KEYS.get(question, ())]
    steps = [f"{{presses: {key}}}" for key in keys]
    steps.append(f"{{error_paths: {{{question}: {patience}}}}}" if patience else f"{{error_paths: {question}}}")
    report = Report()
    scripts = read_scripts("calls.yaml", f"call: A call\nsteps: [{', '.join(steps)}]\n", report, vocabulary())
    return list(scripts), [problem.message for problem in report.problems]


def played(question: str, patience: str = "") -> list[Played]:
    scripts, problems = read(question, patience)
    assert problems == []
    return [play(script, simulator(), language) for script in scripts for language in ("en", "es")]


def test_a_script_is_also_played_by_those_who_do_not_answer() -> None:
    scripts, problems = read("main.menu")
    assert problems == []
    assert [script.name for script in scripts] == [
        "A call",
        "A call: no answer at main.menu",
        "A call: hang-up at main.menu",
    ]


@pytest.mark.parametrize(
    ("question", "patience"),
    [
        ("main.menu", ""),
        ("identify.zip", ""),
        ("refill.number", ""),
        ("address.house", "{silence: 1, then: address.no_house}"),
        ("card.rest_of_expiry", "{silence: 2, then: card.past}"),
    ],
)
def test_all_that_is_no_answer_is_done_at_a_question(question: str, patience: str) -> None:
    flows = simulator().flows
    results = played(question, patience)
    assert [one.problems for one in results if not one.passed] == []
    ((flow, _), state) = next(one for one in all_states(flows) if one[1].prompt == question)
    assert state.limits
    covered = {way for where, name, way, _ in exercised(flows, results) if (where, name) == (flow, state.name)}
    silence = {"silence"} if state.limits.silence > 1 else set()
    assert covered >= {*state.shared_keys(flows.line), "wrong", "too_many", "hang_up", *silence}


@pytest.mark.parametrize(
    ("question", "patience", "told"),
    [
        ("main.menu", "{silence: 2}", "expected to hear give_up.goodbye; heard main.menu (silence 2)"),
        ("main.menu", "{wrong: 2, then: main.goodbye}", "expected to hear main.goodbye; heard give_up.silence"),
        ("address.house", "{silence: 1}", "expected to hear give_up.goodbye; heard give_up.wrong, address.no_house"),
        ("address.house", "{silence: 2}", "expected to hear address.house (silence 1); heard address.no_house"),
        ("main.goodbye", "", "no question asks main.goodbye"),
    ],
)
def test_a_question_with_other_patience_than_written_fails(question: str, patience: str, told: str) -> None:
    failed = [str(problem) for one in played(question, patience) for problem in one.problems]
    assert any(told in problem for problem in failed), failed


@pytest.mark.parametrize(
    ("question", "patience", "told"),
    [
        ("main.menue", "", 'there is no prompt "main.menue" (did you mean "main.menu"?)'),
        ("main.menu", "{silence: 12}", '"silence" should be a whole number from 1 to 9, found 12'),
        ("main.menu", "{then: main.bye}", 'there is no prompt "main.bye"'),
        ("main.menu", "{silences: 2}", 'main.menu has no "silences" (did you mean "silence"?)'),
    ],
)
def test_slips_are_told(question: str, patience: str, told: str) -> None:
    assert [problem for problem in read(question, patience)[1] if problem.startswith(told)] != []


def test_a_wrong_key_is_one_that_no_menu_takes() -> None:
    flows = simulator().flows
    for _, state in all_states(flows):
        if state.one_key:
            assert wrong_key(flows, state) not in {*state.keys, *flows.line.menu_keys}


def test_too_few_or_too_many_digits_are_no_answer() -> None:
    flows = simulator().flows
    for _, state in all_states(flows):
        for act in wrong_answer(flows, state, HERE) if state.number else ():
            digits = act.keys.rstrip("#") if isinstance(act, Presses) else ""
            assert state.number
            assert not digits or not state.number.low <= len(digits) <= state.number.high
