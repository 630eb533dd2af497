"""Lets the line do by itself what it does while nobody calls: a sweep every half minute, each at its own time.

Days are thousands of sweeps, nearly all of which find nothing to do. What is due stays due, so when a sweep would find
nothing, none before it would have: where the last one finds something, the first that does is looked for in longer and
longer stretches, then by halving the last of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.line.sweep import EVERY

FEW = 8
"""So many sweeps are rather run than looked through."""


@dataclass(frozen=True, slots=True)
class Sweeping:
    """`sweep` is done at a time, and tells whether it found anything to do; `would` tells the same, and does nothing.

    Without `would` every sweep is run.
    """

    sweep: Callable[[datetime], bool]
    would: Callable[[datetime], bool] | None

    def run(self, begin: datetime, span: timedelta) -> None:
        """Sweep as often as it would have been done in a span of time."""
        left, busy = span // EVERY, False
        while left:
            step = 1 if busy else self._next(begin, left)  # who found something often finds more
            if step is None:
                return
            begin, left = begin + step * EVERY, left - step
            busy = self.sweep(begin)

    def _next(self, begin: datetime, left: int) -> int | None:
        """Return which of the sweeps that are left is to be run next, counted from 1."""
        if left <= FEW or self.would is None:
            return 1
        if not self.would(begin + left * EVERY):
            return None
        high = 1
        while not self.would(begin + high * EVERY):
            high = min(2 * high, left)
        low = high // 2  # nothing to do at low, something at high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.would(begin + middle * EVERY) else (middle, high)
        return high
