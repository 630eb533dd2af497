"""A clock that moves only when it is told to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class MovingClock:
    """The clock of a scenario; calls move it on by the time that they would take."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the current time."""
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        """Move the clock on."""
        self.now += timedelta(seconds=seconds)
