"""Plays a script: a simulated caller does what it says, and what they hear is checked against it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ivr.errors import IvrError, Place, Problem
from ivr.qa.replay.caller import CannotError, SimulatedCaller
from ivr.qa.replay.costs import seconds_of
from ivr.qa.replay.error_paths import question_of, steps_of
from ivr.qa.replay.playable import Playable
from ivr.qa.replay.played import Played
from ivr.qa.replay.prompt_matcher import PromptMatcher, could_be, may_confirm, words_heard
from ivr.qa.scripts.expectations import CallResult, unmet
from ivr.qa.scripts.row_patterns import show
from ivr.qa.scripts.script import LANGUAGE_KEY, Ending, ErrorPaths, Hears, HearsNot, Presses, Script, Step
from ivr.simulator.scenario import Scenario
from ivr.simulator.simulator import Simulator
from ivr.simulator.world import RefusedRowError


@dataclass(frozen=True, slots=True)
class View:
    """What can be seen of a line, and whether it charges real cards."""

    turns: bool = True
    """Its turns can be seen, and so the names of the prompts it speaks."""
    rows: bool = True
    """The rows of its pharmacy can be seen."""
    charges: bool = False
    """It charges real cards, so no key may be pressed that confirms."""


ON_THE_SIMULATOR = View()


def play(
    script: Script,
    simulator: Simulator,
    language: str,
    *,
    checks: bool = True,
    measure: bool = False,
    look: Callable[[Scenario], object] = lambda _: None,
) -> Played:
    """Play a script on the simulator in a language; whatever does not hold is in the result's `problems`.

    Without `checks` nothing that is heard is checked. `measure` keeps the seconds of each prompt. `look` is called with
    the scenario when all calls are over.
    """
    began = time.perf_counter()
    try:
        has_person = script.person != "nobody"
        with simulator.open(script.at, script.given, has_person=has_person, capture=script.capture) as scenario:
            player = Player(script, simulator, scenario, language, checks=checks, measure=measure)
            played = player.play(began)
            look(scenario)
            return played
    except IvrError as error:
        return impossible(script, language, error)


def impossible(script: Script, language: str, error: IvrError) -> Played:
    """Return the result of a script that cannot be played, with the error as its problem."""
    place = error.place if isinstance(error, RefusedRowError) else script.place
    return Played(script.name, script.place, language, problems=(Problem(place, str(error)),))


class _FailedError(Exception):
    """The script does not hold from here on."""

    def __init__(self, place: Place, message: str) -> None:
        self.problem = Problem(place, message)
        super().__init__(message)


class _StoppedError(Exception):
    """The rest of the script may not be played: the next key may confirm something."""


CONFIRMS = "stopped before the key that confirms: the line charges real cards"


class Player:
    """Plays one script on a line; used once. The simulator's flows and prompts are those the line should have."""

    def __init__(
        self,
        script: Script,
        simulator: Simulator,
        line: Playable,
        language: str,
        *,
        from_number: str = "",
        mark: str = "",
        view: View = ON_THE_SIMULATOR,
        checks: bool = True,
        measure: bool = False,
    ) -> None:
        """`mark` and `from_number` tell these calls from others, on a line that others call too."""
        self.checks = checks
        self.measure = measure
        self.spoken: list[tuple[str, str, float]] = []
        self.script = script
        self.catalogues = simulator.catalogues
        self.flows = simulator.flows
        self.fallback_prompts = simulator.fallback_prompts
        self.line = line
        self.view = view
        self.language = language
        self.unchecked = 0
        numbers = (from_number or script.from_number, script.to_number)
        mark = f"{script.place} {script.name} {language} {mark}"
        self.caller = SimulatedCaller(line, self.flows, language, *numbers, script.person, mark)
        self.prompt_matcher = self._listen()

    def play(self, began: float) -> Played:
        """Play the script and return the result; `began` is a reading of `time.perf_counter()`."""
        problems: list[Problem] = []
        caller, note = self.caller, ""
        try:
            for step in self.script.steps:
                self._step(step)
        except _FailedError as failure:
            problems.append(failure.problem)
        except _StoppedError:
            note = CONFIRMS
        end, where = caller.end(), caller.where()
        caller.finish()
        if not caller.troubled:
            problems.extend(Problem(self.script.place, problem) for problem in caller.carrier_problems)
        if self.checks and not problems and not note:
            problems.extend(unmet(self.script.expect, self._result(end), look_at_rows=self.view.rows))
        rows_unchecked = self.script.expect.asks_for_rows and (bool(note) or not self.view.rows)
        return Played(
            name=self.script.name,
            place=self.script.place,
            language=self.language,
            problems=tuple(problems),
            where=where,
            transcript=tuple(caller.transcript),
            end=end,
            cost=caller.cost(),
            turns=tuple(caller.turns),
            spoken=tuple(self.spoken),
            requests=caller.requests,
            note=note,
            unchecked=self.unchecked + rows_unchecked,
            log=self.line.log() if problems else "",
            took=time.perf_counter() - began,
        )

    def _step(self, step: Step) -> None:
        if isinstance(step, ErrorPaths):
            self._error_paths(step)
            return
        if isinstance(step, Hears | HearsNot):
            if self.checks:
                self._hear(step) if isinstance(step, Hears) else self._hear_not(step)
            return
        for act in self._key_by_key(step) if self.view.charges and isinstance(step, Presses) else (step,):
            try:
                self.caller.act(act)
            except (CannotError, RefusedRowError) as error:
                raise _FailedError(error.place, str(error)) from None
            self.prompt_matcher = self._listen()

    def _error_paths(self, step: ErrorPaths) -> None:
        question = question_of(step, self.flows, self.caller.state)
        if question is None:
            raise _FailedError(step.place, f"no question asks {step.question}")
        for inner_step in steps_of(step, self.flows, *question):
            self._step(inner_step)

    def _key_by_key(self, step: Presses) -> Iterator[Presses]:
        """Yield keys one at a time. Raises _StoppedError where the next one may confirm something."""
        keys = [step.keys] if step.keys == LANGUAGE_KEY else step.keys
        for key in (key for _ in range(step.times) for key in keys):
            if may_confirm(self.flows, self.catalogues, self.prompt_matcher.text):
                raise _StoppedError
            yield replace(step, keys=key, times=1)

    def _listen(self) -> PromptMatcher:
        if self.measure:
            self.spoken += [
                (speak.prompt, speak.language, seconds_of(speak, self.catalogues)) for speak in self.caller.words
            ]
        return PromptMatcher(self.catalogues, self.caller.last, self.caller.words, self.line.today)

    def _hear(self, wanted: Hears) -> None:
        if not wanted.prompt:
            words = wanted.words.get("") or wanted.words.get(self.language)
            if words and not words_heard(words, self.prompt_matcher.text):
                raise _FailedError(wanted.place, f'expected to hear "{words}"; heard "{self.prompt_matcher.text}"')
        elif not self.view.turns or wanted.prompt in self.fallback_prompts:
            self._hear_by_words(wanted)
        elif not self.prompt_matcher.hears(wanted):
            if values := self.prompt_matcher.nearest_values(wanted):
                instead = f"heard it with {show(values)}"
                raise _FailedError(wanted.place, f"expected to hear {wanted} with {show(wanted.values)}; {instead}")
            raise _FailedError(wanted.place, f"expected to hear {wanted}; {self.prompt_matcher.what_was_heard(wanted)}")

    def _hear_not(self, step: HearsNot) -> None:
        unwanted = step.unwanted
        if not unwanted.prompt:
            words = unwanted.words.get("") or unwanted.words.get(self.language)
            if words and words_heard(words, self.prompt_matcher.text):
                raise _FailedError(step.place, f'"{words}" should not be heard; heard "{self.prompt_matcher.text}"')
        elif not self.view.turns:
            self.unchecked += 1  # other prompts may contain the same words, so words alone do not tell
        elif self.prompt_matcher.spoke(unwanted):
            raise _FailedError(
                step.place, f"{unwanted} should not be heard; {self.prompt_matcher.what_was_heard(unwanted)}"
            )

    def _hear_by_words(self, wanted: Hears) -> None:
        """Check a prompt by its words alone: on a line elsewhere, or for a fallback prompt, which belongs to no turn."""
        matches_words = could_be(self.catalogues, wanted, self.language, self.prompt_matcher.text)
        self.unchecked += matches_words is None
        if matches_words is False:
            raise _FailedError(wanted.place, f'expected to hear {wanted}; heard "{self.prompt_matcher.text}"')

    def _result(self, end: Ending) -> CallResult:
        line, cost = self.line, self.caller.cost()
        return CallResult(end, cost.keys, cost.seconds, line.today, line.table, line.new_rows)
