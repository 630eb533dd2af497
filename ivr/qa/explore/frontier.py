"""The frontier of the search: all attempts not made yet, and the choice of the next one.

Next comes the attempt of the lowest cost: its distance from what is looked for, counted in transitions, plus a weight
for how often the same was tried, how unlikely the answer is, and how long the call is.
"""

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
"""The weight of an attempt tried once before; twice that for three times, and so on by the logarithm."""
AGAIN = 10.0
"""An extra weight for any attempt tried before, so that members who never called come before those who often did."""
UNLIKELY = 0.75
"""The weight for each answer to the same question that is more likely."""
LONG = 0.05
"""The weight for each act of the call so far."""

NextAttempt = tuple[SearchNode, Attempt]
"""An attempt, and the question to make it at."""


class Frontier:
    """The attempts that are left to try by one strategy."""

    def __init__(self, strategy: Strategy) -> None:
        self.strategy = strategy
        self._seen: set[object] = set()
        self._tried: Counter[object] = Counter()
        self._used: Counter[object] = Counter()
        self._attempts: dict[object, list[tuple[float, int, SearchNode, Attempt, Facts]]] = {}
        """Heaps of (weight, order, node, attempt, facts) by transition: the attempts that lead the same way."""
        self._order: Iterator[int] = count()
        self._known_steps: dict[object, float] = {}
        self._ranked: list[tuple[float, int, object]] = []
        """A heap of (cost, order, transition); the cost is that of its best attempt, or lower, when it is outdated."""
        self._changed: dict[object, None] = {}
        """The transitions that must be ranked again: attempts were added. A dict, to keep their order."""

    def is_new(self, search_node: SearchNode, facts: Facts) -> bool:
        """Return whether any of these facts is new at this question, and remember them all."""
        return self._is_new({(search_node.node, fact) for fact in facts})

    def is_new_trouble(self, ran: Iterable[Where], facts: Facts) -> bool:
        """Return whether any of these facts is new for one of these actions run with troubles, and remember them all."""
        return self._is_new({("in trouble", where, fact) for where in ran for fact in facts})

    def _is_new(self, new_facts: set[object]) -> bool:
        is_new = not new_facts <= self._seen
        self._seen |= new_facts
        return is_new

    def add(self, search_node: SearchNode, attempts: Iterable[Attempt], facts: Facts) -> None:
        """Add attempts to make at a question.

        One that leaves the question is added only if it was not added with all of these facts before.
        """
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

    def pop(
        self, steps: Callable[[SearchNode, Attempt], float], known_steps: dict[object, float]
    ) -> NextAttempt | None:
        """Remove and return the next attempt; None when no attempt left leads to what is looked for.

        `steps` gives an attempt's distance, and `known_steps` keeps it for each transition; when something else is
        looked for, another dict must be given. Weights only grow, so they are brought up to date only here.
        """
        if known_steps is not self._known_steps:
            self._known_steps, self._ranked, self._changed = known_steps, [], dict.fromkeys(self._attempts)
        for transition in self._changed:
            self._rank(transition, steps)
        self._changed = {}
        while self._ranked:
            rank, _, transition = heapq.heappop(self._ranked)
            if not (same_transition := self._attempts.get(transition)):
                continue  # its last attempt was made
            weight_then, order, search_node, attempt, facts = same_transition[0]
            weight_now = self._weight(search_node, attempt, facts)
            if weight_now > weight_then:
                heapq.heapreplace(same_transition, (weight_now, order, search_node, attempt, facts))
            if known_steps[transition] + same_transition[0][0] > rank:
                self._rank(transition, steps)
                continue
            heapq.heappop(same_transition)
            if same_transition:
                self._rank(transition, steps)
            else:
                del self._attempts[transition]
            self._tried[attempt.name] += 1
            self._used.update(facts)
            return search_node, attempt
        return None

    def _rank(self, transition: object, steps: Callable[[SearchNode, Attempt], float]) -> None:
        """Push a transition on the heap, with the cost of its best attempt; not one that leads nowhere wanted."""
        weight, order, search_node, attempt, _ = self._attempts[transition][0]
        if transition not in self._known_steps:
            self._known_steps[transition] = steps(search_node, attempt)
        if self._known_steps[transition] < FAR:
            heapq.heappush(self._ranked, (self._known_steps[transition] + weight, order, transition))

    def _weight(self, search_node: SearchNode, attempt: Attempt, facts: Facts) -> float:
        """Return the weight of an attempt, in transitions: for being tried before, for its unlikeliness and length."""
        times_tried = min(self._tried[attempt.name], min(self._used[fact] for fact in facts))
        again = AGAIN if times_tried else 0
        long = LONG * (len(search_node.moments) - search_node.moments_before)
        return UNLIKELY * attempt.unlikely + TRIED * math.log2(1 + times_tried) + again + long
