"""Whether what is spoken, and what an action cannot do without, has been written on every way that leads there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.errors import Place, Report
from ivr.flow.definition import ActionSpec
from ivr.flow.graph import Graph, Move, Spot, told, walk
from ivr.flow.parts import PERSON_OFFER
from ivr.flow.states.base import Role
from ivr.prompts import Catalogues

Actions = Mapping[str, ActionSpec]
Names = frozenset[str]


def check(graph: Graph, catalogues: Catalogues, actions: Actions, report: Report) -> None:
    """Note each value that a call can come to need without having it, with the shortest way that shows it."""
    checks = _Checks(graph, catalogues, actions)
    known = checks.known()
    missing: dict[tuple[Place, str, str], Spot] = {}
    for spot, names in known.items():
        for place, whose, needed in checks.needs(spot, names):
            for name in needed:
                missing.setdefault((place, whose, name), spot)
    for (place, whose, name), spot in missing.items():
        report.add(place, f'{whose} "{name}", which is not known on the way {checks.without(name, spot)}')


class _Checks:
    """What is known at each spot, and what is needed there."""

    def __init__(self, graph: Graph, catalogues: Catalogues, actions: Actions) -> None:
        self.graph = graph
        self.actions = actions
        self.spoken = {name: frozenset(catalogues.values(name)) for name in catalogues.names}

    def known(self) -> dict[Spot, Names]:
        """Return the values written on every way to each spot."""
        known: dict[Spot, Names] = {self.graph.start: frozenset({PERSON_OFFER})}
        waiting = [self.graph.start]
        while waiting:
            spot = waiting.pop()
            for move in self.graph.moves[spot]:
                after = self.after(known[spot], move)
                before = known.get(move.target)
                both = after if before is None else before & after
                if both != before:
                    known[move.target] = both
                    waiting.append(move.target)
        return known

    def after(self, known: Names, move: Move) -> Names:
        """Return what is known after a move."""
        known = self._left(known, move)
        return known.union(*(way.sets for way in move.ways))

    def _left(self, known: Names, move: Move) -> Names:
        """Return what is known when a spot has been left, before its ways out set anything."""
        state = self.graph.states[move.source]
        if state.action and move.label in state.outcomes:
            spec = self.actions[state.action]
            return (known - spec.forgets) | set(spec.outcomes[move.label])
        saved = state.saves(move.label)
        return known | {saved} if saved and not (state.number and state.number.card) else known

    def needs(self, spot: Spot, known: Names) -> Iterator[tuple[Place, str, Names]]:
        """Yield what is needed at a spot, and on the ways out of it, beyond what is known."""
        state = self.graph.states[spot]
        options = {"options"} if state.choices else set()
        for use in state.prompts():
            if use.role is not Role.ON_THE_WAY:
                given = known | options if use.role is Role.QUESTION else known
                yield use.place, f'prompt "{use.name}" speaks', self.spoken.get(use.name, frozenset()) - given
        if state.choices:
            yield state.choices.at("of"), f'menu "{state.name}" offers', frozenset({state.choices.of}) - known
        if state.action:
            yield state.at("do"), f'action "{state.action}" reads', self.actions[state.action].reads - known
        for move in self.graph.moves[spot]:
            here = self._left(known, move)
            for way in move.ways:
                if way.say:
                    yield way.at("say"), f'prompt "{way.say}" speaks', self.spoken.get(way.say, frozenset()) - here
                here |= set(way.sets)

    def without(self, name: str, spot: Spot) -> str:
        """Return the shortest way to a spot on which a value is not written, or dropped again."""

        def after(known: bool, move: Move) -> bool:
            return name in self.after(frozenset({name} if known else ()), move)

        paths = walk(self.graph, False, after)
        return told(self.graph, paths.path((spot, (spot, False) not in paths)))
