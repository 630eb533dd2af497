"""Nothing is ordered, charged, cancelled or asked of a prescriber without a key that confirmed it.

A confirmation is good for what follows it directly: the next question ends it. And its key is none that the question
right before can end with, so that a stray or doubled press never decides. What it is a yes to is proved in `facts`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ivr.errors import Report
from ivr.flow.definition import Actions
from ivr.flow.graph import Graph, GraphState, Transition, describe_path, walk
from ivr.flow.states import State
from ivr.keypad import key_name

DIGITS = frozenset("0123456789")


def check_consent(graph: Graph, actions: Actions, report: Report) -> None:
    """Note every action that needs a yes and has none, and every key that could be pressed by accident."""
    _check_confirmed(graph, actions, report)
    _check_keys(graph, actions, report)


def is_asked(state: State) -> bool:
    """Say whether the caller is asked something there, or speaks to a person: a yes does not outlast that."""
    return state.is_question or state.reaches_person


def confirms(transition: Transition) -> bool:
    """Say whether a transition is by a key that confirms."""
    return any(way.confirms for way in transition.targets)


def needs_yes(state: State, actions: Actions) -> bool:
    """Say whether a state does what needs the caller's yes."""
    return bool(state.action) and actions[state.action].needs_yes


def _check_confirmed(graph: Graph, actions: Actions, report: Report) -> None:
    def after(confirmed: bool, transition: Transition) -> bool | None:
        if not confirmed and needs_yes(graph.states[transition.source], actions):
            return None  # told of already; what comes after it is no slip of its own
        return confirms(transition) or (confirmed and not is_asked(graph.states[transition.source]))

    paths = walk(graph, False, after)
    told_of: set[str] = set()
    for node, confirmed in paths:
        state = graph.states[node]
        if needs_yes(state, actions) and not confirmed and node.name not in told_of:
            told_of.add(node.name)
            way = describe_path(graph, paths.path((node, confirmed)))
            report.add(state.at("do"), f'"{state.action}" without a key that "confirms" right before it: {way}')


def _check_keys(graph: Graph, actions: Actions, report: Report) -> None:
    """The key that confirms is none that the question right before can end with."""
    told_of: set[tuple[str, str]] = set()
    for node in graph.transitions:
        for way in _to_next_question(graph, node):
            other = way[-1].target
            shared = _confirming_keys(graph.states[other]) & _last_keys(graph.states[node], actions)
            if shared and (other.name, node.name) not in told_of:
                told_of.add((other.name, node.name))
                state, key = graph.states[other], key_name(min(shared))
                report.add(
                    state.at(f"keys.{key}"),
                    f'the key that "confirms" at "{state.name}", {key}, is one that the question right before can end '
                    f"with, so that pressing it twice would confirm: {describe_path(graph, way)}",
                )


def _to_next_question(graph: Graph, node: GraphState) -> Iterator[tuple[Transition, ...]]:
    """Yield the ways that a question's own answers lead to the next questions, one a question."""
    if not is_asked(graph.states[node]):
        return
    answers = [transition for transition in graph.transitions[node] if not transition.breaks_in]
    paths = graph.until(is_asked, first=answers)
    yield from (paths.path(other) for other in paths if is_asked(graph.states[other]))


def _confirming_keys(state: State) -> frozenset[str]:
    return frozenset(key for key, target in state.keys.items() if target.confirms)


def _last_keys(state: State, actions: Actions) -> frozenset[str]:
    """Return the keys a question can end with: any digit for a number of fixed length; pound, if only by habit."""
    if state.number:
        return DIGITS | {"#"} if state.number.low == state.number.high else frozenset("#")
    if not state.is_question:
        return frozenset()
    lists = {name: items for spec in actions.values() for name, items in spec.items.items()}
    most = lists[state.choices.of].most if state.choices else 0
    return frozenset(state.keys) | {"#"} | {str(number) for number in range(1, most + 1)}
