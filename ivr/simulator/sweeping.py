"""Running the line's sweeps over a long time quickly. A sweep is the work that the line does every half minute.

A few days have thousands of sweeps, nearly all of which find nothing to do. What is due stays due: if a sweep would
find nothing, no earlier one would have. So if the last sweep finds something, the first one that does is searched for
in steps of doubling length, and then by halving the last step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.line.sweeper import EVERY

FEW = 8
"""Up to this many sweeps are run without a search."""


@dataclass(frozen=True, slots=True)
class Sweeping:
    """Runs sweeps.

    `sweep` sweeps at a time and returns whether it found anything to do. `would` returns the same without doing it;
    without `would` every sweep is run.
    """

    sweep: Callable[[datetime], bool]
    would: Callable[[datetime], bool] | None

    def run(self, begin: datetime, span: timedelta) -> None:
        """Run the sweeps of a span of time that have something to do."""
        remaining, busy = span // EVERY, False
        while remaining:
            step = (
                1 if busy else self._next(begin, remaining)
            )  # after a sweep with work, the next one often has some too
            if step is None:
                return
            begin, remaining = begin + step * EVERY, remaining - step
            busy = self.sweep(begin)

    def _next(self, begin: datetime, remaining: int) -> int | None:
        """Return the number (from 1) of the next sweep to run, of the `left` remaining ones; None if none has work."""
        if remaining <= FEW or self.would is None:
            return 1
        if not self.would(begin + remaining * EVERY):
            return None
        high = 1
        while not self.would(begin + high * EVERY):
            high = min(2 * high, remaining)
        low = high // 2  # nothing to do at low, something at high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.would(begin + middle * EVERY) else (middle, high)
        return high
