"""How a call moves through the flow: what the caller hears next, whatever they do. Calls are stored and read again
between any two events.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flow_lines import LINE, Caller, Outcomes, flows, verb_in_words

from ivr.flow.call import Call, Done, Keys, Silence, Started, TraceStep
from ivr.flow.interpreter import FlowError, advance
from ivr.flow.verbs import Gather, Speak
from ivr.secret import Secret

MENU = """
hello:
  say: hello
  next: menu
menu:
  menu: menu
  keys:
    1: goodbye
    2: {say: chose_two, next: menu}
    star: goodbye
    pound: number
number:
  ask: number
  digits: {min: 3, max: 5}
  save: number
  next: goodbye
goodbye:
  hang_up: goodbye
"""
MENU_CASES = {
    "the first words come with the question": (["start"], "ask: hello, menu"),
    "a key is taken": (["start", "1"], "hang up: goodbye"),
    "words on the way are said before the question": (["start", "2"], "ask: chose_two, menu"),
    "a menu can use pound": (["start", "#"], "ask: number"),
    "a menu can use star itself": (["start", "*"], "hang up: goodbye"),
    "only the first of several keys counts": (["start", "12"], "hang up: goodbye"),
    "a wrong key is told": (["start", "8"], "ask: hello, menu wrong 1"),
    "a second wrong key is helped more": (["start", "8", "7"], "ask: hello, menu wrong 2, person.offer"),
    "silence is told": (["start", "-"], "ask: menu silence 1"),
    "a second silence is helped more": (["start", "-", "-"], "ask: menu silence 2, person.offer"),
    "silence and wrong keys are counted apart": (
        ["start", "-", "-", "8", "8"],
        "ask: hello, menu wrong 2, person.offer",
    ),
    "three silences give up": (["start", "-", "-", "-"], "hang up: gave_up"),
    "three wrong keys give up, and what they cut off is said": (["start", "8", "8", "8"], "hang up: hello, gave_up"),
    "five misses of both kinds do not": (["start", "8", "-", "8", "-"], "ask: menu silence 2, person.offer"),
    "an answer that comes back begins to count anew": (["start", "8", "8", "2", "8"], "ask: chose_two, menu wrong 1"),
    "zero goes to a person": (["start", "0"], "dial: connecting"),
    "no keys at all are silence": (["start", ""], "ask: menu silence 1"),
    "what is no key is wrong": (["start", "²"], "ask: hello, menu wrong 1"),
    "the carrier coming back by itself asks again": (["start", "."], "ask: hello, menu"),
    "a transfer's end that nobody waits for asks again": (["start", "answered"], "ask: menu silence 1"),
}


@pytest.mark.parametrize(("events", "heard"), MENU_CASES.values(), ids=MENU_CASES)
def test_a_menu_takes_one_key(events: list[str], heard: str) -> None:
    assert Caller(flows(MENU)).plays(*events) == heard


NUMBER = """
number:
  ask: number
  digits: {min: 3, max: 5}
  save: number
  next: said
said:
  say: said
  next: pin
pin:
  ask: pin
  digits: {exactly: 4}
  save: pin
  next: menu
menu:
  menu: menu
  keys:
    1: number
    2: one
one:
  ask: one
  digits: {exactly: 1}
  save: one
  next: menu
"""
NUMBER_CASES = {
    "a number is taken": (["start", "123"], "ask: said number=123, pin"),
    "pound ends it": (["start", "123#"], "ask: said number=123, pin"),
    "what follows the pound is lost": (["start", "123#9"], "ask: said number=123, pin"),
    "a number may begin with zero": (["start", "0123"], "ask: said number=0123, pin"),
    "pounds before it do not count": (["start", "##1234"], "ask: said number=1234, pin"),
    "zero alone is a person": (["start", "0"], "dial: connecting"),
    "zero and pound is a person": (["start", "0#"], "dial: connecting"),
    "two zeros are a number too short": (["start", "00"], "ask: number wrong 1"),
    "star at its start asks again": (["start", "*"], "ask: number"),
    "star in the middle asks again": (["start", "12*"], "ask: number"),
    "star before digits clears them all": (["start", "*123"], "ask: number"),
    "star after the pound is lost": (["start", "123#*"], "ask: said number=123, pin"),
    "too few digits are told": (["start", "12"], "ask: number wrong 1"),
    "too many digits are told": (["start", "123456"], "ask: number wrong 1"),
    "a pound alone is silence": (["start", "#"], "ask: number silence 1"),
    "letters are wrong": (["start", "12a4"], "ask: number wrong 1"),
    "three misses give up": (["start", "12", "12", "12"], "hang up: gave_up"),
    "star does not count as a try": (["start", "12", "12", "*", "*", "12"], "hang up: gave_up"),
    "an exact length ends by itself": (["start", "123", "1234"], "ask: menu"),
    "a pound by habit after it is no wrong key": (["start", "123", "1234", "#!"], "ask: menu"),
    "nor is a second": (["start", "123", "1234", "#!", "#!"], "ask: menu"),
    "a pound after the words is": (["start", "123", "1234", "#"], "ask: menu wrong 1"),
    "silence after it is silence": (["start", "123", "1234", "-"], "ask: menu silence 1"),
    "its last digit pressed twice leads to no person": (["start", "123", "1230", "0!"], "ask: menu"),
    "zero after another digit does": (["start", "123", "1234", "0!"], "dial: connecting"),
    "and so does zero after the words": (["start", "123", "1230", "0"], "dial: connecting"),
    "a pound by habit after a key is no silence": (["start", "123", "1234", "2", "#!"], "ask: one"),
    "a pound after the words of a number is": (["start", "123", "1234", "2", "#"], "ask: one silence 1"),
    "a pound right after silence is no habit": (["start", "-", "#!"], "ask: number silence 2, person.offer_in_number"),
    "zero is a person where one digit is asked, too": (["start", "123", "1234", "2", "0"], "dial: connecting"),
}


@pytest.mark.parametrize(("events", "heard"), NUMBER_CASES.values(), ids=NUMBER_CASES)
def test_a_number_is_keyed(events: list[str], heard: str) -> None:
    assert Caller(flows(NUMBER, speaks={"said": ["number"]})).plays(*events) == heard


def test_a_pound_by_habit_at_the_next_number_is_not_silence() -> None:
    two = "a:\n  ask: a\n  digits: {exactly: 2}\n  save: a\n  next: b\nb:\n  ask: b\n  save: b\n  next: a\n"
    two = two.replace("  ask: b\n", "  ask: b\n  digits: {min: 2, max: 3}\n")
    assert Caller(flows(two)).plays("start", "12", "#!") == "ask: b"
    assert Caller(flows(two)).plays("start", "12", "-!") == "ask: b", "a carrier that does not name the key"
    assert Caller(flows(two)).plays("start", "12", "-") == "ask: b silence 1"


UNIT = """
menu:
  menu: menu
  keys:
    1: unit
    2: wait
    pound: other
wait:
  do: wait
  say: one_moment
  outcomes:
    done: menu
unit:
  ask: unit
  digits: {min: 1, max: 8}
  save: unit
  limits: {silence: 2}
  pound: none
  next: other
none:
  hang_up: none
other:
  hang_up: other
"""
POUND_CASES = {
    "the first pound counts where the words offer it": (["start", "1", "#"], "hang up: none"),
    "one pressed by habit after the menu's key does not": (["start", "1", "#!"], "ask: unit"),
    "and the deliberate one after it does": (["start", "1", "#!", "#"], "hang up: none"),
    "a pound that the carrier does not name": (["start", "1", "#!", "-!"], "ask: unit"),
    "silence is helped first": (["start", "1", "-"], "ask: unit silence 1"),
    "a pound right after the help counts": (["start", "1", "-", "#!"], "hang up: none"),
    "silence leads there at last": (["start", "1", "-", "-"], "hang up: none"),
    "a number that is too long is none": (["start", "1", "123456789"], "ask: unit wrong 1"),
    "a menu that takes pound": (["start", "#"], "hang up: other"),
    "a habit outlasts an action that the caller waits for": (["start", "2", ".", "#!"], "ask: menu"),
}


@pytest.mark.parametrize(("events", "heard"), POUND_CASES.values(), ids=POUND_CASES)
def test_pound_is_an_answer_where_the_words_offer_it(events: list[str], heard: str) -> None:
    assert Caller(flows(UNIT), {"wait": "done"}).plays(*events) == heard


FACTS = """
menu:
  menu: menu
  keys:
    1: confirm
confirm:
  first: facts
  menu: confirm
  keys:
    7: {next: done, confirms: true}
    9: {say: word, next: confirm}
done:
  hang_up: done
"""


@pytest.mark.parametrize(
    ("events", "heard", "uncut"),
    [
        (["start", "1"], "ask: facts, confirm", 1),
        (["start", "1", "-"], "ask: facts, confirm silence 1", 1),
        (["start", "1", "8"], "ask: facts, confirm wrong 1", 1),
        (["start", "1", "*"], "ask: facts, confirm", 1),
        (["start", "1", "9"], "ask: word, facts, confirm", 2),
        (["start"], "ask: menu", 0),
    ],
)
def test_facts_are_said_to_the_end_each_time(events: list[str], heard: str, uncut: int) -> None:
    caller = Caller(flows(FACTS))
    assert caller.plays(*events) == heard
    verb = caller.steps[-1].verb
    assert isinstance(verb, Gather)
    assert verb.uncut == uncut


def test_nobody_is_offered_a_person_who_cannot_be_had() -> None:
    made = flows(MENU, speaks={"menu": ["person_offer"]})
    caller = Caller(made)
    heard = caller.plays("start", "-", "-")
    assert heard.startswith("ask: menu silence 2")
    assert heard.endswith("person.offer")
    alone = replace(caller.call, has_person=False)
    step = advance(made, alone, Keys(Secret("8")))
    assert step.verb
    assert [(speak.prompt, speak.values) for speak in step.verb.words] == [
        ("hello", {}),
        ("menu", {"person_offer": ()}),
    ]


def test_while_it_is_closed_a_later_help_and_first_words_offer_that() -> None:
    menu, number = "person.closed_offer", "person.closed_offer_in_number"
    made = flows(MENU, speaks={"menu": ["person_offer"], menu: [], number: []})
    closed = replace(Caller(made).call, has_person=False, person_closed=True)
    step = advance(made, closed, Started())
    assert step.verb
    assert step.verb.words[-1].values == {"person_offer": {"prompt": menu, "values": {}}}
    for _ in range(2):
        step = advance(made, replace(step.call, has_person=False, person_closed=True), Silence())
    assert step.verb
    assert step.verb.words[-1].prompt == menu


def test_a_version_from_before_the_closed_offer_offers_nothing() -> None:
    made = flows(MENU, speaks={"menu": ["person_offer"]})
    step = advance(made, replace(Caller(made).call, has_person=False, person_closed=True), Started())
    assert step.verb
    assert step.verb.words[-1].values == {"person_offer": ()}


def test_the_last_of_too_many_says_why() -> None:
    why = "too_many: give_up\ngives_up: {silence: no_key, wrong: wrong_keys}\n"
    line = LINE.replace("too_many: give_up\n", why)
    assert Caller(flows(MENU, line=line)).plays("start", "-", "-", "-") == "hang up: no_key, gave_up"
    assert Caller(flows(MENU, line=line)).plays("start", "8", "8", "8") == "hang up: hello, wrong_keys, gave_up"


def test_the_rest_of_a_number_is_asked_for_without_words() -> None:
    rest = "a:\n  ask: a\n  digits: {exactly: 2}\n  save: a\n  next: b\n"
    rest += "b:\n  ask: b\n  digits: {exactly: 2}\n  save: b\n  quiet: true\n  next: a\n"
    assert Caller(flows(rest)).plays("start", "12") == "ask"
    assert Caller(flows(rest)).plays("start", "12", "-") == "ask: b silence 1"


def test_a_call_of_the_shape_before_is_read() -> None:
    stored = Call("en", words=(Speak("hello", "en", {}),)).to_json()
    before = {
        name: value for name, value in stored.items() if name not in ("shape", "after_keys", "after_zero", "replied")
    }
    assert Call.from_json({**before, "pound": True}) == Call("en", words=(Speak("hello", "en", {}),))


@pytest.mark.parametrize(
    ("digits", "most", "first"),
    [("{exactly: 1}", 1, 6), ("{exactly: 4}", 4, 4), ("{min: 3, max: 5}", 40, 4)],
    ids=["one digit", "an exact length", "a range, and its pound"],
)
def test_a_number_is_gathered_to_its_length(digits: str, most: int, first: int) -> None:
    ask = f"a:\n  ask: a\n  digits: {digits}\n  save: a\n  next: a\n"
    verb = Caller(flows(ask)).does(Started()).verb
    assert isinstance(verb, Gather)
    assert (verb.most, verb.pound_ends, verb.next_key, verb.next_key + verb.extra_wait) == (most, True, first, 6)


@pytest.mark.parametrize("digits", ["{exactly: 1}", "{exactly: 4}", "{min: 3, max: 5}"])
@pytest.mark.parametrize(("first", "following"), [(3, 8), (1, 60), (6, 6), (60, 1)])
def test_a_first_key_waited_for_shorter_than_the_next_is_no_wait_below_nothing(
    digits: str, first: int, following: int
) -> None:
    limits = f"limits: {{first_key: {first}, next_key: {following}}}"
    verb = Caller(flows(f"a:\n  ask: a\n  digits: {digits}\n  {limits}\n  save: a\n  next: a\n")).does(Started()).verb
    assert isinstance(verb, Gather)
    assert verb.extra_wait >= 0
    assert verb.next_key + verb.extra_wait == (first if verb.most == 1 else max(first, following))


def test_silence_after_one_digit_is_told_from_pound_by_the_wait_that_was_asked_for() -> None:
    ask = "a:\n  ask: a\n  digits: {exactly: 1}\n  limits: {first_key: 3, next_key: 8}\n  save: a\n  next: a\n  pound: b\n"
    caller = Caller(flows(f"{ask}b:\n  hang_up: b\n"))
    caller.does(Started())
    assert verb_in_words(caller.does(Silence(after=4.0)).verb) == "ask: a silence 1"


def test_a_menu_waits_for_one_key_as_long_as_for_a_first() -> None:
    verb = Caller(flows(MENU)).does(Started()).verb
    assert isinstance(verb, Gather)
    assert (verb.most, verb.pound_ends, verb.next_key, verb.extra_wait) == (1, False, 6, 0)


COUNTED = """
number:
  ask: number
  digits: {exactly: 2}
  save: number
  {too_many}
  next: find
find:
  do: find
  outcomes:
    found: menu
    none: {say: none, next: number, counts: number}
menu:
  menu: menu
  keys:
    1: number
other:
  hang_up: other
"""
COUNTED_CASES = {
    "a miss is told and asked again": (["start", "11"], "ask: none, number"),
    "two misses go on": (["start", "11", "11"], "ask: none, number"),
    "three misses give up, and why stays said": (["start", "11", "11", "11"], "hang up: none, gave_up"),
    "wrong lengths are counted apart": (["start", "11", "1", "11", "1"], "ask: number wrong 2, person.offer_in_number"),
    "coming anew counts anew": (["start", "11", "11", "22", "1", "11", "11"], "ask: none, number"),
}


@pytest.mark.parametrize(("events", "heard"), COUNTED_CASES.values(), ids=COUNTED_CASES)
def test_wrong_answers_that_an_action_finds_are_counted(events: list[str], heard: str) -> None:
    made = flows(COUNTED.replace("  {too_many}\n", ""))
    finds = ["found" if event == "22" else "none" for event in events if len(event) == 2]
    assert Caller(made, {"find": finds}).plays(*events) == heard


@pytest.mark.parametrize(
    ("missed", "heard"),
    [("-", "hang up: other"), ("1", "hang up: other"), ("11", "hang up: none, other")],
    ids=["silence", "wrong", "not found"],
)
def test_a_question_can_have_a_way_out_of_its_own(missed: str, heard: str) -> None:
    made = flows(COUNTED.replace("{too_many}", "too_many: other"))
    assert Caller(made, {"find": "none"}).plays("start", missed, missed, missed) == heard


def test_a_flow_can_have_a_way_out_for_all_its_questions() -> None:
    menus = "\nstates:\n  a:\n    menu: a\n    keys: {1: b}\n  b:\n    menu: b\n    keys: {1: a}\n  out:\n    hang_up: out\n"
    made = flows(
        "go:\n  run: sub\n  ends: {}\n", sub=f"flow: sub\nstart: a\ntoo_many: out\nlimits: {{wrong: 2}}{menus}"
    )
    assert Caller(made).plays("start", "1", "5", "5") == "hang up: out"


def test_limits_can_be_set_for_one_question() -> None:
    made = flows("a:\n  menu: a\n  limits: {silence: 1, first_key: 9}\n  keys: {1: a}\n")
    verb = Caller(made).does(Started()).verb
    assert isinstance(verb, Gather)
    assert verb.next_key == 9
    assert Caller(made).plays("start", "-") == "hang up: gave_up"


PERSON_CASES = {
    "a person answers, and the call ends with them": (["start", "0", "answered"], "hang up"),
    "no answer asks the same question again": (["start", "0", "no_answer"], "ask: no_answer, hello, menu"),
    "nobody to ask for is said with what was to be said": (["start", "0", "nobody"], "ask: nobody, hello, menu"),
    "misses are not forgotten over it": (
        ["start", "8", "0", "no_answer", "8"],
        "ask: no_answer, hello, menu wrong 2, person.offer",
    ),
    "anything else while it rings connects again": (["start", "0", "."], "dial: connecting"),
    "from a number it comes back to the number": (["start", "#", "0#", "no_answer"], "ask: no_answer, number"),
}


@pytest.mark.parametrize(("events", "heard"), PERSON_CASES.values(), ids=PERSON_CASES)
def test_a_person_breaks_into_a_question(events: list[str], heard: str) -> None:
    assert Caller(flows(MENU)).plays(*events) == heard


BROKEN_CASES = {
    "something failed: sorry, and the question again": (["start", "failed"], "ask: sorry"),
    "and then the question": (["start", "failed", "1"], "ask: hello, menu"),
    "star repeats within it": (["start", "failed", "*"], "ask: sorry"),
    "it has patience of its own": (["start", "8", "failed", "8"], "ask: sorry wrong 1"),
    "it gives up like any question": (["start", "failed", "-", "-", "-"], "hang up: gave_up"),
    "failing again does not go deeper": (["start", "failed", "failed", "1"], "ask: hello, menu"),
    "a person gives back the question, not the apology": (
        ["start", "failed", "0", "no_answer"],
        "ask: no_answer, hello, menu",
    ),
    "failing on the way to a person too": (["start", "0", "failed", "1"], "ask: hello, menu"),
    "the time is over": (["start", "too long"], "hang up: too_long"),
    "the time is over in an interruption": (["start", "failed", "too long"], "hang up: too_long"),
    "after the last words there is only the end": (["start", "1", "."], "hang up: goodbye"),
}


@pytest.mark.parametrize(("events", "heard"), BROKEN_CASES.values(), ids=BROKEN_CASES)
def test_what_breaks_into_a_call(events: list[str], heard: str) -> None:
    assert Caller(flows(MENU)).plays(*events) == heard


def test_an_interruption_gives_way_with_all_it_had_run() -> None:
    """A person flow that asks first, in a flow of its own, stays as deep as it was however often zero is pressed."""
    person = "flow: person\nstart: sure\nstates:\n  sure:\n    run: sure\n    ends: {no: {end: back}}\n"
    sure = "flow: sure\nstart: sure\nstates:\n  sure:\n    menu: sure\n    keys: {1: {end: no}}\n"
    caller = Caller(flows(MENU, person=person, sure=sure))
    assert caller.plays("start", "0", "0", "0", "0") == "ask: sure"
    assert [frame.flow for frame in caller.call.frames] == ["main", "person", "sure"]
    assert caller.plays("1") == "ask: hello, menu"


RUN = """
one:
  run: sub
  ends:
    left: {say: went_left, next: one}
    right: {say: went_right, next: two}
two:
  run: sub
  ends:
    left: one
    right: bye
bye:
  hang_up: bye
"""
SUB = """
flow: sub
start: ask
states:
  ask:
    menu: ask
    keys:
      1: {say: left, end: left}
      2: {end: right, sets: {side: right}}
"""
RUN_CASES = {
    "it begins at its start": (["start"], "ask: ask"),
    "its end decides where the call goes on": (["start", "1"], "ask: left, went_left, ask"),
    "another end goes elsewhere": (["start", "2"], "ask: went_right, ask side=right"),
    "the same flow knows who ran it": (["start", "2", "2"], "hang up: bye"),
    "its questions count anew each time": (["start", "8", "1", "8"], "ask: left, went_left, ask wrong 1"),
}


@pytest.mark.parametrize(("events", "heard"), RUN_CASES.values(), ids=RUN_CASES)
def test_a_flow_runs_another(events: list[str], heard: str) -> None:
    assert Caller(flows(RUN, sub=SUB, speaks={"ask": ["side"]})).plays(*events) == heard


CHOICES = """
list:
  do: list
  outcomes:
    listed: choose
choose:
  menu: choose
  choices: {of: cards, option: option, save: card, next: chosen}
  keys:
    9: list
chosen:
  hang_up: chosen
"""
CARDS = Done("listed", {"cards": ({"last4": "4242"}, {"last4": "0005"})})


def test_a_menu_offers_what_is_known_only_in_the_call() -> None:
    caller = Caller(flows(CHOICES, speaks={"choose": ["options"]}), {"list": CARDS})
    verb = caller.does(Started()).verb
    assert isinstance(verb, Gather)
    assert verb.words[0].values["options"] == (
        {"prompt": "option", "values": {"last4": "4242", "key": "1"}},
        {"prompt": "option", "values": {"last4": "0005", "key": "2"}},
    )


@pytest.mark.parametrize(
    ("key", "heard", "card"),
    [
        ("1", "hang up: chosen", {"last4": "4242"}),
        ("2", "hang up: chosen", {"last4": "0005"}),
        ("3", "ask: choose wrong 1", None),
        ("0", "dial: connecting", None),
        ("9", "ask: choose", None),
        ("*", "ask: choose", None),
    ],
)
def test_a_choice_is_kept(key: str, heard: str, card: object) -> None:
    caller = Caller(flows(CHOICES), {"list": CARDS})
    assert caller.plays("start", key) == heard
    assert caller.call.values.get("card") == card


def test_no_choices_are_wrong_keys_and_no_more() -> None:
    assert Caller(flows(CHOICES), {"list": Done("listed", {"cards": ()})}).plays("start", "1") == "ask: choose wrong 1"


ACTIONS = """
menu:
  menu: menu
  keys:
    1: find
    2: slow
    3: circle
find:
  do: find
  outcomes:
    found: {say: found, next: menu, sets: {seen: once}}
    none: other
other:
  do: other
  outcomes:
    done: {say: other, next: menu}
slow:
  do: slow
  say: one_moment
  outcomes:
    done: {say: finished, next: menu}
    waiting: slow
circle:
  do: other
  outcomes:
    done: circle
"""
ACTION_CASES: dict[str, tuple[list[str], Outcomes, str]] = {
    "an outcome leads on": (["start", "1"], {"find": "found"}, "ask: found, menu"),
    "one action after another": (["start", "1"], {"find": "none", "other": "done"}, "ask: other, menu"),
    "with words first it answers and acts in a turn of its own": (["start", "2"], {}, "go on: one_moment"),
    "and goes on when the carrier is back": (["start", "2", "."], {"slow": "done"}, "ask: finished, menu"),
    "and may say so again": (["start", "2", "."], {"slow": "waiting"}, "go on: one_moment"),
    "a key pressed meanwhile does not hurt": (["start", "2", "7"], {"slow": "done"}, "ask: finished, menu"),
    "silence meanwhile neither": (["start", "2", "-"], {"slow": "done"}, "ask: finished, menu"),
    "a failure meanwhile comes back to the action": (["start", "2", "failed", "1"], {}, "go on: one_moment"),
}


@pytest.mark.parametrize(("events", "outcomes", "heard"), ACTION_CASES.values(), ids=ACTION_CASES)
def test_an_action_comes_to_an_outcome(events: list[str], outcomes: Outcomes, heard: str) -> None:
    assert Caller(flows(ACTIONS), outcomes).plays(*events) == heard


def test_an_action_stops_the_walk_before_it_is_run() -> None:
    step = advance(flows(ACTIONS), Caller(flows(ACTIONS)).does(Started()).call, Keys(Secret("1")))
    assert (step.action, step.verb) == ("find", None)


def test_values_come_from_actions_ways_and_answers_and_go_when_forgotten() -> None:
    caller = Caller(flows(ACTIONS), {"find": Done("found", {"a": 1, "b": (2, {"c": None})}, forgets=("seen",))})
    caller.plays("start", "1")
    assert dict(caller.call.values) == {"a": 1, "b": (2, {"c": None}), "seen": "once"}
    caller.call = Call("en", caller.call.frames, {**caller.call.values, "x": "y"})
    assert caller.plays("-") == "ask: menu silence 1"
    assert caller.call.values == {"a": 1, "b": [2, {"c": None}], "seen": "once", "x": "y"}


def test_after_an_action_that_keeps_some_values_there_are_no_others() -> None:
    caller = Caller(flows(ACTIONS), {"find": Done("found", {"a": 1}, keeps=frozenset({"x", "never"}))})
    caller.plays("start")
    caller.call = Call("en", caller.call.frames, {"x": "y", "z": 0})
    caller.plays("1")
    assert dict(caller.call.values) == {"a": 1, "x": "y", "seen": "once"}


def test_a_turn_knows_its_way() -> None:
    caller = Caller(flows(ACTIONS), {"find": "none", "other": "done"})
    caller.plays("start")
    caller.steps.clear()
    caller.plays("1")
    trail = [(trace_step.state, trace_step.branch) for step in caller.steps for trace_step in step.trace]
    assert trail == [("menu", "1"), ("find", "none"), ("other", "done"), ("menu", "")]


@pytest.mark.parametrize(
    ("event", "branch"), [("-", "silence"), ("8", "wrong"), ("*", "*"), ("0", "0")], ids=["silence", "wrong", "*", "0"]
)
def test_what_is_not_an_answer_is_on_the_trail_too(event: str, branch: str) -> None:
    caller = Caller(flows(ACTIONS))
    caller.plays("start", event)
    assert caller.steps[-1].trace[0] == TraceStep("main", "menu", branch)


LANGUAGE = """
language:
  menu: language
  every_language: true
  keys:
    1: {next: hello, sets: {language: en}}
    2: {next: hello, sets: {language: es}}
hello:
  say: hello
  next: menu
menu:
  menu: menu
  keys:
    1: both
    2: find
    3: others
others:
  say: others
  other_languages: true
  next: menu
both:
  say: both
  every_language: true
  next: menu
find:
  do: find
  outcomes:
    found: menu
"""
LANGUAGE_CASES = {
    "a menu in every language, the call's own first": (["start"], "ask: language, language (es)"),
    "a wrong key too": (["start", "8"], "ask: language wrong 1, language wrong 1 (es)"),
    "a key sets the language from then on": (["start", "2"], "ask: hello (es), menu (es)"),
    "and the other": (["start", "1"], "ask: hello, menu"),
    "words in every language": (["start", "2", "1"], "ask: both (es), both, menu (es)"),
    "words in every language but the caller's": (["start", "2", "3"], "ask: others, menu (es)"),
    "an action can set the language": (["start", "1", "2"], "ask: menu (es)"),
}


@pytest.mark.parametrize(("events", "heard"), LANGUAGE_CASES.values(), ids=LANGUAGE_CASES)
def test_a_call_is_in_a_language(events: list[str], heard: str) -> None:
    made = flows(LANGUAGE, languages=("en", "es"))
    assert Caller(made, {"find": Done("found", {"language": "es"})}).plays(*events) == heard


def test_star_repeats_what_was_said_before_the_question_too() -> None:
    caller = Caller(flows(NUMBER))
    assert caller.plays("start", "123", "9", "*") == "ask: said, pin"
    assert caller.plays("*") == "ask: said, pin"


CARD = """
card:
  ask: card
  digits: {min: 2, max: 19}
  save: card_number
  card: true
  next: check
check:
  do: check
  outcomes:
    good: bye
bye:
  hang_up: bye
"""


def test_card_digits_are_held_for_one_turn_and_never_stored() -> None:
    made = flows(CARD)
    asked = advance(made, Call("en"), Started())
    step = advance(made, asked.call, Keys(Secret("4242424242424242#")))
    assert step.call.transient_secrets["card_number"].reveal() == "4242424242424242"
    assert "4242" not in f"{step.call.to_json()} {step!r}"
    assert Call.from_json(step.call.to_json()).transient_secrets == {}


def test_stars_are_digits_where_a_question_takes_them() -> None:
    made = flows("spell:\n  ask: spell\n  digits: {min: 1, max: 9}\n  save: keyed\n  stars: true\n  next: bye\n" + BYE)
    caller = Caller(made)
    assert caller.plays("start", "23*4#") == "hang up: bye"
    assert caller.call.values["keyed"] == "23*4"


BYE = "bye:\n  hang_up: bye\n"

FLOW_ERRORS = {
    "states that lead to each other": (
        "a:\n  say: a\n  next: b\nb:\n  say: b\n  next: a\n",
        SUB,
        'flow "main" goes round in circles at "',
    ),
    "flows that run each other": (
        "a:\n  run: sub\n  ends: {done: a}\n",
        "flow: sub\nstart: a\nstates:\n  a:\n    run: main\n    ends: {}\n",
        'goes round in circles at "a"',
    ),
    "an outcome nobody handles": (
        "a:\n  do: find\n  outcomes:\n    none: a\n",
        SUB,
        'flows/main.yaml:4:3: state "a" does not handle the outcome "found"',
    ),
}


@pytest.mark.parametrize(("main", "sub", "message"), FLOW_ERRORS.values(), ids=FLOW_ERRORS)
def test_a_flow_that_cannot_go_on_is_an_error_and_no_endless_walk(main: str, sub: str, message: str) -> None:
    with pytest.raises(FlowError, match=re.escape(message)):
        Caller(flows(main, sub=sub), {"find": "found"}).plays("start")


def test_an_outcome_without_an_action_is_an_error() -> None:
    step = Caller(flows(MENU)).does(Started())
    with pytest.raises(FlowError, match='state "menu" does not handle the outcome "found"'):
        advance(flows(MENU), step.call, Done("found"))
