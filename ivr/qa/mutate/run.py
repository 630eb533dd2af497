"""A mutation run: plays every script once without a fault, then each mutant with the scripts that it can make fail."""

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
from ivr.qa.mutate.rule_mutants import RuleMutant, RuleQuestion, answers_otherwise, applied, recorded, rule_mutants
from ivr.qa.replay.many import ScriptInLanguage
from ivr.qa.replay.player import play
from ivr.simulator.simulator import Simulator

AnyFault = FlowMutant | RuleMutant


class Fate(StrEnum):
    """What became of a mutant."""

    REFUSED = "refused"
    """`ivr check` finds a problem in it."""
    CAUGHT = "caught"
    """A call script fails."""
    SURVIVED = "survived"
    """Nothing finds it."""


@dataclass(frozen=True, slots=True)
class MutantFate:
    """A mutant and what became of it."""

    mutant: AnyFault
    fate: Fate
    by: str = ""
    """The problem for which it was refused, or the name of the script that failed."""
    file: str = ""
    """The file of that script."""


@dataclass(frozen=True, slots=True)
class WatchedPlay:
    """A script that was played without a fault: its trace, and the questions to the rules with their answers."""

    part: ScriptInLanguage
    trace_steps: frozenset[TraceStep]
    answers: Mapping[RuleQuestion, object]
    turns: int


def mutants_of(simulator: Simulator, rules: Sequence[str], number: int, seed: int) -> list[AnyFault]:
    """Return `number` mutants of a line's flows and of some modules of rules; the same ones for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - a repeatable choice is what is wanted here
    flows = flow_mutants(roots_of(simulator.files.flows), rng)
    return sample([*flows, *rule_mutants(rules, Path.cwd())], number, rng)


def workers(begin: Callable[[], Simulator], rules: Sequence[str], jobs: int) -> ProcessPoolExecutor:
    """Return a pool of processes that play scripts, each on a simulator that it builds by calling `begin`."""
    return ProcessPoolExecutor(jobs, initializer=_begin_mutation_worker, initargs=(begin, tuple(rules)))


def watch(pool: ProcessPoolExecutor, parts: Sequence[ScriptInLanguage]) -> list[WatchedPlay]:
    """Play scripts without a fault. Raises IvrError when one fails, since it could not tell mutants apart then."""
    return list(pool.map(_watch, parts, chunksize=8))


def judge(
    pool: ProcessPoolExecutor, mutants: Sequence[AnyFault], plays: Sequence[WatchedPlay], rules: Sequence[str]
) -> Iterator[MutantFate]:
    """Yield what becomes of each mutant, in order. `plays` are the scripts, as `watch` returned them."""
    recorded_answers = _recorded_answers(plays)
    chosen = (
        [plays[index].part for index in _affected_plays(mutant, plays, recorded_answers, rules)] for mutant in mutants
    )
    yield from pool.map(_judge, mutants, chosen)


def _affected_plays(
    mutant: AnyFault,
    plays: Sequence[WatchedPlay],
    recorded_answers: Mapping[RuleQuestion, _RecordedAnswer],
    rules: Sequence[str],
) -> list[int]:
    """Return the indices of the plays that may go differently with a mutant, the shortest play first."""
    indices: set[int] = set()
    if isinstance(mutant, FlowMutant):
        indices.update(index for index, watched in enumerate(plays) if any(map(mutant.matters_to, watched.trace_steps)))
    else:
        with applied(mutant, rules):
            for rule_question, recorded_answer in recorded_answers.items():
                if answers_otherwise(mutant, rule_question, recorded_answer.answer):
                    indices |= recorded_answer.plays
    return sorted(indices, key=lambda index: (plays[index].turns, index))


@dataclass(frozen=True, slots=True)
class _RecordedAnswer:
    """The answer to a question to the rules, and the indices of the plays in which it was asked."""

    answer: object
    plays: set[int]


def _recorded_answers(plays: Sequence[WatchedPlay]) -> dict[RuleQuestion, _RecordedAnswer]:
    recorded_answers: dict[RuleQuestion, _RecordedAnswer] = {}
    for index, watched in enumerate(plays):
        for rule_question, answer in watched.answers.items():
            recorded_answers.setdefault(rule_question, _RecordedAnswer(answer, set())).plays.add(index)
    return recorded_answers


@dataclass(frozen=True, slots=True)
class _Worker:
    """What a process keeps: its simulator, and the modules of the rules."""

    simulator: Simulator
    rules: tuple[str, ...]


_worker: list[_Worker] = []


def _begin_mutation_worker(begin: Callable[[], Simulator], rules: tuple[str, ...]) -> None:
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
        if not _script_passes(part, simulator):
            return MutantFate(mutant, Fate.CAUGHT, f"{part.script.name} [{part.language}]", part.script.place.file)
    return MutantFate(mutant, Fate.SURVIVED)


def _script_passes(part: ScriptInLanguage, simulator: Simulator) -> bool:
    try:
        return play(part.script, simulator, part.language).passed
    except Exception:  # a crash of the line counts as a failed script
        return False
