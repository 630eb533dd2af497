"""Checks that nothing is ordered, charged, cancelled or asked of a prescriber without a key that confirmed it.

A confirmation holds until the next question is asked. Its key must not be one that the question right before can end
with: a key pressed twice, or by habit, must never decide. What the caller agrees to is checked in `facts`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ivr.errors import Report
from ivr.flow.definition import Actions
from ivr.flow.graph import Graph, GraphState, Transition, describe_path, paths_with_fact
from ivr.flow.states import State
from ivr.keypad import key_name

DIGITS = frozenset("0123456789")


def check_consent(graph: Graph, actions: Actions, report: Report) -> None:
    """Report every action that needs the caller's yes and has none, and every key that could confirm by accident."""
    _check_confirmed(graph, actions, report)
    _check_confirming_keys(graph, actions, report)


def ends_consent(state: State) -> bool:
    """Tell whether the state asks the caller something, or connects to a person; a yes given before it is void then."""
    return state.is_question or state.reaches_person


def is_confirming(transition: Transition) -> bool:
    """Tell whether a transition is taken by a key that confirms."""
    return any(target.confirms for target in transition.targets)


def needs_yes(state: State, actions: Actions) -> bool:
    """Tell whether a state runs an action that needs the caller's yes."""
    return bool(state.action) and actions[state.action].needs_yes


def _check_confirmed(graph: Graph, actions: Actions, report: Report) -> None:
    """Report each action that needs a yes and can be reached without one, with the shortest path."""

    def after(confirmed: bool, transition: Transition) -> bool | None:
        if not confirmed and needs_yes(graph.states[transition.source], actions):
            return None  # reported where it happens; what follows is no problem of its own
        return is_confirming(transition) or (confirmed and not ends_consent(graph.states[transition.source]))

    paths = paths_with_fact(graph, False, after)
    reported: set[str] = set()
    for node, confirmed in paths:
        state = graph.states[node]
        if needs_yes(state, actions) and not confirmed and node.name not in reported:
            reported.add(node.name)
            path = describe_path(graph, paths.path((node, confirmed)))
            report.add(state.at("do"), f'"{state.action}" without a key that "confirms" right before it: {path}')


def _check_confirming_keys(graph: Graph, actions: Actions, report: Report) -> None:
    """Report each key that confirms and is also one that the question right before can end with."""
    reported: set[tuple[str, str]] = set()
    for previous in graph.transitions:
        for path in _to_next_question(graph, previous):
            question = path[-1].target
            shared = _confirming_keys(graph.states[question]) & _keys_that_end(graph.states[previous], actions)
            if shared and (question.name, previous.name) not in reported:
                reported.add((question.name, previous.name))
                state, key = graph.states[question], key_name(min(shared))
                report.add(
                    state.at(f"keys.{key}"),
                    f'the key that "confirms" at "{state.name}", {key}, is one that the question right before can end '
                    f"with, so that pressing it twice would confirm: {describe_path(graph, path)}",
                )


def _to_next_question(graph: Graph, node: GraphState) -> Iterator[tuple[Transition, ...]]:
    """Yield the paths by which a question's own answers lead to each of the next questions."""
    if not ends_consent(graph.states[node]):
        return
    answers = [transition for transition in graph.transitions[node] if not transition.breaks_in]
    paths = graph.until(ends_consent, first=answers)
    yield from (paths.path(question) for question in paths if ends_consent(graph.states[question]))


def _confirming_keys(state: State) -> frozenset[str]:
    return frozenset(key for key, target in state.keys.items() if target.confirms)


def _keys_that_end(state: State, actions: Actions) -> frozenset[str]:
    """Return the keys a question can end with.

    That is any digit for a number of fixed length, else pound, if only by habit.
    """
    if state.number:
        return DIGITS | {"#"} if state.number.low == state.number.high else frozenset("#")
    if not state.is_question:
        return frozenset()
    lists = {name: items for spec in actions.values() for name, items in spec.items.items()}
    most = lists[state.choices.of].most if state.choices else 0
    return frozenset(state.keys) | {"#"} | {str(number) for number in range(1, most + 1)}
