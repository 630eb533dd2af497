"""How much one turn of a call can come to: the most actions that follow one another before anybody is waited for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from ivr.errors import Report
from ivr.flow.definition import ActionSpec
from ivr.flow.graph import Graph, Move, Spot, told

Actions = Mapping[str, ActionSpec]


@dataclass(frozen=True, slots=True)
class Run:
    """What happened in a turn by the time a spot is left: how many actions, and the way since the turn began."""

    actions: int
    moves: tuple[Move, ...]


def check(graph: Graph, actions: Actions, report: Report) -> None:
    """Note when a turn can need more actions than the line allows one."""
    line, run = graph.flows.line, longest(graph, actions)
    if run and run.actions > line.most_actions:
        report.add(
            line.at("most_actions"),
            f"most_actions should be at least {run.actions}, found {line.most_actions}: so many follow one another in "
            f"one turn on the way {told(graph, run.moves)}",
        )


def longest(graph: Graph, actions: Actions) -> Run | None:
    """Return the run with the most actions; None where actions go round in circles, which is told elsewhere."""
    into: dict[Spot, list[Move]] = {spot: [] for spot in graph.moves}
    for move in (move for moves in graph.moves.values() for move in moves):
        into[move.target].append(move)
    before = {spot: {move.source for move in moves if _goes_on(graph, actions, move)} for spot, moves in into.items()}
    runs: dict[Spot, Run] = {}
    try:
        for spot in TopologicalSorter(before).static_order():
            runs[spot] = _run(graph, actions, spot, into[spot], runs)
    except CycleError:
        return None
    return max(runs.values(), key=lambda run: run.actions)


def _run(graph: Graph, actions: Actions, spot: Spot, into: list[Move], runs: Mapping[Spot, Run]) -> Run:
    """Return the longest run to a spot, its own action counted."""
    state = graph.states[spot]
    if state.action and state.ends_turn:  # its words end the turn, and its action begins another
        return Run(1, ())
    ways = [_after(graph, actions, move, runs) for move in into]
    longest_way = max(ways, key=lambda run: run.actions, default=Run(0, ()))
    return Run(longest_way.actions + bool(state.action), longest_way.moves)


def _after(graph: Graph, actions: Actions, move: Move, runs: Mapping[Spot, Run]) -> Run:
    if not _goes_on(graph, actions, move):
        return Run(0, (move,))
    run = runs[move.source]
    return Run(run.actions, (*run.moves, move))


def _goes_on(graph: Graph, actions: Actions, move: Move) -> bool:
    """Tell whether a move is made within a turn; the count begins anew once the outside world has answered."""
    state = graph.states[move.source]
    return not state.waits(move.label) and not (state.action and actions[state.action].outside)
