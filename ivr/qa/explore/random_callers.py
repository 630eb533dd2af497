"""Random callers: slow, impatient or careless ones, who key ahead or hang up. The same seed makes the same caller.

A call that breaks an invariant is shrunk to few acts that still break it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ivr.phone.outcomes import Ended, Paying
from ivr.qa.explore.answers import Keyed, Pharmacy, answers, canaries
from ivr.qa.explore.card_acts import RESULTS, entries
from ivr.qa.explore.found_calls import NOWHERE, open_scenario
from ivr.qa.explore.invariants import broken_after, broken_now
from ivr.qa.explore.secrecy import Canary
from ivr.qa.replay.caller import CannotError, SimulatedCaller
from ivr.qa.scripts.script import (
    DEFAULT_FROM,
    DEFAULT_TO,
    LANGUAGE_KEY,
    Act,
    Breaks,
    Capture,
    Dials,
    HangsUp,
    Pays,
    Person,
    Presses,
    Waits,
)
from ivr.qa.scripts.writer import Moment, ScriptDraft, heard, moment
from ivr.simulator.scenario import Scenario
from ivr.simulator.simulator import Simulator

MOST_ACTS = 60
PEOPLE: tuple[Person, ...] = ("answers", "nobody", "no_answer", "busy")
ALL_KEYS = "0123456789*#"


@dataclass(frozen=True, slots=True)
class Habits:
    """The probabilities, 0 to 1, that a caller does something other than just answer a question."""

    name: str
    waits: float = 0.02
    wrong: float = 0.05
    anything: float = 0.02
    ahead: float = 0.0
    hangs_up: float = 0.01
    calls_again: float = 0.0
    breaks: float = 0.02


HABITS = (
    Habits("steady"),
    Habits("slow", waits=0.25),
    Habits("impatient", ahead=0.5),
    Habits("careless", wrong=0.3),
    Habits("confused", anything=0.4, waits=0.1),
    Habits("gone", hangs_up=0.1, calls_again=0.8),
    Habits("unlucky", breaks=0.25, calls_again=0.3),
)


@dataclass(frozen=True, slots=True)
class FailedCall:
    """A call that broke an invariant: which one, the acts left after shrinking, and its script."""

    seed: int
    broken: str
    acts: tuple[Act, ...]
    draft: ScriptDraft


@dataclass(frozen=True, slots=True)
class _MadeCall:
    acts: tuple[Act, ...]
    broken: str
    turns: int


def make_random_call(
    simulator: Simulator, seed: int, pharmacy: Pharmacy, looked_for: Sequence[Canary]
) -> tuple[FailedCall | None, int]:
    """Make one call; return the failed call, None when nothing broke, and how many turns it took.

    `looked_for` are the secrets that must not lie where they may not.
    """
    chooser = random.Random(seed)  # noqa: S311 - anybody may guess what a random caller does
    person, language = chooser.choice(PEOPLE), chooser.choice(simulator.catalogues.languages)
    habits = chooser.choice(HABITS)
    kind = _CallKind(simulator, seed, person, language)
    made = _make_call(kind, looked_for, lambda caller: _Chooser(chooser, habits, caller, pharmacy))
    if not made.broken:
        return None, made.turns

    def still_breaks(fewer: Sequence[Act]) -> bool:
        return _make_call(kind, looked_for, lambda _: iter(fewer)).broken == made.broken

    acts = shrink(made.acts, still_breaks)
    draft = _draft(kind, acts, made.broken)
    return FailedCall(seed, made.broken, acts, draft), made.turns


@dataclass(frozen=True, slots=True)
class _CallKind:
    """What is decided of a call before it begins."""

    simulator: Simulator
    seed: int
    person: Person
    language: str

    @property
    def capture(self) -> Capture:
        """Who takes cards: in every third call the carrier."""
        return "keypad" if self.seed % 3 else "pay"

    def open(self) -> AbstractContextManager[Scenario]:
        return open_scenario(self.simulator, self.person, self.capture)

    def dial(self, scenario: Scenario) -> SimulatedCaller:
        numbers = (DEFAULT_FROM, DEFAULT_TO)
        return SimulatedCaller(
            scenario, self.simulator.flows, self.language, *numbers, self.person, f"random {self.seed}"
        )


def _make_call(
    kind: _CallKind, looked_for: Sequence[Canary], choose: Callable[[SimulatedCaller], Iterator[Act]]
) -> _MadeCall:
    with kind.open() as scenario:
        before = scenario.table("prescription")
        caller = kind.dial(scenario)
        done: list[Act] = []
        troubled = False
        for act in choose(caller):
            done.append(act)
            troubled = troubled or isinstance(act, Breaks)
            try:
                caller.act(act)
            except CannotError:
                continue
            if broken := _first_broken(broken_now(caller), troubled=troubled):
                return _MadeCall(tuple(done), broken, len(caller.turns))
        caller.finish()
        broken = _first_broken(broken_after(caller, scenario, before, looked_for), troubled=troubled)
        return _MadeCall(tuple(done), broken, len(caller.turns))


def _first_broken(found: Iterator[str], *, troubled: bool) -> str:
    """Return the first broken invariant, "" when there is none. A failed turn does not count if it was made to fail."""
    return next((broken for broken in found if not (troubled and broken == "a turn failed")), "")


def shrink(acts: Sequence[Act], still_fails: Callable[[Sequence[Act]], bool]) -> tuple[Act, ...]:
    """Leave out acts as long as the call still fails: half of them at once, then fewer and fewer, then single ones."""
    kept = list(acts)
    size = (len(kept) + 1) // 2
    while size:
        start = 0
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            if still_fails(fewer):
                kept = fewer
            else:
                start += size
        size //= 2
    return tuple(kept)


def _draft(kind: _CallKind, acts: Sequence[Act], broken: str) -> ScriptDraft:
    with kind.open() as scenario:
        caller = kind.dial(scenario)
        moments = [Moment(None, heard(caller.words))]
        for act in acts:
            try:
                caller.act(act)
            except CannotError:
                continue
            moments.append(moment(act, caller.words))
        return ScriptDraft(
            f"Random caller {kind.seed}",
            tuple(moments),
            about=broken,
            language=kind.language,
            person=kind.person,
            capture=kind.capture,
        )


class _Chooser:
    """An iterator over the acts of a random caller, until the call is over and the caller does not call again."""

    def __init__(self, chooser: random.Random, habits: Habits, caller: SimulatedCaller, pharmacy: Pharmacy) -> None:
        self.chooser = chooser
        self.habits = habits
        self.caller = caller
        self.pharmacy = pharmacy
        self.keyed = Keyed()
        self.acts = 0

    def __iter__(self) -> Iterator[Act]:
        return self

    def __next__(self) -> Act:
        self.acts += 1
        if self.acts > MOST_ACTS:
            raise StopIteration
        if isinstance(self.caller.last.waiting, Ended):
            if self._is_likely(self.habits.calls_again):
                return Dials(NOWHERE)
            raise StopIteration
        return self._act()

    def _is_likely(self, likely: float) -> bool:
        return self.chooser.random() < likely

    def _act(self) -> Act:
        habits = self.habits
        if self._is_likely(habits.hangs_up):
            return HangsUp(NOWHERE)
        if self._is_likely(habits.breaks):
            faults = ("database", "processor_once", "slow_processor_once", "line")
            return Breaks(NOWHERE, self.chooser.choice(faults))  # type: ignore[arg-type]  # four of the faults
        if self._is_likely(habits.waits):
            return Waits(NOWHERE)
        if self._is_likely(habits.anything):
            return Presses(NOWHERE, "".join(self.chooser.choices(ALL_KEYS, k=self.chooser.randint(1, 12))))
        if isinstance(waiting := self.caller.last.waiting, Paying):
            return self._card_act(waiting)
        keys = self._answer()
        if self._is_likely(habits.wrong):
            keys = self._with_one_wrong_key(keys)
        if keys != LANGUAGE_KEY and self._is_likely(habits.ahead):
            keys += "".join(self.chooser.choices("123179", k=self.chooser.randint(1, 3)))
        return Presses(NOWHERE, keys)

    def _card_act(self, paying: Paying) -> Act:
        """Return what the caller, or the carrier, does in a card step."""
        if self._is_likely(0.1):
            return Pays(NOWHERE, {"result": self.chooser.choice(RESULTS)})
        if self._is_likely(0.1):
            return Presses(NOWHERE, "*")
        likely = entries(paying)
        keys = self.chooser.choice(likely[:3] if self._is_likely(0.8) else likely)
        return Presses(NOWHERE, self._with_one_wrong_key(keys) if self._is_likely(self.habits.wrong) else keys)

    def _answer(self) -> str:
        call = self.caller.latest[-1].call if self.caller.latest else None
        state = self.caller.flows.state(call.top.flow, call.top.state) if call and call.frames else None
        if state and state.one_key:
            keys = [
                LANGUAGE_KEY if "language" in target.sets else key
                for key, target in state.keys.items()
                if target.sets.get("language", self.caller.language) == self.caller.language
            ]
            if state.choices:
                keys += ["1", "1", "2"]
            return self.chooser.choice(keys)
        if state and state.number:
            likely = list(answers(state.number, self.pharmacy, self.keyed))
            digits = self.chooser.choice(likely[:3] if self._is_likely(0.7) else likely)
            if state.number.save == "member_number":
                digits = self.chooser.choice(likely)
                self.keyed = Keyed(member=digits.rstrip("#"))
            return digits
        return "1"

    def _with_one_wrong_key(self, keys: str) -> str:
        """Return keys with one of them replaced at random."""
        if keys == LANGUAGE_KEY:
            return self.chooser.choice("3456")
        position = self.chooser.randrange(len(keys))
        return keys[:position] + self.chooser.choice(ALL_KEYS) + keys[position + 1 :]


def make_random_calls(simulator: Simulator, seeds: Sequence[int]) -> Iterator[tuple[FailedCall | None, int]]:
    """Make one call for each seed; yield what `make_random_call` returns."""
    with open_scenario(simulator, "answers") as scenario:
        pharmacy = Pharmacy(scenario).read()
        looked_for = canaries(pharmacy, scenario)
    for seed in seeds:
        yield make_random_call(simulator, seed, pharmacy, looked_for)
