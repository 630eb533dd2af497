"""What is tried next: of all moves at all points the one that is nearest to what is looked for, and was tried least."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count

from ivr.qa.explore.attempts import Attempt
from ivr.qa.explore.distances import FAR
from ivr.qa.explore.found_calls import Where
from ivr.qa.explore.search_nodes import SearchNode
from ivr.qa.explore.strategies import Facts, Strategy

TRIED = 2.0
"""Steps that it counts for when the same was tried once before; twice that at three times, and so on."""
AGAIN = 10.0
"""Steps that it counts for besides when it was tried before at all: who never called is nearer than who always does."""
UNLIKELY = 0.75
"""Steps that each likelier answer counts for."""
LONG = 0.05
"""Steps that each thing done in the call counts for."""

NextAttempt = tuple[SearchNode, Attempt]
"""Something to try."""


class Frontier:
    """The moves that are left to try in one way of looking."""

    def __init__(self, search: Strategy) -> None:
        self.search = search
        self._seen: set[object] = set()
        self._tried: Counter[object] = Counter()
        self._used: Counter[object] = Counter()
        self._attempts: dict[object, list[tuple[float, int, SearchNode, Attempt, Facts]]] = {}
        """Moves that lead the same way in the flow, by that way: the one that was tried least is first."""
        self._order: Iterator[int] = count()
        self._known: dict[object, float] = {}
        self._ranked: list[tuple[float, int, object]] = []
        """Every way by the steps to what is looked for and the weight of its best move, or by less than that."""
        self._changed: dict[object, None] = {}
        """The ways that are not ranked as they are now."""

    def is_new(self, search_node: SearchNode, facts: Facts) -> bool:
        """Say whether no call at the same question had one of these facts; from now on this one had them all."""
        return self._is_new({(search_node.node, fact) for fact in facts})

    def is_new_trouble(self, ran: Iterable[Where], facts: Facts) -> bool:
        """Say whether an action was not offered in trouble yet with one of these facts; from now on it was with all."""
        return self._is_new({("in trouble", where, fact) for where in ran for fact in facts})

    def _is_new(self, told: set[object]) -> bool:
        is_new = not told <= self._seen
        self._seen |= told
        return is_new

    def add(self, search_node: SearchNode, attempts: Iterable[Attempt], facts: Facts) -> None:
        """Add moves that are left to try at a point; one that leads away only if it was not tried with all its facts."""
        for attempt in attempts:
            names = {(attempt.name, fact) for fact in facts}
            if attempt.leaves and names <= self._seen:
                continue
            if attempt.leaves:
                self._seen |= names
            transition = search_node.transition(attempt)
            self._changed[transition] = None
            same_transition = self._attempts.setdefault(transition, [])
            heapq.heappush(
                same_transition,
                (self._weight(search_node, attempt, facts), next(self._order), search_node, attempt, facts),
            )

    def pop(self, steps: Callable[[SearchNode, Attempt], float], known: dict[object, float]) -> NextAttempt | None:
        """Return what to try next, None when nothing that is left leads to what is looked for.

        `known` keeps the steps of each way, and is another one when something else is looked for. What a move was tried
        only grows, so it is looked at again only here.
        """
        if known is not self._known:
            self._known, self._ranked, self._changed = known, [], dict.fromkeys(self._attempts)
        for transition in self._changed:
            self._rank(transition, steps)
        self._changed = {}
        while self._ranked:
            rank, _, transition = heapq.heappop(self._ranked)
            if not (same := self._attempts.get(transition)):
                continue  # its last move was tried
            tried, order, search_node, attempt, facts = same[0]
            now = self._weight(search_node, attempt, facts)
            if now > tried:
                heapq.heapreplace(same, (now, order, search_node, attempt, facts))
            if known[transition] + same[0][0] > rank:
                self._rank(transition, steps)
                continue
            heapq.heappop(same)
            if same:
                self._rank(transition, steps)
            else:
                del self._attempts[transition]
            self._tried[attempt.name] += 1
            self._used.update(facts)
            return search_node, attempt
        return None

    def _rank(self, transition: object, steps: Callable[[SearchNode, Attempt], float]) -> None:
        """Put a way, by its best move, where it is to be taken from."""
        weight, order, search_node, attempt, _ = self._attempts[transition][0]
        if transition not in self._known:
            self._known[transition] = steps(search_node, attempt)
        if self._known[transition] < FAR:
            heapq.heappush(self._ranked, (self._known[transition] + weight, order, transition))

    def _weight(self, search_node: SearchNode, attempt: Attempt, facts: Facts) -> float:
        """Return how many steps it counts for that a move was tried before, and how unlikely and long its call is."""
        tried = min(self._tried[attempt.name], min(self._used[fact] for fact in facts))
        again = AGAIN if tried else 0
        long = LONG * (len(search_node.moments) - search_node.began)
        return UNLIKELY * attempt.unlikely + TRIED * math.log2(1 + tried) + again + long
