"""What is proved of every call: that it gets somewhere, ends, can reach a person, and never orders or charges unasked.

Each proof walks the graph of all spots and notes what breaks it, with a way that shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ivr.errors import Report
from ivr.flow import confirming, facts
from ivr.flow.definition import ActionSpec, Ask, Do, Flows, HangUp, Menu, Run, Say, State, Transfer
from ivr.flow.graph import Graph, Move, Spot, Walk, told
from ivr.prompts import Catalogues

Actions = Mapping[str, ActionSpec]
Follows = Callable[[Move], bool]


def check(
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
    confirming.check(graph, actions, report)
    if words_are_sound:
        facts.check(graph, catalogues, actions, report)


def _check_reachable(graph: Graph, report: Report) -> None:
    found = {(spot.flow, spot.state) for spot in graph.moves}
    for flow in graph.flows.flows.values():
        if (flow.name, flow.start) not in found:
            report.add(flow.at("flow"), f'flow "{flow.name}" is never run')
            continue
        for state in flow.states.values():
            if (flow.name, state.name) not in found:
                report.add(state.place, f'state "{state.name}" can never be reached')


def _check_circles(graph: Graph, actions: Actions, report: Report) -> None:
    """Without a question in it a circle has no end, unless it waits for the outside world, which bounds itself."""

    def goes_on(spot: Spot) -> bool:
        state = graph.states[spot]
        return not isinstance(state, Menu | Ask) and not (isinstance(state, Do) and actions[state.action].outside)

    for circle in _circles(graph, graph.moves, lambda move: goes_on(move.source) and goes_on(move.target)):
        state = graph.states[circle[0].source]
        way = " → ".join([move.source.name for move in circle] + [circle[0].source.name])
        report.add(state.place, f'state "{state.name}" goes round in circles and asks nothing: {way}')


def _check_silence_ends(graph: Graph, report: Report) -> None:
    """A caller who only keeps silent must come to an end: silence never leads back to the same question."""
    questions = [spot for spot, state in graph.states.items() if isinstance(state, Menu | Ask)]

    def is_silent(move: Move) -> bool:
        return not isinstance(graph.states[move.source], Menu | Ask) or move.label in ("too_many", "pound")

    for circle in _circles(graph, questions, is_silent):
        state = graph.states[circle[0].source]
        way = " → ".join(f"{move.source.name} {move.label}" for move in circle if _is_told(graph, move))
        report.add(
            state.place,
            f'a silent caller can stay for ever at "{state.name}": {way} → {circle[0].source.name}',
        )


def _is_told(graph: Graph, move: Move) -> bool:
    return not isinstance(graph.states[move.source], Say | Run)


def _circles(graph: Graph, starts: Iterable[Spot], follows: Follows) -> Iterator[tuple[Move, ...]]:
    """Yield a shortest circle through each state that has one, unless a circle told before goes through it."""
    seen: set[tuple[str, str]] = set()
    for start in starts:
        if (start.flow, start.state) in seen:
            continue
        circle = _circle(graph, start, follows)
        if circle:
            seen.update((move.source.flow, move.source.state) for move in circle)
            yield circle


def _circle(graph: Graph, start: Spot, follows: Follows) -> tuple[Move, ...]:
    came: dict[Spot, tuple[Move, ...]] = {}
    waiting: list[tuple[Spot, tuple[Move, ...]]] = [(start, ())]
    for spot, way in waiting:  # grows while it is gone through, shortest ways first
        for move in graph.moves[spot]:
            if not follows(move):
                continue
            if move.target == start:
                return (*way, move)
            if move.target not in came:
                came[move.target] = (*way, move)
                waiting.append((move.target, came[move.target]))
    return ()


def _check_time_ends(graph: Graph, report: Report) -> None:
    """A call that has lasted too long is asked nothing more, so that there is a bound to it."""
    told_of: set[str] = set()
    reached = [
        move.target for moves in graph.moves.values() for move in moves if move.breaks_in and move.label == "too_long"
    ]
    seen: set[Spot] = set()
    for spot in reached:  # grows while it is gone through
        state = graph.states[spot]
        if spot in seen:
            continue
        seen.add(spot)
        if isinstance(state, Menu | Ask):
            if spot.name not in told_of:
                report.add(state.place, f'"{state.name}" asks something, but the call has lasted too long by then')
            told_of.add(spot.name)
        else:
            reached.extend(move.target for move in graph.moves[spot])


def _check_persons(graph: Graph, report: Report) -> None:
    """At every question a key leads straight to a person: no other question comes between.

    Where the keys that mean the same everywhere lack it, that is one slip.
    """
    lacking: dict[str, Spot] = {}
    for spot, state in graph.states.items():
        if isinstance(state, Menu | Ask) and spot.name not in lacking and not _leads_to_person(graph, spot):
            lacking[spot.name] = spot
    line = graph.flows.line
    for kind, field, keys in ((Menu, "menu_keys", line.menu_keys), (Ask, "ask_keys", line.ask_keys)):
        of_kind = [name for name, spot in lacking.items() if isinstance(graph.states[spot], kind)]
        if len(of_kind) > 1 and not any(_has_person(graph.flows, flow) for flow in keys.values()):
            message = (
                f'no key of "{field}" leads straight to a person, nor does another key of {len(of_kind)} questions'
            )
            report.add(line.at(field), f'{message}, "{of_kind[0]}" among them')
            lacking = {name: spot for name, spot in lacking.items() if name not in of_kind}
    walk = Walk(graph, "", lambda fact, _: fact)
    for spot in lacking.values():
        state, way = graph.states[spot], told(graph, walk.path(spot, ""))
        report.add(state.place, f'no key at "{state.name}" leads straight to a person: {way}')


def _has_person(flows: Flows, name: str) -> bool:
    """Say whether a flow, or one that it runs, connects to a person."""
    states = flows.flows[name].states.values() if name in flows.flows else ()
    return any(
        isinstance(state, Transfer) or (isinstance(state, Run) and _has_person(flows, state.flow)) for state in states
    )


def _leads_to_person(graph: Graph, question: Spot) -> bool:
    broken_in = ("too_many", "too_long", "failed")
    waiting = [move.target for move in graph.moves[question] if not (move.breaks_in and move.label in broken_in)]
    seen = set(waiting)
    for spot in waiting:  # grows while it is gone through
        state = graph.states[spot]
        if isinstance(state, Transfer):
            return True
        if not isinstance(state, Menu | Ask):
            following = {move.target for move in graph.moves[spot]} - seen
            seen |= following
            waiting.extend(following)
    return False


def _check_outside(graph: Graph, actions: Actions, report: Report) -> None:
    """What asks the outside world comes first in its turn, before anything is written that would have to wait for it."""

    def after(acted: bool, move: Move) -> bool:
        target, source = graph.states[move.target], graph.states[move.source]
        if isinstance(target, Do) and target.say:
            return False
        return isinstance(source, Do) or (acted and not waits(source, move))

    walk = Walk(graph, False, after)
    for (spot, acted), state in _first(graph, walk):
        if acted and isinstance(state, Do) and actions[state.action].outside:
            way = told(graph, walk.path(spot, acted))
            report.add(
                state.at("do"),
                f'"{state.action}" asks the outside world and must come first in its turn; let "{state.name}" say '
                f"something before it: {way}",
            )


def waits(state: State, move: Move) -> bool:
    """Tell whether a move is a turn of its own: the caller did something, or the carrier came back."""
    return isinstance(state, Menu | Ask) or (isinstance(state, Transfer) and move.label != "nobody")


def _first(graph: Graph, walk: Walk[bool]) -> Iterator[tuple[tuple[Spot, bool], State]]:
    """Yield each state once with each fact, on the shortest way to it."""
    seen: set[tuple[str, bool]] = set()
    for spot, fact in walk:
        if (spot.name, fact) not in seen:
            seen.add((spot.name, fact))
            yield (spot, fact), graph.states[spot]


def _check_cards_taken(graph: Graph, report: Report) -> None:
    """Card digits are held for their turn only, so an action must take them before the caller is asked again."""
    told_of: set[str] = set()
    for spot, state in graph.states.items():
        if not isinstance(state, Ask) or not state.card or spot.name in told_of:
            continue
        ways_on: list[tuple[Spot, tuple[Move, ...]]] = [
            (move.target, (move,)) for move in graph.moves[spot] if move.label == "next"
        ]
        for target, way in ways_on:  # grows while it is gone through
            match graph.states[target]:
                case Say() | Run():
                    ways_on.extend((move.target, (*way, move)) for move in graph.moves[target])
                case Do(say=""):
                    pass
                case Menu() | Ask() | Do() | Transfer() | HangUp():
                    told_of.add(spot.name)
                    report.add(
                        state.place,
                        f'the card data keyed at "{state.name}" is lost, for no action takes it in the same turn: '
                        f"{told(graph, way)}",
                    )
