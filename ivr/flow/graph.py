"""The flows as one graph: which states a call can come to from a state, across `run`, ends and interruptions.

Callers are not kept apart (an end leads to every state that runs the flow), so whatever is shown never to happen
here never happens in a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ivr.flow.definition import REPEAT, Ask, Flows, Menu, Run, State, Target, ways

Point = tuple[str, str]
"""(flow, state)"""


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a state to another; `label` is the key, outcome or end that leads there."""

    source: Point
    label: str
    target: Point
    way: Target | None = None


def points(flows: Flows) -> Iterator[tuple[Point, State]]:
    """Yield every state of every flow."""
    for flow in flows.flows.values():
        for state in flow.states.values():
            yield (flow.name, state.name), state


def edges(flows: Flows) -> tuple[Edge, ...]:
    """Return every way a call can take from one state to the next."""
    found: list[Edge] = []
    for point, state in points(flows):
        if isinstance(state, Run) and state.flow in flows.flows:
            found.append(Edge(point, "run", (state.flow, flows.flows[state.flow].start)))
        else:
            for label, way in ways(state):
                found.extend(Edge(point, label, target, way) for target in landings(flows, point[0], way))
        if isinstance(state, Menu | Ask):
            found.extend(_interruptions(flows, point, state))
    return tuple(found)


def landings(flows: Flows, flow: str, way: Target) -> set[Point]:
    """Return the states that a way out can come to; an end comes to wherever its flow was run or broke in."""
    found: set[Point] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [(flow, way)]
    while waiting:
        name, target = waiting.pop()
        if target.state:
            found.add((name, target.state))
        elif (name, target.end) not in seen:
            seen.add((name, target.end))
            waiting.extend(_returns(flows, name, target.end))
            if name in flows.line.interruptions:
                found.update(point for point, state in points(flows) if isinstance(state, Menu | Ask))
    return found


def _returns(flows: Flows, ended: str, end: str) -> Iterator[tuple[str, Target]]:
    for (name, _), state in points(flows):
        if isinstance(state, Run) and state.flow == ended and end in state.ends:
            yield name, state.ends[end]


def _interruptions(flows: Flows, point: Point, question: Menu | Ask) -> Iterator[Edge]:
    used = question.keys if isinstance(question, Menu) else {}
    keys = flows.line.menu_keys if isinstance(question, Menu) else flows.line.ask_keys
    for key, flow in keys.items():
        if key not in used and flow != REPEAT and flow in flows.flows:
            yield Edge(point, key, (flow, flows.flows[flow].start))
    broken_in = [("failed", flows.line.failed), ("too_long", flows.line.too_long)]
    if question.too_many is None:
        broken_in.append(("too_many", flows.line.too_many))
    for label, flow in broken_in:
        if flow in flows.flows:
            yield Edge(point, label, (flow, flows.flows[flow].start))


def reachable(starts: Iterable[Point], ways_on: Iterable[Edge]) -> set[Point]:
    """Return every state that can be come to from some states."""
    following: dict[Point, list[Point]] = {}
    for edge in ways_on:
        following.setdefault(edge.source, []).append(edge.target)
    found, waiting = set(starts), list(starts)
    while waiting:
        for target in following.get(waiting.pop(), ()):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found
