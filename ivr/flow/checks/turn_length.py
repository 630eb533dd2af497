"""How much one turn of a call can come to: the most actions that follow one another before anybody is waited for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from ivr.errors import Report
from ivr.flow.definition import Actions
from ivr.flow.graph import Graph, GraphState, Transition, describe_path


@dataclass(frozen=True, slots=True)
class ActionRun:
    """What happened in a turn by the time a state is left: how many actions, and the way since the turn began."""

    actions: int
    transitions: tuple[Transition, ...]


def check_turn_length(graph: Graph, actions: Actions, report: Report) -> None:
    """Note when a turn can need more actions than the line allows one."""
    line, run = graph.flows.line, longest(graph, actions)
    if run and run.actions > line.most_actions:
        report.add(
            line.at("most_actions"),
            f"most_actions should be at least {run.actions}, found {line.most_actions}: so many follow one another in "
            f"one turn on the way {describe_path(graph, run.transitions)}",
        )


def longest(graph: Graph, actions: Actions) -> ActionRun | None:
    """Return the run with the most actions; None where actions go round in circles, which is told elsewhere."""
    before = {node: {one.source for one in into if _goes_on(graph, actions, one)} for node, into in graph.into.items()}
    runs: dict[GraphState, ActionRun] = {}
    try:
        for node in TopologicalSorter(before).static_order():
            runs[node] = _run(graph, actions, node, runs)
    except CycleError:
        return None
    return max(runs.values(), key=lambda run: run.actions)


def _run(graph: Graph, actions: Actions, node: GraphState, runs: Mapping[GraphState, ActionRun]) -> ActionRun:
    """Return the longest run to a state, its own action counted."""
    state = graph.states[node]
    if state.action and state.ends_turn:  # its words end the turn, and its action begins another
        return ActionRun(1, ())
    runs_before = [_after(graph, actions, transition, runs) for transition in graph.into[node]]
    longest = max(runs_before, key=lambda run: run.actions, default=ActionRun(0, ()))
    return ActionRun(longest.actions + bool(state.action), longest.transitions)


def _after(graph: Graph, actions: Actions, transition: Transition, runs: Mapping[GraphState, ActionRun]) -> ActionRun:
    if not _goes_on(graph, actions, transition):
        return ActionRun(0, (transition,))
    run = runs[transition.source]
    return ActionRun(run.actions, (*run.transitions, transition))


def _goes_on(graph: Graph, actions: Actions, transition: Transition) -> bool:
    """Tell whether a transition is made within a turn; the count begins anew once the outside world has answered."""
    state = graph.states[transition.source]
    return not state.waits(transition.label) and not (state.action and actions[state.action].outside)
