"""Proofs about every call: it gets somewhere, ends, can reach a person, and orders or charges nothing unasked.

Each proof searches the graph of states and reports what breaks it, with a path that shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ivr.errors import Report
from ivr.flow.checks.consent import check_consent
from ivr.flow.checks.facts import check_facts
from ivr.flow.definition import Actions, Flows
from ivr.flow.graph import Graph, GraphState, Transition, describe_path, paths_with_fact, shortest_cycle
from ivr.flow.states import State
from ivr.prompts import Catalogues

Follows = Callable[[Transition], bool]
"""Whether a search goes on by a transition."""


def check_proofs(
    graph: Graph, catalogues: Catalogues, actions: Actions, report: Report, *, words_are_sound: bool = True
) -> None:
    """Report every call that should not be possible.

    With `words_are_sound=False` some prompts could not be read, so what callers agree to is not checked.
    """
    _check_reachable(graph, report)
    _check_circles(graph, actions, report)
    _check_silence_ends(graph, report)
    _check_time_ends(graph, report)
    _check_persons(graph, report)
    _check_external_actions(graph, actions, report)
    _check_cards_taken(graph, report)
    check_consent(graph, actions, report)
    if words_are_sound:
        check_facts(graph, catalogues, actions, report)


def _is_question(state: State) -> bool:
    return state.is_question


def _check_reachable(graph: Graph, report: Report) -> None:
    """Report flows that are never run and states that no call can reach."""
    reachable = {(node.flow, node.state) for node in graph.transitions}
    for flow in graph.flows.flows.values():
        if (flow.name, flow.start) not in reachable:
            report.add(flow.at("flow"), f'flow "{flow.name}" is never run')
            continue
        for state in flow.states.values():
            if (flow.name, state.name) not in reachable:
                report.add(state.place, f'state "{state.name}" can never be reached')


def _check_circles(graph: Graph, actions: Actions, report: Report) -> None:
    """Report a circle of states without a question.

    It would not end, unless an external action in it limits the time.
    """

    def goes_on(node: GraphState) -> bool:
        state = graph.states[node]
        return not state.is_question and not (state.action and actions[state.action].is_external)

    def stays(transition: Transition) -> bool:
        return goes_on(transition.source) and goes_on(transition.target)

    for cycle in _cycles(graph, graph.transitions, stays):
        state = graph.states[cycle[0].source]
        path = " → ".join([transition.source.name for transition in cycle] + [cycle[0].source.name])
        report.add(state.place, f'state "{state.name}" goes round in circles and asks nothing: {path}')


def _check_silence_ends(graph: Graph, report: Report) -> None:
    """Report a question that silence leads back to: a caller who stays silent must come to an end."""
    questions = [node for node, state in graph.states.items() if state.is_question]

    def is_silent(transition: Transition) -> bool:
        return not graph.states[transition.source].is_question or transition.label in ("too_many", "pound")

    for cycle in _cycles(graph, questions, is_silent):
        state = graph.states[cycle[0].source]
        path = " → ".join(
            f"{transition.source.name} {transition.label}"
            for transition in cycle
            if _is_shown_in_cycle(graph, transition)
        )
        report.add(
            state.place,
            f'a silent caller can stay for ever at "{state.name}": {path} → {cycle[0].source.name}',
        )


def _is_shown_in_cycle(graph: Graph, transition: Transition) -> bool:
    """Tell whether a transition is named in the message: its state says, asks or does something."""
    state = graph.states[transition.source]
    return state.ends_turn or bool(state.action)


def _cycles(graph: Graph, starts: Iterable[GraphState], follows: Follows) -> Iterator[tuple[Transition, ...]]:
    """Yield a shortest cycle through each state that has one. A state on a cycle that was yielded before is skipped."""

    def onward(node: GraphState) -> Iterator[tuple[Transition, GraphState]]:
        return ((transition, transition.target) for transition in graph.transitions[node] if follows(transition))

    seen: set[tuple[str, str]] = set()
    for start in starts:
        if (start.flow, start.state) in seen:
            continue
        cycle = shortest_cycle(start, onward)
        if cycle:
            seen.update((transition.source.flow, transition.source.state) for transition in cycle)
            yield cycle


def _check_time_ends(graph: Graph, report: Report) -> None:
    """Report a question asked after the call has lasted too long; without one, the length of a call is bounded."""
    starts = [transition.target for transition in graph if transition.breaks_in and transition.label == "too_long"]
    reported: set[str] = set()
    for node in graph.until(_is_question, starts=starts):
        state = graph.states[node]
        if state.is_question and node.name not in reported:
            report.add(state.place, f'"{state.name}" asks something, but the call has lasted too long by then')
            reported.add(node.name)


def _check_persons(graph: Graph, report: Report) -> None:
    """Report each question without a key that leads to a person before another question is asked.

    Where `menu_keys` or `ask_keys` of the line has no such key, that is reported once, not for each question.
    """
    lacking: dict[str, GraphState] = {}
    for node, state in graph.states.items():
        if state.is_question and node.name not in lacking and not _leads_to_person(graph, node):
            lacking[node.name] = node
    line = graph.flows.line
    for one_key, field, keys in ((True, "menu_keys", line.menu_keys), (False, "ask_keys", line.ask_keys)):
        of_kind = [name for name, node in lacking.items() if graph.states[node].one_key is one_key]
        if len(of_kind) > 1 and not any(_connects_to_person(graph.flows, flow) for flow in keys.values()):
            message = (
                f'no key of "{field}" leads straight to a person, nor does another key of {len(of_kind)} questions'
            )
            report.add(line.at(field), f'{message}, "{of_kind[0]}" among them')
            lacking = {name: node for name, node in lacking.items() if name not in of_kind}
    for node in lacking.values():
        state, path = graph.states[node], describe_path(graph, graph.path(node))
        report.add(state.place, f'no key at "{state.name}" leads straight to a person: {path}')


def _connects_to_person(flows: Flows, name: str) -> bool:
    """Tell whether a flow, or one that it runs, connects to a person."""
    states = flows.flows[name].states.values() if name in flows.flows else ()
    return any(state.reaches_person or _connects_to_person(flows, state.runs) for state in states)


def _leads_to_person(graph: Graph, question: GraphState) -> bool:
    """Tell whether some key at a question leads to a person with no question between."""
    not_keys = ("too_many", "too_long", "failed")
    by_keys = (
        transition
        for transition in graph.transitions[question]
        if not (transition.breaks_in and transition.label in not_keys)
    )
    return any(graph.states[node].reaches_person for node in graph.until(_is_question, first=by_keys))


def _check_external_actions(graph: Graph, actions: Actions, report: Report) -> None:
    """Report an external action that is not the first of its turn.

    What the turn wrote before it would have to wait for the outside world.
    """

    def after(acted: bool, transition: Transition) -> bool:
        target, source = graph.states[transition.target], graph.states[transition.source]
        if target.action and target.ends_turn:
            return False
        return bool(source.action) or (acted and not source.waits(transition.label))

    paths = paths_with_fact(graph, False, after)
    reported: set[str] = set()
    for node, acted in paths:
        state = graph.states[node]
        if acted and state.action and actions[state.action].is_external and node.name not in reported:
            reported.add(node.name)
            path = describe_path(graph, paths.path((node, acted)))
            report.add(
                state.at("do"),
                f'"{state.action}" asks the outside world and must come first in its turn; let "{state.name}" say '
                f"something before it: {path}",
            )


def _check_cards_taken(graph: Graph, report: Report) -> None:
    """Report card digits that no action takes before the turn ends: they are kept for that turn only."""
    reported: set[str] = set()
    for node, state in graph.states.items():
        if not state.gives_card or node.name in reported:
            continue
        after_keys = [transition for transition in graph.transitions[node] if transition.label == state.gives_card]
        paths = graph.until(lambda state: state.ends_turn or bool(state.action), first=after_keys)
        for end_of_turn in (target for target in paths if graph.states[target].ends_turn):
            reported.add(node.name)
            report.add(
                state.place,
                f'the card data keyed at "{state.name}" is lost, for no action takes it in the same turn: '
                f"{describe_path(graph, paths.path(end_of_turn))}",
            )
