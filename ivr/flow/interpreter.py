"""How a call moves through the flow: `advance(flows, call, event) -> Step`, a pure function.

It goes on until the caller is needed (a verb) or the outside world is (an action, whose outcome is fed back as
`Done`). A way that never comes to either is a broken flow and raises FlowError. What happens in a state is its own
kind's to say, in `states`; here is what they all share: words, values, the flows that run one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ivr.errors import IvrError
from ivr.flow import verbs
from ivr.flow.call import Call, Done, Event, Failed, Frame, Started, Step, TooLong, Visit
from ivr.flow.definition import Flows
from ivr.flow.parts import PERSON_OFFER, PERSON_OFFERS, Line, Target
from ivr.flow.states.base import State
from ivr.flow.verbs import Speak, Variant
from ivr.prompts import phrase
from ivr.prompts.spoken import Value

_MOST_STATES = 200


class FlowError(IvrError):
    """A flow that cannot go on: it goes round in circles, or an action came to an outcome nobody handles."""


def advance(flows: Flows, call: Call, event: Event) -> Step:
    """Move a call on by one event."""
    interpreter = Interpreter(flows, call)
    interpreter.take(event)
    return Step(interpreter.call(), interpreter.verb, interpreter.action, tuple(interpreter.trail))


def said(flows: Flows, call: Call) -> verbs.Verb | None:
    """Return what the state that a call has come to says by itself; None where that is nothing.

    So every state can be heard without a call that comes to it.
    """
    alone = _Alone(flows, call)
    alone.state.enter(alone)
    return alone.verb


class Interpreter:
    """Moves one call on by one event; mutable, and gone when `advance` returns. States see it as a `LiveCall`."""

    def __init__(self, flows: Flows, call: Call) -> None:
        self.flows = flows
        self.language = call.language
        self.frames = list(call.frames)
        self.values = dict(call.values)
        self.held = dict(call.held)
        self.words = list(call.words)
        self.has_person = call.has_person
        self.after_keys = call.after_keys
        self.after_zero = call.after_zero
        self.trail: list[Visit] = []
        self.verb: verbs.Verb | None = None
        self.action: str | None = None

    def call(self) -> Call:
        """Return the call as it stands now."""
        return Call(
            self.language,
            tuple(self.frames),
            self.values,
            tuple(self.words),
            self.after_keys,
            self.after_zero,
            has_person=self.has_person,
            held=self.held,
        )

    @property
    def line(self) -> Line:
        """What holds for the whole line."""
        return self.flows.line

    @property
    def state(self) -> State:
        """The state that the call has come to."""
        return self.flows.state(self.frames[-1].flow, self.frames[-1].state)

    def take(self, event: Event) -> None:
        """Do what follows on an event."""
        match event:
            case Started():
                self.begin(self.line.start)
            case TooLong() | Failed():
                self.words = []
                self.interrupt(self.line.too_long if isinstance(event, TooLong) else self.line.failed)
            case Done() if not self.state.action or event.outcome not in self.state.outcomes:
                where = f'{self.state.place}: state "{self.state.name}"'
                raise FlowError(f'{where} does not handle the outcome "{event.outcome}"')
            case _:
                self.state.take(event, self)

    # Moving on

    def begin(self, flow: str, *, interrupting: bool = False) -> None:
        """Run a flow on top of what runs now."""
        start = self.flows.flows[flow].start
        self.frames.append(Frame(flow, start, interrupting=interrupting))
        self.state.enter(self)

    def interrupt(self, flow: str) -> None:
        """Break into the question at hand; an interruption that is under way gives way, with all it had run."""
        under_way = [position for position, frame in enumerate(self.frames) if frame.interrupting and position]
        if under_way:
            del self.frames[under_way[0] :]
        self.begin(flow, interrupting=True)

    def leave(self, state: State, label: str, target: Target) -> None:
        """Go where a transition of a state leads."""
        self.visit(state, label)
        if target.say:
            self.words.append(self.speak(target.say))
        self.values.update(target.sets)
        self.language = target.sets.get("language", self.language)
        if target.end:
            self._end(target.end)
        elif target.counts and self._is_missed(target.counts):
            if not self.words and (because := self.line.gives_up.get("wrong")):
                self.words = [self.speak(because)]
            self.give_up(self.flows.state(self.frames[-1].flow, target.counts))
        else:
            self._go(target)

    def count(self, question: str, kind: str) -> int:
        """Count a try and return how many there were."""
        frame = self.frames[-1]
        tries = frame.counts.get(f"{question}.{kind}", 0) + 1
        self.frames[-1] = replace(frame, counts={**frame.counts, f"{question}.{kind}": tries})
        return tries

    def give_up(self, question: State) -> None:
        """Leave a question that was missed too often; the words that say why are there already."""
        if question.too_many:
            self.leave(question, "too_many", question.too_many)
        else:
            self.trail.append(Visit(self.frames[-1].flow, question.name, "too_many"))
            self.interrupt(self.line.too_many)

    def act(self, action: str) -> None:
        """Have an action run; what it comes to is taken by the same state."""
        self.action = action

    def close(self, state: State, verb: verbs.Verb) -> None:
        """End the turn in a state."""
        self.verb = verb
        self.trail.append(Visit(self.frames[-1].flow, state.name))

    def visit(self, state: State, label: str = "") -> None:
        """Note that a call came through a state, and how it was left."""
        self.trail.append(Visit(self.frames[-1].flow, state.name, label))
        if len(self.trail) > _MOST_STATES:
            raise FlowError(f'flow "{self.frames[-1].flow}" goes round in circles at "{state.name}"')

    def _is_missed(self, name: str) -> bool:
        """Count a wrong try at a question, and tell whether it was the last."""
        tries = self.count(name, "missed")
        question = self.flows.state(self.frames[-1].flow, name)
        if question.limits is None:
            raise FlowError(f'{question.place}: "{name}" is counted as a question, but asks nothing')
        return tries >= question.limits.wrong

    def _go(self, target: Target) -> None:
        frame = self.frames[-1]
        counts = frame.counts
        if counts and target.counts != target.state:  # coming anew: a question's counts begin anew
            counts = {name: tries for name, tries in counts.items() if name.rpartition(".")[0] != target.state}
        self.frames[-1] = Frame(frame.flow, target.state, counts, frame.interrupting)
        self.state.enter(self)

    def _end(self, end: str) -> None:
        ended = self.frames.pop()
        below = self.state
        if ended.interrupting:
            below.enter(self)
        elif below.runs:
            self.leave(below, end, below.outcomes[end])
        else:
            raise FlowError(f'{below.place}: flow "{ended.flow}" ended, but "{below.name}" did not run it')

    # Words

    def languages(self, *, every_language: bool) -> list[str]:
        """Return the languages to speak in, the caller's first."""
        others = sorted(set(self.flows.languages) - {self.language}) if every_language else []
        return [self.language, *others]

    def speak(
        self,
        prompt: str,
        variant: Variant = "say",
        tries: int = 1,
        language: str = "",
        extra: Mapping[str, Value] | None = None,
    ) -> Speak:
        """Return words to speak, with the values that they need; in the call's language unless told."""
        known = {**self.values, **(extra or {}), **self._person()}
        values = {name: known[name] for name in self.flows.prompt_values[prompt] if name in known}
        return Speak(prompt, language or self.language, values, variant, tries)

    def _person(self) -> dict[str, Value]:
        return {PERSON_OFFER: phrase(PERSON_OFFERS["menu"]) if self.has_person else ()}


class _Alone(Interpreter):
    """Enters one state and goes nowhere from there."""

    def begin(self, flow: str, *, interrupting: bool = False) -> None:
        """Run nothing."""

    def leave(self, state: State, label: str, target: Target) -> None:  # noqa: ARG002 - it goes nowhere
        """Stay, with what was said."""
        self.close(state, verbs.GoOn(tuple(self.words)))
