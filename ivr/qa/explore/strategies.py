"""The two strategies of the search: wide, over who calls and what they answer; deep, over what was done in a call.

A strategy says which facts tell calls at the same question apart. The search goes on from a call if it has at least one
fact that no earlier call had there. So their number grows with the facts, not with the combinations of facts.
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
"""Hashable facts that tell a call from others at the same question."""

Chosen = frozenset[str]
"""The names of the values that menu keys set."""

WHO_AND_WHAT = ("member_id", "proved", "rx_number", "when")
"""The names of the values that say who is calling, and about what."""
FEW = 3
"""How many numbers the deep strategy tries at a question."""


class Strategy(Protocol):
    """Which calls at a question count as different, and how many numbers are tried there."""

    @property
    def few(self) -> int | None:
        """At most so many of the numbers that could be keyed are tried; None for all."""

    def facts(self, search_node: SearchNode, scenario: Scenario) -> Facts:
        """Return what tells a call from others at its question; the scenario must be as it is at that point."""


@dataclass(frozen=True, slots=True)
class Wide:
    """The strategy in which every member calls and keys every number there is."""

    chosen: Chosen
    few: int | None = None

    def facts(self, search_node: SearchNode, scenario: Scenario) -> Facts:  # noqa: ARG002 - the protocol's parameter
        """Return who is calling about what, what they keyed, and whether lists have none, one or more items."""
        values = search_node.call.values
        sizes = {(name, min(len(value), 2)) for name, value in values.items() if isinstance(value, list | tuple)}
        who = {(name, str(values[name])) for name in WHO_AND_WHAT if name in values}
        keyed = {("keyed", name, getattr(search_node.keyed, name)) for name in ("member", "earlier", "zip", "card")}
        return situation(search_node.call, self.chosen) | sizes | who | keyed


@dataclass(frozen=True, slots=True)
class Deep:
    """The strategy that tells calls apart by what was done in them, in an earlier call, or wrongly again and again."""

    flows: Flows
    chosen: Chosen
    few: int | None = FEW

    def facts(self, search_node: SearchNode, scenario: Scenario) -> Facts:
        """Return what was chosen, built and keyed, the outcome of the last action, and what is unpaid."""
        call, keyed = search_node.call, search_node.keyed
        trace_steps = (
            trace_step for turn in reversed(search_node.caller.turns) for trace_step in reversed(turn.trace_steps)
        )
        last = next(
            (trace_step for trace_step in trace_steps if self.flows.state(trace_step.flow, trace_step.state).action),
            None,
        )
        facts_found = {*situation(call, self.chosen), last, ("card", keyed.card), *_unpaid(call, scenario, search_node)}
        if "building" in call.values:
            facts_found |= {("zip", keyed.zip), ("letters", keyed.letters, call.values.get("spelling"))}
        if keyed.earlier:
            facts_found |= {("left", fact) for fact in self._earlier_call(scenario)}
        if keyed.again:
            facts_found.add(("again", keyed.again, last))
        return frozenset(facts_found)

    def _earlier_call(self, scenario: Scenario) -> Iterator[object]:
        """Yield the situation of the call before this one when it was hung up, and where that was."""
        turns = scenario.turns
        before = next((turn.call for turn in reversed(turns) if turn.sid != turns[-1].sid), None)
        if before:
            yield from situation(before, self.chosen)
            yield before.top.flow, before.top.state


def _unpaid(call: Call, scenario: Scenario, search_node: SearchNode) -> Iterator[object]:
    """Yield the status of each payment of an order that is still waiting for payment."""
    if search_node.keyed.earlier or "order_id" in call.values:
        waiting = {row["order_number"] for row in scenario.new_rows("refill_order") if row["status"] == "pending"}
        for row in scenario.new_rows("payment") if waiting else ():
            if row["order_number"] in waiting:
                yield "unpaid", row["status"]


def situation(call: Call, chosen: Chosen) -> Facts:
    """Return the situation of a call, whoever makes it: the flows it is in, the choices made, and the values built."""
    values = call.values
    kept = {(name, str(values[name])) for name in chosen & set(values)}
    built: set[object] = {(name, value) for name, value in values.items() if isinstance(value, bool)}
    for name, value in values.items():
        if isinstance(value, Mapping) and "prompt" not in value:  # a phrase is only spoken
            built |= {(name, part, bool(value[part])) for part in value}  # empty parts tell it apart as well
            built |= {(name, choice) for choice in kept}
    return frozenset({tuple((frame.flow, frame.state) for frame in call.frames[:-1]), *kept, *built})


def chosen_names(flows: Flows) -> Chosen:
    """Return the names of the values that menu keys set."""
    return frozenset(name for flow in flows.flows.values() for target in flow.targets for name in target.sets)
