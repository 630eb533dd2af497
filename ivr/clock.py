"""Time as a parameter: everything that needs to know the time is given a `Clock`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns now, aware, in UTC."""


def system_clock() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)


def fixed_clock(at: datetime) -> Clock:
    """Return a clock that stands still, for rehearsals and replays."""
    return lambda: at
