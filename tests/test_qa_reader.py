from __future__ import annotations

from datetime import timedelta

import pytest

from ivr.errors import Report
from ivr.qa.scripts.reader import read_scripts
from ivr.qa.scripts.script import (
    Breaks,
    CarrierSends,
    Dials,
    Hears,
    HearsNot,
    Later,
    Meanwhile,
    Presses,
    ProcessorIs,
    Script,
    Ships,
    Sweeps,
    Waits,
)
from ivr.qa.scripts.vocabulary import HearablePrompt, Vocabulary
from ivr.simulator.world import Table

KNOWN = Vocabulary(
    frozenset({"main.menu", "main.goodbye", "order.total"}),
    {
        "member": ("member_number", "last_name"),
        "refill_order": ("order_number", "status", "total_cents"),
        "prescription": ("rx_number", "member_number", "refills_left"),
    },
    ("en", "es"),
    {"journal": ("turn", "event"), "notice": ("kind",)},
    spoken={
        "main.menu": HearablePrompt(frozenset(), {"silence": 2, "wrong": 2}),
        "main.goodbye": HearablePrompt(frozenset(), {"silence": 0, "wrong": 0}),
        "order.total": HearablePrompt(frozenset({"total", "count"}), {"silence": 0, "wrong": 0}),
    },
    made_of={
        "member": Table("member_number", ("member_number", "last_name")),
        "refill_order": Table("order_number", words={"status": ("held", "placed", "shipped")}),
        "prescription": Table("rx_number", ("rx_number", "refills_left"), {"member_number": "member"}),
        "notice": Table(words={"kind": ("address_changed",)}),
    },
    standing={"member": frozenset({"41200017", "41200025"}), "prescription": frozenset({"7304112"})},
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
            "sweeps: now",
            "ships: newest",
            "processor: declines",
            "carrier: late",
        )
    )
    assert problems == []
    fault, span, dials, change, *others = script.steps
    assert others == [
        Sweeps(others[0].place),
        Ships(others[1].place, "newest"),
        ProcessorIs(others[2].place, "declines"),
        CarrierSends(others[3].place, "late"),
    ]
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


HEARD = {
    "a prompt": ("main.menu", "main.menu", {}),
    "a prompt in quotes": ("'main.menu'", "main.menu", {}),
    "a prompt in double quotes, with its occasion": ('"main.menu (wrong 2)"', "main.menu (wrong 2)", {}),
    "words in quotes": ("'County Road twelve'", '"County Road twelve"', {"": "County Road twelve"}),
    "words that look like a name and are none": ("'main.men'", '"main.men"', {"": "main.men"}),
}


@pytest.mark.parametrize("step", ["hears", "hears_not"])
@pytest.mark.parametrize(("written", "told", "words"), HEARD.values(), ids=HEARD.keys())
def test_a_quoted_text_is_words_unless_it_names_a_prompt(
    step: str, written: str, told: str, words: dict[str, str]
) -> None:
    (script,), problems = read(steps(f"{step}: {written}"))
    (heard,) = script.steps
    heard = heard.unwanted if isinstance(heard, HearsNot) else heard
    assert isinstance(heard, Hears)
    assert (problems, str(heard), heard.words) == ([], told, words)


CALLERS = ("'+15105550123'", "anonymous", "'+2562533'", "client:alice", "'sip:bob@example.com'")


@pytest.mark.parametrize("number", CALLERS)
def test_a_caller_is_whatever_the_carrier_names_one_by(number: str) -> None:
    assert read(f"call: A\nfrom: {number}\nsteps: [{{dials: {{from: {number}}}}}]")[1] == []


SLIPS = {
    "a prompt misspelt": (
        steps("hears: main.menue"),
        'calls.yaml:3:12: there is no prompt "main.menue" (did you mean "main.menu"?)',
    ),
    "words without quotes": (
        steps("hears: Press one"),
        'calls.yaml:3:12: "Press one" is no prompt\'s name; words that are heard stand in quotes',
    ),
    "a value misspelt": (
        steps("hears: {order.total: {totl: '3450'}}"),
        'calls.yaml:3:27: prompt "order.total" has no value "totl" (did you mean "total"?)',
    ),
    "a value that no prompt has": (
        steps("hears_not: {main.menu: {ready: 3}}"),
        'calls.yaml:3:29: prompt "main.menu" has no value "ready"; it has none',
    ),
    "a value of a phrase that its prompt lacks": (
        steps("hears: {order.total: {total: {order.total: {price: 3}}}}"),
        'calls.yaml:3:49: prompt "order.total" has no value "price"; it has count, total',
    ),
    "a silence too many": (
        steps("hears: main.menu (silence 3)"),
        'calls.yaml:3:12: "main.menu" has only 2 of its words for a silence: "(silence 3)" can never be heard',
    ),
    "a wrong key where none is told": (
        steps("hears: {main.goodbye (wrong): {}}"),
        'calls.yaml:3:13: "main.goodbye" has no words for a wrong key: "(wrong 1)" can never be heard',
    ),
    "a caller's number without its plus": (
        "call: A\nfrom: 5105550123\nsteps: [{waits: silence}]",
        'calls.yaml:2:7: "from" should be a telephone number such as +15105550123, or anonymous; found "5105550123"',
    ),
    "a number dialled from with spaces": (
        steps("dials: {from: '+1 510 555 0123'}"),
        'calls.yaml:3:19: "from" should be a telephone number such as +15105550123, or anonymous; '
        'found "+1 510 555 0123"',
    ),
    "a called number that is none": (
        "call: A\nto: anonymous\nsteps: [{waits: silence}]",
        'calls.yaml:2:5: "to" should be a telephone number such as +18002457979; found "anonymous"',
    ),
    "a step misspelt": (
        steps("heers: main.menu"),
        "calls.yaml:3:5: a step is one of hears, hears_not, error_paths, presses, waits, pays, hangs_up, dials, later, meanwhile, "
        'sweeps, ships, processor, carrier, breaks; found "heers" (did you mean "hears"?)',
    ),
    "keys without quotes": (steps("presses: 12"), "calls.yaml:3:14: keys stand in quotes: '12'"),
    "no keys": (
        steps("presses: 'one'"),
        "calls.yaml:3:14: \"presses\" takes keys in quotes, '0' to '9', '*' and '#'; found \"one\"",
    ),
    "a processor misspelt": (
        steps("processor: slowly"),
        'calls.yaml:3:16: "processor" should be one of away, slow, declines, works; found "slowly" (did you mean "slow"?)',
    ),
    "a carrier that cannot": (
        steps("carrier: doubles"),
        'calls.yaml:3:14: "carrier" should be one of repeats, late; found "doubles"',
    ),
    "an order that is none": (
        steps("ships: last"),
        'calls.yaml:3:12: "ships" takes an order\'s number, or the word "newest"; found "last"',
    ),
    "a table of the line's own that is given": (
        steps("presses: '1'") + "\ngiven: {journal: [{turn: 1}]}",
        'calls.yaml:4:9: there is no table "journal"',
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
    "a word that a column never holds": (
        steps("presses: '1'") + "\nexpect: {orders: [{total_cents: any, status: plased}]}",
        'calls.yaml:4:46: "status" should be one of held, placed, shipped; found "plased" (did you mean "placed"?)',
    ),
    "one of rows that are not to be there": (
        steps("presses: '1'") + "\nexpect: {no_rows: {refill_order: [{status: sent}]}}",
        'calls.yaml:4:44: "status" should be one of held, placed, shipped; found "sent"',
    ),
    "one that is given": (
        steps("presses: '1'") + "\ngiven: {refill_order: [{status: shiped}]}",
        'calls.yaml:4:33: "status" should be one of held, placed, shipped; found "shiped" (did you mean "shipped"?)',
    ),
    "one of the line's own": (
        steps("presses: '1'") + "\nexpect: {notices: [{kind: adress_changed}]}",
        'calls.yaml:4:27: "kind" should be one of address_changed; found "adress_changed" (did you mean "address_changed"?)',
    ),
    "a member that is none": (
        steps("presses: '1'") + "\ngiven: {member: [{member_number: '41200018'}]}",
        'calls.yaml:4:34: there is no such member as "41200018" (did you mean "41200017"?); a new one needs last_name too',
    ),
    "a prescription that is none, meanwhile": (
        steps("meanwhile: {prescription: [{rx_number: '99'}]}"),
        'calls.yaml:3:44: there is no such prescription as "99"; a new one needs refills_left too',
    ),
    "a member that is none, of a prescription": (
        steps("presses: '1'") + "\ngiven: {prescription: [{rx_number: '7304112', member_number: '41200026'}]}",
        'calls.yaml:4:62: there is no such member as "41200026" (did you mean "41200025"?)',
    ),
    "a limit that is none": (
        steps("presses: '1'") + "\nexpect: {keys: few}",
        'calls.yaml:4:16: a number, or a limit like <=25, is expected here; found "few"',
    ),
    "a fault misspelt": (
        steps("breaks: procesor"),
        'calls.yaml:3:13: "breaks" should be one of line, database, database_after, processor, processor_once, '
        'slow_processor, slow_processor_once, cancelled_meanwhile, slow_cancelled_meanwhile, guessing, nothing; found "procesor" (did you mean "processor"?)',
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
    "a card and a result": (
        steps("pays: {card: '4242424242424242', expiry: '0330', code: '123', result: success}"),
        'calls.yaml:3:11: "pays" takes card, expiry and code, or the result the carrier came to',
    ),
    "an error without its result": (
        steps("pays: {error: declined}"),
        'calls.yaml:3:11: "pays" takes card, expiry and code, or the result the carrier came to',
    ),
    "a capture misspelt": (
        "call: A\ncapture: keypads\nsteps: [{waits: silence}]",
        'calls.yaml:2:10: "capture" should be one of keypad, pay; found "keypads" (did you mean "keypad"?)',
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


def test_rows_may_name_what_earlier_ones_gave_and_hold_patterns() -> None:
    given = (
        "given: {member: [{member_number: '5', last_name: Doe}], prescription: [{rx_number: '9', member_number: '5', refills_left: 1}]}",
        "expect: {orders: [{status: any}, {status: ''}, {status: ~sh}, {status: held}], rows: {member: [{member_number: '7'}]}}",
    )
    assert read("\n".join((steps("meanwhile: {prescription: [{rx_number: '9'}]}"), *given)))[1] == []


def test_every_slip_is_told_at_once() -> None:
    _, problems = read(steps("hears: main.menue", "presses: 12", "later: soon"))
    assert len(problems) == 3
