"""What is tried next: of all moves at all points the one that is nearest to what is looked for, and was tried least."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from operator import itemgetter

from ivr.qa.explore.bearings import FAR
from ivr.qa.explore.moves import Move
from ivr.qa.explore.points import Point
from ivr.qa.explore.searches import Facts, Search

TRIED = 2.0
"""Steps that it counts for when the same was tried once before; twice that at three times, and so on."""
UNLIKELY = 0.75
"""Steps that each likelier answer counts for."""
LONG = 0.05
"""Steps that each thing done in the call counts for."""

Step = tuple[Point, Move, Facts]
"""Something to try, and what tells the point from others."""


class Frontier:
    """The moves that are left to try in one way of looking."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self._seen: set[object] = set()
        self._tried: Counter[object] = Counter()
        self._used: Counter[object] = Counter()
        self._moves: dict[object, list[tuple[float, int, Point, Move, Facts]]] = {}
        """Moves that lead the same way in the flow, by that way: the one that was tried least is first."""
        self._order: Iterator[int] = count()

    def is_new(self, point: Point, facts: Facts) -> bool:
        """Say whether no call at the same question had one of these facts; from now on this one had them all."""
        told = {(point.spot, fact) for fact in facts}
        is_new = not told <= self._seen
        self._seen |= told
        return is_new

    def add(self, point: Point, moves: Iterable[Move], facts: Facts) -> None:
        """Add moves that are left to try at a point; one that leads away only if it was not tried with all its facts."""
        for move in moves:
            names = {(move.name, fact) for fact in facts}
            if move.leaves and names <= self._seen:
                continue
            if move.leaves:
                self._seen |= names
            same_way = self._moves.setdefault(point.way(move), [])
            heapq.heappush(same_way, (self._weight(point, move, facts), next(self._order), point, move, facts))

    def pop(self, steps: Callable[[Point, Move], float], known: dict[object, float]) -> Step | None:
        """Return what to try next, None when nothing that is left leads to what is looked for.

        `known` keeps the steps of each way. What a move was tried only grows, so it is looked at again only here.
        """
        ways: list[tuple[float, object]] = []
        for way, same in self._moves.items():
            if way not in known:
                known[way] = steps(*same[0][2:4])
            if known[way] < FAR:
                ways.append((known[way] + same[0][0], way))
        while ways:
            _, way = best = min(ways, key=itemgetter(0))
            same = self._moves[way]
            tried, order, point, move, facts = same[0]
            now = self._weight(point, move, facts)
            if now > tried:
                heapq.heapreplace(same, (now, order, point, move, facts))
                ways[ways.index(best)] = (known[way] + same[0][0], way)
                continue
            heapq.heappop(same)
            if not same:
                del self._moves[way]
            self._tried[move.name] += 1
            self._used.update(facts)
            return point, move, facts
        return None

    def _weight(self, point: Point, move: Move, facts: Facts) -> float:
        """Return how many steps it counts for that a move was tried before, and how unlikely and long its call is."""
        tried = min(self._tried[move.name], min(self._used[fact] for fact in facts))
        long = LONG * (len(point.moments) - point.began)
        return UNLIKELY * move.unlikely + TRIED * math.log2(1 + tried) + long
