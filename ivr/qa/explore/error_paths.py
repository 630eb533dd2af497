"""What callers do instead of answering, question by question, as scripts: star, wrong keys, silence, zero, hanging up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from ivr.flow.call import Keys
from ivr.flow.definition import Flows
from ivr.flow.parts import REPEAT, Limits
from ivr.flow.states import State
from ivr.qa.explore.found_calls import NOWHERE, PathToQuestion, Where, opened, written
from ivr.qa.replay.caller import CannotError, SimulatedCaller
from ivr.qa.replay.coverage import can_be_wrong
from ivr.qa.scripts.script import (
    DEFAULT_AT,
    DEFAULT_FROM,
    DEFAULT_TO,
    Act,
    Dials,
    HangsUp,
    Hears,
    HearsNot,
    Person,
    Presses,
    Script,
    Waits,
    World,
)
from ivr.qa.scripts.writer import Moment, ScriptDraft, heard, moment
from ivr.simulator.simulator import Simulator
from ivr.simulator.world import Row


def paths_of(simulator: Simulator, scripts: Iterable[Script], language: str) -> dict[Where, PathToQuestion]:
    """Return the shortest path to each question that scripts come to, with nobody to connect to on the way."""
    found: dict[Where, PathToQuestion] = {}
    for script in scripts:
        if script.language or script.at != datetime.fromisoformat(DEFAULT_AT):
            continue
        with opened(simulator, "nobody", script.given) as scenario:
            caller = SimulatedCaller(
                scenario, simulator.flows, language, DEFAULT_FROM, DEFAULT_TO, "nobody", script.name
            )
            acts: list[Act] = []
            for step in script.steps:
                _note(found, caller, acts, script.given)
                if isinstance(step, Hears | HearsNot):
                    continue
                try:
                    caller.act(step)
                except CannotError:
                    break
                if sum(isinstance(turn.event, Keys) for turn in caller.latest) > 1:
                    break  # keyed ahead: what was said between the keys is not heard
                acts.append(step)
            else:
                _note(found, caller, acts, script.given)
    return found


def _note(
    found: dict[Where, PathToQuestion], caller: SimulatedCaller, acts: Sequence[Act], given: tuple[Row, ...]
) -> None:
    where = caller.state
    if where and not caller.over and (where not in found or len(found[where].acts) > len(acts)):
        found[where] = PathToQuestion(tuple(acts), given)


def drafts(simulator: Simulator, questions: Mapping[Where, PathToQuestion], language: str) -> Iterator[ScriptDraft]:
    """Yield the scripts for every question, each by the path that leads to it."""
    for (flow, name), path in sorted(questions.items()):
        state = simulator.flows.state(flow, name)
        if state.limits:
            where = f"{flow} {name}".replace("_", " ")
            acts = error_paths(
                simulator.flows, state, state.limits, interrupting=flow in simulator.flows.line.interruptions
            )
            yield _draft(simulator, f"Unhappy at {where}", path, acts, "nobody", language)
            yield _draft(simulator, f"Hang up at {where}", path, (HangsUp(NOWHERE),), "answers", language)
            if state.number and state.number.low == 1 < state.number.high:
                pause = (Presses(NOWHERE, "1"), Waits(NOWHERE))
                yield _draft(simulator, f"A pause in mid-number at {where}", path, pause, "answers", language)


def error_paths(flows: Flows, question: State, limits: Limits, *, interrupting: bool = False) -> tuple[Act, ...]:
    """Return everything but an answer: what asks the question again, then silence until the line gives up."""
    acts: list[Act] = []
    keys = question.shared_keys(flows.line)
    end = "#" if question.number and question.number.high > 1 else ""
    acts.extend(Presses(NOWHERE, f"{key}{end}") for key in keys if keys[key] == REPEAT)
    if limits.wrong > 1:
        acts.extend(wrong(flows, question))
    if not interrupting:  # one that breaks in itself gives way to a person
        acts.extend(Presses(NOWHERE, f"{key}{end}") for key in keys if keys[key] != REPEAT)
    if question.pound:  # silence is an answer there
        acts.extend(wrong(flows, question) * (limits.wrong - 1))
    acts.extend(Waits(NOWHERE) for _ in range(limits.silence))
    return tuple(acts)


def wrong(flows: Flows, question: State) -> tuple[Act, ...]:
    """Return what is no answer to a question: a key it does not know, too few digits, or too many."""
    number = question.number
    if number is None:
        return (Presses(NOWHERE, wrong_key(flows, question)),)
    if number.low > 1:
        return (Presses(NOWHERE, "1" * (number.low - 1)), Waits(NOWHERE))
    return (Presses(NOWHERE, "1" * (number.high + 1) + "#"),) if can_be_wrong(question) else ()


def wrong_key(flows: Flows, menu: State) -> str:
    """Return a key that means nothing in a menu."""
    taken = {*menu.keys, *flows.line.menu_keys, *("123456789" if menu.choices else "")}
    return next(key for key in "8653421790#" if key not in taken)


def _draft(
    simulator: Simulator, name: str, path: PathToQuestion, acts: Sequence[Act], person: Person, language: str
) -> ScriptDraft:
    """Follow a path and go on, and write down what is heard."""
    with opened(simulator, person, path.given) as scenario:
        caller = SimulatedCaller(scenario, simulator.flows, language, DEFAULT_FROM, DEFAULT_TO, person, name)
        moments = [Moment(None, heard(caller.words))]
        for act in (*path.acts, *acts):
            if not caller.over or isinstance(act, Dials | World):
                caller.act(act)
                moments.append(moment(act, caller.words))
        end = caller.end()
        caller.finish()
        expect = {"end": end, **written(scenario)}
        return ScriptDraft(name, tuple(moments), person=person, given=path.given, expect=expect)
