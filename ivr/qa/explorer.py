"""Finds calls nobody has written down: goes on from every point of a call in every way a caller, or the world, can.

The line and its pharmacy are kept at each point and gone back to, so that looking at one more way costs one turn. What
is looked for are the ways out of states that are not covered yet; what is not found in the time given stays missing.
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

from ivr.flow.definition import Do, Flows, Menu
from ivr.phone.heard import Ended, Paying
from ivr.qa.bearings import FAR, chosen_names, distances, signature, ways_on
from ivr.qa.caller import Caller
from ivr.qa.coverage import Cell, Group, cells, passed
from ivr.qa.found import Found, Key, Way, Where, script_for, written
from ivr.qa.inputs import Keyed, Pharmacy
from ivr.qa.moves import Move, changes, gave_up, moves, one_by_one, troubles
from ivr.qa.script import DEFAULT_FROM, DEFAULT_TO, Act, Person, Waits
from ivr.qa.stage import RefusedRowError, RehearsalStage, Rehearsed
from ivr.qa.writer import Moment, heard, moment

SAME_POINT = 2
"""How often calls that stand alike, as far as can be told, are gone on from."""
SAME_WAY = 2
"""How often the same key of the same state is tried with the same member."""
ANY_MEMBER = 12
"""How often it is tried in all, where what is keyed does not depend on the member."""
SHARES: Mapping[Person, float] = {"nobody": 0.8, "answers": 0.9, "no_answer": 1.0}
"""Who picks up when a person is asked for, and up to which share of the time that is looked at."""
RETHINK = 25
"""Steps after which it is looked again where something is missing."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a call: how it was come to, and everything to go on from it."""

    caller: Caller
    kept: object
    moments: tuple[Moment, ...]
    keyed: Keyed
    covers: frozenset[Key]

    @property
    def where(self) -> Where:
        """The state it waits in."""
        top = self.caller.latest[-1].call.top
        return top.flow, top.state


@dataclass
class Explorer:
    """Searches one stage. `done` are the ways that are covered already; it grows as new ones are found."""

    stage: RehearsalStage
    done: set[Key]
    seconds: float
    language: str = "en"
    found: list[Found] = field(default_factory=list)
    questions: dict[Where, Way] = field(default_factory=dict)
    """The shortest way found to each question."""
    expanded: int = 0
    _points: Counter[object] = field(default_factory=Counter)
    _ways: Counter[object] = field(default_factory=Counter)
    _heap: list[tuple[tuple[float, int], int, Point]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _ways_on: frozenset[tuple[Where, Where]] = frozenset()
    _names: frozenset[str] = frozenset()
    _distances: Mapping[Where, int] = field(default_factory=dict)
    _patience: int = 1

    def explore(self) -> None:
        """Look until everything is covered, or the time is up."""
        self._ways_on = ways_on(self.flows)
        self._names = chosen_names(self.flows)
        began = time.monotonic()
        for person, share in SHARES.items():
            self._patience = 1
            while self._left(person) and time.monotonic() < began + share * self.seconds:
                self._points.clear()
                self._ways.clear()
                self._heap.clear()
                self._from(person, began + share * self.seconds)
                self._patience *= 2  # nothing is left to try: be less quick to take calls for alike

    @property
    def flows(self) -> Flows:
        """The flows that are explored."""
        return self.stage.flows

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
        target = state.keys.get(cell.way) if isinstance(state, Menu) else None
        return target is not None and target.sets.get("language", self.language) != self.language

    def _from(self, person: Person, until: float) -> None:
        with self.stage.open(script_for(person)) as scene:
            pharmacy = Pharmacy(scene)
            caller = Caller(scene, self.flows, self.language, DEFAULT_FROM, DEFAULT_TO, person, f"explored {person}")
            first = (Moment(None, heard(caller.words)),)
            self._push(Point(caller, scene.save(), first, Keyed(), frozenset()), 0)
            steps = 0
            while self._heap and time.monotonic() < until and self._left(person):
                if steps % RETHINK == 0:
                    self._look_around()
                steps += 1
                *_, point = heapq.heappop(self._heap)
                self._expand(scene, pharmacy, point, until)

    def _look_around(self) -> None:
        """Find out how far every state is from one that has something missing, and sort the points by that."""
        missing = {(cell.flow, cell.state) for cell in self.missing()}
        self._distances = distances(missing, self._ways_on)
        self._heap = [(self._rank(point), order, point) for _, order, point in self._heap]
        heapq.heapify(self._heap)

    def _rank(self, point: Point) -> tuple[float, int]:
        who = point.keyed.member or point.keyed.earlier
        tried = 0 if point.keyed.earlier else self._points["expanded", point.where]  # a second call is a short one
        tried_so = self._points["expanded", point.where, who]
        return self._distances.get(point.where, FAR) + tried / 4 + 2 * tried_so, len(point.moments)

    def _left(self, person: Person) -> bool:
        """Say whether this way of picking up can still lead to something new."""
        missing = self.wanted.keys() - self.done
        if person == "nobody":
            return bool(missing)
        way = "answered" if person == "answers" else "no_answer"
        return any(key[2] == way for key in missing)

    def _push(self, point: Point, new: int) -> None:
        if not point.caller.latest or isinstance(point.caller.last.waiting, Ended | Paying):
            return
        alike = (signature(point.caller.latest[-1].call, self._names), point.keyed)
        self._points[alike] += 1
        if self._points[alike] > SAME_POINT * self._patience:
            return
        known = self.questions.get(point.where)
        if known is None or len(known.acts) > len(point.moments):
            self.questions[point.where] = Way(tuple(one.act for one in point.moments if one.act))
        rank = self._rank(point)
        heapq.heappush(self._heap, ((rank[0] - 2 * min(new, 1), rank[1]), next(self._order), point))

    def _expand(self, scene: Rehearsed, pharmacy: Pharmacy, point: Point, until: float) -> None:
        self._points["expanded", point.where] += 1
        self._points["expanded", point.where, point.keyed.member or point.keyed.earlier] += 1
        call = point.caller.latest[-1].call
        for move in moves(self.flows, self.language, pharmacy, point.keyed, call):
            if time.monotonic() > until:
                return
            if not self._is_worth_it(move):
                continue
            after = self._go(scene, point, move.acts, move.keyed)
            if self._is_open(point, after):
                scene.restore(point.kept)
                orders = scene.rows("refill_order")
                around = [*troubles(call, point.keyed.member, orders), *changes(pharmacy, move.keyed)]
                for trouble in around:
                    with suppress(RefusedRowError):  # a change that does not fit what has happened
                        self._go(scene, point, (*trouble, *move.acts), move.keyed)

    def _is_worth_it(self, move: Move) -> bool:
        self._ways[move.name] += 1
        return self._ways[move.name] <= (SAME_WAY if move.own else ANY_MEMBER) * self._patience

    def _is_open(self, point: Point, after: Point) -> bool:
        """Say whether a step ran an action that has not come to all its outcomes yet."""
        turns = after.caller.turns[len(point.caller.turns) :]
        ran = [(visit.flow, visit.state) for turn in turns for visit in turn.visits if visit.branch]
        where = tuple(dict.fromkeys(one for one in ran if self._outcomes_left(*one)))
        self._ways["trouble", where] += 1
        return bool(where) and self._ways["trouble", where] <= SAME_WAY

    def _outcomes_left(self, flow: str, name: str) -> bool:
        state = self.flows.state(flow, name)
        outcomes = state.outcomes if isinstance(state, Do) else ()
        return any((flow, name, outcome, self.language) not in self.done for outcome in outcomes)

    def _go(self, scene: Rehearsed, point: Point, acts: Sequence[Act], keyed: Keyed) -> Point:
        """Go one way from a point, keep where it leads to, and note what is new about it."""
        scene.restore(point.kept)
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
        after = Point(caller, scene.save(), tuple(moments), keyed, point.covers | mine)
        if new:
            self.done |= new
            self.found.append(self._keep(scene, after, new))
        self._push(after, len(new))
        return after

    def _keep(self, scene: Rehearsed, point: Point, new: frozenset[Key]) -> Found:
        """Look at what the call wrote; one that goes on is hung up first, as it is where a script ends."""
        caller = point.caller.fork()
        end = caller.end()
        caller.finish()
        return Found(point.moments, caller.person, point.covers, new, end, written(scene))
