"""Finds calls nobody has written down: goes on from every point of a call in every way a caller, or the world, can.

The line and its pharmacy are kept at each point and gone back to, so that looking at one more way costs one turn. What
is looked for are the ways out of states that are not covered yet; what is not found in the time given stays missing.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from ivr.errors import Place
from ivr.flow.call import Call
from ivr.flow.definition import REPEAT, Ask, Do, Flows, Menu, Run, ways
from ivr.flow.graph import Graph, points
from ivr.keypad import key_name
from ivr.phone.heard import Ended, Paying
from ivr.qa.caller import Caller
from ivr.qa.coverage import Cell, Group, cells, passed
from ivr.qa.inputs import Keyed, Pharmacy, answers
from ivr.qa.script import (
    DEFAULT_AT,
    DEFAULT_FROM,
    DEFAULT_TO,
    LANGUAGE_KEY,
    Act,
    Breaks,
    Expected,
    Later,
    Meanwhile,
    Person,
    Presses,
    Row,
    Script,
    Waits,
)
from ivr.qa.stage import RehearsalStage, Rehearsed
from ivr.qa.writer import Draft, Moment, heard, moment, outcome

NOWHERE = Place("explored")
SAME_POINT = 2
"""How often calls that stand alike, as far as can be told, are gone on from."""
SAME_WAY = 2
"""How often the same key of the same state is tried with the same member."""
ANY_MEMBER = 12
"""How often it is tried in all, where what is keyed does not depend on the member."""
OF_MEMBER = ("zip", "keyed_number", "keyed_order", "keyed_proof")
KEPT_KEYS = {"member_number": "member", "keyed_zip": "zip", "card_number": "card"}
"""What is remembered of what was keyed, by the value it is saved in."""
SHARES: Mapping[Person, float] = {"nobody": 0.8, "answers": 0.9, "no_answer": 1.0}
"""Who picks up when a person is asked for, and up to which share of the time that is looked at."""
RETHINK = 25
"""Steps after which it is looked again where something is missing."""

Key = tuple[str, str, str, str]
Where = tuple[str, str]
"""(flow, state)"""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a call: how it was come to, and everything to go on from it."""

    caller: Caller
    kept: object
    moments: tuple[Moment, ...]
    keyed: Keyed
    covers: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Way:
    """What leads to a question."""

    acts: tuple[Act, ...]
    given: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A call that takes a way no other did."""

    moments: tuple[Moment, ...]
    person: Person
    covers: frozenset[Key]
    new: frozenset[Key]
    end: str
    written: Mapping[str, object]


@dataclass(slots=True)
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
    _wanted: set[Key] = field(default_factory=set)
    _ways_on: frozenset[tuple[Where, Where]] = frozenset()
    _names: frozenset[str] = frozenset()
    _distances: Mapping[Where, int] = field(default_factory=dict)
    _patience: int = 1

    def explore(self) -> None:
        """Look until everything is covered, or the time is up."""
        self._wanted = {cell.key for cell, group in cells(self.flows).items() if group is Group.OUTCOME}
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
        return sorted(
            cell
            for cell, group in cells(self.flows).items()
            if cell.key not in self.done
            and cell.language in ("", self.language)
            and group is Group.OUTCOME
            and not self._chooses_another_language(cell)
        )

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
        call = point.caller.latest[-1].call
        top = (call.top.flow, call.top.state)
        tried = self._points["expanded", top]
        tried_so = self._points["expanded", top, point.keyed.member]
        return self._distances.get(top, FAR) + tried / 4 + 2 * tried_so, len(point.moments)

    def _left(self, person: Person) -> bool:
        """Say whether this way of picking up can still lead to something new."""
        missing = {cell.key for cell in self.missing()}
        if person == "nobody":
            return bool(missing)
        way = "answered" if person == "answers" else "no_answer"
        return any(key[2] == way for key in missing)

    def _push(self, point: Point, new: int) -> None:
        call = point.caller.latest[-1].call if point.caller.latest else None
        if call is None or point.caller.over:
            return
        alike = (_signature(call, self._names), point.keyed)
        self._points[alike] += 1
        if self._points[alike] > SAME_POINT * self._patience:
            return
        top = (call.top.flow, call.top.state)
        known = self.questions.get(top)
        if known is None or len(known.acts) > len(point.moments):
            self.questions[top] = Way(tuple(one.act for one in point.moments if one.act))
        rank = self._rank(point)
        heapq.heappush(self._heap, ((rank[0] - 2 * min(new, 1), rank[1]), next(self._order), point))

    def _expand(self, scene: Rehearsed, pharmacy: Pharmacy, point: Point, until: float) -> None:
        call = point.caller.latest[-1].call
        self._points["expanded", (call.top.flow, call.top.state)] += 1
        self._points["expanded", (call.top.flow, call.top.state), point.keyed.member] += 1
        for acts, keyed in self._moves(pharmacy, point):
            if time.monotonic() > until:
                return
            after = self._go(scene, point, acts, keyed)
            if after is None:
                continue
            for trouble in self._troubles(scene, point, after):
                self._go(scene, point, (*trouble, *acts), keyed)

    def _go(self, scene: Rehearsed, point: Point, acts: Sequence[Act], keyed: Keyed) -> Point | None:
        """Go one way from a point, keep where it leads to, and note what is new about it."""
        scene.restore(point.kept)
        caller = point.caller.fork()
        moments = list(point.moments)
        before = len(caller.turns)
        for act in acts:
            for once in _one_by_one(act):
                caller.act(once)
                moments.append(moment(once, caller.words))
                if caller.over or (isinstance(act, Waits) and gave_up(caller)):
                    break
        self.expanded += 1
        mine = frozenset(key for turn in caller.turns[before:] for key in passed(self.flows, turn))
        new = (mine & self._wanted) - self.done
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

    # What a caller can do

    def _moves(self, pharmacy: Pharmacy, point: Point) -> Iterator[tuple[tuple[Act, ...], Keyed]]:
        waiting = point.caller.last.waiting
        if isinstance(waiting, Ended | Paying) or not point.caller.latest:
            return
        call = point.caller.latest[-1].call
        state = self.flows.state(call.top.flow, call.top.state)
        where = (call.top.flow, call.top.state)
        for keys, keyed in self._keys(pharmacy, point.keyed, call, state):
            own = isinstance(state, Menu) or state.save in OF_MEMBER if isinstance(state, Menu | Ask) else False
            way, most = ((where, keys, keyed.member), SAME_WAY) if own else ((where, keys, ""), ANY_MEMBER)
            self._ways[way] += 1
            if self._ways[way] <= most * self._patience:
                yield (Presses(NOWHERE, keys),), keyed
        for name, acts in self._unhappy(state):
            self._ways[name] += 1
            if self._ways[name] <= SAME_WAY * self._patience:
                yield acts, point.keyed

    def _keys(self, pharmacy: Pharmacy, keyed: Keyed, call: Call, state: object) -> Iterator[tuple[str, Keyed]]:
        if isinstance(state, Menu):
            for key, target in state.keys.items():
                chosen = target.sets.get("language")
                if chosen is None or chosen == self.language:
                    yield (LANGUAGE_KEY if chosen else key), keyed
            items = call.values.get(state.choices.of) if state.choices else None
            for number in range(1, 1 + min(len(items) if isinstance(items, list | tuple) else 0, 3)):
                yield str(number), keyed
        elif isinstance(state, Ask):
            for keys in answers(state, pharmacy, keyed):
                digits = keys.rstrip("#")
                name = KEPT_KEYS.get(state.save, "")
                yield keys, replace(keyed, **{name: digits}) if name else keyed

    def _unhappy(self, state: object) -> Iterator[tuple[str, tuple[Act, ...]]]:
        """Yield what leads elsewhere without an answer, each by a name; the rest is tried question by question."""
        if not isinstance(state, Menu | Ask):
            return
        own = f"{state.place}" if state.too_many else "too_many"
        yield own, (Waits(NOWHERE, state.limits.silence + 1),)  # the first may be taken for the pause of a habit
        keys = self.flows.line.menu_keys if isinstance(state, Menu) else self.flows.line.ask_keys
        for key, flow in keys.items():
            if flow != REPEAT and not (isinstance(state, Menu) and key in state.keys):
                yield flow, (Presses(NOWHERE, key if isinstance(state, Menu) else f"{key}#"),)

    # What the world can do

    def _troubles(self, scene: Rehearsed, point: Point, after: Point) -> Iterator[tuple[Act, ...]]:
        """Yield what could happen before a step that ran an action which has not come to all its outcomes."""
        before = len(point.caller.turns)
        tried: list[Where] = []
        for turn in after.caller.turns[before:]:
            for visit in turn.visits:
                state = self.flows.state(visit.flow, visit.state)
                if isinstance(state, Do) and visit.branch and self._outcomes_left(visit.flow, state):
                    tried.append((visit.flow, visit.state))
        where = tuple(dict.fromkeys(tried))
        if not where or self._ways["trouble", where] >= SAME_WAY:
            return
        self._ways["trouble", where] += 1
        yield (Breaks(NOWHERE, "processor"),)
        yield (Breaks(NOWHERE, "processor_once"),)
        yield (Breaks(NOWHERE, "slow_processor_once"),)
        yield (Later(NOWHERE, timedelta(minutes=6)),)
        yield (Later(NOWHERE, timedelta(hours=21)), Breaks(NOWHERE, "processor"))
        yield from self._ordered_elsewhere(scene, point)

    def _outcomes_left(self, flow: str, state: Do) -> bool:
        return any((flow, state.name, outcome, self.language) not in self.done for outcome in state.outcomes)

    def _ordered_elsewhere(self, scene: Rehearsed, point: Point) -> Iterator[tuple[Act, ...]]:
        basket = point.caller.latest[-1].call.values.get("basket")
        numbers = (
            [str(line["rx_number"]) for line in basket or () if isinstance(line, Mapping)]
            if isinstance(basket, list | tuple)
            else []
        )
        scene.restore(point.kept)
        orders = [str(row["order_number"]) for row in scene.rows("refill_order") if row["status"] == "pending"]
        for chosen in [numbers[:1], numbers] if len(numbers) > 1 else [numbers]:
            if chosen:
                yield (Meanwhile(NOWHERE, web_order(point.keyed.member, chosen)),)
        for number in orders:
            yield (Meanwhile(NOWHERE, (Row(NOWHERE, "refill_order", {"order_number": number, "status": "placed"}),)),)


def _one_by_one(act: Act) -> Iterator[Act]:
    if isinstance(act, Waits):
        yield from (replace(act, times=1) for _ in range(act.times))
    else:
        yield act


def gave_up(caller: Caller) -> bool:
    """Say whether the line has just given up on a question."""
    return any(visit.branch == "too_many" for turn in caller.latest for visit in turn.trail)


FAR = 99
WEB_ORDER = "70010004"


def ways_on(flows: Flows) -> frozenset[tuple[Where, Where]]:
    """Return every step from a state to another that an answer can lead to."""
    graph = Graph(flows)
    moves = (move for spot in graph.moves for move in graph.moves[spot] if not move.breaks_in)
    return frozenset(((move.source.flow, move.source.state), (move.target.flow, move.target.state)) for move in moves)


def distances(wanted: set[Where], steps: Iterable[tuple[Where, Where]]) -> Mapping[Where, int]:
    """Return for every state in how many steps it can come to one of those wanted."""
    before: dict[Where, list[Where]] = {}
    for source, target in steps:
        before.setdefault(target, []).append(source)
    found = dict.fromkeys(wanted, 0)
    waiting = deque(wanted)
    while waiting:
        here = waiting.popleft()
        for source in before.get(here, ()):
            if source not in found:
                found[source] = found[here] + 1
                waiting.append(source)
    return found


def web_order(member: str, prescriptions: Sequence[str]) -> tuple[Row, ...]:
    """Return an order that the member places on the website, as rows."""
    order = {
        "order_number": WEB_ORDER,
        "member_number": member,
        "channel": "web",
        "status": "placed",
        "total_cents": "0",
    }
    lines = [{"order_number": WEB_ORDER, "rx_number": number} for number in prescriptions]
    return (Row(NOWHERE, "refill_order", order), *(Row(NOWHERE, "order_line", line) for line in lines))


def _signature(call: Call, names: frozenset[str]) -> object:
    """Return what calls that stand alike have in common: where they are, and what was chosen, built and counted."""
    values = call.values
    kept = tuple((name, str(values[name])) for name in sorted(names & set(values)))
    sizes = tuple(
        (name, min(len(value), 2)) for name, value in sorted(values.items()) if isinstance(value, list | tuple)
    )
    built = tuple(
        (name, part)
        for name, value in sorted(values.items())
        if isinstance(value, Mapping)
        for part in sorted(value)
        if value[part] not in (None, "", 0, (), [])
    )
    return tuple((frame.flow, frame.state) for frame in call.frames), kept, sizes, built


def chosen_names(flows: Flows) -> frozenset[str]:
    """Return the values that tell calls apart: who calls, about what, and all that a key of the flows sets."""
    sets = {name for _, state in points(flows) for _, target in ways(state) for name in target.sets}
    return frozenset(sets | {"member_id", "rx_number", "when", "proved"})


def written(scene: Rehearsed) -> Mapping[str, object]:
    """Return what the calls of a scene have written, as `expect` says it."""
    tables = {"orders": "refill_order", "payments": "payment", "renewals": "renewal_request"}
    columns = {
        "orders": ("status", "total_cents", "held_reason"),
        "payments": ("status", "amount_cents", "last4"),
        "renewals": ("rx_number", "status"),
    }
    return outcome({word: scene.new_rows(table) for word, table in tables.items()}, columns)


def script_for(person: Person, given: tuple[Row, ...] = ()) -> Script:
    """Return an empty script, to open a scene with."""
    return Script(
        place=NOWHERE,
        name="explored",
        at=datetime.fromisoformat(DEFAULT_AT),
        from_number=DEFAULT_FROM,
        to_number=DEFAULT_TO,
        language="",
        person=person,
        given=given,
        steps=(),
        expect=Expected(),
    )


def drafts(flows: Flows, found: Sequence[Found]) -> list[Draft]:
    """Return as few of the calls as cover everything that was found, named after what each shows."""
    left: set[Key] = {key for one in found for key in one.new}
    chosen: list[Draft] = []
    names: Counter[str] = Counter()
    for one in sorted(found, key=lambda each: -len(each.moments)):
        shows = left & one.covers
        if shows:
            left -= shows
            name = title(flows, sorted(one.new & shows or shows)[0])
            names[name] += 1
            numbered = name if names[name] == 1 else f"{name}, again {names[name]}"
            expect = {"end": one.end, **one.written}
            chosen.append(Draft(numbered, one.moments, person=one.person, expect=expect))
    return chosen


def title(flows: Flows, key: Key) -> str:
    """Name a call after the way it takes."""
    flow, name, way, _ = key
    where = f"{flow} {name}".replace("_", " ")
    state = flows.state(flow, name)
    match state:
        case Menu() if len(way) == 1:
            return f"Key {key_name(way)} at {where}"
        case Menu() | Ask() if way == "too_many":
            return f"Nothing keyed at {where}"
        case Menu() | Ask():
            return f"An answer at {where}"
        case Run():
            return f"{where} ends with {way}".replace("_", " ").capitalize()
        case _:
            return f"{where} comes to {way}".replace("_", " ").capitalize()
