"""Checks that every value that is spoken, or that an action needs, was written on every path that leads there."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.errors import Place, Report
from ivr.flow.definition import Actions
from ivr.flow.graph import Graph, GraphState, Transition, describe_path, paths_with_fact
from ivr.flow.parts import NOTICES, PERSON_OFFER
from ivr.flow.states.base import Role
from ivr.prompts import Catalogues

ValueNames = frozenset[str]

ALWAYS_KNOWN: ValueNames = frozenset({PERSON_OFFER, NOTICES})
"""The values that the line itself gives to every prompt."""


def check_values(graph: Graph, catalogues: Catalogues, actions: Actions, report: Report) -> None:
    """Report each value that a call can need without having it, with the shortest path that shows it."""
    checks = _ValueFlow(graph, catalogues, actions)
    known_at = checks.known_values()
    missing: dict[tuple[Place, str, str], GraphState] = {}
    for node, known in known_at.items():
        for place, user, names in checks.missing_values(node, known):
            for name in names:
                missing.setdefault((place, user, name), node)
    for (place, user, name), node in missing.items():
        report.add(place, f'{user} "{name}", which is not known on the way {checks.path_without(name, node)}')


class _ValueFlow:
    """Which values are known at each state, and which are needed there."""

    def __init__(self, graph: Graph, catalogues: Catalogues, actions: Actions) -> None:
        self.graph = graph
        self.actions = actions
        self.spoken = {name: frozenset(catalogues.values(name)) for name in catalogues.names}

    def known_values(self) -> dict[GraphState, ValueNames]:
        """Return the values that are written on every path to each state."""
        known: dict[GraphState, ValueNames] = {self.graph.start: ALWAYS_KNOWN}
        waiting = [self.graph.start]
        while waiting:
            node = waiting.pop()
            for transition in self.graph.transitions[node]:
                after = self.after(known[node], transition)
                earlier = known.get(transition.target)
                on_all_paths = after if earlier is None else earlier & after
                if on_all_paths != earlier:
                    known[transition.target] = on_all_paths
                    waiting.append(transition.target)
        return known

    def after(self, known: ValueNames, transition: Transition) -> ValueNames:
        """Return the values that are known after a transition."""
        known = self._known_on_leaving(known, transition)
        return known.union(*(target.sets for target in transition.targets))

    def _known_on_leaving(self, known: ValueNames, transition: Transition) -> ValueNames:
        """Return the values that are known when a state is left, before its targets set any."""
        state = self.graph.states[transition.source]
        if state.action and transition.label in state.outcomes:
            spec = self.actions[state.action]
            if transition.label in spec.keeps:
                known &= spec.keeps[transition.label] | ALWAYS_KNOWN
            return (known - spec.forgets) | set(spec.outcomes[transition.label])
        saved = state.saves(transition.label)
        return known | {saved} if saved and not (state.number and state.number.card) else known

    def missing_values(self, node: GraphState, known: ValueNames) -> Iterator[tuple[Place, str, ValueNames]]:
        """Yield (place, who needs them, names) for each need of a state and of its transitions that is not known."""
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
            known_here = self._known_on_leaving(known, transition)
            for target in transition.targets:
                if target.say:
                    yield (
                        target.at("say"),
                        f'prompt "{target.say}" speaks',
                        self.spoken.get(target.say, frozenset()) - known_here,
                    )
                known_here |= set(target.sets)

    def path_without(self, name: str, node: GraphState) -> str:
        """Return the shortest path to a state on which a value is not written, or is forgotten again."""

        def after(known: bool, transition: Transition) -> bool:
            return name in self.after(frozenset({name} if known else ()), transition)

        paths = paths_with_fact(self.graph, False, after)
        return describe_path(self.graph, paths.path((node, (node, False) not in paths)))
