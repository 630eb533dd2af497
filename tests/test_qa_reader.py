from __future__ import annotations

from datetime import timedelta

import pytest

from ivr.errors import Report
from ivr.qa.reader import read_scripts
from ivr.qa.script import Breaks, Dials, Hears, Later, Meanwhile, Presses, Script, Waits
from ivr.qa.vocabulary import Vocabulary

KNOWN = Vocabulary(
    frozenset({"main.menu", "main.goodbye", "order.total"}),
    {"refill_order": ("order_number", "status", "total_cents"), "prescription": ("rx_number", "refills_left")},
    ("en", "es"),
)


def read(text: str) -> tuple[tuple[Script, ...], list[str]]:
    report = Report()
    scripts = read_scripts("calls.yaml", text, report, KNOWN)
    return scripts, [str(problem) for problem in report.problems]


def steps(*lines: str) -> str:
    return "\n".join(("call: A call", "steps:", *(f"  - {line}" for line in lines)))


def test_a_script_is_read_with_its_places() -> None:
    (script,), problems = read(
        steps("hears: main.menu", "presses: '1'", "waits: silence", "hears: main.menu (wrong 2)", 'hears: "Press one"')
    )
    assert problems == []
    assert script.name == "A call"
    assert script.at.isoformat() == "2026-03-02T10:00:00"
    assert [str(step.place) for step in script.steps] == [f"calls.yaml:{line}:{column}" for line, column in (
        (3, 12), (4, 14), (5, 12), (6, 12), (7, 12)
    )]  # fmt: skip
    heard, pressed, waited, wrong, words = script.steps
    assert isinstance(heard, Hears)
    assert isinstance(pressed, Presses)
    assert isinstance(waited, Waits)
    assert isinstance(wrong, Hears)
    assert isinstance(words, Hears)
    assert (heard.prompt, pressed.keys, waited.times) == ("main.menu", "1", 1)
    assert (wrong.variant, wrong.tries, words.words) == ("wrong", 2, {"": "Press one"})


def test_the_world_around_a_call_is_read() -> None:
    (script,), problems = read(
        steps(
            "breaks: processor",
            "later: 45m",
            "dials: {from: '+15105550999'}",
            "meanwhile: {prescription: [{rx_number: '7304112', refills_left: 0}]}",
        )
    )
    assert problems == []
    fault, span, dials, change = script.steps
    assert isinstance(fault, Breaks)
    assert isinstance(span, Later)
    assert isinstance(dials, Dials)
    assert isinstance(change, Meanwhile)
    assert (fault.fault, span.span, dials.from_number) == ("processor", timedelta(minutes=45), "+15105550999")
    assert change.rows[0].columns == {"rx_number": "7304112", "refills_left": "0"}


@pytest.mark.parametrize(
    ("step", "languages"),
    [("presses: language", ("en", "es")), ("presses: '1'", ("en",))],
    ids=["one that chooses is for each language", "one that does not is for the first"],
)
def test_a_script_knows_its_languages(step: str, languages: tuple[str, ...]) -> None:
    (script,), _ = read(steps(step))
    assert script.languages(("en", "es")) == languages


def test_a_file_can_hold_several_scripts() -> None:
    scripts, problems = read("- call: One\n  steps: [{presses: '1'}]\n- call: Two\n  steps: [{presses: '2'}]")
    assert [script.name for script in scripts] == ["One", "Two"]
    assert problems == []


SLIPS = {
    "a prompt misspelt": (
        steps("hears: main.menue"),
        'calls.yaml:3:12: there is no prompt "main.menue" (did you mean "main.menu"?)',
    ),
    "words without quotes": (
        steps("hears: Press one"),
        'calls.yaml:3:12: "Press one" is no prompt\'s name; words that are heard stand in quotes',
    ),
    "a step misspelt": (
        steps("heers: main.menu"),
        "calls.yaml:3:5: a step is one of hears, presses, waits, pays, hangs_up, dials, later, meanwhile, breaks; "
        'found "heers" (did you mean "hears"?)',
    ),
    "keys without quotes": (steps("presses: 12"), "calls.yaml:3:14: keys stand in quotes: '12'"),
    "no keys": (
        steps("presses: 'one'"),
        "calls.yaml:3:14: \"presses\" takes keys in quotes, '0' to '9', '*' and '#'; found \"one\"",
    ),
    "a table misspelt": (
        steps("presses: '1'") + "\ngiven: {prescriptions: []}",
        'calls.yaml:4:9: there is no table "prescriptions" (did you mean "prescription"?)',
    ),
    "a column misspelt": (
        steps("presses: '1'") + "\ngiven: {prescription: [{refills: 1}]}",
        'calls.yaml:4:25: table "prescription" has no column "refills" (did you mean "refills_left"?)',
    ),
    "an end misspelt": (
        steps("presses: '1'") + "\nexpect: {end: goodby}",
        'calls.yaml:4:15: "end" should be one of goodbye, person, hung_up, open, error; found "goodby" '
        '(did you mean "goodbye"?)',
    ),
    "a limit that is none": (
        steps("presses: '1'") + "\nexpect: {keys: few}",
        'calls.yaml:4:16: a number, or a limit like <=25, is expected here; found "few"',
    ),
    "a fault misspelt": (
        steps("breaks: procesor"),
        'calls.yaml:3:13: "breaks" should be one of line, database, processor, processor_once, slow_processor, '
        'slow_processor_once, guessing, nothing; found "procesor" (did you mean "processor"?)',
    ),
    "a span that is none": (steps("later: soon"), 'calls.yaml:3:12: "later" takes a span like 90s, 45m, 2h or 3d, found "soon"'),
    "a time that is none": (
        "call: A\nat: noon\nsteps: [{waits: silence}]",
        'calls.yaml:2:5: "at" should be a time like 2026-03-02T10:00, found "noon"',
    ),
    "waits with a number": (
        steps("waits: 5"),
        'calls.yaml:3:12: "waits" takes nothing, or the word "silence"; found "5"',
    ),
    "a card by halves": (
        steps("pays: {card: '4242424242424242'}"),
        'calls.yaml:3:11: "pays" takes card, expiry and code, or the result the carrier came to',
    ),
    "no steps": ("call: A", 'calls.yaml:1:1: a script lacks "steps"'),
    "the same name twice": (
        "- call: A\n  steps: [{waits: silence}]\n- call: A\n  steps: [{waits: silence}]",
        'calls.yaml:3:9: "A" is already on line 1',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), SLIPS.values(), ids=SLIPS.keys())
def test_a_slip_is_told_at_its_place(text: str, problem: str) -> None:
    _, problems = read(text)
    assert problems == [problem]


def test_every_slip_is_told_at_once() -> None:
    _, problems = read(steps("hears: main.menue", "presses: 12", "later: soon"))
    assert len(problems) == 3
