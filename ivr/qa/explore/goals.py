"""What an exploration looks for, and what it has found of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ivr.flow.definition import Flows
from ivr.flow.graph import Graph
from ivr.qa.explore.answers import Pharmacy, canaries
from ivr.qa.explore.found_calls import FoundCall, Key, Where, opened, written
from ivr.qa.explore.search_nodes import SearchNode
from ivr.qa.explore.secrecy import Canary, leaks
from ivr.qa.replay.coverage import ANSWERED, CoverageCell, Group, cells
from ivr.qa.scripts.script import Act, Person
from ivr.simulator.holdings import Holding
from ivr.simulator.scenario import Scenario
from ivr.simulator.simulator import Simulator

PICKED_UP: Mapping[Person, str] = {"answers": ANSWERED, "no_answer": "no_answer"}
"""What alone is looked for then; with nobody to pick up, everything else is."""

Repeated = tuple[Where, ...]
"""An action that came to a wrong answer, and the states that ran its flow."""


@dataclass
class Goals:
    """The ways out of states that are not covered yet; `done` are those that are, and grows as others are found."""

    simulator: Simulator
    done: set[Key]
    language: str
    found: list[FoundCall] = field(default_factory=list)
    wrong: dict[Repeated, tuple[Act, ...]] = field(default_factory=dict)
    """The shortest call that came to a wrong answer, which may be counted, and that often enough leads elsewhere."""
    leaked: list[str] = field(default_factory=list)
    """What the calls found left where it must not lie."""
    expanded: int = 0
    person: Person = "nobody"
    """What becomes of callers who are connected to a person, at the moment."""

    @property
    def flows(self) -> Flows:
        """The flows that are explored."""
        return self.simulator.flows

    @cached_property
    def graph(self) -> Graph:
        """The flows as one graph."""
        return Graph(self.flows)

    def missing(self) -> list[CoverageCell]:
        """Return what is still not covered, in this language."""
        return [cell for key, cell in self.wanted.items() if key not in self.done]

    @cached_property
    def wanted(self) -> Mapping[Key, CoverageCell]:
        """The ways that are looked for: every outcome, in this language."""
        found = sorted(cell for cell, group in cells(self.flows).items() if group is Group.OUTCOME)
        mine = (cell for cell in found if cell.language in ("", self.language))
        return {cell.key: cell for cell in mine if not self._chooses_another_language(cell)}

    def _chooses_another_language(self, cell: CoverageCell) -> bool:
        state = self.flows.state(cell.flow, cell.state)
        target = state.keys.get(cell.transition)
        return target is not None and target.sets.get("language", self.language) != self.language

    @property
    def targets(self) -> set[Key]:
        """What is missing and can be found with whoever picks up."""
        transition = PICKED_UP.get(self.person)
        missing = self.wanted.keys() - self.done
        return {key for key in missing if (key[2] == transition if transition else key[2] not in PICKED_UP.values())}

    def outcomes_left(self, where: Where) -> bool:
        """Say whether an action, or the state that runs a flow, has not come to all its outcomes yet."""
        state = self.flows.state(*where)
        outcomes = state.outcomes if state.action or state.runs else ()
        return any((*where, outcome, self.language) not in self.done for outcome in outcomes)

    def counted(self, repeated: Repeated) -> frozenset[Where]:
        """Return what may come to something else after a wrong answer over and over, wherever that was given.

        It is the action, and every state that runs its flow, or one around that.
        """
        flow = repeated[0][0]
        runs = [
            (one.name, state.name)
            for one in self.flows.flows.values()
            for state in one.states.values()
            if state.runs == flow
        ]
        return frozenset((*repeated, *runs))

    def open_after(self, where: Where) -> Iterator[Where]:
        """Yield what has outcomes left: an action, and what may come of it before the caller is asked again."""
        flow = where[0]
        after = [where[1]]
        for name in after:  # it grows meanwhile
            state = self.flows.state(flow, name)
            if self.outcomes_left((flow, name)):
                yield flow, name
            for _, target in () if state.is_question else state.transitions():
                if target.state and target.state not in after:
                    after.append(target.state)

    @cached_property
    def _before(self) -> tuple[Sequence[Canary], frozenset[Holding]]:
        """What is keyed and must not lie where it may not, and what lies everywhere before a call."""
        with opened(self.simulator, "nobody") as scenario:
            return canaries(Pharmacy(scenario), scenario), frozenset(scenario.holdings())

    def begin(self) -> None:
        """Look at what lies everywhere before a call, in a scenario of its own."""
        _ = self._before

    def keep(self, scenario: Scenario, search_node: SearchNode, new: frozenset[Key]) -> None:
        """Keep a call that takes new ways, and look at what it wrote.

        One that goes on is hung up first, as it is where a script ends.
        """
        self.done |= new
        caller = search_node.caller.fork()
        end = caller.end()
        caller.finish()
        looked_for, before = self._before
        self.leaked.extend(leaks((each for each in scenario.holdings() if each not in before), looked_for))
        self.found.append(
            FoundCall(search_node.moments, caller.person, search_node.covers, new, end, written(scenario))
        )
