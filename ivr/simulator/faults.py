"""What stops working in a scenario, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from ivr.payment import sandbox
from ivr.payment.gateway import Reason
from ivr.simulator.world import Fault, Processor

Trouble = Fault | Literal["declining_processor"]
"""What is wrong now: whatever breaks, and a processor that declines."""

STATES: Mapping[Processor, Trouble] = {
    "away": "processor",
    "slow": "slow_processor",
    "declines": "declining_processor",
    "works": "nothing",
}
PROCESSOR_SECONDS = 4
"""Passed while a processor that is away or slow is waited for."""

_OF_PROCESSOR: Mapping[Trouble, sandbox.Fault | Reason] = {
    "processor": sandbox.Fault.DOWN,
    "declining_processor": Reason.DECLINED,
    "processor_once": sandbox.Fault.DOWN,
    "slow_processor": sandbox.Fault.SLOW,
    "slow_processor_once": sandbox.Fault.SLOW,
}


class SimulatedError(RuntimeError):
    """What was made to go wrong, on purpose."""


class Faults:
    """Makes a turn, the database or the processor fail, one at a time; `passes` lets the seconds of a wait go by."""

    def __init__(self, database: Engine, passes: Callable[[float], None]) -> None:
        self.now: Trouble = "nothing"
        self._database = database
        self._passes = passes

    def begin(self, trouble: Trouble) -> None:
        """Let this be wrong from here on."""
        self.now = trouble
        if trouble == "database" and not event.contains(self._database, "begin", self._on_begin):
            event.listen(self._database, "begin", self._on_begin)  # only now: an event costs every statement its time

    def close(self) -> None:
        """Leave the database as others use it."""
        if event.contains(self._database, "begin", self._on_begin):
            event.remove(self._database, "begin", self._on_begin)

    @contextmanager
    def none(self) -> Iterator[None]:
        """Look at the database ourselves: what is to fail is the line."""
        trouble, self.now = self.now, "nothing"
        try:
            yield
        finally:
            self.now = trouble

    def but_processor(self) -> AbstractContextManager[None]:
        """Let only the processor fail; a fault of one turn waits for its turn."""
        return nullcontext() if self.now in _OF_PROCESSOR else self.none()

    def on_turn(self) -> None:
        """Fail as a turn of the line."""
        if self.now == "line":
            self.now = "nothing"
            raise SimulatedError("a turn failed because the script says so")

    def on_processor(self, _: str) -> sandbox.Fault | Reason | None:
        """Say how the processor fails now."""
        fault = _OF_PROCESSOR.get(self.now)
        if isinstance(fault, sandbox.Fault):
            self._passes(PROCESSOR_SECONDS)
            if self.now.endswith("_once"):
                self.now = "nothing"
        return fault

    def _on_begin(self, _: object) -> None:
        if self.now == "database":
            self.now = "nothing"
            raise OperationalError("a script", {}, SimulatedError("the database is away because the script says so"))
