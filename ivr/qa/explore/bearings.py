"""Finding one's way in a search through the flow: how far it is to what is missing, and which calls stand alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ivr.flow.call import Call
from ivr.flow.definition import Flows
from ivr.flow.graph import Graph, ShortestPaths
from ivr.qa.explore.found import Where

FAR = 99
"""Steps to a state from which nothing that is missing can be come to."""


def ways_on(flows: Flows) -> frozenset[tuple[Where, Where]]:
    """Return every step from a state to another that an answer can lead to."""
    graph = Graph(flows)
    moves = (move for spot in graph.moves for move in graph.moves[spot] if not move.breaks_in)
    return frozenset(((move.source.flow, move.source.state), (move.target.flow, move.target.state)) for move in moves)


def distances(wanted: set[Where], steps: Iterable[tuple[Where, Where]]) -> Mapping[Where, int]:
    """Return for every state in how many steps it can come to one of those wanted."""
    before: dict[Where, list[tuple[None, Where]]] = {}
    for source, target in steps:
        before.setdefault(target, []).append((None, source))
    paths = ShortestPaths(lambda where: before.get(where, ()), starts=wanted)
    return {where: len(paths.path(where)) for where in paths}


WHO_AND_WHAT = ("member_id", "proved", "rx_number", "when")
"""The values that say who calls about what."""
Chosen = Mapping[str, frozenset[str]]
"""The values that keys of each flow set."""


def signature(call: Call, chosen: Chosen) -> object:
    """Return what calls that stand alike have in common: their situation, who calls about what, and how much there is."""
    values = call.values
    sizes = tuple(
        (name, min(len(value), 2)) for name, value in sorted(values.items()) if isinstance(value, list | tuple)
    )
    return situation(call, chosen), tuple(str(values.get(name)) for name in WHO_AND_WHAT), sizes


def situation(call: Call, chosen: Chosen) -> frozenset[object]:
    """Return the features of where a call stands, whoever makes it: the flows it is in, what was chosen and built."""
    values = call.values
    names = {name for frame in call.frames for name in chosen[frame.flow]}
    kept = {(name, str(values[name])) for name in names & set(values)}
    built = {
        (name, part, "")
        for name, value in values.items()
        if isinstance(value, Mapping) and "prompt" not in value  # a phrase is only spoken
        for part in value
        if value[part] not in (None, "", 0, (), [])
    }
    return frozenset({tuple((frame.flow, frame.state) for frame in call.frames[:-1]), *kept, *built})


def chosen_names(flows: Flows) -> Chosen:
    """Return the values that keys of each flow set."""
    return {
        flow.name: frozenset(name for target in flow.targets for name in target.sets) for flow in flows.flows.values()
    }
