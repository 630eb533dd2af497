"""One search through the calls of one scenario, until nothing is left to try.

A snapshot of the line and its pharmacy is kept at each question and restored, so that one more attempt there costs one
turn and not a whole call.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from ivr.flow.graph import GraphState
from ivr.phone.outcomes import Paying
from ivr.qa.explore.answers import Keyed, Pharmacy
from ivr.qa.explore.attempts import (
    TOO_LONG,
    Attempt,
    attempts,
    card_attempts,
    gave_up,
    member_row_changes,
    one_by_one,
    troubles,
)
from ivr.qa.explore.distances import FAR, Distances
from ivr.qa.explore.found_calls import NOWHERE, Where
from ivr.qa.explore.frontier import Frontier
from ivr.qa.explore.goals import Goals
from ivr.qa.explore.search_nodes import SearchNode, node_of
from ivr.qa.explore.strategies import Strategy
from ivr.qa.replay.caller import CannotError, SimulatedCaller
from ivr.qa.replay.coverage import passed_cells
from ivr.qa.scripts.script import DEFAULT_FROM, DEFAULT_TO, Act, Breaks, Dials, HangsUp, Later, Waits
from ivr.qa.scripts.writer import Moment, heard, moment
from ivr.simulator.scenario import Scenario
from ivr.simulator.world import RefusedRowError

TROUBLE, A_DAY = 4.0, 10.0
"""The distance of an attempt with a trouble, and what is added when most of a day passes in it."""
PATIENCE, BY_ITSELF = 150, 40
"""Attempts without a find after which the search gives up: on all goals at once, and on the goals of a single state."""
REPEATED = 4
"""Earlier calls that give the same wrong answer, before the call that is explored: one fewer than the line allows."""


class Search:
    """A search for the missing transitions, with its strategies by turns. Each object is used once."""

    def __init__(self, goals: Goals, strategies: Sequence[Strategy], scenario: Scenario, until: float) -> None:
        self.goals = goals
        self.scenario = scenario
        self.pharmacy = Pharmacy(scenario)
        self.until = until
        self.frontiers = [Frontier(strategy) for strategy in strategies]
        self._distances: dict[tuple[Where, ...], Distances] = {}
        self._wanted: Mapping[Where, frozenset[str]] = {}
        """The labels of the transitions that are looked for at the moment, by state."""
        self._known_steps: dict[object, float] = {}
        self._found_at = 0
        self._repeated: set[object] = set()

    def run(self) -> None:
        """Search until everything is found, nothing is left to try, or the time is up."""
        start = self._start()
        self._add_to_frontiers(start)
        is_left = True
        while is_left and self.goals.targets:
            self._add_repeated_calls(start)
            is_left = self._search_for(self._missing_transitions(), PATIENCE)
            for where in self._missing_transitions():
                if where in self._missing_transitions():
                    is_left |= self._search_for({where: self._missing_transitions()[where]}, BY_ITSELF)

    def _missing_transitions(self) -> dict[Where, frozenset[str]]:
        """Return the labels of the missing transitions, by state."""
        missing: dict[Where, frozenset[str]] = {}
        for flow, state, transition, _ in sorted(self.goals.targets):
            missing[flow, state] = missing.get((flow, state), frozenset()) | {transition}
        return missing

    def _search_for(self, wanted: Mapping[Where, frozenset[str]], patience: int) -> bool:
        """Look for transitions until `patience` attempts found nothing; return whether there was anything to try."""
        self._wanted, self._distances, self._known_steps = wanted, {}, {}
        expanded_before = self._found_at = self.goals.expanded
        while self.goals.expanded < self._found_at + patience and time.monotonic() < self.until:
            if not self._wanted:
                return True
            steps = [step for frontier in self.frontiers if (step := frontier.pop(self._steps, self._known_steps))]
            if not steps:
                break
            for search_node, attempt in steps:
                self._try(search_node, attempt)
        return self.goals.expanded > expanded_before

    def _start(self) -> SearchNode:
        goals, person = self.goals, self.goals.person
        numbers = (DEFAULT_FROM, DEFAULT_TO)
        caller = SimulatedCaller(self.scenario, goals.flows, goals.language, *numbers, person, f"explored {person}")
        first = (Moment(None, heard(caller.words)),)
        return SearchNode(caller, self.scenario.save(), first, Keyed(), frozenset(), 0, _graph_state(caller))

    def _add_repeated_calls(self, start: SearchNode) -> None:
        """Add calls by callers who gave the same wrong answer in several earlier calls, since the line may count those."""
        for where, acts in tuple(self.goals.wrong.items()):
            if where not in self._repeated and any(map(self.goals.outcomes_left, self.goals.counted(where))):
                self._repeated.add(where)
                again = (*acts, HangsUp(NOWHERE), Later(NOWHERE, TOO_LONG), Dials(NOWHERE)) * REPEATED
                with suppress(CannotError):  # an earlier call may have changed the questions of the next one
                    self._add_to_frontiers(self._follow(start, again, Keyed(again=where)))

    def _steps(self, search_node: SearchNode, attempt: Attempt) -> float:
        """Return how far an attempt is from what is looked for, in transitions."""
        if attempt.troubled:
            return (
                TROUBLE + A_DAY * attempt.is_long if any(where in self._wanted for where in attempt.troubled) else FAR
            )
        again = search_node.keyed.again
        if again not in self._distances:
            counted = self.goals.counted(again) if again else ()
            wanted = {
                where: transitions for where, transitions in self._wanted.items() if not again or where in counted
            }
            self._distances[again] = Distances(self.goals.graph, wanted)
        node = self.goals.graph.start if isinstance(attempt.acts[-1], Dials) else search_node.node
        return self._distances[again].steps(node, attempt.label) if node else FAR

    def _add_to_frontiers(self, search_node: SearchNode) -> None:
        """Add what can be tried at a question to each frontier where any fact about it is new."""
        if search_node.node is None or search_node.caller.over:
            return
        for frontier in self.frontiers:
            facts = frontier.strategy.facts(search_node, self.scenario)
            if frontier.is_new(search_node, facts):
                frontier.add(search_node, self._attempts(search_node, frontier.strategy.few), facts)

    def _attempts(self, search_node: SearchNode, few: int | None) -> Iterator[Attempt]:
        """Yield what to try at a question; all numbers, not few, where the action that reads them has outcomes left."""
        goals, waiting = self.goals, search_node.caller.last.waiting
        if isinstance(waiting, Paying):
            return card_attempts(search_node.keyed, search_node.call, waiting.pay.max_attempts)
        state = goals.flows.state(*search_node.where)
        if state.next and goals.outcomes_left((search_node.where[0], state.next.state)):
            few = None
        return attempts(goals.flows, goals.language, self.pharmacy, search_node.keyed, search_node.call, few)

    def _try(self, search_node: SearchNode, attempt: Attempt) -> None:
        tried = (attempt.name, str(attempt.acts[-1]))
        if tried in search_node.tried:
            return
        search_node.tried.add(tried)
        if attempt.troubled:
            if any(map(self.goals.outcomes_left, attempt.troubled)):
                with suppress(RefusedRowError, CannotError):  # the trouble does not fit what has happened
                    self._add_to_frontiers(self._follow(search_node, attempt.acts, attempt.keyed))
            return
        after = self._follow(search_node, attempt.acts, attempt.keyed)
        self._add_to_frontiers(after)
        if ran := self._open_actions(search_node, after):
            self.scenario.restore(search_node.snapshot)
            for frontier in self.frontiers:
                facts = frontier.strategy.facts(search_node, self.scenario)
                if frontier.is_new_trouble(ran, facts):
                    frontier.add(search_node, self._troubled_attempts(search_node, attempt, ran), facts)

    def _troubled_attempts(
        self, search_node: SearchNode, attempt: Attempt, ran: tuple[Where, ...]
    ) -> Iterator[Attempt]:
        """Yield the same attempt with each trouble happening before it."""
        around = troubles(search_node.call, search_node.keyed.member, self.scenario)
        for name, trouble in (*around, *member_row_changes(self.pharmacy, attempt.keyed)):
            tried = replace(attempt, acts=(*trouble, *attempt.acts), name=(ran[0], name), troubled=ran, leaves=False)
            yield replace(tried, name=name) if tried.is_long else tried

    def _open_actions(self, search_node: SearchNode, after: SearchNode) -> tuple[Where, ...]:
        """Return the states with outcomes left, of those an attempt ran, what may follow them, and what runs their flow.

        Also notes the wrong answers that the attempt came to, in `goals.wrong`.
        """
        turns = after.caller.turns[len(search_node.caller.turns) :]
        ran = [
            ((trace_step.flow, trace_step.state), trace_step.branch)
            for turn in turns
            for trace_step in turn.trace_steps
            if trace_step.branch
        ]
        around = tuple((frame.flow, frame.state) for frame in search_node.call.frames[:-1]) if ran else ()
        begin_at = dict.fromkeys((*(where for where, _ in ran), *around))
        open_states = tuple(dict.fromkeys(where for state in begin_at for where in self.goals.open_after(state)))
        if open_states and not any(isinstance(act, Breaks | Later) for act in after.acts):
            for where, outcome in ran:
                if self._is_wrong(where, outcome):
                    repeated = (where, *around)
                    self.goals.wrong[repeated] = min(after.acts, self.goals.wrong.get(repeated, after.acts), key=len)
        return open_states

    def _is_wrong(self, where: Where, outcome: str) -> bool:
        """Return whether an outcome of an action counts as a wrong answer to a question."""
        state = self.goals.flows.state(*where)
        return bool(state.action and state.outcomes[outcome].counts)

    def _follow(self, search_node: SearchNode, acts: Sequence[Act], keyed: Keyed) -> SearchNode:
        """Do some acts at a question and return where they lead; a call that takes wanted transitions is kept."""
        goals, scenario = self.goals, self.scenario
        scenario.restore(search_node.snapshot)
        caller = search_node.caller.fork()
        moments, moments_before = list(search_node.moments), search_node.moments_before
        before = len(caller.turns)
        for act in acts:
            for once in one_by_one(act):
                caller.act(once)
                moments.append(moment(once, caller.words))
                moments_before = len(moments) if isinstance(once, Dials) else moments_before
                if caller.over or (isinstance(act, Waits) and gave_up(caller)):
                    break
        goals.expanded += 1
        passed_keys = frozenset(key for turn in caller.turns[before:] for key in passed_cells(goals.flows, turn))
        after = SearchNode(
            caller,
            scenario.save(),
            tuple(moments),
            keyed,
            search_node.covers | passed_keys,
            moments_before,
            _graph_state(caller),
        )
        if new := (passed_keys & goals.wanted.keys()) - goals.done:
            goals.keep(scenario, after, frozenset(new))
            scenario.restore(after.snapshot)
            self._found_at = goals.expanded
            missing = self._missing_transitions()
            self._wanted = {where: missing[where] for where in self._wanted if where in missing}
            self._distances, self._known_steps = {}, {}
        return after


def _graph_state(caller: SimulatedCaller) -> GraphState | None:
    return node_of(caller.latest[-1].call) if caller.latest else None
