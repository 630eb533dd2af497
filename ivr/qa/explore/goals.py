"""The goals of an exploration: the transitions to find, and the calls found so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ivr.flow.definition import Flows
from ivr.flow.graph import Graph, all_states
from ivr.qa.explore.answers import Pharmacy, canaries
from ivr.qa.explore.found_calls import FoundCall, Key, Where, open_scenario, written_rows
from ivr.qa.explore.search_nodes import SearchNode
from ivr.qa.explore.secrecy import Canary, leaks
from ivr.qa.replay.coverage import ANSWERED, CoverageCell, Group, cells
from ivr.qa.scripts.script import Act, Capture, Person
from ivr.simulator.holdings import Holding
from ivr.simulator.scenario import Scenario
from ivr.simulator.simulator import Simulator

PICKED_UP: Mapping[Person, str] = {"answers": ANSWERED, "busy": "busy", "no_answer": "no_answer"}
"""Who picks up -> the transition that is looked for then, and whatever follows in the same flow and in those that it
runs; with "nobody", all other transitions are."""

Repeated = tuple[Where, ...]
"""A state whose action came to a wrong answer, then the states that ran its flow."""


@dataclass
class Goals:
    """The transitions to find in one language. `done` are those covered already; it grows as calls are found."""

    simulator: Simulator
    done: set[Key]
    language: str
    found: list[FoundCall] = field(default_factory=list)
    wrong: dict[Repeated, tuple[Act, ...]] = field(default_factory=dict)
    """The shortest call to each wrong answer. The line may count these, and go elsewhere after too many."""
    leaked: list[str] = field(default_factory=list)
    """Secrets that the found calls left where they must not lie, each as a sentence."""
    expanded: int = 0
    """How many attempts were made."""
    person: Person = "nobody"
    """Who picks up, at the moment, when a caller is connected to a person."""
    capture: Capture = "keypad"
    """Who takes the digits of a card, at the moment."""

    @property
    def flows(self) -> Flows:
        """The flows that are explored."""
        return self.simulator.flows

    @cached_property
    def graph(self) -> Graph:
        """The flows as one graph."""
        return Graph(self.flows)

    def missing(self) -> list[CoverageCell]:
        """Return the cells that are not covered yet, in this language."""
        return [cell for key, cell in self.wanted.items() if key not in self.done]

    @cached_property
    def wanted(self) -> Mapping[Key, CoverageCell]:
        """All cells that are looked for: every state and outcome, in this language."""
        outcomes = sorted(cell for cell, group in cells(self.flows).items() if group is Group.OUTCOME)
        in_language = (cell for cell in outcomes if cell.language in ("", self.language))
        return {cell.key: cell for cell in in_language if not self._chooses_another_language(cell)}

    def _chooses_another_language(self, cell: CoverageCell) -> bool:
        state = self.flows.state(cell.flow, cell.state)
        target = state.keys.get(cell.transition)
        return target is not None and target.sets.get("language", self.language) != self.language

    @property
    def targets(self) -> set[Key]:
        """The keys of the missing cells that can be found with who picks up, and takes cards, at the moment."""
        transition = PICKED_UP.get(self.person)
        by_carrier = self.capture == "pay"
        missing = {key for key in self.wanted.keys() - self.done if self._is_by_carrier(key) == by_carrier}
        if not transition:
            return {key for key in missing if key[2] not in PICKED_UP.values()}
        return {
            key for key in missing if key[2] == transition or (transition != ANSWERED and key[0] in self._unreached)
        }

    def _is_by_carrier(self, key: Key) -> bool:
        """Return whether a transition leads to the carrier's card step, or is one that is only taken after it."""
        before, into = self._around_card_steps
        return key[:2] not in before or key[:3] in into

    @cached_property
    def _around_card_steps(self) -> tuple[frozenset[Where], frozenset[tuple[str, str, str]]]:
        """The states that are reached without the carrier's card step, and the transitions that lead to it."""
        graph = self.graph
        nodes = graph.until(lambda state: bool(state.card_label), starts=[graph.start])
        before = {(node.flow, node.state) for node in nodes if not graph.states[node].card_label}
        into = {
            (transition.source.flow, transition.source.state, transition.label)
            for transition in graph
            if graph.states[transition.target].card_label
        }
        return frozenset(before), frozenset(into)

    @cached_property
    def _unreached(self) -> frozenset[str]:
        """The flows in which callers are told that a person was not reached, and those that these run."""
        connecting = {flow for (flow, _), state in all_states(self.flows) if state.reaches_person}
        run = {state.runs for (flow, _), state in all_states(self.flows) if flow in connecting and state.runs}
        return frozenset(connecting | run)

    def outcomes_left(self, where: Where) -> bool:
        """Return whether some outcome of a state is not covered yet: of its action, or of the flow that it runs."""
        state = self.flows.state(*where)
        outcomes = state.outcomes if state.action or state.runs else ()
        return any((*where, outcome, self.language) not in self.done for outcome in outcomes)

    def counted(self, repeated: Repeated) -> frozenset[Where]:
        """Return the states that may end otherwise after a wrong answer was given again and again.

        They are the action's state, the states that ran its flow, and every other state that runs the same flow.
        """
        repeated_flow = repeated[0][0]
        runs = [
            (flow.name, state.name)
            for flow in self.flows.flows.values()
            for state in flow.states.values()
            if state.runs == repeated_flow
        ]
        return frozenset((*repeated, *runs))

    def open_after(self, where: Where) -> Iterator[Where]:
        """Yield the states with outcomes left to find: a state, and those that may follow it before the next question."""
        flow = where[0]
        after = [where[1]]
        for name in after:  # the list grows while it is gone through
            state = self.flows.state(flow, name)
            if self.outcomes_left((flow, name)):
                yield flow, name
            for _, target in () if state.is_question else state.transitions():
                if target.state and target.state not in after:
                    after.append(target.state)

    @cached_property
    def _before(self) -> tuple[Sequence[Canary], frozenset[Holding]]:
        """The secret values to look for in what calls store, and all that is stored before any call."""
        with open_scenario(self.simulator, "nobody") as scenario:
            return canaries(Pharmacy(scenario), scenario), frozenset(scenario.holdings())

    def begin(self) -> None:
        """Read what is stored before any call, in a scenario of its own; to be called before another one is opened."""
        _ = self._before

    def keep(self, scenario: Scenario, search_node: SearchNode, new: frozenset[Key]) -> None:
        """Add a call that takes new transitions to those found, and check what it stored for secrets.

        A call that goes on is hung up first, as happens where a script ends.
        """
        self.done |= new
        caller = search_node.caller.fork()
        end = caller.end()
        caller.finish()
        looked_for, before = self._before
        self.leaked.extend(leaks((holding for holding in scenario.holdings() if holding not in before), looked_for))
        self.found.append(
            FoundCall(
                search_node.moments, caller.person, search_node.covers, new, end, written_rows(scenario), self.capture
            )
        )
