"""What changed between two versions, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from demo_line import VERSION

from ivr.errors import Report
from ivr.flow import build_flows
from ivr.flow.changes import changes
from ivr.flow.definition import Flows
from ivr.prompts import Catalogues, load_prompts

LINE = """
start: main
menu_keys: {star: repeat, 0: person}
ask_keys: {star: repeat}
too_many: person
too_long: person
failed: person
limits: {silence: 3, wrong: 3, first_key: 6, next_key: 4}
longest_call: 1800
most_actions: 50
languages: {default: en}
"""
MAIN = """
flow: main
start: menu
states:
  menu:
    menu: main.menu
    keys:
      1: number
      2: {end: orders}
      3: {say: main.bye, end: bye}
  number:
    ask: main.number
    digits: {min: 7, max: 12}
    save: number
    next: look
  look:
    do: look_up
    outcomes:
      found: menu
      lost: {next: number, counts: number}
"""
WORDS = """
menu:
  say: For refills, press one. For an order, press two. To finish, press three.
  silence: [Please press a key.]
  wrong: [That is no key.]
number: {say: "Key in the number, then pound.", silence: ["The number?"], wrong: [Not a number.]}
bye: Thank you for calling {pharmacy}. Goodbye.
total: Your total is {total:money}.
count: {by: n, one: "One order.", other: "{n:number} orders."}
"""
WORTE = WORDS.replace("For refills", "Para resurtir").replace("press one", "oprima uno")
HEAD = "language: {}-US\nvoice: Polly\nnames: {{pharmacy: Meadowlark Pharmacy}}\n"


@dataclass(frozen=True)
class Edited:
    """A version as far as it can be built; one that would be refused can be compared all the same."""

    flows: Flows
    catalogues: Catalogues


def version(main: str = MAIN, words: str = WORDS, *, line: str = LINE, head: str = HEAD, es: str = WORTE) -> Edited:
    flows = {
        "line.yaml": line,
        "main.yaml": main,
        "person.yaml": "flow: person\nstart: x\nstates: {x: {hang_up: main.bye}}",
    }
    prompts = {"en/main.yaml": words, "es/main.yaml": es}
    heads = {"en/catalogue.yaml": head.format("en"), "es/catalogue.yaml": HEAD.format("es")}
    catalogues = load_prompts(prompts | heads, Report())
    built = build_flows(flows, catalogues, Report())
    assert built is not None
    return Edited(built, catalogues)


FLOW_CASES: Mapping[str, tuple[str, str, list[str]]] = {
    "two keys changed places": (
        "1: number\n      2: {end: orders}",
        "2: number\n      1: {end: orders}",
        ['main menu: "For refills" is key 2 now, was 1', 'main menu: "For an order" is key 1 now, was 2'],
    ),
    "a key moved": (
        "      1: number\n",
        "      4: number\n",
        ['main menu: "For refills" is key 4 now, was 1'],
    ),
    "a key is new": (
        "      2: {end: orders}",
        "      2: {end: orders}\n      7: look",
        ['main menu: key 7 is new: to "look"'],
    ),
    "a key is gone": (
        "      2: {end: orders}\n",
        "",
        ['main menu: key 2 is gone; it was to the end "orders"'],
    ),
    "a key leads elsewhere": (
        "2: {end: orders}",
        "2: look",
        ['main menu: key 2: to "look" now, was to the end "orders"'],
    ),
    "nothing is said on the way any more": (
        "{say: main.bye, end: bye}",
        "{end: bye}",
        ['main menu: key 3: to the end "bye" now, was to the end "bye", saying main.bye'],
    ),
    "a value is set and the order confirmed": (
        "2: {end: orders}",
        "2: {end: orders, sets: {language: es}, confirms: true}",
        [
            'main menu: key 2: to the end "orders", with language es, which is the caller\'s yes now, was to the end "orders"'
        ],
    ),
    "fewer digits": ("max: 12", "max: 10", ["main number: the answer: 7 to 10 digits now, was 7 to 12 digits"]),
    "secret": ("    save: number\n", "    save: number\n    secret: true\n", ["main number: secrecy is new: secret"]),
    "more patience": (
        "    save: number\n",
        "    save: number\n    limits: {wrong: 5, next_key: 9}\n",
        [
            "main number: tries with a wrong key: 5 now, was 3",
            "main number: the wait for the next key: 9 seconds now, was 4",
        ],
    ),
    "an outcome leads elsewhere": (
        "found: menu",
        "found: number",
        ['main look: outcome "found": to "number" now, was to "menu"'],
    ),
    "a state is renamed": (
        "  look:\n",
        "  search:\n",
        ["main look: this action is gone", "main search: this action is new"],
    ),
    "a state does something else": (
        "    do: look_up\n    outcomes:\n      found: menu\n      lost: {next: number, counts: number}\n",
        "    say: main.bye\n    next: menu\n",
        ["main look: is a message now, was an action"],
    ),
    "another start": ("start: menu", "start: number", ["main: starts at number now, was menu"]),
    "another name for the flow": (
        "flow: main",
        "flow: first",
        ['flow "first" is new, with 3 states', 'flow "main" is gone'],
    ),
    "a comment": ("states:", "# the states\nstates:", []),
}


@pytest.mark.parametrize(("old", "new", "told"), FLOW_CASES.values(), ids=FLOW_CASES)
def test_flows_are_compared_in_words(old: str, new: str, told: list[str]) -> None:
    assert old in MAIN
    assert list(changes(version(), version(MAIN.replace(old, new)))) == told


LINE_CASES = {
    "a limit": ("first_key: 6", "first_key: 8", "whole line: the wait for the first key: 8 seconds now, was 6"),
    "a universal key": ("0: person", "0: other", "whole line: menu keys, 0: other now, was person"),
    "a universal key gone": (", 0: person", "", "whole line: menu keys, 0: nothing now, was person"),
    "the longest call": ("1800", "900", "whole line: longest call: 900 now, was 1800"),
    "a number's language": ("default: en", "default: es", "whole line: languages, default: es now, was en"),
}


@pytest.mark.parametrize(("old", "new", "told"), LINE_CASES.values(), ids=LINE_CASES)
def test_what_holds_for_the_whole_line_is_compared(old: str, new: str, told: str) -> None:
    assert told in changes(version(), version(line=LINE.replace(old, new)))


WORD_CASES: Mapping[str, tuple[str, str, list[str]]] = {
    "a sentence": (
        "Goodbye.",
        "Take care.",
        [
            'en: main.bye: says "… calling Meadowlark Pharmacy. Take care." now, was "… calling Meadowlark Pharmacy. Goodbye."'
        ],
    ),
    "in the middle": (
        "For an order, press two.",
        "About an order, press two.",
        [
            'en: main.menu: says "For refills, press one. About an order, press …" now, was "For refills, press one. For an order, press …"'
        ],
    ),
    "after a silence": (
        "Please press a key.",
        "Please press any key.",
        ['en: main.menu, after silence: says "Please press any key." now, was "Please press a key."'],
    ),
    "one more try": (
        "[That is no key.]",
        "[That is no key., Press one.]",
        ['en: main.menu, after a wrong key, try 2: says "Press one.", and said nothing before'],
    ),
    "one try less": (
        "wrong: [Not a number.]",
        "wrong: []",
        ['en: main.number, after a wrong key: no longer says "Not a number."'],
    ),
    "a value's kind": (
        "{total:money}",
        "{total:number}",
        ['en: main.total: says "Your total is {total:number}." now, was "Your total is {total:money}."'],
    ),
    "a plural form": (
        "One order.",
        "An order.",
        ['en: main.count, "one" n: says "An order." now, was "One order."'],
    ),
    "a prompt is new": (
        "bye: Thank",
        "hello: Hello.\nbye: Thank",
        ["en: 1 prompt new: main.hello", "es: 1 prompt missing: main.hello"],
    ),
    "a prompt is gone": (
        "total: Your total is {total:money}.\n",
        "",
        ["en: 1 prompt gone: main.total", "en: 1 prompt missing: main.total"],
    ),
    "nothing but layout": ("Thank you for", "Thank  you   for", []),
}


@pytest.mark.parametrize(("old", "new", "told"), WORD_CASES.values(), ids=WORD_CASES)
def test_words_are_compared_in_words(old: str, new: str, told: list[str]) -> None:
    assert old in WORDS
    assert list(changes(version(), version(words=WORDS.replace(old, new)))) == told


def test_the_same_change_in_many_prompts_is_told_once() -> None:
    many = "\n".join(f"p{number}: Press {number}, then pound the key." for number in range(8))
    told = changes(version(words=many), version(words=many.replace("pound", "hash")))
    assert told[0] == (
        'en: "hash" now, was "pound", in 8 prompts: main.p0, main.p1, main.p2, main.p3, main.p4, main.p5 and 2 more'
    )


def test_another_voice_is_told() -> None:
    told = changes(version(), version(head=HEAD.replace("Polly", "Amy")))
    assert told == ("en: the voice is Amy now, was Polly",)


def test_a_version_does_not_differ_from_itself() -> None:
    assert changes(VERSION, VERSION) == ()
