"""Finding one's way in a search through the flow: how far it is to what is missing, and which calls stand alike."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from ivr.flow.call import Call
from ivr.flow.definition import Flows, ways
from ivr.flow.graph import Graph, points
from ivr.qa.found import Where

FAR = 99
"""Steps to a state from which nothing that is missing can be come to."""


def ways_on(flows: Flows) -> frozenset[tuple[Where, Where]]:
    """Return every step from a state to another that an answer can lead to."""
    graph = Graph(flows)
    moves = (move for spot in graph.moves for move in graph.moves[spot] if not move.breaks_in)
    return frozenset(((move.source.flow, move.source.state), (move.target.flow, move.target.state)) for move in moves)


def distances(wanted: set[Where], steps: Iterable[tuple[Where, Where]]) -> Mapping[Where, int]:
    """Return for every state in how many steps it can come to one of those wanted."""
    before: dict[Where, list[Where]] = {}
    for source, target in steps:
        before.setdefault(target, []).append(source)
    found = dict.fromkeys(wanted, 0)
    waiting = deque(wanted)
    while waiting:
        here = waiting.popleft()
        for source in before.get(here, ()):
            if source not in found:
                found[source] = found[here] + 1
                waiting.append(source)
    return found


def signature(call: Call, names: frozenset[str]) -> object:
    """Return what calls that stand alike have in common: where they are, and what was chosen, built and counted."""
    values = call.values
    kept = tuple((name, str(values[name])) for name in sorted(names & set(values)))
    sizes = tuple(
        (name, min(len(value), 2)) for name, value in sorted(values.items()) if isinstance(value, list | tuple)
    )
    built = tuple(
        (name, part)
        for name, value in sorted(values.items())
        if isinstance(value, Mapping)
        for part in sorted(value)
        if value[part] not in (None, "", 0, (), [])
    )
    return tuple((frame.flow, frame.state) for frame in call.frames), kept, sizes, built


def chosen_names(flows: Flows) -> frozenset[str]:
    """Return the values that tell calls apart: who calls, about what, and all that a key of the flows sets."""
    sets = {name for _, state in points(flows) for _, target in ways(state) for name in target.sets}
    return frozenset(sets | {"member_id", "rx_number", "when", "proved"})
