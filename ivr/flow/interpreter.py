"""Advances a call through the flow: `advance(flows, call, event) -> Step`, a pure function.

It goes on until it needs either the caller, and returns a verb, or the outside world, and returns an action whose
outcome is fed back as a `Done` event. A flow that reaches neither is broken and raises FlowError. What happens within a
state is in `states`, one module for each kind; this module handles what leads from one state to the next.
"""

from __future__ import annotations

from collections.abc import Sequence

from ivr.errors import IvrError
from ivr.flow.call import Call, Done, Event, Failed, Frame, Started, Step, TooLong
from ivr.flow.definition import Flows
from ivr.flow.live_call import LiveCall
from ivr.flow.parts import Target
from ivr.flow.states import State
from ivr.flow.verbs import GoOn, Speak, Verb

_MOST_STATES = 200
"""The states passed in one step beyond which a flow is taken to go round in circles."""


class FlowError(IvrError):
    """Raised for a flow that cannot go on: it goes round in circles, or does not handle an outcome of an action."""


def advance(flows: Flows, call: Call, event: Event) -> Step:
    """Return the call after one event, with the verb or the action that it came to and the trace of the way there.

    Raises FlowError when the flow is broken.
    """
    interpreter = Interpreter(flows, call)
    interpreter.take(event)
    return Step(interpreter.call(), interpreter.verb, interpreter.action, tuple(interpreter.trace))


def opening_verb(flows: Flows, call: Call) -> Verb | None:
    """Return the verb that the current state of a call gives by itself, or None when it gives none.

    This lets every state be heard without a call that goes through the states before it.
    """
    alone = _Alone(flows, call)
    alone.state.enter(alone)
    return alone.verb


class Interpreter(LiveCall):
    """Advances one call by one event."""

    def __init__(self, flows: Flows, call: Call) -> None:
        super().__init__(flows.line, flows.languages, flows.prompt_values, call)
        self.flows = flows

    def call(self) -> Call:
        """Return the call as it is now."""
        return Call(
            self.language,
            tuple(self.frames),
            self.values,
            tuple(self.words),
            self.after_keys,
            self.after_zero,
            after_star=self.repeats,
            heard=tuple(self.heard),
            broken_into=tuple(self.broken_into),
            own_tempo=self.own_tempo,
            members_tempo=self.members_tempo,
            has_person=self.has_person,
            person_closed=self.person_closed,
            notices=self.notices,
            transient_secrets=self.transient_secrets,
        )

    @property
    def state(self) -> State:
        """The state that the call is in."""
        return self.flows.state(self.frames[-1].flow, self.frames[-1].state)

    def take(self, event: Event) -> None:
        """Handle an event, up to the next verb or action."""
        match event:
            case Started():
                self.begin(self.line.start)
            case TooLong() | Failed():
                self.interrupt(self.line.too_long if isinstance(event, TooLong) else self.line.failed)
            case Done() if not self.state.action or event.outcome not in self.state.outcomes:
                where = f'{self.state.place}: state "{self.state.name}"'
                raise FlowError(f'{where} does not handle the outcome "{event.outcome}"')
            case _:
                self.state.take(event, self)

    def begin(self, flow: str, *, interrupting: bool = False) -> None:
        """Run a flow on top of the current one."""
        self._check_circles()
        self.frames.append(Frame(flow, self.flows.flows[flow].start, interrupting=interrupting))
        self.state.enter(self)

    def interrupt(self, flow: str, words: Sequence[Speak] = ()) -> None:
        """Break into the current question.

        An interruption already under way is dropped, with every flow that it ran.
        """
        interrupting = [position for position, frame in enumerate(self.frames) if frame.interrupting and position]
        if interrupting:
            del self.frames[interrupting[0] :]
        else:
            if not self.state.is_question:
                self.hear_announcement()
            self.broken_into = [*self.heard, *self.words]
        self.words, self.heard = list(words), []
        self.begin(flow, interrupting=True)

    def leave(self, label: str, target: Target) -> None:
        """Leave the current state by one of its transitions."""
        self._leave(self.frames[-1].state, label, target)

    def _leave(self, state: str, label: str, target: Target) -> None:
        """Leave a state by a target: speak, set values, then go where it leads, or give up a question."""
        self.trace_step(label, state)
        self._check_circles()
        if target.say:
            self.words.append(self.speak(target.say))
        self.values.update(target.sets)
        self.go_on_in(target.sets.get("language", self.language))
        if target.end:
            self._end_flow(target.end)
        elif target.counts and self._is_missed(target.counts):
            if not self.words and (reason := self.line.gives_up.get("wrong")):
                self.words = [self.speak(reason)]
            self.give_up(target.counts)
        else:
            self._enter_state(target)

    def give_up(self, question: str) -> None:
        """Leave a question that was missed too often. The words that say why are in `words` already."""
        too_many = self.flows.state(self.frames[-1].flow, question).too_many
        if too_many:
            self._leave(question, "too_many", too_many)
        else:
            self.trace_step("too_many", question)
            self.interrupt(self.line.too_many, tuple(self.words))

    def _is_missed(self, name: str) -> bool:
        """Count a wrong try at a question, and tell whether the limit is reached."""
        tries = self.count(name, "missed")
        question = self.flows.state(self.frames[-1].flow, name)
        if question.limits is None:
            raise FlowError(f'{question.place}: "{name}" is counted as a question, but asks nothing')
        return tries >= question.limits.wrong

    def _enter_state(self, target: Target) -> None:
        frame = self.frames[-1]
        counts = frame.counts
        if counts and target.counts != target.state:  # not a retry: the question's counts start again from zero
            counts = {name: tries for name, tries in counts.items() if name.rpartition(".")[0] != target.state}
        self.frames[-1] = Frame(frame.flow, target.state, counts, frame.interrupting)
        self.state.enter(self)

    def _end_flow(self, end: str) -> None:
        """Go back to the question that the flow broke into, or on from the state that ran it."""
        ended = self.frames.pop()
        state = self.state
        if ended.interrupting:
            self.words, self.broken_into = [*self.words, *self.broken_into], []
            state.resume(self)
        elif state.runs:
            self.leave(end, state.outcomes[end])
        else:
            raise FlowError(f'{state.place}: flow "{ended.flow}" ended, but "{state.name}" did not run it')

    def _check_circles(self) -> None:
        if len(self.trace) > _MOST_STATES:
            last = self.trace[-1]
            raise FlowError(f'flow "{last.flow}" goes round in circles at "{last.state}"')


class _Alone(Interpreter):
    """Enters one state and stays there, whatever it leads to."""

    def begin(self, flow: str, *, interrupting: bool = False) -> None:
        """Do nothing: no other flow is run."""

    def leave(self, label: str, target: Target) -> None:  # noqa: ARG002 - it goes nowhere
        """Stay in the state, and end the turn with the words so far."""
        self.close(GoOn(tuple(self.words)))
