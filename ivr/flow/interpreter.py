"""How a call moves through the flow: `advance(flows, call, event) -> Step`, a pure function.

It goes on until the caller is needed (a verb) or the outside world is (an action, whose outcome is fed back as
`Done`). A way that never comes to either is a broken flow and raises FlowError. What happens in a state is for its own
kind to say, in `states`; here is what leads from one to the next.
"""

from __future__ import annotations

from ivr.errors import IvrError
from ivr.flow.call import Call, Done, Event, Failed, Frame, Started, Step, TooLong
from ivr.flow.definition import Flows
from ivr.flow.live_call import LiveCall
from ivr.flow.parts import Target
from ivr.flow.states import State
from ivr.flow.verbs import GoOn, Verb

_MOST_STATES = 200


class FlowError(IvrError):
    """A flow that cannot go on: it goes round in circles, or an action came to an outcome nobody handles."""


def advance(flows: Flows, call: Call, event: Event) -> Step:
    """Move a call on by one event."""
    interpreter = Interpreter(flows, call)
    interpreter.take(event)
    return Step(interpreter.call(), interpreter.verb, interpreter.action, tuple(interpreter.trace))


def said(flows: Flows, call: Call) -> Verb | None:
    """Return what the state that a call has come to says by itself; None where that is nothing.

    So every state can be heard without a call that comes to it.
    """
    alone = _Alone(flows, call)
    alone.state.enter(alone)
    return alone.verb


class Interpreter(LiveCall):
    """Moves one call on by one event."""

    def __init__(self, flows: Flows, call: Call) -> None:
        super().__init__(flows.line, flows.languages, flows.prompt_values, call)
        self.flows = flows

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
            transient_secrets=self.transient_secrets,
        )

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

    def begin(self, flow: str, *, interrupting: bool = False) -> None:
        """Run a flow on top of what runs now."""
        self._check_circles()
        self.frames.append(Frame(flow, self.flows.flows[flow].start, interrupting=interrupting))
        self.state.enter(self)

    def interrupt(self, flow: str) -> None:
        """Break into the question at hand; an interruption that is under way gives way, with all it had run."""
        under_way = [position for position, frame in enumerate(self.frames) if frame.interrupting and position]
        if under_way:
            del self.frames[under_way[0] :]
        self.begin(flow, interrupting=True)

    def leave(self, label: str, target: Target) -> None:
        """Go on by a way out of the state."""
        self._leave(self.frames[-1].state, label, target)

    def _leave(self, state: str, label: str, target: Target) -> None:
        self.trace_step(label, state)
        self._check_circles()
        if target.say:
            self.words.append(self.speak(target.say))
        self.values.update(target.sets)
        self.language = target.sets.get("language", self.language)
        if target.end:
            self._end(target.end)
        elif target.counts and self._is_missed(target.counts):
            if not self.words and (because := self.line.gives_up.get("wrong")):
                self.words = [self.speak(because)]
            self.give_up(target.counts)
        else:
            self._go(target)

    def give_up(self, question: str) -> None:
        """Leave a question that was missed too often; the words that say why are there already."""
        too_many = self.flows.state(self.frames[-1].flow, question).too_many
        if too_many:
            self._leave(question, "too_many", too_many)
        else:
            self.trace_step("too_many", question)
            self.interrupt(self.line.too_many)

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
            self.leave(end, below.outcomes[end])
        else:
            raise FlowError(f'{below.place}: flow "{ended.flow}" ended, but "{below.name}" did not run it')

    def _check_circles(self) -> None:
        if len(self.trace) > _MOST_STATES:
            last = self.trace[-1]
            raise FlowError(f'flow "{last.flow}" goes round in circles at "{last.state}"')


class _Alone(Interpreter):
    """Enters one state and goes nowhere from there."""

    def begin(self, flow: str, *, interrupting: bool = False) -> None:
        """Run nothing."""

    def leave(self, label: str, target: Target) -> None:  # noqa: ARG002 - it goes nowhere
        """Stay, with what was said."""
        self.close(GoOn(tuple(self.words)))
