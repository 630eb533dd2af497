"""The nodes of a search: a call waiting at a question, with everything needed to go on from there."""

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
    """A call at a question, or at its end."""

    caller: SimulatedCaller
    snapshot: ScenarioSnapshot
    moments: tuple[Moment, ...]
    keyed: Keyed
    covers: frozenset[Key]
    moments_before: int
    """How many of its moments belong to earlier calls."""
    node: GraphState | None
    """Where it waits in the flow's graph, with the flows it will return to; None when the call is over."""
    tried: set[object] = field(default_factory=set)
    """The attempts made from here, by any strategy."""

    @property
    def call(self) -> Call:
        """The call as the line stores it."""
        return self.caller.latest[-1].call

    @property
    def where(self) -> Where:
        """The flow and state it waits in."""
        return self.call.top.flow, self.call.top.state

    def transition(self, attempt: Attempt) -> object:
        """Return a key that is equal for attempts that lead the same way in the flow."""
        troubled = (attempt.troubled, attempt.is_long) if attempt.troubled else ()
        return self.node, attempt.label, troubled, isinstance(attempt.acts[-1], Dials), self.keyed.again

    @property
    def acts(self) -> tuple[Act, ...]:
        """All acts so far, earlier calls included."""
        return tuple(moment.act for moment in self.moments if moment.act)


def node_of(call: Call) -> GraphState | None:
    """Return where a call waits in the flow's graph; None when it has no flow left."""
    node: GraphState | None = None
    for frame in call.frames:
        node = GraphState(frame.flow, frame.state, node, frame.interrupting)
    return node
