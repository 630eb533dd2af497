"""Every state a call can come to, each with what it goes back to: the flows as one graph, callers kept apart.

A flow that is run from two places is there twice, and an interruption once for each question it can break into. A
way that is found here is therefore one that a call can take, as far as the flow alone decides it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Generic, TypeVar

from ivr.errors import IvrError
from ivr.flow.definition import Flows
from ivr.flow.parts import REPEAT, Target
from ivr.flow.states import State
from ivr.keypad import key_name

MOST_STATES = 20_000
"""Spots beyond which the flows are too tangled to look at, and to understand."""

Fact = TypeVar("Fact", bound=Hashable)
Node = TypeVar("Node", bound=Hashable)
Edge = TypeVar("Edge")


StateName = tuple[str, str]
"""(flow, state)"""


class TangledError(IvrError):
    """The flows run one another in more ways than can be looked at."""


@dataclass(frozen=True, slots=True)
class GraphState:
    """A state of a flow, on top of the state it goes back to when the flow ends."""

    flow: str
    state: str
    below: GraphState | None = None
    interrupting: bool = False
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Hash once: states are looked up by the hundred thousand, each with all that is below it."""
        object.__setattr__(self, "_hash", hash((self.flow, self.state, self.below, self.interrupting)))

    def __hash__(self) -> int:
        """Return the hash made at first."""
        return self._hash

    @property
    def name(self) -> str:
        """Return how a message names it."""
        return f"{self.flow}.{self.state}"


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from a state to the next.

    `ways` are the targets gone through: the state's own, then for each flow that ended that of the state which ran it.
    """

    source: GraphState
    label: str
    """A key, an outcome, an end; `next`, `choice`, `run`, `too_many`, `too_long`, `failed`."""
    target: GraphState
    targets: tuple[Target, ...] = ()
    breaks_in: bool = False
    """An interruption, not one of the state's own ways."""


class Graph:
    """All states a call can come to, from its start."""

    def __init__(self, flows: Flows) -> None:
        self.flows = flows
        self.start = GraphState(flows.line.start, flows.flows[flows.line.start].start)
        self.transitions: dict[GraphState, tuple[Transition, ...]] = {}
        self._paths = ShortestPaths(self._onward, starts=[self.start])
        deque(self._paths, maxlen=0)
        self.states: Mapping[GraphState, State] = {
            node: flows.state(node.flow, node.state) for node in self.transitions
        }

    def path(self, node: GraphState) -> tuple[Transition, ...]:
        """Return the transitions of the shortest path to a state."""
        return self._paths.path(node)

    def __iter__(self) -> Iterator[Transition]:
        """Yield every transition."""
        return chain.from_iterable(self.transitions.values())

    @cached_property
    def into(self) -> Mapping[GraphState, list[Transition]]:
        """The transitions that lead to each state."""
        into: dict[GraphState, list[Transition]] = {node: [] for node in self.transitions}
        for transition in self:
            into[transition.target].append(transition)
        return into

    def until(
        self, stops: Callable[[State], bool], *, starts: Iterable[GraphState] = (), first: Iterable[Transition] = ()
    ) -> ShortestPaths[GraphState, Transition]:
        """Return the paths from some states, or on by some transitions, that go no further than where a state stops them."""

        def onward(node: GraphState) -> Iterable[tuple[Transition, GraphState]]:
            return () if stops(self.states[node]) else _with_targets(self.transitions[node])

        return ShortestPaths(onward, starts=starts, first=_with_targets(first))

    def _onward(self, node: GraphState) -> Iterator[tuple[Transition, GraphState]]:
        if len(self.transitions) > MOST_STATES:
            raise TangledError(f"the flows run one another in so many ways that {MOST_STATES} states are too few")
        self.transitions[node] = tuple(self._transitions(node))
        return _with_targets(self.transitions[node])

    def _transitions(self, node: GraphState) -> Iterator[Transition]:
        state = self.flows.state(node.flow, node.state)
        if state.runs:
            yield Transition(node, "run", GraphState(state.runs, self.flows.flows[state.runs].start, node))
            return
        for label, target in state.transitions():
            yield from self._own(node, label, target)
            if target.counts:
                yield from self._give_up(node, self.flows.state(node.flow, target.counts))
        if state.is_question:
            yield from self._interruptions(node, state)

    def _own(self, node: GraphState, label: str, target: Target) -> Iterator[Transition]:
        """A flow that ends goes back: to the question it broke into, or on from the state that ran it."""
        source, gone = node, [target]
        while target.end:
            below = node.below
            if below is None:
                return
            if node.interrupting:
                yield Transition(source, label, below, tuple(gone))
                return
            run = self.flows.state(below.flow, below.state)
            target, node = run.outcomes[target.end], below
            gone.append(target)
        yield Transition(source, label, GraphState(node.flow, target.state, node.below, node.interrupting), tuple(gone))

    def _give_up(self, node: GraphState, counted: State) -> Iterator[Transition]:
        if counted.too_many:
            yield from self._own(node, "too_many", counted.too_many)
        else:
            yield self._break_in(node, "too_many", self.flows.line.too_many)

    def _interruptions(self, node: GraphState, question: State) -> Iterator[Transition]:
        line = self.flows.line
        for key, flow in question.shared_keys(line).items():
            if flow != REPEAT:
                yield self._break_in(node, key, flow)
        yield self._break_in(node, "failed", line.failed)
        yield self._break_in(node, "too_long", line.too_long)
        if question.too_many is None:
            yield self._break_in(node, "too_many", line.too_many)

    def _break_in(self, node: GraphState, label: str, flow: str) -> Transition:
        """An interruption under way gives way to the new one."""
        base, above = node, node
        while above.below is not None:
            if above.interrupting:
                base = above.below
            above = above.below
        start = self.flows.flows[flow].start
        return Transition(node, label, GraphState(flow, start, base, interrupting=True), breaks_in=True)


def _with_targets(transitions: Iterable[Transition]) -> Iterator[tuple[Transition, GraphState]]:
    return ((transition, transition.target) for transition in transitions)


class ShortestPaths(Generic[Node, Edge]):
    """Everything that can be come to from some nodes, nearest first, each by the shortest path.

    It looks no further than it is asked to: whoever stops iterating, or finds a node, has not gone on from there.
    """

    def __init__(
        self,
        onward: Callable[[Node], Iterable[tuple[Edge, Node]]],
        *,
        starts: Iterable[Node] = (),
        first: Iterable[tuple[Edge, Node]] = (),
    ) -> None:
        """`onward` gives where a node leads, each with the edge that leads there; so does `first`, for where it begins.

        `starts` are nodes that it begins at, so that no edge leads there.
        """
        self._came: dict[Node, tuple[Node | None, Edge] | None] = dict.fromkeys(starts)
        for edge, node in first:
            self._came.setdefault(node, (None, edge))
        self._waiting = deque(self._came)
        self._onward = onward

    def __iter__(self) -> Iterator[Node]:
        """Yield every node once."""
        came, waiting = self._came, self._waiting
        yield from tuple(came)
        while waiting:
            here, new = waiting.popleft(), []
            for edge, there in self._onward(here):
                if there not in came:
                    came[there] = (here, edge)
                    new.append(there)
            waiting.extend(new)
            yield from new

    def __contains__(self, node: object) -> bool:
        return node in self._came or any(found == node for found in self)

    def path(self, node: Node) -> tuple[Edge, ...]:
        """Return the edges of the shortest path to a node that was come to."""
        edges: list[Edge] = []
        came = self._came[node]
        while came:
            before, edge = came
            edges.append(edge)
            came = None if before is None else self._came[before]
        return tuple(reversed(edges))


def walk(
    graph: Graph, fact: Fact, after: Callable[[Fact, Transition], Fact | None]
) -> ShortestPaths[tuple[GraphState, Fact], Transition]:
    """Return all paths through a graph from its start, each with a fact that is carried along and changed by transitions.

    `after` gives the fact after a transition; None where the path is not followed any further.
    """

    def onward(at: tuple[GraphState, Fact]) -> Iterator[tuple[Transition, tuple[GraphState, Fact]]]:
        for transition in graph.transitions[at[0]]:
            known = after(at[1], transition)
            if known is not None:
                yield transition, (transition.target, known)

    return ShortestPaths(onward, starts=[(graph.start, fact)])


def circle(start: Node, onward: Callable[[Node], Iterable[tuple[Edge, Node]]]) -> tuple[Edge, ...]:
    """Return the shortest path from a node back to itself; empty when there is none."""
    paths = ShortestPaths(onward, first=onward(start))
    return paths.path(start) if start in paths else ()


def all_states(flows: Flows) -> Iterator[tuple[StateName, State]]:
    """Yield every state of every flow, whether a call can come to it or not."""
    for flow in flows.flows.values():
        for state in flow.states.values():
            yield (flow.name, state.name), state


def describe_path(graph: Graph, transitions: tuple[Transition, ...]) -> str:
    """Return a way in words: the keys and outcomes that decide it, and where it comes to."""
    steps = [_step(graph, transition) for transition in transitions if _decides(graph, transition)]
    return " → ".join([*steps, transitions[-1].target.name] if transitions else [graph.start.name])


def _decides(graph: Graph, transition: Transition) -> bool:
    state = graph.states[transition.source]
    return state.is_question or (bool(state.action) and len(state.outcomes) > 1)


def _step(graph: Graph, transition: Transition) -> str:
    is_key = graph.states[transition.source].one_key and transition.label in "0123456789*#"
    label = key_name(transition.label) if is_key else transition.label
    return transition.source.name if label == "next" else f"{transition.source.name} {label}"
