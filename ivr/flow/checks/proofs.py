"""What is proved of every call: that it gets somewhere, ends, can reach a person, and never orders or charges unasked.

Each proof walks the graph of all states and notes what breaks it, with a way that shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ivr.errors import Report
from ivr.flow.checks.consent import check_consent
from ivr.flow.checks.facts import check_facts
from ivr.flow.definition import Actions, Flows
from ivr.flow.graph import Graph, GraphState, Transition, circle, describe_path, walk
from ivr.flow.states import State
from ivr.prompts import Catalogues

Follows = Callable[[Transition], bool]


def check_proofs(
    graph: Graph, catalogues: Catalogues, actions: Actions, report: Report, *, words_are_sound: bool = True
) -> None:
    """Note every call that should not be possible."""
    _check_reachable(graph, report)
    _check_circles(graph, actions, report)
    _check_silence_ends(graph, report)
    _check_time_ends(graph, report)
    _check_persons(graph, report)
    _check_outside(graph, actions, report)
    _check_cards_taken(graph, report)
    check_consent(graph, actions, report)
    if words_are_sound:
        check_facts(graph, catalogues, actions, report)


def _asks(state: State) -> bool:
    return state.is_question


def _check_reachable(graph: Graph, report: Report) -> None:
    found = {(node.flow, node.state) for node in graph.transitions}
    for flow in graph.flows.flows.values():
        if (flow.name, flow.start) not in found:
            report.add(flow.at("flow"), f'flow "{flow.name}" is never run')
            continue
        for state in flow.states.values():
            if (flow.name, state.name) not in found:
                report.add(state.place, f'state "{state.name}" can never be reached')


def _check_circles(graph: Graph, actions: Actions, report: Report) -> None:
    """Without a question in it a circle has no end, unless it waits for the outside world, which bounds itself."""

    def goes_on(node: GraphState) -> bool:
        state = graph.states[node]
        return not state.is_question and not (state.action and actions[state.action].outside)

    def stays(transition: Transition) -> bool:
        return goes_on(transition.source) and goes_on(transition.target)

    for around in _circles(graph, graph.transitions, stays):
        state = graph.states[around[0].source]
        path = " → ".join([transition.source.name for transition in around] + [around[0].source.name])
        report.add(state.place, f'state "{state.name}" goes round in circles and asks nothing: {path}')


def _check_silence_ends(graph: Graph, report: Report) -> None:
    """A caller who only keeps silent must come to an end: silence never leads back to the same question."""
    questions = [node for node, state in graph.states.items() if state.is_question]

    def is_silent(transition: Transition) -> bool:
        return not graph.states[transition.source].is_question or transition.label in ("too_many", "pound")

    for around in _circles(graph, questions, is_silent):
        state = graph.states[around[0].source]
        path = " → ".join(f"{one.source.name} {one.label}" for one in around if _is_told(graph, one))
        report.add(
            state.place,
            f'a silent caller can stay for ever at "{state.name}": {path} → {around[0].source.name}',
        )


def _is_told(graph: Graph, transition: Transition) -> bool:
    state = graph.states[transition.source]
    return state.ends_turn or bool(state.action)


def _circles(graph: Graph, starts: Iterable[GraphState], follows: Follows) -> Iterator[tuple[Transition, ...]]:
    """Yield a shortest circle through each state that has one, unless a circle told before goes through it."""

    def onward(node: GraphState) -> Iterator[tuple[Transition, GraphState]]:
        return ((followed, followed.target) for followed in graph.transitions[node] if follows(followed))

    seen: set[tuple[str, str]] = set()
    for start in starts:
        if (start.flow, start.state) in seen:
            continue
        around = circle(start, onward)
        if around:
            seen.update((transition.source.flow, transition.source.state) for transition in around)
            yield around


def _check_time_ends(graph: Graph, report: Report) -> None:
    """A call that has lasted too long is asked nothing more, so that there is a bound to it."""
    over = [transition.target for transition in graph if transition.breaks_in and transition.label == "too_long"]
    told_of: set[str] = set()
    for node in graph.until(_asks, starts=over):
        state = graph.states[node]
        if state.is_question and node.name not in told_of:
            report.add(state.place, f'"{state.name}" asks something, but the call has lasted too long by then')
            told_of.add(node.name)


def _check_persons(graph: Graph, report: Report) -> None:
    """At every question a key leads straight to a person: no other question comes between.

    Where the keys that mean the same everywhere lack it, that is one slip.
    """
    lacking: dict[str, GraphState] = {}
    for node, state in graph.states.items():
        if state.is_question and node.name not in lacking and not _leads_to_person(graph, node):
            lacking[node.name] = node
    line = graph.flows.line
    for one_key, field, keys in ((True, "menu_keys", line.menu_keys), (False, "ask_keys", line.ask_keys)):
        of_kind = [name for name, node in lacking.items() if graph.states[node].one_key is one_key]
        if len(of_kind) > 1 and not any(_has_person(graph.flows, flow) for flow in keys.values()):
            message = (
                f'no key of "{field}" leads straight to a person, nor does another key of {len(of_kind)} questions'
            )
            report.add(line.at(field), f'{message}, "{of_kind[0]}" among them')
            lacking = {name: node for name, node in lacking.items() if name not in of_kind}
    for node in lacking.values():
        state, path = graph.states[node], describe_path(graph, graph.path(node))
        report.add(state.place, f'no key at "{state.name}" leads straight to a person: {path}')


def _has_person(flows: Flows, name: str) -> bool:
    """Say whether a flow, or one that it runs, connects to a person."""
    states = flows.flows[name].states.values() if name in flows.flows else ()
    return any(state.reaches_person or _has_person(flows, state.runs) for state in states)


def _leads_to_person(graph: Graph, question: GraphState) -> bool:
    broken_in = ("too_many", "too_long", "failed")
    out = (one for one in graph.transitions[question] if not (one.breaks_in and one.label in broken_in))
    return any(graph.states[node].reaches_person for node in graph.until(_asks, first=out))


def _check_outside(graph: Graph, actions: Actions, report: Report) -> None:
    """What asks the outside world comes first in its turn, before anything is written that would have to wait for it."""

    def after(acted: bool, transition: Transition) -> bool:
        target, source = graph.states[transition.target], graph.states[transition.source]
        if target.action and target.ends_turn:
            return False
        return bool(source.action) or (acted and not source.waits(transition.label))

    paths = walk(graph, False, after)
    told_of: set[str] = set()
    for node, acted in paths:
        state = graph.states[node]
        if acted and state.action and actions[state.action].outside and node.name not in told_of:
            told_of.add(node.name)
            path = describe_path(graph, paths.path((node, acted)))
            report.add(
                state.at("do"),
                f'"{state.action}" asks the outside world and must come first in its turn; let "{state.name}" say '
                f"something before it: {path}",
            )


def _check_cards_taken(graph: Graph, report: Report) -> None:
    """Card digits are held for their turn only, so an action must take them before the caller is asked again."""
    told_of: set[str] = set()
    for node, state in graph.states.items():
        if not (state.number and state.number.card) or node.name in told_of:
            continue
        keyed = [transition for transition in graph.transitions[node] if transition.label == "next"]
        paths = graph.until(lambda state: state.ends_turn or bool(state.action), first=keyed)
        for lost in (target for target in paths if graph.states[target].ends_turn):
            told_of.add(node.name)
            report.add(
                state.place,
                f'the card data keyed at "{state.name}" is lost, for no action takes it in the same turn: '
                f"{describe_path(graph, paths.path(lost))}",
            )
