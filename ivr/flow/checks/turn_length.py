"""Checks how long a turn can get: the most actions that can follow one another before the call waits for anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from ivr.errors import Report
from ivr.flow.definition import Actions
from ivr.flow.graph import Graph, GraphState, Transition, describe_path


@dataclass(frozen=True, slots=True)
class ActionRun:
    """The longest run of actions in a turn up to a state: their number, and the transitions since the turn began."""

    actions: int
    transitions: tuple[Transition, ...]


def check_turn_length(graph: Graph, actions: Actions, report: Report) -> None:
    """Report when a turn can need more actions than the line allows (`most_actions`)."""
    line, run = graph.flows.line, longest_run(graph, actions)
    if run and run.actions > line.most_actions:
        report.add(
            line.at("most_actions"),
            f"most_actions should be at least {run.actions}, found {line.most_actions}: so many follow one another in "
            f"one turn on the way {describe_path(graph, run.transitions)}",
        )


def longest_run(graph: Graph, actions: Actions) -> ActionRun | None:
    """Return the run with the most actions; None where actions go round in circles, which `proofs` reports."""
    states_before = {
        node: {transition.source for transition in incoming if _stays_in_turn(graph, actions, transition)}
        for node, incoming in graph.into.items()
    }
    runs: dict[GraphState, ActionRun] = {}
    try:
        for node in TopologicalSorter(states_before).static_order():
            runs[node] = _longest_run_to(graph, actions, node, runs)
    except CycleError:
        return None
    return max(runs.values(), key=lambda run: run.actions)


def _longest_run_to(
    graph: Graph, actions: Actions, node: GraphState, runs: Mapping[GraphState, ActionRun]
) -> ActionRun:
    """Return the longest run to a state, its own action included."""
    state = graph.states[node]
    if state.action and state.ends_turn:  # its words end a turn, and its action begins the next
        return ActionRun(1, ())
    runs_before = [_run_by(graph, actions, transition, runs) for transition in graph.into[node]]
    longest = max(runs_before, key=lambda run: run.actions, default=ActionRun(0, ()))
    return ActionRun(longest.actions + bool(state.action), longest.transitions)


def _run_by(graph: Graph, actions: Actions, transition: Transition, runs: Mapping[GraphState, ActionRun]) -> ActionRun:
    """Return the longest run that arrives by a transition."""
    if not _stays_in_turn(graph, actions, transition):
        return ActionRun(0, (transition,))
    run = runs[transition.source]
    return ActionRun(run.actions, (*run.transitions, transition))


def _stays_in_turn(graph: Graph, actions: Actions, transition: Transition) -> bool:
    """Tell whether a transition is made within a turn. After an external action the count begins again."""
    state = graph.states[transition.source]
    return not state.waits(transition.label) and not (state.action and actions[state.action].is_external)
