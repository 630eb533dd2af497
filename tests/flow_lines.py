"""Builds flows for tests from YAML texts, and plays calls through them event by event."""

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
"""Word that tests write -> event; any other word is keys that are pressed. With "!" after it, keys or silence come at
once."""
AT_ONCE = 0.5
"""Seconds since the reply that asked for the keys."""


class Spoken(dict[str, frozenset[str]]):
    """Prompt name -> values that it speaks; unknown prompts speak none."""

    def __missing__(self, name: str) -> frozenset[str]:
        return frozenset()


def flow_files(main: str, line: str = LINE, **others: str) -> dict[str, str]:
    """Return file name -> text for a line with a flow `main`.

    `main` is the YAML of that flow's states, the first of which is its start; `others` are the texts of further files
    by name.
    """
    start = main.strip().partition(":")[0]
    indented = "".join(f"  {text}\n" for text in main.strip("\n").split("\n"))
    files = {"line.yaml": line, "main.yaml": f"flow: main\nstart: {start}\nstates:\n{indented}", **INTERRUPTIONS}
    return files | {f"{name}.yaml": text for name, text in others.items()}


def flows(
    main: str, speaks: Mapping[str, Iterable[str]] | None = None, languages: tuple[str, ...] = ("en",), **others: str
) -> Flows:
    """Return the loaded flows of `flow_files`; `speaks` maps prompt names to the values that they speak."""
    report = Report()
    line, built = read_flows(flow_files(main, **others), report)
    report.raise_if_any()
    assert line is not None
    return Flows(line, built, Spoken({name: frozenset(names) for name, names in (speaks or {}).items()}), languages)


Outcome = str | Done
Outcomes = Mapping[str, Iterable[Outcome] | Outcome]


@dataclass
class Caller:
    """Plays a call, which is stored as JSON between events.

    `outcomes` maps each action to the outcomes that it has one after another, or to the one that it always has. `steps`
    are the steps so far, `acted` the names of the actions that were called.
    """

    flows: Flows
    outcomes: Outcomes = field(default_factory=dict)
    call: Call = field(default_factory=lambda: Call("en"))
    steps: list[Step] = field(default_factory=list)
    acted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._coming_outcomes: dict[str, Iterator[Outcome]] = {
            name: iter([outcomes] * 99) if isinstance(outcomes, str | Done) else iter(outcomes)
            for name, outcomes in self.outcomes.items()
        }

    def does(self, event: Event) -> Step:
        """Advance the call by one event and by the actions that follow, and return the last step."""
        step = advance(self.flows, Call.from_json(json.loads(json.dumps(self.call.to_json()))), event)
        while step.action:
            self.acted.append(step.action)
            outcome = next(self._coming_outcomes[step.action])
            self.steps.append(step)
            step = advance(self.flows, step.call, outcome if isinstance(outcome, Done) else Done(outcome))
        self.steps.append(step)
        self.call = step.call
        return step

    def plays(self, *events: str) -> str:
        """Advance the call by events, written as in `EVENTS`, and return the last verb in words."""
        last_verb = ""
        for event in events:
            last_verb = verb_in_words(self.does(event_of(event)).verb)
        return last_verb


def event_of(written: str) -> Event:
    """Return the event for a word of `EVENTS`, or for keys."""
    word = written.removesuffix("!")
    event = EVENTS.get(word, Keys(Secret(word)))
    return replace(event, after=AT_ONCE) if word != written and isinstance(event, Keys | Silence) else event


def verb_in_words(verb: Verb | None) -> str:
    """Return a verb as text, such as `ask: welcome, menu silence 2`."""
    names = {Gather: "ask", Dial: "dial", GoOn: "go on", HangUp: "hang up"}
    assert verb is not None
    return f"{names[type(verb)]}: {', '.join(speak_in_words(speak) for speak in verb.words)}".rstrip(" :")


def speak_in_words(speak: Speak) -> str:
    """Return what is spoken as text: prompt, try, values and language.

    The try is left out for the first time, and the language where it is English.
    """
    variant = "" if speak.variant == "say" else f" {speak.variant} {speak.tries}"
    language = "" if speak.language == "en" else f" ({speak.language})"
    values = "".join(f" {name}={value}" for name, value in sorted(speak.values.items()) if name != "options")
    return f"{speak.prompt}{variant}{values}{language}"
