"""Simulated faults of the line, its database and the card processor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal

from sqlalchemy import Connection, Engine, event, func, select, update
from sqlalchemy.exc import OperationalError

from ivr.orders.events import Actor
from ivr.payment import sandbox
from ivr.payment.gateway import Reason
from ivr.pharmacy.tables import OrderStatus, RefillOrder
from ivr.simulator.world import Fault, Processor

Trouble = Fault | Literal["declining_processor", "database_gone"]
"""What is wrong at the moment: a fault, a processor that declines every card, or a database that stays away."""

STATES: Mapping[Processor, Trouble] = {
    "away": "processor",
    "slow": "slow_processor",
    "declines": "declining_processor",
    "works": "nothing",
}
PROCESSOR_SECONDS = 4
"""How long the line waits for a processor that is away or slow."""

_OF_PROCESSOR: Mapping[Trouble, sandbox.Fault | Reason] = {
    "processor": sandbox.Fault.DOWN,
    "declining_processor": Reason.DECLINED,
    "processor_once": sandbox.Fault.DOWN,
    "slow_processor": sandbox.Fault.SLOW,
    "slow_processor_once": sandbox.Fault.SLOW,
}


_CANCELS: Mapping[Trouble, sandbox.Fault | None] = {
    "cancelled_meanwhile": None,
    "slow_cancelled_meanwhile": sandbox.Fault.SLOW,
}
"""Faults of the website, which cancels an order whose payment is under way -> how the processor answers meanwhile."""
_CANCEL_NEWEST = (
    update(RefillOrder)
    .where(RefillOrder.id == select(func.max(RefillOrder.id)).scalar_subquery())
    .values(status=OrderStatus.CANCELLED, cancelled_by=Actor.WEB, cancelled_at=RefillOrder.placed_at)
)


class SimulatedError(RuntimeError):
    """A fault that was simulated on purpose."""


class Faults:
    """Makes a turn, the database or the processor fail; only one of them at a time.

    `passes` is called with the seconds that the line waits for the processor.
    """

    def __init__(self, database: Engine, passes: Callable[[float], None]) -> None:
        self.now: Trouble = "nothing"
        self._database = database
        self._passes = passes

    def begin(self, trouble: Trouble) -> None:
        """Simulate this trouble from now on, in place of any other."""
        self.now = trouble
        if (
            trouble in ("database", "database_after") and not self._listens
        ):  # not earlier: it slows every statement down
            event.listen(self._database, "begin", self._on_begin)
            event.listen(self._database, "commit", self._on_commit)

    def close(self) -> None:
        """Remove the listeners from the database."""
        if self._listens:
            event.remove(self._database, "begin", self._on_begin)
            event.remove(self._database, "commit", self._on_commit)

    @property
    def _listens(self) -> bool:
        return event.contains(self._database, "begin", self._on_begin)

    @contextmanager
    def none(self) -> Iterator[None]:
        """Suspend all faults, so that the simulator itself can use the database."""
        trouble, self.now = self.now, "nothing"
        try:
            yield
        finally:
            self.now = trouble

    def but_processor(self) -> AbstractContextManager[None]:
        """Suspend all faults but those of the processor; a fault of the next turn stays for that turn."""
        return nullcontext() if self.now in _OF_PROCESSOR else self.none()

    def on_turn(self) -> None:
        """Raise SimulatedError, once, if a turn of the line has to fail."""
        if self.now == "line":
            self.now = "nothing"
            raise SimulatedError("a turn failed because the script says so")

    def on_processor(self, operation: str) -> sandbox.Fault | Reason | None:
        """Return how the processor fails or declines now, or None; called by the sandbox."""
        if self.now in _CANCELS and operation == "authorize":
            answers, self.now = _CANCELS[self.now], "nothing"
            with self._database.begin() as connection:
                connection.execute(_CANCEL_NEWEST)
            return answers
        fault = _OF_PROCESSOR.get(self.now)
        if isinstance(fault, sandbox.Fault):
            self._passes(PROCESSOR_SECONDS)
            if self.now.endswith("_once"):
                self.now = "nothing"
        return fault

    def _on_begin(self, _: object) -> None:
        if self.now == "database":
            self.now = "nothing"
            raise _away()
        if self.now == "database_gone":
            raise _away()

    def _on_commit(self, connection: Connection) -> None:
        if self.now == "database_after":
            connection.connection.commit()
            self.now = "database_gone"
            raise _away()


def _away() -> OperationalError:
    return OperationalError("a script", {}, SimulatedError("the database is away because the script says so"))
