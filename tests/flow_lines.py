"""Flows for tests, from the text of their YAML, and calls played through them event by event."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ivr.errors import Report
from ivr.flow.call import Call, Dialled, Done, Event, Failed, Keys, Resumed, Silence, Started, Step, TooLong
from ivr.flow.definition import Flows
from ivr.flow.interpreter import advance
from ivr.flow.loader import read_flows
from ivr.flow.verbs import Dial, Gather, GoOn, HangUp, Speak, Verb
from ivr.secret import Secret

LINE = """\
start: main
menu_keys: {star: repeat, 0: person}
ask_keys: {star: repeat, 0: person}
too_many: give_up
too_long: too_long
failed: sorry
limits: {silence: 3, wrong: 3, first_key: 6, next_key: 4}
longest_call: 1800
most_actions: 50
"""
INTERRUPTIONS = {
    "person.yaml": """\
flow: person
start: connect
states:
  connect:
    transfer: connecting
    outcomes:
      nobody: {say: nobody, end: back}
      no_answer: {say: no_answer, end: back}
""",
    "give_up.yaml": "flow: give_up\nstart: bye\nstates:\n  bye:\n    hang_up: gave_up\n",
    "too_long.yaml": "flow: too_long\nstart: bye\nstates:\n  bye:\n    hang_up: too_long\n",
    "sorry.yaml": """\
flow: sorry
start: again
states:
  again:
    menu: sorry
    keys:
      1: {end: back}
""",
}

EVENTS: Mapping[str, Event] = {
    "start": Started(),
    "-": Silence(),
    ".": Resumed(),
    "answered": Dialled("answered"),
    "no_answer": Dialled("no_answer"),
    "nobody": Dialled("nobody"),
    "too long": TooLong(),
    "failed": Failed(),
}
"""What can happen, by the word that tests write for it; anything else is keys. With "!" after it, it comes at once."""
AT_ONCE = 0.5


class Spoken(dict[str, frozenset[str]]):
    """Which values each prompt speaks; a prompt that is not told of speaks none."""

    def __missing__(self, name: str) -> frozenset[str]:
        return frozenset()


def flow_files(main: str, line: str = LINE, **others: str) -> dict[str, str]:
    """Return the files of a line whose first flow has these states; `others` are whole files by name."""
    start = main.strip().partition(":")[0]
    indented = "".join(f"  {text}\n" for text in main.strip("\n").split("\n"))
    files = {"line.yaml": line, "main.yaml": f"flow: main\nstart: {start}\nstates:\n{indented}", **INTERRUPTIONS}
    return files | {f"{name}.yaml": text for name, text in others.items()}


def flows(
    main: str, speaks: Mapping[str, Iterable[str]] | None = None, languages: tuple[str, ...] = ("en",), **others: str
) -> Flows:
    """Return flows as they are loaded; `speaks` says which values a prompt speaks."""
    report = Report()
    line, built = read_flows(flow_files(main, **others), report)
    report.raise_if_any()
    assert line is not None
    return Flows(line, built, Spoken({name: frozenset(names) for name, names in (speaks or {}).items()}), languages)


Outcome = str | Done
Outcomes = Mapping[str, Iterable[Outcome] | Outcome]


@dataclass
class Caller:
    """A call that is kept as JSON between two turns, and what its actions come to: one after another, or always."""

    flows: Flows
    outcomes: Outcomes = field(default_factory=dict)
    call: Call = field(default_factory=lambda: Call("en"))
    steps: list[Step] = field(default_factory=list)
    acted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._waiting: dict[str, Iterator[Outcome]] = {
            name: iter(given) if not isinstance(given, str | Done) else iter([given] * 99)
            for name, given in self.outcomes.items()
        }

    def does(self, event: Event) -> Step:
        """Go on by one event, actions included; the call is stored and read again before it."""
        step = advance(self.flows, Call.from_json(json.loads(json.dumps(self.call.to_json()))), event)
        while step.action:
            self.acted.append(step.action)
            outcome = next(self._waiting[step.action])
            self.steps.append(step)
            step = advance(self.flows, step.call, outcome if isinstance(outcome, Done) else Done(outcome))
        self.steps.append(step)
        self.call = step.call
        return step

    def plays(self, *events: str) -> str:
        """Go on by events, written as in `EVENTS`, and return the last verb in words."""
        told = ""
        for event in events:
            told = verb_in_words(self.does(event_of(event)).verb)
        return told


def event_of(written: str) -> Event:
    """Return what can happen from what a test writes for it."""
    word = written.removesuffix("!")
    event = EVENTS.get(word, Keys(Secret(word)))
    return replace(event, after=AT_ONCE) if word != written and isinstance(event, Keys | Silence) else event


def verb_in_words(verb: Verb | None) -> str:
    """Write a verb as `ask: welcome, menu silence 2`."""
    names = {Gather: "ask", Dial: "dial", GoOn: "go on", HangUp: "hang up"}
    assert verb is not None
    return f"{names[type(verb)]}: {', '.join(speak_in_words(speak) for speak in verb.words)}".rstrip(" :")


def speak_in_words(speak: Speak) -> str:
    """Write words as their prompt's name, with the try they are for and a language that is not English."""
    variant = "" if speak.variant == "say" else f" {speak.variant} {speak.tries}"
    language = "" if speak.language == "en" else f" ({speak.language})"
    values = "".join(f" {name}={value}" for name, value in sorted(speak.values.items()) if name != "options")
    return f"{speak.prompt}{variant}{values}{language}"
