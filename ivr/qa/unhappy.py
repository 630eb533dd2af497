"""What callers do instead of answering, question by question, as scripts: star, wrong keys, silence, zero, hanging up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ivr.flow.definition import REPEAT, Ask, Flows, Menu, Question
from ivr.qa.caller import Caller
from ivr.qa.explorer import NOWHERE, script_for, written
from ivr.qa.script import DEFAULT_FROM, DEFAULT_TO, Act, HangsUp, Person, Presses, Waits
from ivr.qa.stage import RehearsalStage
from ivr.qa.writer import Draft, Moment, heard


def drafts(
    stage: RehearsalStage, questions: Mapping[tuple[str, str], Sequence[Moment]], language: str = "en"
) -> Iterator[Draft]:
    """Yield the scripts for every question, each by the way that leads to it."""
    for (flow, name), way in sorted(questions.items()):
        state = stage.flows.state(flow, name)
        if isinstance(state, Menu | Ask):
            where = f"{flow} {name}".replace("_", " ")
            yield _draft(
                stage, f"Unhappy at {where}", (*way, *_moments(unhappy(stage.flows, state))), "nobody", language
            )
            yield _draft(stage, f"Hang up at {where}", (*way, *_moments((HangsUp(NOWHERE),))), "answers", language)
            if isinstance(state, Ask) and state.low == 1 < state.high:
                pause = (Presses(NOWHERE, "1"), Waits(NOWHERE))
                yield _draft(stage, f"A pause in mid-number at {where}", (*way, *_moments(pause)), "answers", language)


def _moments(acts: Sequence[Act]) -> tuple[Moment, ...]:
    return tuple(Moment(act, ()) for act in acts)


def unhappy(flows: Flows, question: Question) -> tuple[Act, ...]:
    """Return everything but an answer: what asks the question again, then silence until the line gives up."""
    acts: list[Act] = []
    keys = flows.line.menu_keys if isinstance(question, Menu) else flows.line.ask_keys
    end = "" if isinstance(question, Menu) or question.high == 1 else "#"
    free = [key for key in keys if not _takes(question, key)]
    acts.extend(Presses(NOWHERE, f"{key}{end}") for key in free if keys[key] == REPEAT)
    if question.limits.wrong > 1:
        acts.extend(wrong(flows, question))
    acts.extend(Presses(NOWHERE, f"{key}{end}") for key in free if keys[key] != REPEAT)
    acts.extend(Waits(NOWHERE) for _ in range(question.limits.silence))
    return tuple(acts)


def _takes(question: Question, key: str) -> bool:
    if isinstance(question, Menu):
        return key in question.keys
    return key == "*" and question.stars


def wrong(flows: Flows, question: Question) -> tuple[Act, ...]:
    """Return what is no answer to a question: a key it does not know, too few digits, or too many."""
    if isinstance(question, Menu):
        return (Presses(NOWHERE, wrong_key(flows, question)),)
    if question.low > 1:
        return (Presses(NOWHERE, "1" * (question.low - 1)), Waits(NOWHERE))
    return (Presses(NOWHERE, "1" * (question.high + 1)),) if question.high > question.low else ()


def wrong_key(flows: Flows, menu: Menu) -> str:
    """Return a key that means nothing in a menu."""
    taken = {*menu.keys, *flows.line.menu_keys, *("123456789" if menu.choices else "")}
    return next(key for key in "8653421790#" if key not in taken)


def _draft(stage: RehearsalStage, name: str, way: Sequence[Moment], person: Person, language: str) -> Draft:
    """Go a way, and write down what is heard on it."""
    with stage.open(script_for(person)) as scene:
        caller = Caller(scene, stage.flows, language, DEFAULT_FROM, DEFAULT_TO, person, name)
        moments = [Moment(None, heard(caller.words))]
        for moment in way:
            if moment.act is None or caller.over:
                continue
            caller.act(moment.act)
            moments.append(Moment(moment.act, heard(caller.words)))
        end = caller.end()
        caller.finish()
        return Draft(name, tuple(moments), person=person, expect={"end": end, **written(scene)})
