"""A clock that stands where it is put."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class MovingClock:
    """Tells the time of a scenario; calls move it on as they would take their time."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        """Let time go on."""
        self.now += timedelta(seconds=seconds)
