"""Time as a parameter: everything that needs to know the time is given a `Clock`."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

Clock = Callable[[], datetime]
"""A function that returns the current time, as an aware datetime in UTC."""


def system_clock() -> datetime:
    """Return the machine's time, in UTC."""
    return datetime.now(UTC)


@cache
def monotonic_clock() -> str:
    """Return a name for this machine's monotonic clock that no other clock has.

    The clock begins again with each boot.
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{socket.gethostname()} {os.getpid()}"


def fixed_clock(at: datetime) -> Clock:
    """Return a clock that stands still at a time, for trials and replays."""
    return lambda: at
