"""Finding one's way in a search through the flow: how far each way of each question is from what is looked for."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.graph import Graph, GraphState, ShortestPaths
from ivr.qa.explore.found_calls import Where

FAR = 999.0
"""Steps to a state from which nothing that is looked for can be come to."""


class Distances:
    """The steps from every state of the flows' graph to the nearest way that is looked for."""

    def __init__(self, graph: Graph, wanted: Mapping[Where, frozenset[str]]) -> None:
        """`wanted` are ways out of states."""
        self._graph = graph
        self._wanted = wanted
        before: dict[GraphState, list[tuple[None, GraphState]]] = {}
        for node, transitions in graph.transitions.items():
            for transition in transitions:
                before.setdefault(transition.target, []).append((None, node))
        starts = [node for node in graph.transitions if (node.flow, node.state) in wanted]
        paths = ShortestPaths(lambda node: before.get(node, ()), starts=starts)
        self._steps = {node: len(paths.path(node)) for node in paths}

    def steps(self, node: GraphState, label: str) -> float:
        """Return how far it is from a state by one of its ways; by one that the graph does not have, from itself."""
        if label in self._wanted.get((node.flow, node.state), ()):
            return 0
        targets = [
            transition.target for transition in self._graph.transitions.get(node, ()) if transition.label == label
        ]
        return 1 + min(self._steps.get(target, FAR) for target in targets or (node,))
