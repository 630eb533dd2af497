"""Plays a script: a caller who does what it says, and hears whether the line does too."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace

from ivr.errors import IvrError, Place, Problem
from ivr.flow.definition import Flows, Menu
from ivr.flow.graph import points
from ivr.phone.handset import KEY_SECONDS, DialOutcome, Handset
from ivr.phone.heard import Ended, Heard, Paying, Waiting
from ivr.phone.results import TALK_SECONDS
from ivr.qa.expectations import CameTo, unmet
from ivr.qa.heard import Ear, could_be, words_heard
from ivr.qa.patterns import show
from ivr.qa.played import HANG_UP, MID_NUMBER, Cost, Passed, Played, passed
from ivr.qa.script import (
    LANGUAGE_KEY,
    Breaks,
    Dials,
    Ending,
    HangsUp,
    Hears,
    Later,
    Meanwhile,
    Pays,
    Presses,
    Script,
    Step,
    Waits,
)
from ivr.qa.stage import Scene, Stage

ANSWERS: Mapping[str, DialOutcome] = {
    "answers": "completed",
    "busy": "busy",
    "no_answer": "no-answer",
    "nobody": "completed",
}


def play(script: Script, stage: Stage, language: str) -> Played:
    """Play a script in a language; whatever does not hold is in the result."""
    began = time.perf_counter()
    title = {"name": script.name, "place": script.place, "language": language}
    if not stage.in_process and (reason := _needs_more(script)):
        return Played(**title, skipped=reason)  # type: ignore[arg-type]  # the three fields just named
    try:
        with stage.open(script) as scene:
            return _Player(script, stage, scene, language).play(began)
    except IvrError as error:  # the rows given
        return Played(**title, problems=(Problem(script.place, str(error)),))  # type: ignore[arg-type]


def _needs_more(script: Script) -> str:
    if script.given:
        return "it needs rows of its own"
    if any(isinstance(step, Later | Meanwhile | Breaks) for step in script.steps):
        return "it changes what the line stands on"
    return "" if script.person == "answers" else "it needs to say who picks up"


class _FailedError(Exception):
    """The script does not hold from here on."""

    def __init__(self, place: Place, message: str) -> None:
        self.problem = Problem(place, message)
        super().__init__(message)


class _Player:
    """Plays one script on a scene; used once."""

    def __init__(self, script: Script, stage: Stage, scene: Scene, language: str) -> None:
        self.script = script
        self.stage = stage
        self.scene = scene
        self.language = language
        self.from_number = script.from_number
        self.transcript: list[str] = []
        self.turns: list[Passed] = []
        self.calls = self.unchecked = self.keys = 0
        self.seconds = self.waiting = self.talking = 0.0
        self.with_person = self.troubled = False
        self.slips: list[str] = []
        self.scene_turns = 0
        self.state: tuple[str, str] | None = None
        self.last: Heard
        self.dial()

    def play(self, began: float) -> Played:
        problems: list[Problem] = []
        try:
            for step in self.script.steps:
                self.step(step)
        except _FailedError as failure:
            problems.append(failure.problem)
        end, where = self.end(), self.where()
        self.finish()
        if not self.troubled:
            problems.extend(Problem(self.script.place, slip) for slip in self.slips)
        if not problems:
            problems.extend(unmet(self.script.expect, self.came_to(end), look_at_rows=self.stage.in_process))
        rows_unchecked = not self.stage.in_process and self.script.expect.asks_for_rows
        return Played(
            name=self.script.name,
            place=self.script.place,
            language=self.language,
            problems=tuple(problems),
            where=where,
            transcript=tuple(self.transcript),
            end=end,
            cost=self.cost(),
            turns=tuple(self.turns),
            unchecked=self.unchecked + rows_unchecked,
            log=self.scene.log() if problems else "",
            took=time.perf_counter() - began,
        )

    # The caller

    def step(self, step: Step) -> None:
        match step:
            case Hears():
                self.hear(step)
            case Presses():
                for _ in range(step.times):
                    self.press(step)
            case Waits():
                for _ in range(step.times):
                    self.wait(step)
            case Pays():
                self.pay(step)
            case HangsUp():
                self.hang_up()
            case Dials():
                self.from_number = step.from_number or self.from_number
                self.finish()
                self.dial()
            case Later():
                self.scene.passes(step.span.total_seconds())
                self.tell("later", str(step.span))
            case Meanwhile():
                self.scene.change(step.rows)
                self.tell("meanwhile", "; ".join(f"{row.table} {show(row.columns)}" for row in step.rows))
            case Breaks():
                self.troubled = True
                self.scene.breaks(step.fault)
                self.tell("breaks", step.fault)

    def dial(self) -> None:
        self.calls += 1
        mark = f"{self.script.place} {self.script.name} {self.language} {self.calls}"
        self.handset = Handset(
            self.scene.post,
            self.scene.url,
            self.from_number,
            self.script.to_number,
            "CA" + hashlib.md5(mark.encode(), usedforsecurity=False).hexdigest(),
            answers=ANSWERS[self.script.person],
            passes=self.scene.passes,
        )
        self.tell("dials", self.script.to_number)
        self.take(self.handset.dial())

    def press(self, step: Presses) -> None:
        self.must_go_on(step.place)
        keys = language_key(self.stage.flows, self.language) if step.keys == LANGUAGE_KEY else step.keys
        after = self.words_before(step)
        self.tell("presses", keys)
        self.take(self.handset.press(keys, after))

    def words_before(self, step: Presses) -> int | None:
        """Return how many words of the question are heard before the key; None for all."""
        wanted = step.after.get(self.language) or step.after.get("")
        if not wanted or not isinstance(self.last.waiting, Waiting):
            return None
        text = " ".join(spoken.text for spoken in self.last.waiting.prompt)
        position = text.casefold().find(" ".join(wanted.split()).casefold())
        if position < 0:
            raise _FailedError(step.place, f'expected to hear "{wanted}" before this key; heard "{text}"')
        return len(text[: position + len(wanted)].split())

    def wait(self, step: Waits) -> None:
        self.must_go_on(step.place)
        if isinstance(waiting := self.last.waiting, Waiting):
            self.waiting += waiting.gather.timeout
            if waiting.keys:
                self.interrupt(MID_NUMBER)
        self.tell("waits")
        self.take(self.handset.wait())

    def pay(self, step: Pays) -> None:
        if not isinstance(self.last.waiting, Paying):
            raise _FailedError(step.place, "no card is being taken here")
        self.tell("pays")
        fields = step.fields
        if "result" in fields:
            self.take(self.handset.pay_result(fields["result"]))
        else:
            self.take(self.handset.pay(fields["card"], fields["expiry"], fields["code"]))

    def hang_up(self) -> None:
        if not isinstance(self.last.waiting, Ended):
            self.interrupt(HANG_UP)
            self.tell("hangs up")
            self.take(self.handset.hang_up())

    def finish(self) -> None:
        """Let the call be over, as it is for the carrier when nobody is there any more."""
        if not isinstance(self.last.waiting, Ended):
            self.last = self.handset.hang_up()
        self.keys += self.handset.keys_pressed
        self.seconds += self.handset.seconds
        self.slips += [str(slip) for slip in (*self.handset.errors, *self.handset.warnings)]

    # What comes back

    def take(self, heard: Heard) -> None:
        turns = self.scene.turns[self.scene_turns :]
        self.scene_turns += len(turns)
        words = [speak for turn in turns for speak in turn.verb.words]
        self.turns.extend(map(passed, turns))
        if turns and turns[-1].call.frames:
            self.state = turns[-1].call.top.flow, turns[-1].call.top.state
        self.last = heard
        self.ear = Ear(self.stage.catalogues, heard, words, self.scene.today)
        if heard.dialled:
            self.tell("line", f"connects to {', '.join(heard.dialled)}")
            self.talking += TALK_SECONDS if self.script.person == "answers" else 0
        self.with_person = bool(heard.dialled) and self.script.person == "answers"
        if heard.text:
            self.tell("hears", heard.text)

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

    def hear_elsewhere(self, wanted: Hears) -> None:
        could = could_be(self.stage.catalogues, wanted, self.language, self.ear.text)
        self.unchecked += could is None
        if could is False:
            raise _FailedError(wanted.place, f'expected to hear {wanted}; heard "{self.ear.text}"')

    def must_go_on(self, place: Place) -> None:
        if isinstance(self.last.waiting, Ended):
            raise _FailedError(place, f"the call is over: {self.last.waiting.reason}")

    def interrupt(self, how: str) -> None:
        if self.turns:
            self.turns[-1] = replace(self.turns[-1], interrupted=how)

    def tell(self, what: str, words: str = "") -> None:
        self.transcript.append(f"{what:>9}  {words}".rstrip())

    # What it came to

    def where(self) -> str:
        if self.state is None:
            return ""
        flow, name = self.state
        return f'"{name}" ({self.stage.flows.state(flow, name).place})'

    def end(self) -> Ending:
        if not isinstance(self.last.waiting, Ended):
            return "open"
        match self.last.waiting.reason:
            case "error":
                return "error"
            case "caller hung up":
                return "hung_up"
            case _:
                return "person" if self.with_person else "goodbye"

    def cost(self) -> Cost:
        keying = self.keys * KEY_SECONDS
        spoken = self.seconds - self.talking - keying - self.waiting
        return Cost(self.keys, max(spoken, 0.0), keying, self.waiting)

    def came_to(self, end: Ending) -> CameTo:
        scene, cost = self.scene, self.cost()
        return CameTo(end, cost.keys, cost.seconds, scene.today, scene.rows, scene.new_rows)


def language_key(flows: Flows, language: str) -> str:
    """Return the key that chooses a language, wherever the flows ask for it."""
    for _, state in points(flows):
        if isinstance(state, Menu):
            for key, target in state.keys.items():
                if target.sets.get("language") == language:
                    return key
    raise IvrError(f'no menu of the flows chooses the language "{language}"')
