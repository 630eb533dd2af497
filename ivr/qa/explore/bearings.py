"""Finding one's way in a search through the flow: how far each way of each question is from what is looked for."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.graph import Graph, ShortestPaths, Spot
from ivr.qa.explore.found import Where

FAR = 999.0
"""Steps to a spot from which nothing that is looked for can be come to."""


class Bearings:
    """The steps from every spot of the flows' graph to the nearest way that is looked for."""

    def __init__(self, graph: Graph, wanted: Mapping[Where, frozenset[str]]) -> None:
        """`wanted` are ways out of states."""
        self._graph = graph
        self._wanted = wanted
        before: dict[Spot, list[tuple[None, Spot]]] = {}
        for spot, moves in graph.moves.items():
            for move in moves:
                before.setdefault(move.target, []).append((None, spot))
        starts = [spot for spot in graph.moves if (spot.flow, spot.state) in wanted]
        paths = ShortestPaths(lambda spot: before.get(spot, ()), starts=starts)
        self._steps = {spot: len(paths.path(spot)) for spot in paths}

    def steps(self, spot: Spot, label: str) -> float:
        """Return how far it is from a spot by one of its ways; by one that the graph does not have, from itself."""
        if label in self._wanted.get((spot.flow, spot.state), ()):
            return 0
        targets = [move.target for move in self._graph.moves.get(spot, ()) if move.label == label]
        return 1 + min(self._steps.get(target, FAR) for target in targets or (spot,))
