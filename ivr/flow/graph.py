"""The graph of every state that a call can reach, and searches on it.

A node of the graph is a state together with what the call goes back to when the flow ends (`GraphState`). A flow that
is run from two places is therefore in the graph twice, and an interruption is there once for each question that it can
break into. So every path that is found here is one that a call can take, as far as the flow alone decides it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Generic, TypeVar

from ivr.errors import IvrError
from ivr.flow.definition import Flow, Flows
from ivr.flow.parts import REPEAT, Target
from ivr.flow.states import State
from ivr.keypad import NAME_OF_KEY

MOST_STATES = 20_000
"""The size at which the graph is given up: flows this tangled are too slow to check, and too hard to understand."""

Fact = TypeVar("Fact", bound=Hashable)
Node = TypeVar("Node", bound=Hashable)
Edge = TypeVar("Edge")


StateName = tuple[str, str]
"""A state's flow and its own name: `(flow, state)`."""


class TangledError(IvrError):
    """Raised when a graph of the flows would have more than `MOST_STATES` states."""


@dataclass(frozen=True, slots=True)
class GraphState:
    """A state of a flow, and the stack of states below it that the call goes back to when the flow ends."""

    flow: str
    state: str
    below: GraphState | None = None
    """The state that ran this flow or, if `interrupting`, the question that it broke into; None in the first flow."""
    interrupting: bool = False
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compute the hash once.

        States are looked up hundreds of thousands of times, and each hash walks down the stack.
        """
        object.__setattr__(self, "_hash", hash((self.flow, self.state, self.below, self.interrupting)))

    def __hash__(self) -> int:
        """Return the hash that was computed when this was made."""
        return self._hash

    @property
    def name(self) -> str:
        """Return the name that messages use, `flow.state`."""
        return f"{self.flow}.{self.state}"


@dataclass(frozen=True, slots=True)
class Transition:
    """A step from a state to the next."""

    source: GraphState
    label: str
    """What leads on: a key, an outcome or an end, or one of `next`, `pound`, `choice`, `run`, `too_many`, `too_long`,
    `failed`."""
    target: GraphState
    targets: tuple[Target, ...] = ()
    """The targets passed through: the state's own, then, for each flow that ended on the way, that of the state which
    ran it."""
    breaks_in: bool = False
    """Whether this is an interruption, rather than one of the state's own transitions."""


class Graph:
    """Every state that a call can reach from its start, with the transitions between them.

    Raises TangledError when there are more than `MOST_STATES`.
    """

    def __init__(self, flows: Flows) -> None:
        self.flows = flows
        self.start = GraphState(flows.line.start, flows.flows[flows.line.start].start)
        self.transitions: dict[GraphState, tuple[Transition, ...]] = {}
        self._returning = {name for name, flow in flows.flows.items() if _may_end(flow)}
        self._paths = ShortestPaths(self._onward, starts=[self.start])
        deque(self._paths, maxlen=0)
        self.states: Mapping[GraphState, State] = {
            node: flows.state(node.flow, node.state) for node in self.transitions
        }

    def path(self, node: GraphState) -> tuple[Transition, ...]:
        """Return the transitions of the shortest path from the start to a state."""
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
        """Return the shortest paths onward.

        They begin at some states, or with some transitions, and end where `stops` is true.
        """

        def onward(node: GraphState) -> Iterable[tuple[Transition, GraphState]]:
            return () if stops(self.states[node]) else _with_targets(self.transitions[node])

        return ShortestPaths(onward, starts=starts, first=_with_targets(first))

    def _onward(self, node: GraphState) -> Iterator[tuple[Transition, GraphState]]:
        if len(self.transitions) > MOST_STATES:
            raise TangledError(f"the flows run one another in so many ways that {MOST_STATES} states are too few")
        self.transitions[node] = tuple(self._transitions(node))
        return _with_targets(self.transitions[node])

    def _transitions(self, node: GraphState) -> Iterator[Transition]:
        """Yield every transition from a node: its own, those after too many tries, and interruptions."""
        state = self.flows.state(node.flow, node.state)
        if state.runs:
            yield Transition(node, "run", GraphState(state.runs, self.flows.flows[state.runs].start, node))
            return
        for label, target in state.transitions():
            yield from self._own_transitions(node, label, target)
            if target.counts:
                yield from self._too_many_tries(node, self.flows.state(node.flow, target.counts))
        if state.is_question:
            yield from self._interruptions(node, state)

    def _own_transitions(self, node: GraphState, label: str, target: Target) -> Iterator[Transition]:
        """Yield where one of a state's own targets leads; nothing when it ends the first flow.

        A flow that ends goes back to the question that it broke into, or on from the state that ran it.
        """
        source, targets = node, [target]
        while target.end:
            below = node.below
            if below is None:
                return
            if node.interrupting:
                yield Transition(source, label, below, tuple(targets))
                return
            run = self.flows.state(below.flow, below.state)
            target, node = run.outcomes[target.end], below
            targets.append(target)
        yield Transition(
            source, label, GraphState(node.flow, target.state, node.below, node.interrupting), tuple(targets)
        )

    def _too_many_tries(self, node: GraphState, counted: State) -> Iterator[Transition]:
        """Yield where the call goes when the question `counted` has been missed too often."""
        if counted.too_many:
            yield from self._own_transitions(node, "too_many", counted.too_many)
        else:
            yield self._break_in(node, "too_many", self.flows.line.too_many)

    def _interruptions(self, node: GraphState, question: State) -> Iterator[Transition]:
        """Yield the transitions to flows that can break into a question."""
        line = self.flows.line
        for key, flow in question.shared_keys(line).items():
            if flow != REPEAT:
                yield self._break_in(node, key, flow)
        yield self._break_in(node, "failed", line.failed)
        yield self._break_in(node, "too_long", line.too_long)
        if question.too_many is None:
            yield self._break_in(node, "too_many", line.too_many)

    def _break_in(self, node: GraphState, label: str, flow: str) -> Transition:
        """Return the transition to a flow that interrupts. It replaces an interruption that is already under way.

        A flow that never goes back is the same whatever it broke into, so it stands in the graph once.
        """
        base: GraphState | None = node
        above = node
        while above.below is not None:
            if above.interrupting:
                base = above.below
            above = above.below
        if flow not in self._returning:
            base = None
        start = self.flows.flows[flow].start
        return Transition(node, label, GraphState(flow, start, base, interrupting=True), breaks_in=True)


def _may_end(flow: Flow) -> bool:
    """Return whether a flow has an end."""
    return any(target.end for state in flow.states.values() for _, target in state.transitions())


def _with_targets(transitions: Iterable[Transition]) -> Iterator[tuple[Transition, GraphState]]:
    return ((transition, transition.target) for transition in transitions)


class ShortestPaths(Generic[Node, Edge]):
    """The nodes that can be reached from some nodes, nearest first, each with the shortest path to it.

    The search is lazy: it goes no further than the caller iterates, or than the node that is asked for with `in`.
    """

    def __init__(
        self,
        onward: Callable[[Node], Iterable[tuple[Edge, Node]]],
        *,
        starts: Iterable[Node] = (),
        first: Iterable[tuple[Edge, Node]] = (),
    ) -> None:
        """Begin at the nodes `starts`, and at those that the edges `first` lead to.

        `onward` returns the edges that leave a node, each with the node it leads to; `first` has the same form. The
        path to a node of `starts` is empty.
        """
        self._reached_by: dict[Node, tuple[Node | None, Edge] | None] = dict.fromkeys(starts)
        for edge, node in first:
            self._reached_by.setdefault(node, (None, edge))
        self._waiting = deque(self._reached_by)
        self._onward = onward

    def __iter__(self) -> Iterator[Node]:
        """Yield every node once, nearest first."""
        reached_by, waiting = self._reached_by, self._waiting
        yield from tuple(reached_by)
        while waiting:
            node, new_nodes = waiting.popleft(), []
            for edge, next_node in self._onward(node):
                if next_node not in reached_by:
                    reached_by[next_node] = (node, edge)
                    new_nodes.append(next_node)
            waiting.extend(new_nodes)
            yield from new_nodes

    def __contains__(self, node: object) -> bool:
        return node in self._reached_by or any(reached == node for reached in self)

    def path(self, node: Node) -> tuple[Edge, ...]:
        """Return the edges of the shortest path to a node that has been reached; KeyError for one that has not."""
        edges: list[Edge] = []
        step = self._reached_by[node]
        while step:
            previous, edge = step
            edges.append(edge)
            step = None if previous is None else self._reached_by[previous]
        return tuple(reversed(edges))


def paths_with_fact(
    graph: Graph, fact: Fact, after: Callable[[Fact, Transition], Fact | None]
) -> ShortestPaths[tuple[GraphState, Fact], Transition]:
    """Return all paths through a graph, each carrying a fact that transitions change.

    A node of the result is a state with the fact that holds there, so a state is visited once for each different fact.
    `after` returns the fact after a transition, or None to follow the path no further.
    """

    def onward(node_and_fact: tuple[GraphState, Fact]) -> Iterator[tuple[Transition, tuple[GraphState, Fact]]]:
        for transition in graph.transitions[node_and_fact[0]]:
            next_fact = after(node_and_fact[1], transition)
            if next_fact is not None:
                yield transition, (transition.target, next_fact)

    return ShortestPaths(onward, starts=[(graph.start, fact)])


def shortest_cycle(start: Node, onward: Callable[[Node], Iterable[tuple[Edge, Node]]]) -> tuple[Edge, ...]:
    """Return the shortest path from a node back to itself; empty when there is none."""
    paths = ShortestPaths(onward, first=onward(start))
    return paths.path(start) if start in paths else ()


def all_states(flows: Flows) -> Iterator[tuple[StateName, State]]:
    """Yield every state of every flow, including those that no call can reach."""
    for flow in flows.flows.values():
        for state in flow.states.values():
            yield (flow.name, state.name), state


def describe_path(graph: Graph, transitions: tuple[Transition, ...]) -> str:
    """Return a path in words: the keys and outcomes that choose it, and the state where it ends."""
    steps = [_step(transition) for transition in transitions if _decides(graph, transition)]
    return " → ".join([*steps, transitions[-1].target.name] if transitions else [graph.start.name])


def _decides(graph: Graph, transition: Transition) -> bool:
    state = graph.states[transition.source]
    return state.is_question or (bool(state.action) and len(state.outcomes) > 1)


def _step(transition: Transition) -> str:
    label = NAME_OF_KEY.get(transition.label, transition.label)
    return transition.source.name if label == "next" else f"{transition.source.name} {label}"
