"""Every spot a call can come to, each with what it goes back to: the flows as one graph, callers kept apart.

A flow that is run from two places is there twice, and an interruption once for each question it can break into. A
way that is found here is therefore one that a call can take, as far as the flow alone decides it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ivr.errors import IvrError
from ivr.flow.definition import REPEAT, Ask, Do, Flows, Menu, Run, State, Target, ways
from ivr.keypad import key_name

MOST_SPOTS = 20_000
"""Spots beyond which the flows are too tangled to look at, and to understand."""

Fact = TypeVar("Fact")


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
    """Kept, since spots are looked up again and again, and lie deep on one another."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.flow, self.state, self.below, self.interrupting)))

    def __hash__(self) -> int:
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
        self.moves: Mapping[Spot, tuple[Move, ...]] = self._all_moves()
        self.states: Mapping[Spot, State] = {spot: flows.state(spot.flow, spot.state) for spot in self.moves}

    def _all_moves(self) -> dict[Spot, tuple[Move, ...]]:
        found: dict[Spot, tuple[Move, ...]] = {}
        waiting = deque([self.start])
        while waiting:
            spot = waiting.popleft()
            if spot in found:
                continue
            if len(found) > MOST_SPOTS:
                raise TangledError(f"the flows run one another in so many ways that {MOST_SPOTS} spots are too few")
            found[spot] = tuple(self._moves(spot))
            waiting.extend(move.target for move in found[spot])
        return found

    def _moves(self, spot: Spot) -> Iterator[Move]:
        state = self.flows.state(spot.flow, spot.state)
        if isinstance(state, Run):
            yield Move(spot, "run", Spot(state.flow, self.flows.flows[state.flow].start, spot))
            return
        for label, way in ways(state):
            yield from self._own(spot, label, way)
            if way.counts:
                counted = self.flows.state(spot.flow, way.counts)
                yield from self._give_up(spot, counted)
        if isinstance(state, Menu | Ask):
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
            way, spot = dict(ways(run))[way.end], below
            gone.append(way)
        yield Move(source, label, Spot(spot.flow, way.state, spot.below, spot.interrupting), tuple(gone))

    def _give_up(self, spot: Spot, counted: State) -> Iterator[Move]:
        if isinstance(counted, Menu | Ask) and counted.too_many:
            yield from self._own(spot, "too_many", counted.too_many)
        else:
            yield self._break_in(spot, "too_many", self.flows.line.too_many)

    def _interruptions(self, spot: Spot, question: Menu | Ask) -> Iterator[Move]:
        line = self.flows.line
        for key, flow in (line.menu_keys if isinstance(question, Menu) else line.ask_keys).items():
            used = key in question.keys if isinstance(question, Menu) else key == "*" and question.stars
            if not used and flow != REPEAT:
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


class Walk(Generic[Fact]):
    """All ways through a graph, nearest spots first, each with a fact that is carried along and changed by moves."""

    def __init__(self, graph: Graph, fact: Fact, after: Callable[[Fact, Move], Fact | None]) -> None:
        """`after` gives the fact after a move; None where the way is not followed any further."""
        self._came: dict[tuple[Spot, Fact], tuple[tuple[Spot, Fact], Move] | None] = {(graph.start, fact): None}
        waiting = deque([(graph.start, fact)])
        while waiting:
            here = waiting.popleft()
            for move in graph.moves[here[0]]:
                known = after(here[1], move)
                if known is not None and (there := (move.target, known)) not in self._came:
                    self._came[there] = (here, move)
                    waiting.append(there)

    def __iter__(self) -> Iterator[tuple[Spot, Fact]]:
        return iter(self._came)

    def __contains__(self, known: object) -> bool:
        return known in self._came

    def path(self, spot: Spot, fact: Fact) -> tuple[Move, ...]:
        """Return the moves of the shortest way to a spot with a fact."""
        moves: list[Move] = []
        came = self._came[spot, fact]
        while came:
            here, move = came
            moves.append(move)
            came = self._came[here]
        return tuple(reversed(moves))


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
    return isinstance(state, Menu | Ask) or (isinstance(state, Do) and len(state.outcomes) > 1)


def _step(graph: Graph, move: Move) -> str:
    is_key = isinstance(graph.states[move.source], Menu) and move.label in "0123456789*#"
    label = key_name(move.label) if is_key else move.label
    return move.source.name if label == "next" else f"{move.source.name} {label}"
