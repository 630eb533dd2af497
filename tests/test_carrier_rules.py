"""A version is held against the carrier's rules before any caller meets it: each rule broken once, told where it is."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from demo_line import VERSION
from hearing import entry, source

from ivr.errors import DefinitionError
from ivr.flow.definition import Flows
from ivr.flow.states import State
from ivr.line.actions import SPECS
from ivr.line.versions import Files, load
from ivr.simulator import carrier_rules

NOTHING = "says nothing that a voice can speak; write words, or take it out"
LETTERS = "letters " * 8000
GOODBYE, WRONG = source("main.goodbye"), entry(source("identify.zip", "es"), "wrong")
AT = VERSION.files.prompts["en/main.yaml"].partition(GOODBYE)[0].count("\n") + 1
AT_WRONG = VERSION.files.prompts["es/identify.yaml"].partition(WRONG)[0].count("\n") + 2
"""The lines of the last words, and of the first after a wrong key."""
BROKEN: dict[str, tuple[str, str, str, str]] = {
    "a goodbye of dots": (
        "en/main.yaml",
        GOODBYE,
        'goodbye: "..."',
        f'prompts/en/main.yaml:{AT}:10: "main.goodbye" {NOTHING}',
    ),
    "a help of a dash": (
        "es/identify.yaml",
        WRONG,
        WRONG.replace("wrong:", 'wrong:\n    - "-"'),
        f'prompts/es/identify.yaml:{AT_WRONG}:7: "identify.zip" {NOTHING}',
    ),
    "a plural form of nothing": (
        "en/main.yaml",
        GOODBYE,
        'goodbye: Goodbye.\nspare:\n  by: count\n  one: "!"\n  other: "{count:number} left."',
        f'prompts/en/main.yaml:{AT + 2}:3: "main.spare" {NOTHING}',
    ),
    "more than the carrier reads": (
        "en/main.yaml",
        GOODBYE,
        f"goodbye: {LETTERS}{LETTERS}",
        f'prompts/en/main.yaml:{AT}:10: "main.goodbye" is refused by the carrier: 129902 bytes of TwiML; at most 65536 are taken',
    ),
    "a control character in a name": (
        "en/catalogue.yaml",
        "  pharmacy: ",
        '  pharmacy: "\\x07" # ',
        'prompts/en/catalogue.yaml:6:13: the name "pharmacy" holds a control character, which nobody can speak',
    ),
    "a control character in a voice": (
        "es/catalogue.yaml",
        "voice: ",
        'voice: "Polly\\x1b" # ',
        'prompts/es/catalogue.yaml:3:8: "voice" holds a control character, which no voice is called by',
    ),
}


def edited(file: str, old: str, new: str) -> Files:
    """Return the files of the project, words in one of them replaced; what is new is there in Spanish, too."""
    prompts = dict(VERSION.files.prompts)
    assert old in prompts[file]
    prompts[file] = prompts[file].replace(old, new, 1)
    if "spare" in new:
        prompts["es/main.yaml"] += (
            'spare:\n  by: count\n  one: "{count:number}."\n  many: "{count:number}."\n  other: "{count:number}."\n'
        )
    return Files(VERSION.files.flows, prompts)


@pytest.mark.parametrize(("file", "old", "new", "said"), BROKEN.values(), ids=BROKEN)
def test_what_the_carrier_would_not_speak_is_told_where_it_is_written(file: str, old: str, new: str, said: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        load(edited(file, old, new), SPECS, carrier_rules.problems)
    assert [str(problem) for problem in refused.value.problems] == [said]


def test_the_whole_line_is_as_the_carrier_takes_it() -> None:
    assert carrier_rules.problems(VERSION.flows, VERSION.catalogues) == ()


def with_ask(flow: str, name: str, ask: State) -> Flows:
    """Return the line with another question in the place of one, as no reader of YAML would let it be."""
    found = VERSION.flows.flows[flow]
    changed = replace(found, states={**found.states, name: ask})
    return replace(VERSION.flows, flows={**VERSION.flows.flows, flow: changed})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"next_key": -2}, '<Gather timeout="-2">: a whole number of at least 1 is expected'),
        ({"next_key": 0}, '<Gather timeout="0">: a whole number of at least 1 is expected'),
    ],
)
def test_an_answer_that_no_wording_makes_bad_is_told_at_its_state(change: dict[str, int], said: str) -> None:
    state = VERSION.flows.state("identify", "member_number")
    assert state.limits
    flows = with_ask("identify", "member_number", replace(state, limits=replace(state.limits, **change)))
    told = carrier_rules.problems(flows, VERSION.catalogues)
    assert [str(problem) for problem in told] == [
        f'{state.place}: state "member_number" is refused by the carrier: {said}'
    ]


def test_words_that_are_too_much_only_together_are_told_at_their_state() -> None:
    prompts = dict(VERSION.files.prompts)
    for file, begun in (("en/order.yaml", 'facts: "'), ("en/checkout.yaml", "confirm:\n  say: ")):
        assert begun in prompts[file]
        prompts[file] = prompts[file].replace(begun, f"{begun}{LETTERS[:40_000]} ", 1)
    with pytest.raises(DefinitionError) as refused:
        load(Files(VERSION.files.flows, prompts), SPECS, carrier_rules.problems)
    place = VERSION.flows.state("checkout", "confirm").place
    assert [re.sub(r"\d+ bytes", "N bytes", str(problem)) for problem in refused.value.problems] == [
        f'{place}: state "confirm" is refused by the carrier: N bytes of TwiML; at most 65536 are taken'
    ]


@pytest.mark.parametrize(
    "limits",
    [("first_key: 6", "first_key: 3"), ("first_key: 6", "first_key: 1"), ("next_key: 8", "next_key: 60")],
    ids=lambda limits: limits[1],
)
def test_a_wait_for_the_first_key_may_be_the_shorter_one(limits: tuple[str, str]) -> None:
    flows = dict(VERSION.files.flows)
    assert limits[0] in flows["line.yaml"]
    flows["line.yaml"] = flows["line.yaml"].replace(*limits)
    assert load(Files(flows, VERSION.files.prompts), SPECS, carrier_rules.problems)
