"""Time as a parameter: everything that needs to know the time is given a `Clock`."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

Clock = Callable[[], datetime]
"""Returns now, aware, in UTC."""


def system_clock() -> datetime:
    """Return the machine's time."""
    return datetime.now(UTC)


@cache
def monotonic_clock() -> str:
    """Return what tells this machine's monotonic clock, which begins anew with each boot, from all others."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{socket.gethostname()} {os.getpid()}"


def fixed_clock(at: datetime) -> Clock:
    """Return a clock that stands still, for rehearsals and replays."""
    return lambda: at
