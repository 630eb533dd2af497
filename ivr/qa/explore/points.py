"""The points of a search: how far a call has come, and what tells it from others that stand alike."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow.call import Call, Visit
from ivr.flow.definition import Flows
from ivr.qa.explore.bearings import Chosen, situation
from ivr.qa.explore.found import Key, Where
from ivr.qa.explore.inputs import Keyed
from ivr.qa.replay.caller import Caller
from ivr.qa.scripts.script import Act, Dials
from ivr.qa.scripts.writer import Moment
from ivr.simulator.scenario import Kept, Scenario


@dataclass(frozen=True, slots=True)
class Deep:
    """What was done in calls, whoever made them: of calls that are alike in this, one is gone on from."""

    situation: frozenset[object]
    last: Visit | None
    """What the last action came to."""
    card: str
    address: tuple[str, str]
    """What was keyed of an address that is being built: its ZIP code, and letters that are being spelled."""
    earlier: bool
    """An earlier call was left, and who calls again is not known yet."""
    again: tuple[Where, ...]
    """The action that earlier calls have run over and over, and what ran its flow."""
    unpaid: frozenset[object]
    """The payments of orders that wait for one."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a call: how it was come to, and everything to go on from it."""

    caller: Caller
    kept: Kept
    moments: tuple[Moment, ...]
    keyed: Keyed
    covers: frozenset[Key]
    deep: Deep | None
    """What was done in its calls; None before the first is answered."""
    began: int = 0
    """How many of its moments came before the call that is looked at."""

    @property
    def where(self) -> Where:
        """The state it waits in."""
        top = self.caller.latest[-1].call.top
        return top.flow, top.state

    @property
    def acts_of_call(self) -> tuple[Act, ...]:
        """What was done in the call that is going on."""
        acts = [moment.act for moment in self.moments if moment.act]
        dialled = [position for position, act in enumerate(acts) if isinstance(act, Dials)]
        return tuple(acts[dialled[-1] + 1 :] if dialled else acts)

    @property
    def seconds_again(self) -> float:
        """How long it takes to hang up here and to come here again: the question's words pass both times."""
        handset = self.caller.handset
        return handset.seconds + 2 * handset.unheard_seconds


def done_so_far(flows: Flows, chosen: Chosen, caller: Caller, scenario: Scenario, keyed: Keyed) -> Deep | None:
    """Return what was chosen, built and keyed in a caller's calls, what came of it last, and what is left unpaid."""
    if not caller.latest:
        return None
    call = caller.latest[-1].call
    visits = (visit for turn in reversed(caller.turns) for visit in reversed(turn.visits))
    return Deep(
        situation=situation(call, chosen),
        last=next((visit for visit in visits if flows.state(visit.flow, visit.state).action), None),
        card=keyed.card,
        address=(keyed.zip, keyed.letters) if "building" in call.values else ("", ""),
        earlier=bool(keyed.earlier) and "member_id" not in call.values,
        again=keyed.again,
        unpaid=_unpaid(call, scenario, keyed),
    )


def _unpaid(call: Call, scenario: Scenario, keyed: Keyed) -> frozenset[object]:
    if not keyed.earlier and "order_id" not in call.values:
        return frozenset()
    waiting = {row["order_number"] for row in scenario.new_rows("refill_order") if row["status"] == "pending"}
    return frozenset(row["status"] for row in scenario.new_rows("payment") if row["order_number"] in waiting)
