"""Plays a script: a caller who does what it says, and hears whether the line does too."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from ivr.errors import IvrError, Place, Problem
from ivr.qa.replay.caller import Caller, CannotError
from ivr.qa.replay.costs import seconds_of
from ivr.qa.replay.heard import Ear, could_be, may_confirm, words_heard
from ivr.qa.replay.played import Played
from ivr.qa.replay.stage import RefusedRowError, Scene, Stage
from ivr.qa.scripts.expectations import CameTo, unmet
from ivr.qa.scripts.patterns import show
from ivr.qa.scripts.script import DEFAULT_FROM, LANGUAGE_KEY, Ending, Hears, HearsNot, Presses, Script, Step


def play(
    script: Script,
    stage: Stage,
    language: str,
    *,
    checks: bool = True,
    measure: bool = False,
    look: Callable[[Scene], object] = lambda _: None,
) -> Played:
    """Play a script in a language; whatever does not hold is in the result.

    Without `checks` the caller only acts, whatever is heard; `measure` keeps the seconds of each prompt; `look` is
    shown the scene when all is over.
    """
    began = time.perf_counter()
    try:
        if reason := stage.refuses(script, language):
            return Played(script.name, script.place, language, skipped=reason)
        with stage.open(script) as scene:
            played = _Player(script, stage, scene, language, checks=checks, measure=measure).play(began)
            look(scene)
            return played
    except RefusedRowError as error:
        return Played(script.name, script.place, language, problems=(Problem(error.place, str(error)),))
    except IvrError as error:
        return Played(script.name, script.place, language, problems=(Problem(script.place, str(error)),))


def _from_number(script: Script, stage: Stage, mark: str) -> str:
    """Return who calls: on a line elsewhere, which remembers calls that were dropped, a number for each call.

    No telephone has an area code of 999, so nobody is ever sent a text.
    """
    if stage.in_process or script.from_number != DEFAULT_FROM:
        return script.from_number
    return f"+1999{zlib.crc32(mark.encode()) % 10**7:07d}"


class _FailedError(Exception):
    """The script does not hold from here on."""

    def __init__(self, place: Place, message: str) -> None:
        self.problem = Problem(place, message)
        super().__init__(message)


class _StoppedError(Exception):
    """The script may not be played on from here."""


CONFIRMS = "stopped before the key that confirms: the line charges real cards"


class _Player:
    """Plays one script on a scene; used once."""

    def __init__(
        self, script: Script, stage: Stage, scene: Scene, language: str, *, checks: bool, measure: bool
    ) -> None:
        self.checks = checks
        self.measure = measure
        self.spoken: list[tuple[str, str, float]] = []
        self.script = script
        self.stage = stage
        self.scene = scene
        self.language = language
        self.unchecked = 0
        mark = f"{script.place} {script.name} {language} {stage.mark()}"
        numbers = (_from_number(script, stage, mark), script.to_number)
        self.caller = Caller(scene, stage.flows, language, *numbers, script.person, mark)
        self.ear = self.listen()

    def play(self, began: float) -> Played:
        problems: list[Problem] = []
        caller, note = self.caller, ""
        try:
            for step in self.script.steps:
                self.step(step)
        except _FailedError as failure:
            problems.append(failure.problem)
        except _StoppedError:
            note = CONFIRMS
        end, where = caller.end(), caller.where()
        caller.finish()
        if not caller.troubled:
            problems.extend(Problem(self.script.place, slip) for slip in caller.slips)
        if self.checks and not problems and not note:
            problems.extend(unmet(self.script.expect, self.came_to(end), look_at_rows=self.stage.sees_rows))
        rows_unchecked = self.script.expect.asks_for_rows and (bool(note) or not self.stage.sees_rows)
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
            asked=caller.asked,
            note=note,
            unchecked=self.unchecked + rows_unchecked,
            log=self.scene.log() if problems else "",
            took=time.perf_counter() - began,
        )

    def step(self, step: Step) -> None:
        if isinstance(step, Hears | HearsNot):
            if self.checks:
                self.hear(step) if isinstance(step, Hears) else self.hear_not(step)
            return
        for act in self.key_by_key(step) if self.stage.charges and isinstance(step, Presses) else (step,):
            try:
                self.caller.act(act)
            except (CannotError, RefusedRowError) as error:
                raise _FailedError(error.place, str(error)) from None
            self.ear = self.listen()

    def key_by_key(self, step: Presses) -> Iterator[Presses]:
        """Yield keys one at a time, and stop where the next one may confirm something."""
        keys = [step.keys] if step.keys == LANGUAGE_KEY else step.keys
        for key in (key for _ in range(step.times) for key in keys):
            if may_confirm(self.stage.flows, self.stage.catalogues, self.ear.text):
                raise _StoppedError
            yield replace(step, keys=key, times=1)

    def listen(self) -> Ear:
        if self.measure:
            self.spoken += [
                (speak.prompt, speak.language, seconds_of(speak, self.stage.catalogues)) for speak in self.caller.words
            ]
        return Ear(self.stage.catalogues, self.caller.last, self.caller.words, self.scene.today)

    def hear(self, wanted: Hears) -> None:
        if not wanted.prompt:
            words = wanted.words.get("") or wanted.words.get(self.language)
            if words and not words_heard(words, self.ear.text):
                raise _FailedError(wanted.place, f'expected to hear "{words}"; heard "{self.ear.text}"')
        elif not self.stage.in_process:
            self.hear_elsewhere(wanted)
        elif not self.ear.hears(wanted):
            if values := self.ear.nearest_values(wanted):
                told = f"heard it with {show(values)}"
                raise _FailedError(wanted.place, f"expected to hear {wanted} with {show(wanted.values)}; {told}")
            raise _FailedError(wanted.place, f"expected to hear {wanted}; {self.ear.told(wanted)}")

    def hear_not(self, step: HearsNot) -> None:
        unwanted = step.unwanted
        if not unwanted.prompt:
            words = unwanted.words.get("") or unwanted.words.get(self.language)
            if words and words_heard(words, self.ear.text):
                raise _FailedError(step.place, f'"{words}" should not be heard; heard "{self.ear.text}"')
        elif not self.stage.in_process:
            self.unchecked += 1  # by its words alone a prompt cannot be told from one that says the same and more
        elif self.ear.spoke(unwanted):
            raise _FailedError(step.place, f"{unwanted} should not be heard; {self.ear.told(unwanted)}")

    def hear_elsewhere(self, wanted: Hears) -> None:
        could = could_be(self.stage.catalogues, wanted, self.language, self.ear.text)
        self.unchecked += could is None
        if could is False:
            raise _FailedError(wanted.place, f'expected to hear {wanted}; heard "{self.ear.text}"')

    def came_to(self, end: Ending) -> CameTo:
        scene, cost = self.scene, self.caller.cost()
        return CameTo(end, cost.keys, cost.seconds, scene.today, scene.rows, scene.new_rows)
