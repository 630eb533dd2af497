"""Finds calls nobody has written down: goes on from every point of a call in every way a caller, or the world, can.

The line and its pharmacy are kept at each point and gone back to, so that looking at one more way costs one turn. What
is looked for are the ways out of states that are not covered yet; what is not found in the time given stays missing.

First it looks wide: everybody calls, and keys whatever there is to key. When that finds nothing new any more it looks
deep: whoever calls, what was done in the call so far tells it from others, and a few answers do.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

from ivr.flow.definition import Flows
from ivr.phone.heard import Ended, Paying
from ivr.qa.explore.bearings import FAR, Chosen, chosen_names, distances, signature, ways_on
from ivr.qa.explore.found import NOWHERE, Found, Key, Way, Where, opened, written
from ivr.qa.explore.inputs import Keyed, Pharmacy, canaries
from ivr.qa.explore.moves import Move, changes, gave_up, moves, one_by_one, troubles
from ivr.qa.explore.points import Point, done_so_far
from ivr.qa.explore.secrecy import Canary, leaks
from ivr.qa.replay.caller import Caller, CannotError
from ivr.qa.replay.coverage import ANSWERED, Cell, Group, cells, passed
from ivr.qa.scripts.script import DEFAULT_FROM, DEFAULT_TO, Act, Breaks, Dials, HangsUp, Later, Person, Waits
from ivr.qa.scripts.writer import Moment, heard, moment
from ivr.simulator.scenario import Scenario
from ivr.simulator.simulator import Simulator
from ivr.simulator.world import RefusedRowError

SAME_POINT = 2
"""How often calls that stand alike, as far as can be told, are gone on from."""
SAME_WAY = 2
"""How often the same key of the same state is tried with the same member."""
ANY_MEMBER = 12
"""How often it is tried in all, where what is keyed does not depend on the member."""
SHARES: Mapping[Person, float] = {"nobody": 0.92, "answers": 0.96, "no_answer": 1.0}
"""Who picks up when a person is asked for, and up to which share of the time that is looked at."""
FEW, SOME = 3, 6
"""Numbers that are tried at a question, when going deep."""
REPEATED = 4
"""Calls that do the same before the one that is looked at: one less than the line's patience with wrong numbers."""
STALE = 1200
"""Steps without anything new after which calls are looked at in the other way."""
RETHINK = 25
"""Steps after which it is looked again where something is missing."""


@dataclass
class Explorer:
    """Searches one simulator. `done` are the ways that are covered already; it grows as new ones are found."""

    simulator: Simulator
    done: set[Key]
    seconds: float
    language: str = "en"
    found: list[Found] = field(default_factory=list)
    questions: dict[Where, Way] = field(default_factory=dict)
    """The shortest way found to each question."""
    leaked: list[str] = field(default_factory=list)
    """What the calls found left where it must not lie."""
    expanded: int = 0
    _looked_for: Sequence[Canary] = ()
    _points: Counter[object] = field(default_factory=Counter)
    _ways: Counter[object] = field(default_factory=Counter)
    _heap: list[tuple[tuple[float, int], int, Point]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _ways_on: frozenset[tuple[Where, Where]] = frozenset()
    _chosen: Chosen = field(default_factory=dict)
    _shortest: dict[tuple[Where, str, tuple[Where, ...]], tuple[Act, ...]] = field(default_factory=dict)
    """The shortest call that came to a wrong answer, by what ran its flow, where either has outcomes left."""
    _distances: Mapping[Where, int] = field(default_factory=dict)
    _patience: int = 1
    _deep: bool = False
    """Whether calls are told apart by what was done in them, and no longer by who calls."""
    _found_at: int = 0
    _first: set[Where] = field(default_factory=set)
    """Where calls begin."""

    def explore(self) -> None:
        """Look until everything is covered, or the time is up."""
        self._ways_on = ways_on(self.flows)
        self._chosen = chosen_names(self.flows)
        began = time.monotonic()
        for person, share in SHARES.items():
            self._patience = 1
            self._deep = False
            while self._left(person) and time.monotonic() < began + share * self.seconds:
                self._points.clear()
                self._ways.clear()
                self._heap.clear()
                self._from(person, began + share * self.seconds)
                self._patience *= 1 + self._deep  # nothing is left to try: be less quick to take calls for alike
                self._deep = True

    @property
    def flows(self) -> Flows:
        """The flows that are explored."""
        return self.simulator.flows

    def missing(self) -> list[Cell]:
        """Return what is still not covered, in this language."""
        return [cell for key, cell in self.wanted.items() if key not in self.done]

    @cached_property
    def wanted(self) -> Mapping[Key, Cell]:
        """The ways that are looked for: every outcome, in this language."""
        found = sorted(cell for cell, group in cells(self.flows).items() if group is Group.OUTCOME)
        mine = (cell for cell in found if cell.language in ("", self.language))
        return {cell.key: cell for cell in mine if not self._chooses_another_language(cell)}

    def _chooses_another_language(self, cell: Cell) -> bool:
        state = self.flows.state(cell.flow, cell.state)
        target = state.keys.get(cell.way)
        return target is not None and target.sets.get("language", self.language) != self.language

    def _from(self, person: Person, until: float) -> None:
        with opened(self.simulator, person) as scenario:
            pharmacy = Pharmacy(scenario)
            self._looked_for = canaries(pharmacy, scenario)
            caller = Caller(scenario, self.flows, self.language, DEFAULT_FROM, DEFAULT_TO, person, f"explored {person}")
            first = (Moment(None, heard(caller.words)),)
            start = Point(caller, scenario.save(), first, Keyed(), frozenset(), None)
            self._first = {start.where} if caller.latest else set()
            self._push(start, 0)
            if self._deep:
                self._after_repeating(scenario, start)
            steps, self._found_at = 0, self.expanded
            while self._heap and time.monotonic() < until and self._left(person) and not self._is_stale:
                if steps % RETHINK == 0:
                    self._look_around()
                steps += 1
                *_, point = heapq.heappop(self._heap)
                self._expand(scenario, pharmacy, point, until)

    def _after_repeating(self, scenario: Scenario, start: Point) -> None:
        """Begin with callers who have done the same thing over and over in earlier calls: it may have been counted."""
        for (where, _, around), acts in self._shortest.items():
            if any(self._outcomes_left(*each) for each in (where, *around)):
                again = (*acts, HangsUp(NOWHERE), Dials(NOWHERE)) * REPEATED
                with suppress(CannotError):  # what an earlier call did may change what the next one is asked
                    self._go(scenario, start, again, Keyed(again=(where, *around)))

    def _look_around(self) -> None:
        """Find out how far every state is from one that has something missing, and sort the points by that."""
        missing = {(cell.flow, cell.state) for cell in self.missing()}
        self._distances = distances(missing, self._ways_on)
        points = (each[1:] for each in self._heap if self._still_of_use(each[2]))
        self._heap = [(self._rank(point), order, point) for order, point in points]
        heapq.heapify(self._heap)

    def _still_of_use(self, point: Point) -> bool:
        """Say whether what was done over and over before this call can still lead to something new."""
        return not point.keyed.again or any(self._outcomes_left(*each) for each in point.keyed.again)

    def _rank(self, point: Point) -> tuple[float, int]:
        """Return how soon a point is gone on from: near what is missing, and not from where much was tried already."""
        distance, long = self._distances.get(point.where, FAR), len(point.moments)
        if point.deep and point.deep.unpaid:  # who calls again is asked about it
            distance = min(distance, 1 + min((self._distances.get(where, FAR) for where in self._first), default=FAR))
        if self._deep:
            return 2 * distance + long - point.began, 0
        who = point.keyed.member or point.keyed.earlier
        tried = 0 if point.keyed.earlier else self._points[point.where]  # a second call is a short one
        return distance + tried / 4 + 2 * self._points[point.where, who], long

    @property
    def _is_stale(self) -> bool:
        return not self._deep and self.expanded - self._found_at > STALE

    def _left(self, person: Person) -> bool:
        """Say whether this way of picking up can still lead to something new."""
        missing = self.wanted.keys() - self.done
        way = {"answers": ANSWERED, "no_answer": "no_answer"}.get(person)
        return any(key[2] == way if way else key[2] not in (ANSWERED, "no_answer") for key in missing)

    def _push(self, point: Point, new: int) -> None:
        if not point.caller.latest or isinstance(point.caller.last.waiting, Ended | Paying):
            return
        alike: object = (point.where, point.deep)
        if not self._deep:
            alike = (point.where, signature(point.caller.latest[-1].call, self._chosen), point.keyed)
        self._points[alike] += 1
        if self._points[alike] > (1 if self._deep else SAME_POINT) * self._patience:
            return
        known = self.questions.get(point.where)
        if known is None or len(known.acts) > len(point.moments):
            self.questions[point.where] = Way(tuple(one.act for one in point.moments if one.act))
        rank = self._rank(point)
        heapq.heappush(self._heap, ((rank[0] - 2 * min(new, 1), rank[1]), next(self._order), point))

    def _expand(self, scenario: Scenario, pharmacy: Pharmacy, point: Point, until: float) -> None:
        self._points[point.where] += 1
        self._points[point.where, point.keyed.member or point.keyed.earlier] += 1
        call = point.caller.latest[-1].call
        for move in moves(self.flows, self.language, pharmacy, point.keyed, call, self._few(point)):
            if time.monotonic() > until:
                return
            if not self._is_worth_it(move):
                continue
            after = self._go(scenario, point, move.acts, move.keyed)
            if ran := self._ran_open(point, after):
                scenario.restore(point.kept)
                around = troubles(call, point.keyed.member, scenario, point.acts_of_call, point.seconds_again)
                for name, trouble in (*around, *changes(pharmacy, move.keyed)):
                    tried = (ran, name, point.keyed.again, bool(point.keyed.earlier))
                    self._ways[tried] += 1
                    if self._ways[tried] <= self._patience:
                        with suppress(RefusedRowError, CannotError):  # it does not fit what has happened
                            self._go(scenario, point, (*trouble, *move.acts), move.keyed)

    def _few(self, point: Point) -> int | None:
        """Return how many numbers are tried at a question: more where the action that reads them has outcomes left."""
        if not self._deep:
            return None
        state = self.flows.state(*point.where)
        target = state.next.state if state.next else ""
        return SOME if target and self._outcomes_left(point.where[0], target) else FEW

    def _is_worth_it(self, move: Move) -> bool:
        self._ways[move.name] += 1
        if self._deep and move.goes_on:
            return True  # where it leads to is told apart instead
        return self._ways[move.name] <= (SAME_WAY if move.own else ANY_MEMBER) * self._patience

    def _ran_open(self, point: Point, after: Point) -> tuple[Where, ...]:
        """Return the actions a step ran that have not come to all their outcomes yet, or what runs their flow has not."""
        turns = after.caller.turns[len(point.caller.turns) :]
        ran = [((visit.flow, visit.state), visit.branch) for turn in turns for visit in turn.visits if visit.branch]
        frames = point.caller.latest[-1].call.frames[:-1] if ran else ()
        around = tuple((frame.flow, frame.state) for frame in frames)
        left = tuple(
            dict.fromkeys(each for each in (*(where for where, _ in ran), *around) if self._outcomes_left(*each))
        )
        acts = tuple(moment.act for moment in after.moments if moment.act)
        if left and not any(isinstance(act, Dials | Breaks | Later) for act in acts):
            for where, outcome in ran:
                way = (where, outcome, around)
                if self._is_wrong(where, outcome):
                    self._shortest[way] = min(acts, self._shortest.get(way, acts), key=len)
        return left

    def _is_wrong(self, where: Where, outcome: str) -> bool:
        """Say whether an outcome counts as a wrong answer to a question."""
        state = self.flows.state(*where)
        return bool(state.action and state.outcomes[outcome].counts)

    def _outcomes_left(self, flow: str, name: str) -> bool:
        state = self.flows.state(flow, name)
        outcomes = state.outcomes if state.action or state.runs else ()
        return any((flow, name, outcome, self.language) not in self.done for outcome in outcomes)

    def _go(self, scenario: Scenario, point: Point, acts: Sequence[Act], keyed: Keyed) -> Point:
        """Go one way from a point, keep where it leads to, and note what is new about it."""
        scenario.restore(point.kept)
        caller = point.caller.fork()
        moments = list(point.moments)
        before = len(caller.turns)
        for act in acts:
            for once in one_by_one(act):
                caller.act(once)
                moments.append(moment(once, caller.words))
                if caller.over or (isinstance(act, Waits) and gave_up(caller)):
                    break
        self.expanded += 1
        mine = frozenset(key for turn in caller.turns[before:] for key in passed(self.flows, turn))
        new = (mine & self.wanted.keys()) - self.done
        deep = done_so_far(self.flows, self._chosen, caller, scenario, keyed)
        went_on = (keyed.again, keyed.earlier) == (point.keyed.again, point.keyed.earlier)
        began = point.began if went_on else len(moments)
        after = Point(caller, scenario.save(), tuple(moments), keyed, point.covers | mine, deep, began)
        if new:
            self._found_at = self.expanded
            self.done |= new
            self.found.append(self._keep(scenario, after, new))
        self._push(after, len(new))
        return after

    def _keep(self, scenario: Scenario, point: Point, new: frozenset[Key]) -> Found:
        """Look at what the call wrote; one that goes on is hung up first, as it is where a script ends."""
        caller = point.caller.fork()
        end = caller.end()
        caller.finish()
        self.leaked.extend(leaks(scenario.holdings(), self._looked_for))
        return Found(point.moments, caller.person, point.covers, new, end, written(scenario))
