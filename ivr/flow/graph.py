"""Every spot a call can come to, each with what it goes back to: the flows as one graph, callers kept apart.

A flow that is run from two places is there twice, and an interruption once for each question it can break into. A
way that is found here is therefore one that a call can take, as far as the flow alone decides it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ivr.errors import IvrError
from ivr.flow.definition import Flows
from ivr.flow.parts import REPEAT, Target
from ivr.flow.states import State
from ivr.keypad import key_name

MOST_SPOTS = 20_000
"""Spots beyond which the flows are too tangled to look at, and to understand."""

Fact = TypeVar("Fact", bound=Hashable)
Node = TypeVar("Node", bound=Hashable)
Edge = TypeVar("Edge")


Point = tuple[str, str]
"""(flow, state)"""


class TangledError(IvrError):
    """The flows run one another in more ways than can be looked at."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A state of a flow, on top of the spot it goes back to when the flow ends."""

    flow: str
    state: str
    below: Spot | None = None
    interrupting: bool = False
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Hash once: spots are looked up by the hundred thousand, each with all that is below it."""
        object.__setattr__(self, "_hash", hash((self.flow, self.state, self.below, self.interrupting)))

    def __hash__(self) -> int:
        """Return the hash made at first."""
        return self._hash

    @property
    def name(self) -> str:
        """Return how a message names it."""
        return f"{self.flow}.{self.state}"


@dataclass(frozen=True, slots=True)
class Move:
    """One way from a spot to the next.

    `ways` are the targets gone through: the state's own, then for each flow that ended that of the state which ran it.
    """

    source: Spot
    label: str
    """A key, an outcome, an end; `next`, `choice`, `run`, `too_many`, `too_long`, `failed`."""
    target: Spot
    ways: tuple[Target, ...] = ()
    breaks_in: bool = False
    """An interruption, not one of the state's own ways."""


class Graph:
    """All spots a call can come to, from its start."""

    def __init__(self, flows: Flows) -> None:
        self.flows = flows
        self.start = Spot(flows.line.start, flows.flows[flows.line.start].start)
        self.moves: dict[Spot, tuple[Move, ...]] = {}
        self._paths = ShortestPaths(self._onward, starts=[self.start])
        deque(self._paths, maxlen=0)
        self.states: Mapping[Spot, State] = {spot: flows.state(spot.flow, spot.state) for spot in self.moves}

    def path(self, spot: Spot) -> tuple[Move, ...]:
        """Return the moves of the shortest path to a spot."""
        return self._paths.path(spot)

    def until(
        self, stops: Callable[[State], bool], *, starts: Iterable[Spot] = (), first: Iterable[Move] = ()
    ) -> ShortestPaths[Spot, Move]:
        """Return the paths from some spots, or on by some moves, that go no further than where a state stops them."""

        def onward(spot: Spot) -> Iterable[tuple[Move, Spot]]:
            return () if stops(self.states[spot]) else ((move, move.target) for move in self.moves[spot])

        return ShortestPaths(onward, starts=starts, first=((move, move.target) for move in first))

    def _onward(self, spot: Spot) -> Iterator[tuple[Move, Spot]]:
        if len(self.moves) > MOST_SPOTS:
            raise TangledError(f"the flows run one another in so many ways that {MOST_SPOTS} spots are too few")
        self.moves[spot] = tuple(self._moves(spot))
        return ((move, move.target) for move in self.moves[spot])

    def _moves(self, spot: Spot) -> Iterator[Move]:
        state = self.flows.state(spot.flow, spot.state)
        if state.runs:
            yield Move(spot, "run", Spot(state.runs, self.flows.flows[state.runs].start, spot))
            return
        for label, target in state.transitions():
            yield from self._own(spot, label, target)
            if target.counts:
                yield from self._give_up(spot, self.flows.state(spot.flow, target.counts))
        if state.is_question:
            yield from self._interruptions(spot, state)

    def _own(self, spot: Spot, label: str, way: Target) -> Iterator[Move]:
        """A flow that ends goes back: to the question it broke into, or on from the state that ran it."""
        source, gone = spot, [way]
        while way.end:
            below = spot.below
            if below is None:
                return
            if spot.interrupting:
                yield Move(source, label, below, tuple(gone))
                return
            run = self.flows.state(below.flow, below.state)
            way, spot = run.outcomes[way.end], below
            gone.append(way)
        yield Move(source, label, Spot(spot.flow, way.state, spot.below, spot.interrupting), tuple(gone))

    def _give_up(self, spot: Spot, counted: State) -> Iterator[Move]:
        if counted.too_many:
            yield from self._own(spot, "too_many", counted.too_many)
        else:
            yield self._break_in(spot, "too_many", self.flows.line.too_many)

    def _interruptions(self, spot: Spot, question: State) -> Iterator[Move]:
        line = self.flows.line
        for key, flow in question.shared_keys(line).items():
            if flow != REPEAT:
                yield self._break_in(spot, key, flow)
        yield self._break_in(spot, "failed", line.failed)
        yield self._break_in(spot, "too_long", line.too_long)
        if question.too_many is None:
            yield self._break_in(spot, "too_many", line.too_many)

    def _break_in(self, spot: Spot, label: str, flow: str) -> Move:
        """An interruption under way gives way to the new one."""
        base, above = spot, spot
        while above.below is not None:
            if above.interrupting:
                base = above.below
            above = above.below
        start = self.flows.flows[flow].start
        return Move(spot, label, Spot(flow, start, base, interrupting=True), breaks_in=True)


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
    graph: Graph, fact: Fact, after: Callable[[Fact, Move], Fact | None]
) -> ShortestPaths[tuple[Spot, Fact], Move]:
    """Return all paths through a graph from its start, each with a fact that is carried along and changed by moves.

    `after` gives the fact after a move; None where the path is not followed any further.
    """

    def onward(at: tuple[Spot, Fact]) -> Iterator[tuple[Move, tuple[Spot, Fact]]]:
        for move in graph.moves[at[0]]:
            known = after(at[1], move)
            if known is not None:
                yield move, (move.target, known)

    return ShortestPaths(onward, starts=[(graph.start, fact)])


def circle(start: Node, onward: Callable[[Node], Iterable[tuple[Edge, Node]]]) -> tuple[Edge, ...]:
    """Return the shortest path from a node back to itself; empty when there is none."""
    paths = ShortestPaths(onward, first=onward(start))
    return paths.path(start) if start in paths else ()


def points(flows: Flows) -> Iterator[tuple[Point, State]]:
    """Yield every state of every flow, whether a call can come to it or not."""
    for flow in flows.flows.values():
        for state in flow.states.values():
            yield (flow.name, state.name), state


def told(graph: Graph, moves: tuple[Move, ...]) -> str:
    """Return a way in words: the keys and outcomes that decide it, and where it comes to."""
    steps = [_step(graph, move) for move in moves if _decides(graph, move)]
    return " → ".join([*steps, moves[-1].target.name] if moves else [graph.start.name])


def _decides(graph: Graph, move: Move) -> bool:
    state = graph.states[move.source]
    return state.is_question or (bool(state.action) and len(state.outcomes) > 1)


def _step(graph: Graph, move: Move) -> str:
    is_key = graph.states[move.source].one_key and move.label in "0123456789*#"
    label = key_name(move.label) if is_key else move.label
    return move.source.name if label == "next" else f"{move.source.name} {label}"
