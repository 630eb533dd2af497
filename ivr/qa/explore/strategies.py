"""The two ways of looking: wide, for who calls and what they answer; deep, for what was done in a call before.

Of calls that wait at the same question one is gone on from for each fact that no call before it had there. So there are
as many of them as facts, not as ways to put facts together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from ivr.flow.call import Call
from ivr.flow.definition import Flows
from ivr.qa.explore.search_nodes import SearchNode
from ivr.simulator.scenario import Scenario

Facts = frozenset[object]
"""What tells a call from others at the same question."""

Chosen = frozenset[str]
"""The values that keys set."""

WHO_AND_WHAT = ("member_id", "proved", "rx_number", "when")
"""The values that say who calls about what."""
FEW = 3
"""Numbers that are tried at a question when going deep."""


class Strategy(Protocol):
    """A way of looking."""

    @property
    def few(self) -> int | None:
        """How many of the numbers that could be keyed are tried; None for all."""

    def facts(self, search_node: SearchNode, scenario: Scenario) -> Facts:
        """Return what tells a point from others at its question; the scenario stands there."""


@dataclass(frozen=True, slots=True)
class Wide:
    """Everybody calls, and keys whatever there is to key."""

    chosen: Chosen
    few: int | None = None

    def facts(self, search_node: SearchNode, scenario: Scenario) -> Facts:  # noqa: ARG002 - who calls is known without
        """Return who calls about what, what they keyed, and how much there is."""
        values = search_node.call.values
        sizes = {(name, min(len(value), 2)) for name, value in values.items() if isinstance(value, list | tuple)}
        who = {(name, str(values[name])) for name in WHO_AND_WHAT if name in values}
        keyed = {("keyed", name, getattr(search_node.keyed, name)) for name in ("member", "earlier", "zip", "card")}
        return situation(search_node.call, self.chosen) | sizes | who | keyed


@dataclass(frozen=True, slots=True)
class Deep:
    """Whoever calls: what was done in the call, and calling again, and the same wrong thing over and over."""

    flows: Flows
    chosen: Chosen
    few: int | None = FEW

    def facts(self, search_node: SearchNode, scenario: Scenario) -> Facts:
        """Return what was chosen, built and keyed, what came of it last, and what is left unpaid."""
        call, keyed = search_node.call, search_node.keyed
        trace_steps = (
            trace_step for turn in reversed(search_node.caller.turns) for trace_step in reversed(turn.trace_steps)
        )
        last = next(
            (trace_step for trace_step in trace_steps if self.flows.state(trace_step.flow, trace_step.state).action),
            None,
        )
        found = {*situation(call, self.chosen), last, ("card", keyed.card), *_unpaid(call, scenario, search_node)}
        if "building" in call.values:
            found |= {("zip", keyed.zip), ("letters", keyed.letters, call.values.get("spelling"))}
        if keyed.earlier:
            found |= {("left", each) for each in self._left(scenario)}
        if keyed.again:
            found.add(("again", keyed.again, last))
        return frozenset(found)

    def _left(self, scenario: Scenario) -> Iterator[object]:
        """Yield how the call before this one stood when it was left."""
        turns = scenario.turns
        before = next((turn.call for turn in reversed(turns) if turn.sid != turns[-1].sid), None)
        if before:
            yield from situation(before, self.chosen)
            yield before.top.flow, before.top.state


def _unpaid(call: Call, scenario: Scenario, search_node: SearchNode) -> Iterator[object]:
    """Yield the payments of orders that wait for one."""
    if search_node.keyed.earlier or "order_id" in call.values:
        waiting = {row["order_number"] for row in scenario.new_rows("refill_order") if row["status"] == "pending"}
        for row in scenario.new_rows("payment") if waiting else ():
            if row["order_number"] in waiting:
                yield "unpaid", row["status"]


def situation(call: Call, chosen: Chosen) -> Facts:
    """Return where a call stands, whoever makes it: the flows it is in, what was chosen, what was built, and with what."""
    values = call.values
    kept = {(name, str(values[name])) for name in chosen & set(values)}
    built: set[object] = {(name, value) for name, value in values.items() if isinstance(value, bool)}
    for name, value in values.items():
        if isinstance(value, Mapping) and "prompt" not in value:  # a phrase is only spoken
            built |= {(name, part, bool(value[part])) for part in value}  # what is lacking tells it apart as well
            built |= {(name, each) for each in kept}
    return frozenset({tuple((frame.flow, frame.state) for frame in call.frames[:-1]), *kept, *built})


def chosen_names(flows: Flows) -> Chosen:
    """Return the values that keys set."""
    return frozenset(name for flow in flows.flows.values() for target in flow.targets for name in target.sets)
