"""Callers who do anything at all, on the flows and prompts as they are, with actions that come to any outcome.

An action is played by its promise: whatever outcome it comes to, with just the values it says it writes. So what is
spoken here has all its values, whatever happens, or the promise and the checker would be wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest
from flow_lines import EVENTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.flow.call import Call, CardOutcome, CardStepEnded, Dialled, Done, Event, Keys, Started
from ivr.flow.definition import ActionSpec
from ivr.flow.interpreter import advance
from ivr.flow.verbs import Dial, GoOn, HangUp, Verb
from ivr.line.actions import SPECS
from ivr.line.versions import Version, load, read_files
from ivr.prompts import phrase
from ivr.prompts.spoken import Value
from ivr.secret import Secret

PROJECT = Path(__file__).parent.parent

MOST_ROUNDS = 50
EXAMPLES: Mapping[str, Value] = {
    "text": "Doctor Lee", "digits": "4242", "number": 2, "ordinal": 3, "money": 1250, "date": "2026-12-01",
    "full_date": "2026-12-01", "time": "08:30", "time_zone": "America/Los_Angeles", "phone": "+18002457979", "kept": 7, "medicine": "METFORMIN HCL 500 MG TAB",
    "address": {"house_number": "12", "street": "Main St", "city": "Oakland", "state": "CA", "zip": "94612"},
}  # fmt: skip


@pytest.fixture(scope="module")
def version() -> Version:
    return load(read_files(PROJECT / "flows", PROJECT / "prompts"), SPECS)


def value(spec: ActionSpec, name: str, kind: str, data: st.DataObject) -> Value:
    """Return a value of a kind, as the action might write it."""
    if kind == "list":
        items = spec.items[name]
        count = data.draw(st.integers(1, items.most))
        return tuple({key: value(spec, key, kind, data) for key, kind in items.values.items()} for _ in range(count))
    if kind != "phrase":
        return EXAMPLES[kind]
    chosen = data.draw(st.sampled_from(sorted(spec.phrases[name])))
    return phrase(chosen, **{key: value(spec, key, kind, data) for key, kind in spec.phrases[name][chosen].items()})


def done(spec: ActionSpec, data: st.DataObject) -> Done:
    """Return an outcome with what it promises, and everything dropped that may be dropped."""
    outcome = data.draw(st.sampled_from(sorted(spec.outcomes)))
    written = {name: value(spec, name, kind, data) for name, kind in spec.outcomes[outcome].items()}
    return Done(outcome, written, tuple(spec.forgets - set(written)), spec.keeps.get(outcome))


def said(version: Version, verb: Verb) -> list[str]:
    return [
        version.catalogues.by_language[speak.language].words(speak.prompt, speak.values, speak.variant, speak.tries)
        for speak in verb.words
    ]


def event(call: Call, version: Version, data: st.DataObject) -> Event:
    """Do something: most of the time what the question takes, so that the call gets somewhere."""
    state = version.flows.state(call.top.flow, call.top.state)
    if state.one_key and data.draw(st.integers(0, 3)):
        return Keys(Secret(data.draw(st.sampled_from([*sorted(state.keys), "1", "2"]))))
    known = st.sampled_from([EVENTS[name] for name in ("-", ".", "answered", "no_answer", "nobody", "failed")])
    cards = st.sampled_from([CardStepEnded(outcome) for outcome in get_args(CardOutcome)])
    keys = st.text("0123456789*#", min_size=1, max_size=20).map(lambda text: Keys(Secret(text)))
    numbers = st.sampled_from(["3", "5", "8", "12", "15"]).map(lambda length: Keys(Secret("4" * int(length) + "#")))
    return data.draw(st.one_of(numbers, keys, known, cards))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_whatever_a_caller_does_there_are_words_and_an_end(version: Version, data: st.DataObject) -> None:
    call = Call("en")
    happened: Event = Started()
    for _ in range(data.draw(st.integers(1, 40))):
        verb, call = turn(version, call, happened, data)
        heard = said(version, verb)
        assert any(heard) or isinstance(verb, HangUp)
        assert len(call.frames) <= 8
        if isinstance(verb, HangUp):
            return
        happened = event(call, version, data)


def turn(version: Version, call: Call, happened: Event, data: st.DataObject) -> tuple[Verb, Call]:
    step = advance(version.flows, Call.from_json(json.loads(json.dumps(call.to_json()))), happened)
    for _ in range(MOST_ROUNDS):
        if step.verb:
            return step.verb, step.call
        assert step.action
        step = advance(version.flows, step.call, done(SPECS[step.action], data))
    raise AssertionError("the turn comes to no end")


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_a_silent_caller_comes_to_an_end(version: Version, data: st.DataObject) -> None:
    """From wherever a call stands: silence, and nobody who answers."""
    call = Call("en")
    happened: Event = Started()
    for _ in range(data.draw(st.integers(1, 12))):
        verb, call = turn(version, call, happened, data)
        if isinstance(verb, HangUp):
            return
        happened = event(call, version, data)
    for _ in range(60):
        nothing = Dialled("no_answer") if isinstance(verb, Dial) else EVENTS["." if isinstance(verb, GoOn) else "-"]
        verb, call = turn(version, call, nothing, data)
        if isinstance(verb, HangUp):
            return
    raise AssertionError("a silent caller is still there")


def test_every_action_of_the_flows_is_promised(version: Version) -> None:
    flows = version.flows.flows.values()
    asked = {state.action for flow in flows for state in flow.states.values() if state.action}
    assert asked <= set(SPECS)
