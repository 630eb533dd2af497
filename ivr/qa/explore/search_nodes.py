"""The points of a search: how far a call has come, and everything to go on from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr.flow.call import Call
from ivr.flow.graph import GraphState
from ivr.qa.explore.answers import Keyed
from ivr.qa.explore.attempts import Attempt
from ivr.qa.explore.found_calls import Key, Where
from ivr.qa.replay.caller import SimulatedCaller
from ivr.qa.scripts.script import Act, Dials
from ivr.qa.scripts.writer import Moment
from ivr.simulator.scenario import ScenarioSnapshot


@dataclass(frozen=True, slots=True)
class SearchNode:
    """A question that a call has come to."""

    caller: SimulatedCaller
    kept: ScenarioSnapshot
    moments: tuple[Moment, ...]
    keyed: Keyed
    covers: frozenset[Key]
    began: int
    """How many of its moments came before the call that is going on."""
    node: GraphState | None
    """Where it waits in the flow's graph, with all that is gone back to; None when the call is over."""
    tried: set[object] = field(default_factory=set)
    """What was tried from here, in whichever way of looking."""

    @property
    def call(self) -> Call:
        """The call as the line keeps it."""
        return self.caller.latest[-1].call

    @property
    def where(self) -> Where:
        """The state it waits in."""
        return self.call.top.flow, self.call.top.state

    def transition(self, attempt: Attempt) -> object:
        """Return what moves have in common that lead the same way in the flow."""
        troubled = (attempt.troubled, attempt.is_long) if attempt.troubled else ()
        return self.node, attempt.label, troubled, isinstance(attempt.acts[-1], Dials), self.keyed.again

    @property
    def acts(self) -> tuple[Act, ...]:
        """Everything that was done."""
        return tuple(moment.act for moment in self.moments if moment.act)


def node_of(call: Call) -> GraphState | None:
    """Return where a call waits in the flow's graph."""
    node: GraphState | None = None
    for frame in call.frames:
        node = GraphState(frame.flow, frame.state, node, frame.interrupting)
    return node
