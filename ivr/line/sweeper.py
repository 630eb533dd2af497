"""Who sweeps, and when: one process at a time, and another one when that does not come.

Every worker offers to sweep, and so does `ivr sweep --every`. Whoever sweeps writes into the table `sweep` when it will
do so again, and goes on while it lives. A worker that finds it late takes over; `ivr sweep` takes over at once, so that
the workers stand by for as long as it runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import Connection, select, update

from ivr import logs
from ivr.clock import Clock, system_clock
from ivr.errors import UnreachableError
from ivr.line import tables
from ivr.line.service import Services
from ivr.line.sweep import USUAL_PACE, Pace, Swept, sweep
from ivr.pharmacy.database import answering
from ivr.pharmacy.upkeep import leading

EVERY = timedelta(seconds=30)
"""How often the line sweeps."""
LONGEST_EVERY = timedelta(minutes=10)
"""The longest time between sweeps that an operator may choose: what is unpaid for half an hour is to be cancelled."""
GRACE = timedelta(seconds=15)
"""How late a sweep may be before another process takes over."""
LOOK = timedelta(seconds=5)
"""How soon a process looks again whether a sweep is due, when it was not or has failed."""
REST = timedelta(seconds=1)
"""The pause before the next sweep when one was not through."""

_LAST = select(tables.sweep)


class Sweeper:
    """Sweeps when no other process does, again and again. Each worker has one, and so has the command `ivr sweep`.

    Times are of the machine's clock: with `IVR_NOW`, which stands still, no sweep would ever be due.
    """

    def __init__(
        self,
        services: Services,
        retention: timedelta,
        every: timedelta = EVERY,
        *,
        only_if_due: bool = True,
        clock: Clock = system_clock,
    ) -> None:
        """`only_if_due` leaves sweeps to another process while that comes in time, as workers do."""
        self._services = services
        self._retention = retention
        self._every = every
        self._only_if_due = only_if_due
        self._clock = clock
        self._own_due: datetime | None = None
        """What this process wrote into `sweep.due_at`: while that stands there, it is the one that sweeps."""

    def run(self, stopping: Event) -> None:
        """Sweep until `stopping` is set, then let another process take over at once. No error ends it."""
        pause = LOOK if self._only_if_due else timedelta()
        while not stopping.wait(pause.total_seconds()):
            pause = LOOK
            with self._logging_failures():
                swept = self.sweep(Pace(stopping=stopping.is_set))
                if swept:
                    pause = REST if swept.more else self._every
        with self._logging_failures():
            self._resign()

    def sweep(self, pace: Pace = USUAL_PACE) -> Swept | None:
        """Sweep once, and log what was done. Return None, having done nothing, if that is up to another process."""
        database, start = self._services.database, self._services.monotonic()
        with answering(database), leading(database) as is_leader:
            if not is_leader or not self._is_due():
                return None
            swept = sweep(self._services, self._retention, pace)
            self._note(
                finished=not swept.failed and not pace.stopping(), every=timedelta() if swept.more else self._every
            )
        if swept.done:
            seconds = round(self._services.monotonic() - start, 1)
            logs.get_logger().info("swept", **swept.done, seconds=seconds, more=swept.more)
        return swept

    def _is_due(self) -> bool:
        with self._services.database.begin() as connection:
            due_at: datetime | None = connection.execute(_LAST).one().due_at
        if not self._only_if_due or due_at is None:
            return True
        late = self._clock() - due_at
        grace = timedelta() if due_at == self._own_due else GRACE
        return not -LONGEST_EVERY <= late < grace  # much too early: another host's clock is wrong

    def _note(self, *, finished: bool, every: timedelta) -> None:
        now = self._clock()
        self._own_due = now + every
        times = {"due_at": self._own_due, **({"finished_at": now} if finished else {})}
        with self._services.database.begin() as connection:
            connection.execute(update(tables.sweep).values(times))

    def _resign(self) -> None:
        due_at = tables.sweep.c.due_at
        with answering(self._services.database), self._services.database.begin() as connection:
            connection.execute(update(tables.sweep).where(due_at == self._own_due).values(due_at=None))

    @contextmanager
    def _logging_failures(self) -> Iterator[None]:
        try:
            yield
        except UnreachableError as error:
            logs.get_logger().error("sweep_failed", reason=str(error))
        except Exception:
            logs.get_logger().exception("sweep_failed")


def last_finished(connection: Connection) -> datetime | None:
    """Return when a sweep last finished without any failure, by the machine's clock; None before the first one."""
    finished_at: datetime | None = connection.execute(_LAST).one().finished_at
    return finished_at
