"""Time that passes in a script is swept through as a worker would have done it, and never looked through twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ivr.line.sweeper import EVERY
from ivr.simulator.sweeping import Sweeping

BEGIN = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


@dataclass
class World:
    """Things that come due, each once a sweep finds it; some are to be done again a while later."""

    due: list[tuple[datetime, int]]
    done: list[datetime] = field(default_factory=list)
    sweeps: int = 0

    def sweep(self, at: datetime) -> bool:
        self.sweeps += 1
        found = [one for one in self.due if one[0] <= at]
        for moment, again in found:
            self.due.remove((moment, again))
            self.done.append(at)
            if again:
                self.due.append((at + timedelta(seconds=again), 0))
        return bool(found)

    def would(self, at: datetime) -> bool:
        return any(moment <= at for moment, _ in self.due)


def swept(due: list[tuple[int, int]], seconds: int, *, looks_ahead: bool) -> World:
    world = World([(BEGIN + timedelta(seconds=after), again) for after, again in due])
    sweeping = Sweeping(world.sweep, world.would if looks_ahead else None)
    sweeping.run(BEGIN, timedelta(seconds=seconds))
    return world


@given(
    st.lists(st.tuples(st.integers(0, 40_000), st.sampled_from([0, 1, 45, 3_000])), max_size=5),
    st.integers(0, 40_000),
)
def test_looking_ahead_does_what_every_single_sweep_would(due: list[tuple[int, int]], seconds: int) -> None:
    assert swept(due, seconds, looks_ahead=True).done == swept(due, seconds, looks_ahead=False).done


def test_a_sweep_comes_as_often_as_a_worker_makes_it() -> None:
    assert timedelta(seconds=30) == EVERY
    assert swept([], 95, looks_ahead=False).sweeps == 3


def test_months_in_which_nothing_is_due_take_no_sweep() -> None:
    assert swept([(5_000_000, 0)], 4_000_000, looks_ahead=True).sweeps == 0
