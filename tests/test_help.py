"""Help by star twice: it opens at every question, leads back to the very same, and changes how the line speaks and waits."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace

import pytest
from demo_line import IDENTIFIED, VERSION, DemoLine
from flow_lines import LINE, Caller, flow_files, flows
from hearing import hears

from ivr.errors import Report
from ivr.flow.call import Call, Done, Event, Frame, Keys, Silence, Step
from ivr.flow.definition import Flows
from ivr.flow.graph import Graph, GraphState
from ivr.flow.interpreter import advance
from ivr.flow.loader import read_flows
from ivr.flow.tempo import LONGEST_WAIT, Tempo
from ivr.flow.verbs import Gather, Speak
from ivr.keypad import STAR_AGAIN
from ivr.line.actions.help import LONGER, SLOWER
from ivr.phone.handset import Handset, Waiting
from ivr.secret import Secret

# At every question of the line


def questions() -> Iterator[GraphState]:
    """Yield each question of the line once, those of flows that break in apart."""
    graph, seen = Graph(VERSION.flows), set()
    for node, state in graph.states.items():
        if state.is_question and node.name not in seen and not any(frame.interrupting for frame in stack(node)):
            seen.add(node.name)
            yield node


def stack(node: GraphState | None) -> list[GraphState]:
    """Return the states below one another, the first flow's first."""
    return [*stack(node.below), node] if node else []


QUESTIONS = {node.name: node for node in questions()}
OWN_STAR = {"address.house", "spelling.letters", "spelling.rest"}
"""The questions whose answers have stars in them."""
TOLD = (Speak("main.goodbye", "en", {}), Speak("person.nobody", "es", {}))


OUTCOMES = {"speak_slower": "slower", "wait_longer": "longer", "compare_settings": "same"}


def asked(node: GraphState, language: str) -> Call:
    """Return a call at a question, with words that led to it, and one silence already."""
    frames = [Frame(one.flow, one.state, interrupting=one.interrupting) for one in stack(node)]
    frames[-1] = replace(frames[-1], counts={f"{node.state}.silence": 1})
    return Call(language, tuple(frames), {"count": 3, "member_id": 7}, TOLD[1:], heard=TOLD[:1])


def stored(call: Call) -> Call:
    return Call.from_json(json.loads(json.dumps(call.to_json())))


def after(call: Call, *events: Event) -> Step:
    for event in events:
        step = advance(VERSION.flows, stored(call), event)
        while step.action:
            step = advance(VERSION.flows, step.call, Done(OUTCOMES[step.action]))
        call = step.call
    return step


def key(keys: str) -> Keys:
    return Keys(Secret(keys))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", sorted(QUESTIONS.keys() - OWN_STAR))
def test_star_twice_opens_help_which_leads_back_to_the_same_question(name: str, language: str) -> None:
    call, ends = asked(QUESTIONS[name], language), "" if VERSION.flows.state(*name.split(".")).one_key else "#"
    repeated = after(call, key(f"*{ends}"))
    assert isinstance(repeated.verb, Gather)
    offered = [speak for speak in repeated.verb.words if speak.prompt == "help.offer"]
    assert offered
    assert repeated.verb.words[:2] == TOLD
    opened = after(repeated.call, key(f"*{ends}"))
    assert [frame.flow for frame in opened.call.frames][-2:] == [name.split(".")[0], "help"]
    for events in ((key("#"),), (Silence(), Silence()), (key("1"), key("2"), key("#")), (key("8"), key("8"), key("8"))):
        back = after(opened.call, *events)
        assert back.call.frames == call.frames
        assert back.call.values == call.values
        assert isinstance(back.verb, Gather)
        said = tuple(speak for speak in back.verb.words if not speak.prompt.startswith("give_up."))
        assert said == tuple(speak for speak in repeated.verb.words if speak not in offered)
        assert (back.verb.most, back.verb.next_key) == (repeated.verb.most, repeated.verb.next_key)
        again = after(back.call, key(f"*{ends}"))
        assert again.verb is not None
        assert again.verb.words[-1].prompt == "help.offer", "the next star only repeats"


def test_only_questions_with_stars_in_their_answers_have_no_help() -> None:
    shared = {name: VERSION.flows.state(*name.split(".")).shared_keys(VERSION.flows.line) for name in QUESTIONS}
    assert {name for name, keys in shared.items() if STAR_AGAIN not in keys} == OWN_STAR


# In flows of any kind

HELPED = LINE.replace("star: repeat", "star: repeat, star_again: help")
HELP = """
flow: help
start: choose
states:
  choose:
    menu: choose
    keys:
      1: slower
      2: {next: choose, sets: {language: es}}
      pound: {end: back}
  slower:
    do: slower
    outcomes:
      slower: choose
"""
MAIN = """
hello:
  say: hello
  next: menu
menu:
  menu: menu
  keys:
    1: number
    2: wait
    3: own_star
number:
  ask: number
  digits: {min: 2, max: 5}
  save: number
  next: {say: taken, next: rest}
rest:
  ask: rest
  digits: {exactly: 2}
  quiet: true
  save: rest
  next: menu
wait:
  do: pay
  say: one_moment
  outcomes:
    noted: {say: note, next: wait}
    paid: {say: paid, next: menu}
own_star:
  menu: own_star
  keys:
    star: {say: own, next: own_star}
"""
CASES = {
    "star repeats, and tells of help": (["start", "*"], "ask: hello, menu, help.offer"),
    "star again opens help": (["start", "*", "*"], "ask: choose"),
    "both at once, too": (["start", "1", "**#"], "ask: choose"),
    "it leads back with what was told": (["start", "*", "*", "#"], "ask: hello, menu"),
    "it repeats itself": (["start", "*", "*", "*"], "ask: choose, help.offer"),
    "and begins anew": (["start", "*", "*", "*", "*"], "ask: choose"),
    "from there, too, it leads back": (["start", "*", "*", "*", "*", "#"], "ask: hello, menu"),
    "silence comes between two stars": (["start", "*", "-", "*"], "ask: hello, menu, help.offer"),
    "so does a wrong key": (["start", "*", "8", "*"], "ask: hello, menu, help.offer"),
    "and another question": (["start", "*", "1", "*#"], "ask: number, help.offer"),
    "a pound by habit does not": (["start", "*", "#!", "*"], "ask: choose"),
    "star clears a number first": (["start", "1", "12*#", "*#"], "ask: choose"),
    "digits come between two stars": (["start", "1", "*#", "12*#"], "ask: number, help.offer"),
    "stars apart in one entry are one": (["start", "1", "1*2*#"], "ask: number, help.offer"),
    "a menu keeps a star of its own": (["start", "3", "*", "*"], "ask: own, own_star"),
    "what failed leads back, too": (["start", "*", "*", "failed", "1"], "ask: hello, menu"),
    "no star before a failure counts after it": (["start", "*", "failed", "*"], "ask: sorry, help.offer"),
    "a person leads back, too": (["start", "*", "*", "0", "no_answer"], "ask: no_answer, hello, menu"),
    "another language says all of it": (["start", "*", "*", "2", "#"], "ask: hello (es), menu (es)"),
    "a quiet question is asked aloud": (["start", "1", "123", "*#"], "ask: taken, rest, help.offer"),
    "also after help": (["start", "1", "123", "**#", "#"], "ask: taken, rest"),
    "what was told before others were asked is repeated": (
        ["start", "2", ".", ".", ".", "*"],
        "ask: note, paid, menu, help.offer",
    ),
    "but not for a wrong key, which cannot have cut it short": (
        ["start", "2", ".", ".", ".", "8"],
        "ask: paid, menu wrong 1",
    ),
    "and not after the next answer": (["start", "2", ".", ".", ".", "1", "*#"], "ask: number, help.offer"),
}


@pytest.mark.parametrize(("events", "heard"), CASES.values(), ids=CASES)
def test_star_again(events: list[str], heard: str) -> None:
    loaded = helped()
    assert Caller(loaded, {"pay": ["noted", "noted", "paid"], "slower": "slower"}).plays(*events) == heard


def helped() -> Flows:
    report = Report()
    line, built = read_flows(flow_files(MAIN, HELPED, help=HELP), report)
    report.raise_if_any()
    return Flows(line, built, flows(MAIN).prompt_values, ("en", "es"))


def test_an_older_line_without_help_repeats_at_each_star() -> None:
    assert Caller(flows(MAIN)).plays("start", "*", "*", "*") == "ask: hello, menu"
    assert Caller(flows(MAIN)).plays("start", "1", "**#") == "ask: number"


@pytest.mark.parametrize(("waits", "first", "following"), [(None, 6, 4), (150, 9, 6), (200, 12, 8), (4000, 60, 60)])
def test_waits_are_as_long_as_was_asked_for(waits: int | None, first: int, following: int) -> None:
    caller = Caller(helped(), {"slower": Done("slower", own_tempo=Tempo(waits=waits))})
    caller.plays("start", "*", "*", "1", "#")
    verb = caller.steps[-1].verb
    assert isinstance(verb, Gather)
    assert verb.next_key + verb.extra_wait == first
    caller.plays("1")
    verb = caller.steps[-1].verb
    assert isinstance(verb, Gather)
    assert verb.next_key == following <= LONGEST_WAIT


def test_what_the_caller_left_open_is_as_the_member_likes_it() -> None:
    call = Call("en", own_tempo=Tempo(85), members_tempo=Tempo(70, 150))
    assert stored(call) == call
    assert call.tempo == Tempo(85, 150)


# On the line


def rates(body: str) -> set[str | None]:
    """Return the rates at which an answer's words are spoken; None for the usual."""
    says = ET.fromstring(body).iter("Say")  # noqa: S314 - our own answer
    return {prosody.get("rate") if (prosody := say.find("prosody")) is not None else None for say in says}


def body(phone: Handset) -> str:
    return phone.retry().body


def test_slower_speech_holds_for_every_word_from_the_next_on(demo_line: DemoLine) -> None:
    phone, _ = demo_line.call("1")
    assert rates(body(phone)) == {None}
    for slower in (*SLOWER, None):
        phone.press("**1" if slower == SLOWER[0] else "1")
        assert rates(body(phone)) == {f"{slower}%" if slower else None}
    phone.press("1")
    phone.press("#")
    phone.press("1" + IDENTIFIED.removeprefix("11"))
    assert rates(body(phone)) == {f"{SLOWER[0]}%"}
    assert all(prompt.startswith("refill.") for prompt in demo_line.last_prompts)
    assert phone.warnings == phone.errors == []


def test_longer_waits_hold_for_every_question_from_the_next_on(demo_line: DemoLine) -> None:
    phone, heard = demo_line.call("1")
    assert isinstance(heard.waiting, Waiting)
    usual = heard.waiting.gather.timeout
    for longer in (*LONGER, 100):
        heard = phone.press("**2" if longer == LONGER[0] else "2")
        assert isinstance(heard.waiting, Waiting)
        assert heard.waiting.gather.timeout == usual * longer // 100


REMEMBERED = {
    "the usual": ((None, None), "", (None, None)),
    "what is on file": ((85, 150), "", (85, 150)),
    "this call's own choice comes first": ((85, 150), "**1122#", (70, 200)),
    "also for the usual": ((85, 150), "**111#", (100, 150)),
    "what no voice can do is taken for the nearest": ((1, 30_000), "", (50, 400)),
}


@pytest.mark.parametrize(("on_file", "keys", "tempo"), REMEMBERED.values(), ids=REMEMBERED)
def test_what_is_on_file_holds_once_the_member_is_known(
    demo_line: DemoLine, on_file: tuple[int | None, int | None], keys: str, tempo: tuple[int | None, int | None]
) -> None:
    rate, waits = on_file
    demo_line.run(
        "UPDATE member SET speech_rate = :rate, waits = :waits WHERE member_number = '41200017'", rate=rate, waits=waits
    )
    phone, _ = demo_line.call("1")
    for one in keys:
        phone.press(one)
    phone.press("141200017#")
    assert demo_line.turns[-1].call.tempo.speech_rate == (None if not keys else tempo[0])
    phone.press("94550")
    assert demo_line.turns[-1].call.tempo == Tempo(*tempo)
    assert "sorry.again" not in demo_line.prompts


def test_nothing_of_a_member_is_heard_in_the_tempo_before_the_third_proof_that_is_owed(demo_line: DemoLine) -> None:
    demo_line.run("UPDATE member SET speech_rate = 70 WHERE member_number = '41200017'")
    demo_line.breaks("guessing")
    phone, _ = demo_line.call(IDENTIFIED)
    assert demo_line.last_prompts[-1].startswith("proof.")
    assert rates(body(phone)) == {None}
    for one in ("*#", "*#", "1", "#"):
        phone.press(one)
    assert demo_line.last_prompts[-1].startswith("proof."), "nothing is kept for whom is not known yet"
    for one in ("**#", "1", "1", "#", "7304112#"):
        phone.press(one)
    assert demo_line.turns[-1].call.tempo == Tempo(100, None)


def test_what_is_remembered_is_told_and_asked_once_and_written_with_the_yes_alone(demo_line: DemoLine) -> None:
    def on_file() -> list[tuple[object, ...]]:
        return demo_line.rows("SELECT language, speech_rate, waits FROM member WHERE member_number = '41200017'")

    def press(keys: str) -> str:
        return [phone.press(one) for one in keys][-1].text

    phone, _ = demo_line.call("2" + IDENTIFIED.removeprefix("1"))
    question = demo_line.last_prompts[-1]
    press("**#")
    assert demo_line.last_prompts[-1] == question, "nothing was changed"
    heard = press("**1#")
    assert [hears(heard, f"help.next_{name}", "es") for name in ("language", "slower", "longer")] == [
        True,
        True,
        False,
    ]
    assert on_file() == [("en", None, None)]
    phone.press("8")
    assert on_file() == [("es", SLOWER[0], None)]
    press("**#")
    assert demo_line.last_prompts[-1] == question
    heard = press("**11#")
    assert hears(heard, "help.next_usual_speech", "es")
    phone.press("8")
    assert on_file() == [("es", None, None)]
