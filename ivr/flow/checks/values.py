"""Whether what is spoken, and what an action cannot do without, has been written on every way that leads there."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.errors import Place, Report
from ivr.flow.definition import Actions
from ivr.flow.graph import Graph, GraphState, Transition, describe_path, walk
from ivr.flow.parts import PERSON_OFFER
from ivr.flow.states.base import Role
from ivr.prompts import Catalogues

ValueNames = frozenset[str]


def check_values(graph: Graph, catalogues: Catalogues, actions: Actions, report: Report) -> None:
    """Note each value that a call can come to need without having it, with the shortest way that shows it."""
    checks = _Checks(graph, catalogues, actions)
    known = checks.known()
    missing: dict[tuple[Place, str, str], GraphState] = {}
    for node, names in known.items():
        for place, whose, needed in checks.needs(node, names):
            for name in needed:
                missing.setdefault((place, whose, name), node)
    for (place, whose, name), node in missing.items():
        report.add(place, f'{whose} "{name}", which is not known on the way {checks.without(name, node)}')


class _Checks:
    """What is known at each state, and what is needed there."""

    def __init__(self, graph: Graph, catalogues: Catalogues, actions: Actions) -> None:
        self.graph = graph
        self.actions = actions
        self.spoken = {name: frozenset(catalogues.values(name)) for name in catalogues.names}

    def known(self) -> dict[GraphState, ValueNames]:
        """Return the values written on every way to each state."""
        known: dict[GraphState, ValueNames] = {self.graph.start: frozenset({PERSON_OFFER})}
        waiting = [self.graph.start]
        while waiting:
            node = waiting.pop()
            for transition in self.graph.transitions[node]:
                after = self.after(known[node], transition)
                before = known.get(transition.target)
                both = after if before is None else before & after
                if both != before:
                    known[transition.target] = both
                    waiting.append(transition.target)
        return known

    def after(self, known: ValueNames, transition: Transition) -> ValueNames:
        """Return what is known after a transition."""
        known = self._left(known, transition)
        return known.union(*(target.sets for target in transition.targets))

    def _left(self, known: ValueNames, transition: Transition) -> ValueNames:
        """Return what is known when a state has been left, before its ways out set anything."""
        state = self.graph.states[transition.source]
        if state.action and transition.label in state.outcomes:
            spec = self.actions[state.action]
            return (known - spec.forgets) | set(spec.outcomes[transition.label])
        saved = state.saves(transition.label)
        return known | {saved} if saved and not (state.number and state.number.card) else known

    def needs(self, node: GraphState, known: ValueNames) -> Iterator[tuple[Place, str, ValueNames]]:
        """Yield what is needed at a state, and on the ways out of it, beyond what is known."""
        state = self.graph.states[node]
        options = {"options"} if state.choices else set()
        for use in state.prompts():
            if use.role is not Role.ON_THE_WAY:
                given = known | options if use.role is Role.QUESTION else known
                yield use.place, f'prompt "{use.name}" speaks', self.spoken.get(use.name, frozenset()) - given
        if state.choices:
            yield state.choices.at("of"), f'menu "{state.name}" offers', frozenset({state.choices.of}) - known
        if state.action:
            yield state.at("do"), f'action "{state.action}" reads', self.actions[state.action].reads - known
        for transition in self.graph.transitions[node]:
            here = self._left(known, transition)
            for target in transition.targets:
                if target.say:
                    yield (
                        target.at("say"),
                        f'prompt "{target.say}" speaks',
                        self.spoken.get(target.say, frozenset()) - here,
                    )
                here |= set(target.sets)

    def without(self, name: str, node: GraphState) -> str:
        """Return the shortest way to a state on which a value is not written, or dropped again."""

        def after(known: bool, transition: Transition) -> bool:
            return name in self.after(frozenset({name} if known else ()), transition)

        paths = walk(self.graph, False, after)
        return describe_path(self.graph, paths.path((node, (node, False) not in paths)))
