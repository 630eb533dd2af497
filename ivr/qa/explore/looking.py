"""One search through the calls of one scenario, until nothing is left to try.

The line and its pharmacy are kept at each point and gone back to, so that looking at one more way costs one turn.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from ivr.flow.graph import GraphState
from ivr.phone.heard import Ended, Paying
from ivr.qa.explore.bearings import FAR, Bearings
from ivr.qa.explore.found import NOWHERE, PathToQuestion, Where
from ivr.qa.explore.frontier import Frontier
from ivr.qa.explore.inputs import Keyed, Pharmacy
from ivr.qa.explore.moves import TOO_LONG, CallerMove, changes, gave_up, moves, one_by_one, troubles
from ivr.qa.explore.points import Point, node_of
from ivr.qa.explore.searches import Search
from ivr.qa.explore.sought import Sought
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


class Looking:
    """Looks for what is missing, in one way and in the other by turns; used once."""

    def __init__(self, sought: Sought, searches: Sequence[Search], scenario: Scenario, until: float) -> None:
        self.sought = sought
        self.scenario = scenario
        self.pharmacy = Pharmacy(scenario)
        self.until = until
        self.frontiers = [Frontier(search) for search in searches]
        self._bearings: dict[tuple[Where, ...], Bearings] = {}
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
        while is_left and self.sought.targets:
            self._repeat(start)
            is_left = self._look_for(self._missing(), PATIENCE)
            for where in self._missing():  # that is not near anything else any more
                if where in self._missing():
                    is_left |= self._look_for({where: self._missing()[where]}, BY_ITSELF)

    def _missing(self) -> dict[Where, frozenset[str]]:
        """Return the ways that are missing, by state."""
        missing: dict[Where, frozenset[str]] = {}
        for flow, state, way, _ in sorted(self.sought.targets):
            missing[flow, state] = missing.get((flow, state), frozenset()) | {way}
        return missing

    def _look_for(self, wanted: Mapping[Where, frozenset[str]], patience: int) -> bool:
        """Look for ways until none was found for so many steps; say whether there was anything to try."""
        self._wanted, self._bearings, self._known = wanted, {}, {}
        began = self._found_at = self.sought.expanded
        while self.sought.expanded < self._found_at + patience and time.monotonic() < self.until:
            if not self._wanted:
                return True
            steps = [step for frontier in self.frontiers if (step := frontier.pop(self._steps, self._known))]
            if not steps:
                break
            for point, move in steps:
                self._try(point, move)
        return self.sought.expanded > began

    def _start(self) -> Point:
        sought, person = self.sought, self.sought.person
        numbers = (DEFAULT_FROM, DEFAULT_TO)
        caller = SimulatedCaller(self.scenario, sought.flows, sought.language, *numbers, person, f"explored {person}")
        first = (Moment(None, heard(caller.words)),)
        return Point(caller, self.scenario.save(), first, Keyed(), frozenset(), 0, _node(caller))

    def _repeat(self, start: Point) -> None:
        """Begin with callers who have done the same thing over and over in earlier calls: it may have been counted."""
        for where, acts in tuple(self.sought.wrong.items()):
            if where not in self._repeated and any(map(self.sought.outcomes_left, self.sought.counted(where))):
                self._repeated.add(where)
                again = (*acts, HangsUp(NOWHERE), Later(NOWHERE, TOO_LONG), Dials(NOWHERE)) * REPEATED
                with suppress(CannotError):  # what an earlier call did may change what the next one is asked
                    self._arrive(self._go(start, again, Keyed(again=where)))

    def _steps(self, point: Point, move: CallerMove) -> float:
        """Return how far a move is from what is looked for."""
        if move.troubled:
            return TROUBLE + A_DAY * move.is_long if any(where in self._wanted for where in move.troubled) else FAR
        again = point.keyed.again
        if again not in self._bearings:
            counted = self.sought.counted(again) if again else ()
            wanted = {where: ways for where, ways in self._wanted.items() if not again or where in counted}
            self._bearings[again] = Bearings(self.sought.graph, wanted)
        node = self.sought.graph.start if isinstance(move.acts[-1], Dials) else point.node
        return self._bearings[again].steps(node, move.label) if node else FAR

    def _arrive(self, point: Point) -> None:
        """Go on from a point later, if anything about it is new."""
        if point.node is None or isinstance(point.caller.last.waiting, Ended | Paying):
            return
        known = self.sought.questions.get(point.where)
        if known is None or len(known.acts) > len(point.moments):
            self.sought.questions[point.where] = PathToQuestion(point.acts)
        for frontier in self.frontiers:
            facts = frontier.search.facts(point, self.scenario)
            if frontier.is_new(point, facts):
                frontier.add(point, self._moves(point, frontier.search.few), facts)

    def _moves(self, point: Point, few: int | None) -> Iterator[CallerMove]:
        """Yield what to try: more numbers where the action that reads them has outcomes left."""
        sought = self.sought
        state = sought.flows.state(*point.where)
        if state.next and sought.outcomes_left((point.where[0], state.next.state)):
            few = None
        return moves(sought.flows, sought.language, self.pharmacy, point.keyed, point.call, few)

    def _try(self, point: Point, move: CallerMove) -> None:
        tried = (move.name, str(move.acts[-1]))
        if tried in point.tried:
            return
        point.tried.add(tried)
        if move.troubled:
            if any(map(self.sought.outcomes_left, move.troubled)):
                with suppress(RefusedRowError, CannotError):  # it does not fit what has happened
                    self._arrive(self._go(point, move.acts, move.keyed))
            return
        after = self._go(point, move.acts, move.keyed)
        self._arrive(after)
        if ran := self._ran_open(point, after):
            self.scenario.restore(point.kept)
            for each in self.frontiers:
                told = each.search.facts(point, self.scenario)
                if each.is_new_trouble(ran, told):
                    each.add(point, self._in_trouble(point, move, ran), told)

    def _in_trouble(self, point: Point, move: CallerMove, ran: tuple[Where, ...]) -> Iterator[CallerMove]:
        """Yield the same move with something happening before it."""
        around = troubles(point.call, point.keyed.member, self.scenario)
        for name, trouble in (*around, *changes(self.pharmacy, move.keyed)):
            tried = replace(move, acts=(*trouble, *move.acts), name=(ran[0], name), troubled=ran, leaves=False)
            yield replace(tried, name=name) if tried.is_long else tried

    def _ran_open(self, point: Point, after: Point) -> tuple[Where, ...]:
        """Return what has outcomes left of the actions that a step ran, what may come of them, and what runs their flow."""
        turns = after.caller.turns[len(point.caller.turns) :]
        ran = [((visit.flow, visit.state), visit.branch) for turn in turns for visit in turn.visits if visit.branch]
        around = tuple((frame.flow, frame.state) for frame in point.call.frames[:-1]) if ran else ()
        every = dict.fromkeys((*(where for where, _ in ran), *around))
        left = tuple(dict.fromkeys(where for each in every for where in self.sought.open_after(each)))
        if left and not any(isinstance(act, Breaks | Later) for act in after.acts):
            for where, outcome in ran:
                if self._is_wrong(where, outcome):
                    way = (where, *around)
                    self.sought.wrong[way] = min(after.acts, self.sought.wrong.get(way, after.acts), key=len)
        return left

    def _is_wrong(self, where: Where, outcome: str) -> bool:
        """Say whether an outcome counts as a wrong answer to a question."""
        state = self.sought.flows.state(*where)
        return bool(state.action and state.outcomes[outcome].counts)

    def _go(self, point: Point, acts: Sequence[Act], keyed: Keyed) -> Point:
        """Go one way from a point, and note what is new about where it leads to."""
        sought, scenario = self.sought, self.scenario
        scenario.restore(point.kept)
        caller = point.caller.fork()
        moments, began = list(point.moments), point.began
        before = len(caller.turns)
        for act in acts:
            for once in one_by_one(act):
                caller.act(once)
                moments.append(moment(once, caller.words))
                began = len(moments) if isinstance(once, Dials) else began
                if caller.over or (isinstance(act, Waits) and gave_up(caller)):
                    break
        sought.expanded += 1
        mine = frozenset(key for turn in caller.turns[before:] for key in passed(sought.flows, turn))
        after = Point(caller, scenario.save(), tuple(moments), keyed, point.covers | mine, began, _node(caller))
        if new := (mine & sought.wanted.keys()) - sought.done:
            sought.keep(scenario, after, frozenset(new))
            scenario.restore(after.kept)
            self._found_at = sought.expanded
            missing = self._missing()
            self._wanted = {where: missing[where] for where in self._wanted if where in missing}
            self._bearings, self._known = {}, {}
        return after


def _node(caller: SimulatedCaller) -> GraphState | None:
    return node_of(caller.latest[-1].call) if caller.latest else None
