"""Checks that answers are kept as secret as what they are (a birth date, a card number), and have its length."""

from __future__ import annotations

from ivr.errors import Place, Report
from ivr.flow.definition import Actions, AnswerKind, Flows
from ivr.flow.graph import all_states
from ivr.flow.parts import Number, length_in_words
from ivr.flow.states import State
from ivr.flow.usage import known_values


def check_answers(flows: Flows, actions: Actions, report: Report) -> None:
    """Report an answer that is kept less secret than it is, would be kept although secret, or has another length."""
    kinds = [(name, kind) for spec in actions.values() for name, kind in spec.answers.items()]
    questions = _number_questions(flows)
    for question, number in questions:
        taken_for = [kind for name, kind in kinds if name == number.save]
        card = next((kind for kind in taken_for if kind.card), None)
        secret = next((kind for kind in taken_for if kind.secret), None)
        if card and not number.card:
            report.add(
                question.at("save"), f'"{number.save}" is {card.name}, which is card data: it needs "card: true"'
            )
        elif secret and not number.secret:
            report.add(
                question.at("save"), f'"{number.save}" is {secret.name}, which is secret: it needs "secret: true"'
            )
        same_value = [other for _, other in questions if other.save == number.save]
        for kind in taken_for[:1]:
            _check_length(question.at("digits"), number, same_value, kind, report)
    _check_secrets(flows, actions, report)


def _check_length(place: Place, number: Number, same_value: list[Number], kind: AnswerKind, report: Report) -> None:
    """Report a question whose lengths are not those of the answer.

    A kind with `in_parts` may be asked for by several questions that take its lengths together.
    """
    low, high = kind.digits or (number.low, number.high)
    together = [other for other in same_value if low <= other.low and other.high <= high] if kind.in_parts else [number]
    taken = {digits for other in together for digits in range(other.low, other.high + 1)}
    if number.low < low or number.high > high or (taken != set(range(low, high + 1)) and number is same_value[0]):
        report.add(
            place,
            f'"{number.save}" is {kind.name}, which has {length_in_words(low, high)}, and not {number.length}: '
            f"{_digits_field(low, high)} is what it takes",
        )


def _digits_field(low: int, high: int) -> str:
    return f"digits: {{exactly: {low}}}" if low == high else f"digits: {{min: {low}, max: {high}}}"


def secret_values(flows: Flows) -> set[str]:
    """Return the names of the values that some question keeps as a secret."""
    return {number.save for _, number in _number_questions(flows) if number.secret}


def _check_secrets(flows: Flows, actions: Actions, report: Report) -> None:
    """Report secrets that are handled differently in two places, or that no action forgets."""
    secrets = secret_values(flows)
    dropped = {name for spec in actions.values() for name in spec.forgets}
    provided = known_values(flows, actions)
    for question, number in _number_questions(flows):
        if number.save not in secrets:
            continue
        if not number.secret or number.save in provided:
            report.add(question.at("save"), f'"{number.save}" is secret in one place and not in another')
        elif not number.card and number.save not in dropped:
            report.add(
                question.at("save"), f'the secret "{number.save}" would be kept: no action says that it forgets it'
            )


def _number_questions(flows: Flows) -> list[tuple[State, Number]]:
    """Return the questions for a number that have no problem of their own."""
    all_with_flaws = ((flows.flows[flow].flawed, state) for (flow, _), state in all_states(flows))
    return [(state, state.number) for flawed, state in all_with_flaws if state.number and state.name not in flawed]
