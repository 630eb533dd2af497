"""The heuristic of the search: how many transitions lie between a question and what the search is looking for."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.graph import Graph, GraphState, ShortestPaths
from ivr.qa.explore.found_calls import Where

FAR = 999.0
"""The distance of a state from which no wanted transition can be reached."""


class Distances:
    """The number of transitions from each state of the flows' graph to the nearest wanted one."""

    def __init__(self, graph: Graph, wanted: Mapping[Where, frozenset[str]]) -> None:
        """`wanted` maps states to the labels of the transitions that are looked for there."""
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
        """Return how many transitions away the nearest wanted one is, after taking the transition `label` at `node`.

        0 when that transition is wanted itself. A label that the graph does not have counts as staying at `node`.
        """
        if label in self._wanted.get((node.flow, node.state), ()):
            return 0
        targets = [
            transition.target for transition in self._graph.transitions.get(node, ()) if transition.label == label
        ]
        return 1 + min(self._steps.get(target, FAR) for target in targets or (node,))
