"""A mutation run: every script is played once and watched, then each mutant meets the scripts it can make fail."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from ivr.errors import DefinitionError, IvrError
from ivr.flow.call import TraceStep
from ivr.qa.mutate.flow_mutants import FlowMutant, flow_mutants, roots_of
from ivr.qa.mutate.mutants import sample
from ivr.qa.mutate.rule_mutants import Asked, RuleMutant, answers_otherwise, applied, recorded, rule_mutants
from ivr.qa.replay.many import ScriptInLanguage
from ivr.qa.replay.player import play
from ivr.simulator.simulator import Simulator

AnyFault = FlowMutant | RuleMutant


class Fate(StrEnum):
    """What became of a mutant."""

    REFUSED = "refused"
    """The checker would not publish it."""
    CAUGHT = "caught"
    """A call script fails."""
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class MutantFate:
    """A mutant and what became of it."""

    mutant: AnyFault
    fate: Fate
    by: str = ""
    """The problem that it was refused for, or the script that fails."""
    file: str = ""
    """The file of that script."""


@dataclass(frozen=True, slots=True)
class WatchedPlay:
    """What a script went through when nothing was wrong."""

    part: ScriptInLanguage
    trace_steps: frozenset[TraceStep]
    answers: Mapping[Asked, object]
    turns: int


def mutants_of(simulator: Simulator, rules: Sequence[str], number: int, seed: int) -> list[AnyFault]:
    """Choose mutants of a line's flow and of some modules of rules; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - alike each time is what is wanted here
    flows = flow_mutants(roots_of(simulator.files.flows), rng)
    return sample([*flows, *rule_mutants(rules, Path.cwd())], number, rng)


def workers(begin: Callable[[], Simulator], rules: Sequence[str], jobs: int) -> ProcessPoolExecutor:
    """Return processes to play in, each on a line that it builds by `begin`."""
    return ProcessPoolExecutor(jobs, initializer=_begin_worker, initargs=(begin, tuple(rules)))


def watch(pool: ProcessPoolExecutor, parts: Sequence[ScriptInLanguage]) -> list[WatchedPlay]:
    """Play scripts as they are. Raises IvrError when one does not hold: then it could tell nothing of a mutant."""
    return list(pool.map(_watch, parts, chunksize=8))


def judge(
    pool: ProcessPoolExecutor, mutants: Sequence[AnyFault], plays: Sequence[WatchedPlay], rules: Sequence[str]
) -> Iterator[MutantFate]:
    """Yield what becomes of each mutant, in order."""
    questions = _questions(plays)
    chosen = ([plays[at].part for at in _fit(mutant, plays, questions, rules)] for mutant in mutants)
    yield from pool.map(_judge, mutants, chosen)


def _fit(
    mutant: AnyFault, plays: Sequence[WatchedPlay], questions: Mapping[Asked, _Question], rules: Sequence[str]
) -> list[int]:
    """Return which plays may go differently, the shortest first."""
    fit: set[int] = set()
    if isinstance(mutant, FlowMutant):
        fit.update(at for at, one in enumerate(plays) if any(map(mutant.matters_to, one.trace_steps)))
    else:
        with applied(mutant, rules):
            for asked, question in questions.items():
                if answers_otherwise(mutant, asked, question.answer):
                    fit |= question.plays
    return sorted(fit, key=lambda at: (plays[at].turns, at))


@dataclass(frozen=True, slots=True)
class _Question:
    """What was answered to a question to the rules, and in which plays it was asked."""

    answer: object
    plays: set[int]


def _questions(plays: Sequence[WatchedPlay]) -> dict[Asked, _Question]:
    found: dict[Asked, _Question] = {}
    for at, one in enumerate(plays):
        for asked, answer in one.answers.items():
            found.setdefault(asked, _Question(answer, set())).plays.add(at)
    return found


@dataclass(frozen=True, slots=True)
class _Worker:
    """What a process keeps: the line as it is, and the modules of its rules."""

    simulator: Simulator
    rules: tuple[str, ...]


_worker: list[_Worker] = []


def _begin_worker(begin: Callable[[], Simulator], rules: tuple[str, ...]) -> None:
    _worker[:] = [_Worker(begin(), rules)]


def _watch(part: ScriptInLanguage) -> WatchedPlay:
    (worker,) = _worker
    with recorded(worker.rules) as answers:
        played = play(part.script, worker.simulator, part.language)
    if not played.passed:
        raise IvrError(f"{played.place}: {played.title} does not hold as it is; mend it before mutants are tried")
    trace_steps = frozenset(step for turn in played.turns for step in turn.trace_steps)
    return WatchedPlay(part, trace_steps, answers, len(played.turns))


def _judge(mutant: AnyFault, parts: Sequence[ScriptInLanguage]) -> MutantFate:
    (worker,) = _worker
    simulator, original = worker.simulator, worker.simulator.files
    if isinstance(mutant, RuleMutant):
        with applied(mutant, worker.rules):
            return _fate(mutant, simulator, parts)
    root = roots_of({mutant.file: original.flows[mutant.file]})[mutant.file]
    try:
        simulator.take(replace(original, flows={**original.flows, mutant.file: mutant.text(root)}))
    except DefinitionError as error:
        return MutantFate(mutant, Fate.REFUSED, error.problems[0].message)
    try:
        return _fate(mutant, simulator, parts)
    finally:
        simulator.take(original)


def _fate(mutant: AnyFault, simulator: Simulator, parts: Sequence[ScriptInLanguage]) -> MutantFate:
    for part in parts:
        if not _holds(part, simulator):
            return MutantFate(mutant, Fate.CAUGHT, f"{part.script.name} [{part.language}]", part.script.place.file)
    return MutantFate(mutant, Fate.SURVIVED)


def _holds(part: ScriptInLanguage, simulator: Simulator) -> bool:
    try:
        return play(part.script, simulator, part.language).passed
    except Exception:  # a line that breaks is a script that fails
        return False
