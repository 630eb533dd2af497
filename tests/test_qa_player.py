from __future__ import annotations

import re

import pytest
from call_scripts import simulator, vocabulary
from hearing import words

from ivr.errors import Report
from ivr.qa.replay.played import Played
from ivr.qa.replay.player import play
from ivr.qa.replay.report import as_junit, failure, line
from ivr.qa.scripts.reader import read_scripts

IDENTIFY = """
  - presses: language
  - presses: '1'
  - presses: '41200017#'
  - presses: '94550'
"""
FIRST, MENU = (words(name, person_offer=()).partition(",")[0] for name in ("main.language", "main.menu"))
"""How a call and its menu begin."""
ORDER = IDENTIFY + "  - presses: '1'\n  - presses: '7'\n"


def played(steps: str, *, expect: str = "", head: str = "", language: str = "en") -> Played:
    report = Report()
    text = f"call: A call\n{head}\nsteps:{steps}"
    (script,) = read_scripts("calls.yaml", f"{text}\nexpect: {{{expect}}}" if expect else text, report, vocabulary())
    return play(script, simulator(), language)


def first_problem(one: Played) -> str:
    return re.sub(r"^\S+: ", "", str(one.problems[0])) if one.problems else ""


def test_a_call_that_goes_as_written_passes() -> None:
    one = played(ORDER + "  - hears: order.placed_now\n", expect="end: open, orders: 1, keys: <=18")
    assert one.problems == ()
    assert one.cost.keys == 18
    assert line(one).startswith("ok    A call [en]: open, 18 keys")


def test_the_same_call_goes_in_spanish() -> None:
    spoken = words("main.anything_else", "es")
    one = played(ORDER + f'  - hears: {{es: "{spoken}"}}\n', language="es")
    assert one.problems == ()
    assert {turn.language for turn in one.turns[1:]} == {"es"}


def test_what_must_not_be_heard_is_not() -> None:
    kept_back = "  - hears_not: main.anything_else\n  - hears_not: 'Atorvastatin'\n  - hears: checkout.confirm\n"
    assert played(ORDER.rpartition("  - presses")[0] + kept_back).problems == ()


TO_CARD = """
  - presses: language
  - presses: '1'
  - presses: '41203716#'
  - presses: '20007'
  - presses: '11'
  - hears: card.carrier
  - hears: card.carrier_number
"""
CARD_STEPS = {
    "a card in one go": """
  - pays: {card: '4242424242424242', expiry: '1239', code: '739'}
  - hears: card.carrier_expiry
  - hears: card.carrier_code
  - hears: card.carrier_processing
  - hears: card.keep
""",
    "a card by parts, with slips": """
  - waits: silence
  - hears: card.carrier_number (silence 1)
  - presses: '4242424242424241'
  - hears: card.carrier_number (wrong 2)
  - presses: '378282246310005'
  - hears: card.carrier_expiry
  - hears_not: card.carrier_number
  - presses: '1339'
  - hears: card.carrier_expiry (wrong 1)
  - presses: '1239'
  - hears: card.carrier_code_on_front
  - hears_not: card.carrier_code
  - presses: '7394'
  - hears: card.keep
""",
    "a card of a kind that is not taken": """
  - presses: '3530111333300000'
  - hears: card.unsupported
  - hears: card.carrier_number
""",
    "star, and once more": """
  - presses: '4242*'
  - hears: card.stopped
  - presses: '1'
  - hears: card.carrier
  - hears: card.carrier_number
""",
    "keys ahead": """
  - presses: '*1*'
  - hears: card.stopped
  - hears_not: card.carrier_expiry
""",
    "silence to the end": """
  - waits: silence
    times: 3
  - hears: card.carrier_gave_up
""",
    "a carrier that goes on by itself": """
  - pays: {result: goes_on}
  - hears: card.carrier_gave_up
""",
    "a card that no test connector knows": """
  - pays: {card: '5454545454545454', expiry: '1239', code: '739'}
  - hears: card.unavailable
""",
    "a token that the processor does not know": """
  - pays: {card: '4242424242424242', expiry: '1239', code: '739', token: tok_unknown}
  - hears: card.unavailable
""",
    "a result that nobody has heard of": """
  - pays: {result: transaction-cancelled, error: 'Not%20now'}
  - hears: card.unavailable
""",
    "a request that comes again": """
  - pays: {card: '4242424242424242', expiry: '1239', code: '739'}
  - carrier: repeats
  - carrier: late
  - presses: '2'
  - carrier: late
  - hears: order.facts
""",
    "a hang-up": """
  - presses: '4242'
  - hangs_up: now
""",
}


@pytest.mark.parametrize("steps", CARD_STEPS.values(), ids=CARD_STEPS.keys())
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_script_goes_through_the_carriers_card_step(steps: str, language: str) -> None:
    one = played(TO_CARD + steps, head="capture: pay", language=language)
    assert one.problems == ()
    told = " ".join(one.transcript)
    assert not any(digits in told for digits in ("4242424242424", "37828224", "739"))


def test_all_that_gives_no_card_is_played_at_each_part_of_it() -> None:
    asked = "  - error_paths: {card.carrier_number: {then: card.carrier_gave_up}}\n  - presses: '4242424242424242'\n"
    asked += "  - error_paths: {card.carrier_expiry: {then: card.carrier_gave_up}}\n"
    text = (
        f"call: A call\ncapture: pay\nsteps:{TO_CARD.removesuffix('  - hears: card.carrier_number' + chr(10))}{asked}"
    )
    report = Report()
    scripts = read_scripts("calls.yaml", text, report, vocabulary())
    assert report.problems == []
    assert len(scripts) == 5
    assert [one.problems for one in (play(script, simulator(), "es") for script in scripts)] == [()] * 5


FAILURES = {
    "a prompt that must not come": (
        IDENTIFY + "  - hears: refill.quick\n  - hears_not: {refill.quick: {ready: 3}}\n",
        "refill.quick should not be heard; heard refill.quick",
    ),
    "words that must not come": (
        f"\n  - presses: '1'\n  - hears_not: \"{MENU}\"\n",
        f'"{MENU}" should not be heard; heard "{MENU}',
    ),
    "a prompt that does not come": (
        IDENTIFY + "  - hears: checkout.ship_to\n",
        "expected to hear checkout.ship_to; heard refill.quick",
    ),
    "an apology for which there is no reason": (
        "\n  - presses: '1'\n  - hears: away.retry\n",
        f'expected to hear away.retry; heard "{MENU}',
    ),
    "a prompt that was cut short": (
        "\n  - presses: '11'\n  - hears: main.menu\n",
        "expected to hear main.menu; it was cut short before a word of it was spoken",
    ),
    "another occasion": (
        "\n  - presses: '1'\n  - waits: silence\n  - hears: main.menu (wrong)\n",
        "expected to hear main.menu (wrong); heard main.menu (silence 1)",
    ),
    "other values": (
        IDENTIFY + "  - hears: {refill.quick: {ready: 4}}\n",
        "expected to hear refill.quick with {ready: 4}; heard it with {ready: 3}",
    ),
    "other words": (
        "\n  - presses: '1'\n  - hears: 'Hello'\n",
        f'expected to hear "Hello"; heard "{MENU}',
    ),
    "a key after the end": (
        "\n  - hangs_up: now\n  - presses: '1'\n",
        "the call is over: caller hung up",
    ),
    "a prompt that came before another": (
        ORDER + "  - hears: main.anything_else\n  - hears: payment.placing\n",
        "expected to hear payment.placing; heard checkout.address_note, payment.placing, checkout.placed, order.placed_now, main.anything_else",
    ),
    "other words in the card step": (
        TO_CARD.replace("  - hears: card.carrier\n", "") + "  - presses: '4242424242424241'\n  - hears: card.carrier_expiry\n",
        "expected to hear card.carrier_expiry; heard card.carrier_number (wrong 1)",
    ),
    "a card where none is taken": (
        "\n  - pays: {card: '4242424242424242', expiry: '0330', code: '123'}\n",
        "no card is being taken here",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "problem"), FAILURES.values(), ids=FAILURES.keys())
def test_what_does_not_come_is_told_with_what_came_instead(steps: str, problem: str) -> None:
    assert first_problem(played(steps, head="capture: pay")).startswith(problem)


def test_a_failure_tells_the_script_the_state_and_the_call_up_to_it() -> None:
    told = failure(played(IDENTIFY + "  - hears: checkout.ship_to\n")).splitlines()
    assert told[0].startswith("calls.yaml:8:12: expected to hear checkout.ship_to")
    assert re.fullmatch(r'the call was in "quick" \(flows/refill.yaml:\d+:\d+\)', told[1])
    assert [one.split()[0] for one in told[2:6]] == ["dials", "hears", "presses", "hears"]


ACTS = {
    "an order that cannot ship": (
        "\n  - ships: '42047878'\n",
        "it cannot be shipped: order 42047878 is held; only a placed order can be shipped",
    ),
    "an order that is not there": ("\n  - ships: '11111115'\n", "it cannot be shipped: there is no order 11111115"),
    "a late request before there are two": (
        "\n  - carrier: late\n",
        "only one request of this call was made yet: there is none before it",
    ),
}


@pytest.mark.parametrize(("steps", "problem"), ACTS.values(), ids=ACTS.keys())
def test_what_cannot_be_done_around_a_call_is_told(steps: str, problem: str) -> None:
    assert first_problem(played(steps)) == problem


def test_a_processor_stays_as_it_is_until_it_is_told_otherwise() -> None:
    declined = ORDER.replace("  - presses: '7'\n", "  - processor: declines\n  - presses: '7'\n")
    assert played(declined, expect="payments: [{status: declined}]").problems == ()
    assert played(declined.replace("declines", "works"), expect="payments: [{status: authorized}]").problems == ()


def test_what_the_line_does_by_itself_waits_for_its_time() -> None:
    away = ORDER.replace("  - presses: '7'\n", "  - processor: away\n  - presses: '7'\n  - hangs_up: now\n")
    worked = away + "  - later: 2m\n  - processor: works\n"
    assert played(worked, expect="orders: [{status: pending}]").problems == ()
    assert played(worked + "  - sweeps: now\n", expect="orders: [{status: placed}]").problems == ()
    assert played(worked + "  - later: 30s\n", expect="orders: [{status: placed}]").problems == ()


UNMET = {
    "what members are to be told": ("notices: 1", "1 new rows of notice should be there; found none"),
    "wrong tries": ("wrong_tries: '>0'", ">0 new rows of wrong_try should be there; found none"),
    "locks": (
        "lock_outs: [{phone: any}]",
        "new rows of lock_out should be {phone: any}; found none",
    ),
    "the journal": (
        "no_rows: {journal: [{said: ~refill.quick}]}",
        "journal should have no such row, but has {call: 1, turn: 4, event: keys •••••, trail: identify.zip next, ",
    ),
    "the end": ("end: goodbye", "the call should end with goodbye, but it ended with open"),
    "keys": ("keys: <=5", "the call should take <=5 keys, but it took 18"),
    "seconds": ("seconds: <=5", "the call should take <=5 seconds, but it took "),
    "a count": ("orders: none", "0 new rows of refill_order should be there; found {order_number: "),
    "rows written": (
        "payments: [{amount_cents: 1}]",
        "new rows of payment should be {amount_cents: 1}; found {order_number: ",
    ),
    "a row that must be there": (
        "rows: {prescription: [{rx_number: '7304112', refills_left: 5}]}",
        "prescription should have the row {rx_number: 7304112, refills_left: 5}; the closest is {rx_number: 7304112,",
    ),
    "a row that must not": (
        "no_rows: {prescription: [{rx_number: '7304112'}]}",
        "prescription should have no such row, but has {rx_number: 7304112,",
    ),
}


@pytest.mark.parametrize(("expect", "problem"), UNMET.values(), ids=UNMET.keys())
def test_what_a_call_should_have_come_to_is_told(expect: str, problem: str) -> None:
    assert first_problem(played(ORDER, expect=expect)).startswith(problem)


def test_rows_given_change_what_the_call_finds_and_no_other_call() -> None:
    given = "given: {prescription: [{rx_number: '7304112', refills_left: 0}]}"
    heard = IDENTIFY + "  - hears: {refill.quick: {ready: %d}}\n"
    assert played(heard % 2, head=given).passed
    assert played(heard % 3).passed


def test_a_row_the_pharmacy_refuses_is_told_at_its_place() -> None:
    one = played(IDENTIFY, head="given: {prescription: [{rx_number: '7304112', refills_left: few}]}")
    assert str(one.problems[0]).startswith("calls.yaml:2:24: prescription: column refills_left: expected")


@pytest.mark.parametrize(
    ("person", "heard", "end"),
    [
        ("answers", "person.connecting", "person"),
        ("busy", "person.busy", "open"),
        ("no_answer", "person.no_answer", "open"),
        ("nobody", "person.nobody", "open"),
    ],
)
def test_a_script_says_who_picks_up(person: str, heard: str, end: str) -> None:
    steps = f"\n  - presses: '1'\n  - presses: '0'\n  - hears: {heard}\n"
    assert played(steps, head=f"person: {person}", expect=f"end: {end}").problems == ()


def test_words_after_which_a_key_is_pressed_shorten_the_call() -> None:
    whole = played("\n  - presses: '1'\n")
    early = played("\n  - presses: '1'\n    after: key\n")
    assert early.cost.seconds < whole.cost.seconds
    assert first_problem(played("\n  - presses: '7'\n    after: key\n")).startswith(
        'expected to hear of the key "7" before it is pressed; heard "' + FIRST
    )
    early = played(f"\n  - presses: '1'\n    after: '{FIRST}'\n")
    assert early.cost.seconds < whole.cost.seconds
    assert first_problem(played("\n  - presses: '1'\n    after: nine nine\n")).startswith(
        'expected to hear "nine nine" before this key; heard "' + FIRST
    )


def test_talking_to_a_person_costs_nothing() -> None:
    asked = played("\n  - presses: '1'\n  - presses: '0'\n")
    assert asked.end == "person"
    assert asked.cost.seconds < 60


def test_the_cost_of_a_call_is_words_keys_and_waiting() -> None:
    one = played("\n  - presses: '1'\n  - waits: silence\n")
    assert one.cost.keying == 0.5
    assert one.cost.waiting == 6
    assert one.cost.seconds == pytest.approx(one.cost.spoken + 6.5)


def test_results_are_written_as_ci_servers_read_them() -> None:
    xml = as_junit([played(IDENTIFY), played("\n  - presses: '1'\n  - hears: refill.quick\n")], 1.0)
    assert '<testsuite name="calls" tests="2" failures="1" skipped="0"' in xml
    assert 'classname="calls" name="A call [en]"' in xml
    assert "<failure message=" in xml
