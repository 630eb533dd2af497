from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from call_scripts import simulator, vocabulary
from hypothesis import given
from hypothesis import strategies as st
from test_qa_player import IDENTIFY, played

from ivr.errors import Report
from ivr.flow.call import Call, CardStepEnded, Event, Frame, Started
from ivr.flow.definition import Flows
from ivr.flow.verbs import Gather, GoOn, HangUp, Verb
from ivr.line import journal
from ivr.line.service import TurnTaken
from ivr.phone import results
from ivr.prompts.spoken import Value
from ivr.qa.explore.answers import Keyed, Pharmacy, answers
from ivr.qa.explore.explorer import explore
from ivr.qa.explore.found_calls import NOWHERE, drafts, open_scenario
from ivr.qa.explore.goals import Goals
from ivr.qa.explore.invariants import broken_now
from ivr.qa.explore.random_callers import make_random_calls, shrink
from ivr.qa.explore.strategies import situation
from ivr.qa.replay.caller import SimulatedCaller
from ivr.qa.replay.coverage import exercised
from ivr.qa.replay.player import play
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.script import Presses, Script
from ivr.qa.scripts.writer import ScriptDraft, write


def scripts_of(written: Sequence[ScriptDraft]) -> tuple[Script, ...]:
    report = Report()
    scripts = read_scripts("found.yaml", write(written), report, vocabulary())
    assert report.problems == []
    return scripts


def test_what_a_value_lacks_tells_a_call_from_others() -> None:
    def facts(**values: Value) -> frozenset[object]:
        return situation(Call("en", (Frame("main", "menu"),), values), frozenset())

    sure, unsure = facts(new_address={"zip": "06040", "verified": True}), facts(new_address={"zip": "06040"})
    doubted = facts(new_address={"zip": "06040", "verified": False})
    assert doubted - sure
    assert doubted - unsure
    assert facts(proof_owed=True) != facts(proof_owed=False)


def test_an_action_is_looked_at_in_trouble_while_something_after_it_is_left() -> None:
    search = Goals(simulator(), set(), "en")
    search.done = {key for key in search.wanted if key[:2] != ("identify", "membership")}
    assert [*search.open_after(("identify", "find_member"))] == [("identify", "membership")]
    assert [*search.open_after(("refill", "count"))] == []


def test_wrong_answers_count_wherever_the_same_is_asked() -> None:
    counted = Goals(simulator(), set(), "en").counted((("proof", "check"), ("address", "proof")))
    assert counted >= {("proof", "check"), ("address", "proof"), ("refill", "prove"), ("identify", "prove")}


def test_two_zip_codes_with_a_street_of_one_name_are_keyed() -> None:
    with open_scenario(simulator(), "nobody") as scenario:
        pharmacy = Pharmacy(scenario)
        asked = simulator().flows.state("address", "zip").number
        assert asked
        assert {*pharmacy.same_street} <= {*answers(asked, pharmacy, Keyed())}
        assert pharmacy.same_street


def test_what_is_found_is_new_and_replays_in_every_language() -> None:
    done = exercised(simulator().flows, [played(IDENTIFY)])
    search = Goals(simulator(), set(done), "en")
    explore(search, seconds=3)
    found = scripts_of(drafts(simulator().flows, search.found))
    assert found
    results = [play(script, simulator(), language) for script in found[:10] for language in ("en", "es")]
    assert [one.problems for one in results if not one.passed] == []
    assert exercised(simulator().flows, results) - done


def test_a_card_that_the_carrier_takes_is_explored_too() -> None:
    search = Goals(simulator(), set(), "en")
    search.capture = "pay"
    wanted = search.targets
    assert ("card", "carrier", "taken", "en") in wanted
    assert ("card", "number", "next", "en") not in wanted
    search.done = search.wanted.keys() - wanted
    explore(search, seconds=60)
    assert (search.missing(), search.leaked) == ([], [])
    found = scripts_of(drafts(simulator().flows, search.found))
    assert {script.capture for script in found} == {"pay"}
    again = [play(script, simulator(), language) for script in found for language in ("en", "es")]
    assert [one.problems for one in again if not one.passed] == []


def test_a_search_ends_when_nothing_is_missing() -> None:
    everything = {
        (flow.name, state.name, way, language)
        for flow in simulator().flows.flows.values()
        for state in flow.states.values()
        for way in (*"0123456789*#", "choice", "next", "pound", "too_many", "answered", "reached", *_labels(state))
        for language in ("", "en")
    }
    search = Goals(simulator(), everything, "en")
    explore(search, seconds=60)
    assert (search.missing(), search.expanded) == ([], 0)


def _labels(state: object) -> tuple[str, ...]:
    return (*getattr(state, "outcomes", ()), *getattr(state, "ends", ()))


@dataclass(frozen=True)
class Heard:
    """What `broken_now` looks at of a caller."""

    latest: Sequence[TurnTaken]
    flows: Flows
    handset: Any


def after_a_turn(flow: str, name: str, verb: Verb) -> list[str]:
    turn = TurnTaken("CA1", 1, Started(), (), verb, Call("en", (Frame(flow, name),)))
    handset = SimpleNamespace(errors=(), warnings=(), seconds=1.0)
    return list(broken_now(cast("SimulatedCaller", Heard([turn], simulator().flows, handset))))


def test_a_turn_in_which_nothing_is_said_names_its_state() -> None:
    asked = Gather((), 1, pound_ends=False, next_key=5, extra_wait=0)
    place = simulator().flows.state("main", "menu").place
    says_nothing = "says nothing and the call goes on: callers must hear words in every turn"
    assert after_a_turn("main", "menu", asked) == [f'{place}: menu "menu" {says_nothing}']
    assert after_a_turn("payment", "ask", GoOn(())) != []


def test_the_rest_of_a_number_is_asked_for_without_words() -> None:
    assert after_a_turn("card", "rest_of_expiry", Gather((), 2, pound_ends=False, next_key=5, extra_wait=0)) == []
    assert after_a_turn("main", "goodbye", HangUp(())) == []


def test_random_callers_break_nothing() -> None:
    assert [failed for failed, _ in make_random_calls(simulator(), range(40)) if failed] == []


def test_a_random_caller_is_made_again_by_its_number() -> None:
    assert list(make_random_calls(simulator(), [7, 8])) == list(make_random_calls(simulator(), [7, 8]))


@given(st.integers(1, 40), st.sets(st.integers(0, 39), max_size=4))
def test_a_failing_call_is_shrunk_to_what_makes_it_fail(length: int, guilty: set[int]) -> None:
    acts = [Presses(NOWHERE, str(number)) for number in range(length)]
    wanted = {str(number) for number in guilty if number < length}

    def fails(fewer: Sequence[object]) -> bool:
        return wanted <= {act.keys for act in fewer if isinstance(act, Presses)}

    assert {act.keys for act in shrink(acts, fails) if isinstance(act, Presses)} == wanted


@pytest.fixture
def unmasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the dots out of the journal."""
    real = journal.mask

    def in_clear(keys: str, trail: Any, shown: str, *, is_menu: bool, pause: timedelta) -> Any:
        _, way, after = real(keys, trail, shown, is_menu=is_menu, pause=pause)
        return keys, way, after

    monkeypatch.setattr(journal, "mask", in_clear)


@pytest.mark.usefixtures("unmasked")
def test_random_callers_miss_a_mask_that_is_taken_out() -> None:
    broken = [failed.broken for failed, _ in make_random_calls(simulator(), range(4)) if failed]
    assert "in journal.event, where it must not lie" in " ".join(broken)


@pytest.fixture
def told_of_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the carrier tell a card's whole number, and the line write it into the journal."""
    real = journal.make_entry

    def with_card(event: Event, *rest: Any) -> journal.JournalEntry:
        entry = real(event, *rest)
        number = event.card.get("carrier_card_number") if isinstance(event, CardStepEnded) else None
        return replace(entry, event=f"{entry.event} {number.reveal()}") if number else entry

    monkeypatch.setattr(journal, "make_entry", with_card)
    monkeypatch.setattr(results, "masked_number", lambda number: number)


@pytest.mark.usefixtures("told_of_cards")
def test_an_exploration_finds_a_card_that_the_carrier_told() -> None:
    search = Goals(simulator(), set(), "en")
    search.done = {key for key in search.wanted if key[:3] != ("card", "carrier", "taken")}
    explore(search, seconds=60)
    assert "card number in journal.event, where it must not lie" in search.leaked


@pytest.mark.usefixtures("unmasked")
def test_an_exploration_misses_a_mask_that_is_taken_out() -> None:
    search = Goals(simulator(), set(), "en")
    search.done = {key for key in search.wanted if key[:3] != ("identify", "find_member", "found")}
    explore(search, seconds=120)
    assert "member number in journal.event, where it must not lie" in search.leaked
