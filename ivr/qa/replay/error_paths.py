"""The steps that `error_paths:` of a script stands for: what callers do instead of answering, and what they then hear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ivr.errors import Place
from ivr.flow.definition import Flows
from ivr.flow.graph import all_states
from ivr.flow.parts import REPEAT
from ivr.flow.states import State
from ivr.flow.states.base import Role
from ivr.qa.replay.coverage import can_be_wrong
from ivr.qa.scripts.script import Act, ErrorPath, ErrorPaths, HangsUp, Hears, Presses, Step, Waits

PERSON_AWAY = "person.nobody"
"""The prompt that is heard after 0 when there is nobody to connect the caller to."""


def question_of(step: ErrorPaths, flows: Flows, waiting: tuple[str, str] | None) -> tuple[str, State] | None:
    """Return the flow and state of the question that a step names; None when no state asks it.

    If several states ask it, the one where the call is `waiting` is preferred.
    """
    asking = [(flow, state) for (flow, _), state in all_states(flows) if _asks(state, step.question.prompt)]
    where_it_waits = next(((flow, state) for flow, state in asking if (flow, state.name) == waiting), None)
    return where_it_waits or next(iter(asking), None)


def _asks(state: State, prompt: str) -> bool:
    """Return whether a state asks a question, or lets the carrier ask it while that takes a card."""
    return bool(state.limits and state.prompt == prompt) or any(
        use.role is Role.CARD_STEP and use.name == prompt for use in state.prompts()
    )


def steps_of(step: ErrorPaths, flows: Flows, flow: str, question: State) -> Iterator[Step]:
    """Yield the steps at a question on the error path that the step names; just hearing it when it names none."""
    if not question.quiet:
        yield step.question
    if step.path is ErrorPath.HANG_UP:
        yield HangsUp(step.place)
    elif step.path is ErrorPath.NO_ANSWER:
        yield from _no_card(step) if question.card_label else _no_answer(step, flows, flow, question)


def _no_card(step: ErrorPaths) -> Iterator[Step]:
    """Yield the steps of a caller who is silent or wrong by turns where the carrier takes a card, which counts them as
    one."""
    for tries in range(1, step.silence):
        is_silent = tries % 2 == 1
        yield Waits(step.place) if is_silent else Presses(step.place, "1#")
        yield replace(step.question, variant="silence" if is_silent else "wrong", tries=tries, values={})
    yield Waits(step.place)
    yield step.then


def _no_answer(step: ErrorPaths, flows: Flows, flow: str, question: State) -> Iterator[Step]:
    """Yield the steps of a caller who does everything but answer, until the question is given up."""
    asked = step.question
    ends = "#" if question.number and question.number.high > 1 else ""
    for key, leads in question.shared_keys(flows.line).items():
        if leads != REPEAT and flow in _interrupting(flows):
            continue  # zero ends an interruption under way, so its question is not asked again
        yield from (Presses(step.place, f"{pressed}{ends}") for pressed in key)
        if leads != REPEAT:
            yield from _broken_in(flows, leads, step.place)
        yield asked
    wrong = tuple(wrong_answer(flows, question, step.place))
    for tries in range(1, step.silence):
        yield Waits(step.place)
        yield replace(asked, variant="silence", tries=tries, values={})
    for tries in range(1, step.wrong if wrong else 1):
        yield from wrong
        yield replace(asked, variant="wrong", tries=tries, values={})
    yield from wrong if question.pound and wrong else (Waits(step.place),)  # pound answers it, and so would silence
    yield step.then


def _broken_in(flows: Flows, name: str, place: Place) -> Iterator[Step]:
    """Yield the steps in a flow that breaks in: a person is away, a question is waited out."""
    start = flows.state(name, flows.flows[name].start)
    if start.limits:
        yield Hears(place, start.prompt)
        yield Waits(place, start.limits.silence)
    else:
        yield Hears(place, PERSON_AWAY)


def _interrupting(flows: Flows) -> frozenset[str]:
    """Return the flows that can break into a question, and those that they run."""
    breaking_in = set(flows.line.interruptions)
    run = {state.runs for (flow, _), state in all_states(flows) if flow in breaking_in and state.runs}
    return frozenset(breaking_in | run)


def wrong_answer(flows: Flows, question: State, place: Place) -> Iterator[Act]:
    """Yield acts that do not answer a question: a key it does not take, too few digits, or too many.

    Nothing where every key is an answer.
    """
    number = question.number
    if number is None:
        yield Presses(place, wrong_key(flows, question))
    elif number.low > 1:
        yield Presses(place, "1" * (number.low - 1))
        yield Waits(place)
    elif can_be_wrong(question):
        yield Presses(place, "1" * (number.high + 1) + "#")


def wrong_key(flows: Flows, menu: State) -> str:
    """Return a key that a menu does not take."""
    taken = {*menu.keys, *flows.line.menu_keys, *("123456789" if menu.choices else "")}
    return next(key for key in "8653421790#" if key not in taken)
