"""One search through the calls of one scenario, until nothing is left to try.

The line and its pharmacy are kept at each point and gone back to, so that looking at one more way costs one turn.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from ivr.flow.graph import GraphState
from ivr.phone.outcomes import Ended, Paying
from ivr.qa.explore.answers import Keyed, Pharmacy
from ivr.qa.explore.attempts import TOO_LONG, Attempt, attempts, changes, gave_up, one_by_one, troubles
from ivr.qa.explore.distances import FAR, Distances
from ivr.qa.explore.found_calls import NOWHERE, Where
from ivr.qa.explore.frontier import Frontier
from ivr.qa.explore.goals import Goals
from ivr.qa.explore.search_nodes import SearchNode, node_of
from ivr.qa.explore.strategies import Strategy
from ivr.qa.replay.caller import CannotError, SimulatedCaller
from ivr.qa.replay.coverage import passed
from ivr.qa.scripts.script import DEFAULT_FROM, DEFAULT_TO, Act, Breaks, Dials, HangsUp, Later, Waits
from ivr.qa.scripts.writer import Moment, heard, moment
from ivr.simulator.scenario import Scenario
from ivr.simulator.world import RefusedRowError

TROUBLE, A_DAY = 4.0, 10.0
"""Steps that it counts for when something happens around a call, and more when most of a day passes in it."""
PATIENCE, BY_ITSELF = 150, 40
"""Steps without anything new after which everything is no longer looked for at once; for each by itself."""
REPEATED = 4
"""Calls that do the same before the one that is looked at: one less than the line is patient with."""


class Search:
    """Looks for what is missing, in one way and in the other by turns; used once."""

    def __init__(self, goals: Goals, searches: Sequence[Strategy], scenario: Scenario, until: float) -> None:
        self.goals = goals
        self.scenario = scenario
        self.pharmacy = Pharmacy(scenario)
        self.until = until
        self.frontiers = [Frontier(search) for search in searches]
        self._distances: dict[tuple[Where, ...], Distances] = {}
        self._wanted: Mapping[Where, frozenset[str]] = {}
        """What is looked for at the moment."""
        self._known: dict[object, float] = {}
        self._found_at = 0
        self._repeated: set[object] = set()

    def look(self) -> None:
        """Look until everything is found, nothing is left to try, or the time is up."""
        start = self._start()
        self._arrive(start)
        is_left = True
        while is_left and self.goals.targets:
            self._repeat(start)
            is_left = self._look_for(self._missing(), PATIENCE)
            for where in self._missing():  # that is not near anything else any more
                if where in self._missing():
                    is_left |= self._look_for({where: self._missing()[where]}, BY_ITSELF)

    def _missing(self) -> dict[Where, frozenset[str]]:
        """Return the ways that are missing, by state."""
        missing: dict[Where, frozenset[str]] = {}
        for flow, state, transition, _ in sorted(self.goals.targets):
            missing[flow, state] = missing.get((flow, state), frozenset()) | {transition}
        return missing

    def _look_for(self, wanted: Mapping[Where, frozenset[str]], patience: int) -> bool:
        """Look for ways until none was found for so many steps; say whether there was anything to try."""
        self._wanted, self._distances, self._known = wanted, {}, {}
        began = self._found_at = self.goals.expanded
        while self.goals.expanded < self._found_at + patience and time.monotonic() < self.until:
            if not self._wanted:
                return True
            steps = [step for frontier in self.frontiers if (step := frontier.pop(self._steps, self._known))]
            if not steps:
                break
            for search_node, attempt in steps:
                self._try(search_node, attempt)
        return self.goals.expanded > began

    def _start(self) -> SearchNode:
        goals, person = self.goals, self.goals.person
        numbers = (DEFAULT_FROM, DEFAULT_TO)
        caller = SimulatedCaller(self.scenario, goals.flows, goals.language, *numbers, person, f"explored {person}")
        first = (Moment(None, heard(caller.words)),)
        return SearchNode(caller, self.scenario.save(), first, Keyed(), frozenset(), 0, _node(caller))

    def _repeat(self, start: SearchNode) -> None:
        """Begin with callers who have done the same thing over and over in earlier calls: it may have been counted."""
        for where, acts in tuple(self.goals.wrong.items()):
            if where not in self._repeated and any(map(self.goals.outcomes_left, self.goals.counted(where))):
                self._repeated.add(where)
                again = (*acts, HangsUp(NOWHERE), Later(NOWHERE, TOO_LONG), Dials(NOWHERE)) * REPEATED
                with suppress(CannotError):  # what an earlier call did may change what the next one is asked
                    self._arrive(self._go(start, again, Keyed(again=where)))

    def _steps(self, search_node: SearchNode, attempt: Attempt) -> float:
        """Return how far a move is from what is looked for."""
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

    def _arrive(self, search_node: SearchNode) -> None:
        """Go on from a point later, if anything about it is new."""
        if search_node.node is None or isinstance(search_node.caller.last.waiting, Ended | Paying):
            return
        for frontier in self.frontiers:
            facts = frontier.search.facts(search_node, self.scenario)
            if frontier.is_new(search_node, facts):
                frontier.add(search_node, self._attempts(search_node, frontier.search.few), facts)

    def _attempts(self, search_node: SearchNode, few: int | None) -> Iterator[Attempt]:
        """Yield what to try: more numbers where the action that reads them has outcomes left."""
        goals = self.goals
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
                with suppress(RefusedRowError, CannotError):  # it does not fit what has happened
                    self._arrive(self._go(search_node, attempt.acts, attempt.keyed))
            return
        after = self._go(search_node, attempt.acts, attempt.keyed)
        self._arrive(after)
        if ran := self._ran_open(search_node, after):
            self.scenario.restore(search_node.kept)
            for each in self.frontiers:
                told = each.search.facts(search_node, self.scenario)
                if each.is_new_trouble(ran, told):
                    each.add(search_node, self._in_trouble(search_node, attempt, ran), told)

    def _in_trouble(self, search_node: SearchNode, attempt: Attempt, ran: tuple[Where, ...]) -> Iterator[Attempt]:
        """Yield the same move with something happening before it."""
        around = troubles(search_node.call, search_node.keyed.member, self.scenario)
        for name, trouble in (*around, *changes(self.pharmacy, attempt.keyed)):
            tried = replace(attempt, acts=(*trouble, *attempt.acts), name=(ran[0], name), troubled=ran, leaves=False)
            yield replace(tried, name=name) if tried.is_long else tried

    def _ran_open(self, search_node: SearchNode, after: SearchNode) -> tuple[Where, ...]:
        """Return what has outcomes left of the actions that a step ran, what may come of them, and what runs their flow."""
        turns = after.caller.turns[len(search_node.caller.turns) :]
        ran = [
            ((trace_step.flow, trace_step.state), trace_step.branch)
            for turn in turns
            for trace_step in turn.trace_steps
            if trace_step.branch
        ]
        around = tuple((frame.flow, frame.state) for frame in search_node.call.frames[:-1]) if ran else ()
        every = dict.fromkeys((*(where for where, _ in ran), *around))
        left = tuple(dict.fromkeys(where for each in every for where in self.goals.open_after(each)))
        if left and not any(isinstance(act, Breaks | Later) for act in after.acts):
            for where, outcome in ran:
                if self._is_wrong(where, outcome):
                    transition = (where, *around)
                    self.goals.wrong[transition] = min(
                        after.acts, self.goals.wrong.get(transition, after.acts), key=len
                    )
        return left

    def _is_wrong(self, where: Where, outcome: str) -> bool:
        """Say whether an outcome counts as a wrong answer to a question."""
        state = self.goals.flows.state(*where)
        return bool(state.action and state.outcomes[outcome].counts)

    def _go(self, search_node: SearchNode, acts: Sequence[Act], keyed: Keyed) -> SearchNode:
        """Go one way from a point, and note what is new about where it leads to."""
        goals, scenario = self.goals, self.scenario
        scenario.restore(search_node.kept)
        caller = search_node.caller.fork()
        moments, began = list(search_node.moments), search_node.began
        before = len(caller.turns)
        for act in acts:
            for once in one_by_one(act):
                caller.act(once)
                moments.append(moment(once, caller.words))
                began = len(moments) if isinstance(once, Dials) else began
                if caller.over or (isinstance(act, Waits) and gave_up(caller)):
                    break
        goals.expanded += 1
        mine = frozenset(key for turn in caller.turns[before:] for key in passed(goals.flows, turn))
        after = SearchNode(
            caller, scenario.save(), tuple(moments), keyed, search_node.covers | mine, began, _node(caller)
        )
        if new := (mine & goals.wanted.keys()) - goals.done:
            goals.keep(scenario, after, frozenset(new))
            scenario.restore(after.kept)
            self._found_at = goals.expanded
            missing = self._missing()
            self._wanted = {where: missing[where] for where in self._wanted if where in missing}
            self._distances, self._known = {}, {}
        return after


def _node(caller: SimulatedCaller) -> GraphState | None:
    return node_of(caller.latest[-1].call) if caller.latest else None
