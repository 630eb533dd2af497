"""Turns a real call, as the journal keeps it, into a script that takes the same path with an invented member.

The journal does not say who called: it keeps numbers that were keyed as dots, and keys of menus too in some cases. So
the call is made again on the simulator, step by step. At each step everything that may have been keyed is tried, with
pseudonyms for real numbers, until the call takes the recorded transitions. The script has therefore been played once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ivr.errors import IvrError
from ivr.flow.call import TraceStep
from ivr.flow.definition import Flows
from ivr.flow.graph import all_states
from ivr.flow.parts import Number
from ivr.keypad import STAR_AGAIN, check_digit, is_key
from ivr.phone.outcomes import Paying, Waiting
from ivr.qa.explore.answers import Keyed, Pharmacy, answers
from ivr.qa.explore.attempts import KEPT_KEYS, gave_up
from ivr.qa.explore.card_acts import DECLINED, card_ways
from ivr.qa.explore.found_calls import NOWHERE, written_rows
from ivr.qa.record.pseudonyms import Pseudonyms, pseudonymous_rows, rows_before_call
from ivr.qa.replay.caller import SimulatedCaller
from ivr.qa.replay.error_paths import wrong_key
from ivr.qa.scripts.script import (
    DEFAULT_FROM,
    DEFAULT_TO,
    Act,
    Breaks,
    Capture,
    HangsUp,
    Later,
    Person,
    Presses,
    Waits,
)
from ivr.qa.scripts.writer import Moment, ScriptDraft, heard, moment
from ivr.secret import DOT
from ivr.simulator.scenario import Scenario
from ivr.simulator.simulator import Simulator
from ivr.simulator.world import Fault, Found, Row

CARD_LENGTHS = (15, 16)
LONG_PAUSE = timedelta(minutes=3)
"""A pause between two turns that is longer than this becomes a step `later` of the script."""
_CHARGES = ("ask", "ask_again")
"""The states in which a card is charged."""
_FAULTS: tuple[Fault, ...] = ("processor_once", "slow_processor_once", "processor", "line")


class RecordError(IvrError):
    """A recorded call that cannot be made again, and so not turned into a script."""


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    """One turn in the journal: when it was, what the caller did (`keys 1`, `silence` …), and its trace."""

    at: datetime
    event: str
    trace_steps: tuple[TraceStep, ...]


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A call in the journal, with the rows of its member as they are now, by table."""

    sid: str
    started_at: datetime
    local: datetime
    """`started_at` in the pharmacy's time zone."""
    from_number: str
    withheld: bool
    to_number: str
    hung_up: bool
    turns: tuple[RecordedTurn, ...]
    rows: Mapping[str, Sequence[Found]]


@dataclass(frozen=True, slots=True)
class _Step:
    """What the caller did, and all turns until the next question."""

    turns: tuple[RecordedTurn, ...]

    @property
    def event(self) -> str:
        return self.turns[0].event

    @property
    def trace_steps(self) -> list[tuple[str, str, str]]:
        return [
            (trace_step.flow, trace_step.state, trace_step.branch)
            for turn in self.turns
            for trace_step in turn.trace_steps
        ]


def record(simulator: Simulator, recorded: RecordedCall, name: str) -> ScriptDraft:
    """Return a call as the draft of a script. Raises RecordError if it cannot be made again on the simulator's flows."""
    steps = list(_steps(simulator.flows, recorded.turns))
    pseudonyms = Pseudonyms()
    rows = rows_before_call(recorded.rows, recorded.local)
    steps_taken = {(trace_step.state, trace_step.branch) for turn in recorded.turns for trace_step in turn.trace_steps}
    declined = any((state, "declined") in steps_taken for state in _CHARGES)
    is_own = ("begin", "own") in steps_taken
    if is_own and not rows["member"]:  # the caller did not say whose phone it is
        rows["member"] = [dict.fromkeys(("member_number", "first_name", "last_name", "birth_date"), "unknown")]
    own = pseudonymous_rows(rows, recorded.local.date(), pseudonyms, is_own_phone=is_own, declined=declined)
    person, capture = _person(simulator.flows, recorded.turns), _capture(simulator.flows, recorded.turns)
    from_number = "anonymous" if recorded.withheld else DEFAULT_FROM
    at = recorded.local.replace(tzinfo=None, second=0, microsecond=0)
    with simulator.open(at, own, has_person=person != "nobody", capture=capture) as scenario:
        numbers = (from_number, DEFAULT_TO)
        language = simulator.catalogues.languages[0]
        caller = SimulatedCaller(scenario, simulator.flows, language, *numbers, person, f"recorded {name}")
        maker = _CallMaker(scenario, Pharmacy(scenario), caller, _member(own))
        moments = [Moment(None, heard(caller.words))]
        for number, step in enumerate(steps[1:], 1):
            maker.declines = _declines(steps[number:])
            moments.extend(maker.make(step, number, _pause(steps, number)))
        caller = maker.caller
        if recorded.hung_up and not caller.over:
            caller.act(HangsUp(NOWHERE))
            moments.append(Moment(HangsUp(NOWHERE), ()))
        end = caller.end()
        caller.finish()
        if _holds_a_card(moments):
            raise RecordError(
                "the keys of this call, put together, could be a card's number; they are not written down"
            )
        return ScriptDraft(
            name,
            tuple(moments),
            at=at.isoformat(timespec="minutes"),
            language=caller.turns[-1].language,
            person=person,
            capture=capture,
            from_number=from_number,
            given=own,
            expect={"end": end, **written_rows(scenario)},
        )


def _steps(flows: Flows, turns: Sequence[RecordedTurn]) -> Iterator[_Step]:
    """Group turns into steps: a turn that the carrier began by itself belongs to the step before it."""
    together: list[RecordedTurn] = []
    for turn in turns:
        if turn.event == "early":  # keys that answered nothing, after which the same is asked
            continue
        if together and not _follows(flows, together[-1], turn):
            yield _Step(tuple(together))
            together = []
        together.append(turn)
    if together:
        yield _Step(tuple(together))


def _follows(flows: Flows, last: RecordedTurn, turn: RecordedTurn) -> bool:
    """Return whether the carrier began a turn by itself: after a call to a person, or after words before an action."""
    if turn.event.startswith(("resumed", "dialled")):
        return True
    where = last.trace_steps[-1] if last.trace_steps else None
    return where is not None and bool(flows.state(where.flow, where.state).action)


def _pause(steps: Sequence[_Step], number: int) -> timedelta:
    return steps[number].turns[0].at - steps[number - 1].turns[-1].at


def _declines(steps: Sequence[_Step]) -> bool:
    """Return whether the card that is charged next is declined."""
    charged = (branch for step in steps for _, state, branch in step.trace_steps if state in _CHARGES and branch)
    return next(charged, "") == "declined"


def _person(flows: Flows, turns: Sequence[RecordedTurn]) -> Person:
    transfers = {point for point, state in all_states(flows) if state.reaches_person}
    transfer_outcomes = {
        trace_step.branch
        for turn in turns
        for trace_step in turn.trace_steps
        if (trace_step.flow, trace_step.state) in transfers
    }
    others: tuple[Person, ...] = ("nobody", "busy", "no_answer")
    return next((person for person in others if person in transfer_outcomes), "answers")


def _capture(flows: Flows, turns: Sequence[RecordedTurn]) -> Capture:
    """Return who took the card: the carrier, if the call came to its card step."""
    points = {(trace_step.flow, trace_step.state) for turn in turns for trace_step in turn.trace_steps}
    return "pay" if any(point in points and state.card_label for point, state in all_states(flows)) else "keypad"


def _fits(trace_step: tuple[str, str, str], recorded: tuple[str, str, str]) -> bool:
    """Return whether a trace step is the recorded one, whose key the journal may have masked with a dot."""
    *where, branch = recorded
    return list(trace_step[:2]) == where and (branch == trace_step[2] or (branch == DOT and is_key(trace_step[2])))


def _member(rows: Sequence[Row]) -> str:
    return next((str(row.columns["member_number"]) for row in rows if row.table == "member"), "")


def _holds_a_card(moments: Sequence[Moment]) -> bool:
    """Return whether the keys pressed at menus, one after another, could be the number of a card."""
    acts = [moment.act for moment in moments]
    digits = "".join(act.keys if len(act.keys) == 1 else " " for act in acts if isinstance(act, Presses))
    parts = (digits[start : start + length] for length in CARD_LENGTHS for start in range(len(digits) - length + 1))
    return any(part.isdigit() and part[0] in "3456" and check_digit(part[:-1]) == part[-1] for part in parts)


class _CallMaker:
    """Makes a recorded call again on the simulator, step by step."""

    def __init__(self, scenario: Scenario, pharmacy: Pharmacy, caller: SimulatedCaller, member: str) -> None:
        self.scenario = scenario
        self.pharmacy = pharmacy
        self.caller = caller
        self.keyed = Keyed()
        self.member = member
        self.declines = False
        """Whether the card that is charged next is declined."""

    def make(self, step: _Step, number: int, pause: timedelta) -> list[Moment]:
        """Find acts that take the recorded transitions of a step, do them, and return them.

        Raises RecordError when nothing that can be tried does.
        """
        kept, caller = self.scenario.save(), self.caller
        for acts, keyed in self._candidates(step, pause):
            self.scenario.restore(kept)
            tried = caller.fork()
            moments: list[Moment] = []
            seen = len(tried.turns)
            for act in acts:
                if tried.over:
                    break
                tried.act(act)
                moments.append(moment(act, tried.words))
                if isinstance(act, Waits) and gave_up(tried):
                    break
            trace_steps = [
                (trace_step.flow, trace_step.state, trace_step.branch)
                for turn in tried.turns[seen:]
                for trace_step in turn.trace_steps
            ]
            if len(trace_steps) == len(step.trace_steps) and all(map(_fits, trace_steps, step.trace_steps)):
                self.caller, self.keyed = tried, keyed
                return moments
        if not step.trace_steps:
            raise RecordError(f"step {number} of the call is one of a number that was keyed at menus; it is not kept")
        where = ".".join(step.trace_steps[0][:2])
        raise RecordError(f'step {number} of the call ("{step.event}" at {where}) cannot be made again on these flows')

    def _candidates(self, step: _Step, pause: timedelta) -> Iterator[tuple[tuple[Act, ...], Keyed]]:
        late = (Later(NOWHERE, timedelta(minutes=round(pause.total_seconds() / 60))),) if pause > LONG_PAUSE else ()
        plain = list(self._plain_candidates(step))
        yield from (((*late, *acts), keyed) for acts, keyed in plain)
        yield from (((*late, *self._at_once(acts)), keyed) for acts, keyed in plain)
        if step.event == "toolong":
            yield from (((Later(NOWHERE, timedelta(minutes=31)), *acts), keyed) for acts, keyed in plain)
        for fault in _FAULTS:
            yield from (((*late, Breaks(NOWHERE, fault), *acts), keyed) for acts, keyed in plain)

    def _at_once(self, acts: tuple[Act, ...]) -> tuple[Act, ...]:
        """Return the same acts, with keys pressed after the first word, as callers do who know the question."""
        waiting = self.caller.last.waiting
        words = waiting.prompt[0].text.split() if isinstance(waiting, Waiting) and waiting.prompt else []
        first = {"": words[0]} if words else {}
        return tuple(replace(act, after=first) if isinstance(act, Presses) else act for act in acts)

    def _plain_candidates(self, step: _Step) -> Iterator[tuple[tuple[Act, ...], Keyed]]:
        if isinstance(waiting := self.caller.last.waiting, Paying):
            yield from self._card_acts(waiting)
            return
        kind, _, keys = step.event.partition(" ")
        state = self.caller.flows.state(*self.caller.state) if self.caller.state else None
        if kind == "keys" and DOT not in keys:
            yield from self._known_keys(state.number if state else None, keys)
        elif kind == "keys" and state and state.number:
            yield from self._masked_keys(state.number, len(keys))
        elif kind == "silence":
            yield (Waits(NOWHERE),), self.keyed
        elif state and state.one_key:  # the key is masked: try all that can be pressed
            universal = state.shared_keys(self.caller.flows.line)
            choices = "123456789" if state.choices else ""
            keys_there_are = [
                *state.keys,
                *choices,
                wrong_key(self.caller.flows, state),
                *universal.keys() - {STAR_AGAIN},
                "#",
            ]
            yield from (((Presses(NOWHERE, key),), self.keyed) for key in keys_there_are)
            yield (Waits(NOWHERE),), self.keyed
        elif state and state.number:
            yield (Waits(NOWHERE),), self.keyed
            yield from self._masked_keys(state.number, 0)

    def _card_acts(self, paying: Paying) -> Iterator[tuple[tuple[Act, ...], Keyed]]:
        """Yield what may have been done in the carrier's card step, of which the journal only has the outcome."""
        yield (HangsUp(NOWHERE),), self.keyed
        ways = sorted(card_ways(paying.pay.max_attempts), key=lambda way: self.declines and way[0] != DECLINED)
        for number, _, acts in ways:
            yield acts, self.keyed.with_answer("card" if number else "", number)

    def _known_keys(self, number: Number | None, keys: str) -> Iterator[tuple[tuple[Act, ...], Keyed]]:
        if number and number.low != number.high:
            yield (Presses(NOWHERE, f"{keys}#"),), self.keyed
        yield (Presses(NOWHERE, keys),), self.keyed
        yield (Presses(NOWHERE, keys), Waits(NOWHERE)), self.keyed

    def _masked_keys(self, number: Number, length: int) -> Iterator[tuple[tuple[Act, ...], Keyed]]:
        keyed = self.keyed if self.keyed.member else Keyed(member=self.member)
        likely = list(answers(number, self.pharmacy, keyed))
        if number.save == "member_number":
            likely = [f"{self.member}#", *likely[-1:]] if self.member else likely[-1:]
        likely.sort(key=lambda keys: len(keys.rstrip("#")) != length)  # first those of the recorded length
        name = KEPT_KEYS.get(number.save, "")
        if name == "card" and self.declines:
            likely.sort(key=lambda keys: keys.rstrip("#") != DECLINED)
        for keys in likely:
            digits = keys.rstrip("#")
            yield (Presses(NOWHERE, keys),), keyed.with_answer(name, digits)
        yield (Presses(NOWHERE, "#"),), self.keyed
        wrong = "1" * length
        yield from ((acts, keyed) for acts, _ in self._known_keys(number, wrong) if length)
        yield from ((acts, keyed) for key in ("*", "0") for acts, _ in self._known_keys(number, key))
