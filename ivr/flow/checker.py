"""What must hold of the flows, the prompts and the actions together. Problems go to a report, each at its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ivr.errors import Place, Report, did_you_mean
from ivr.flow.definition import (
    REPEAT,
    ActionSpec,
    Ask,
    Do,
    Flow,
    Flows,
    HangUp,
    Menu,
    Run,
    Say,
    State,
    Target,
    Transfer,
    ways,
)
from ivr.flow.graph import Edge, Point, edges, points, reachable
from ivr.prompts import Catalogues, Prompt

Actions = Mapping[str, ActionSpec]


def check(flows: Flows, catalogues: Catalogues, actions: Actions, report: Report) -> None:
    """Note every problem; the graph is looked at only when every name leads somewhere."""
    before = len(report.problems)
    for flow in flows.flows.values():
        _check_names(flow, flows, actions, report)
    _check_line(flows, report)
    _check_prompts(flows, catalogues, actions, report)
    if len(report.problems) == before:
        ways_on = edges(flows)
        _check_reachable(flows, ways_on, report)
        _check_silence_ends(flows, ways_on, report)
        _check_persons(flows, ways_on, report)
        _check_confirmed(flows, ways_on, actions, report)


# Names


def _check_names(flow: Flow, flows: Flows, actions: Actions, report: Report) -> None:
    if flow.start not in flow.states:
        report.add(
            flow.place,
            f'flow "{flow.name}" starts at "{flow.start}", which does not exist{did_you_mean(flow.start, flow.states)}',
        )
    for state in flow.states.values():
        for _, way in ways(state):
            _check_way(flow, state, way, report)
        match state:
            case Do():
                _check_action(state, actions, report)
            case Run() if state.flow not in flows.flows:
                report.add(
                    state.place,
                    f'state "{state.name}" runs flow "{state.flow}", which does not exist{did_you_mean(state.flow, flows.flows)}',
                )
            case Run():
                _check_handled(state, "end", state.ends, flows.flows[state.flow].ends, f'flow "{state.flow}"', report)
            case _:
                pass


def _check_way(flow: Flow, state: State, way: Target, report: Report) -> None:
    if way.state and way.state not in flow.states:
        report.add(
            way.place,
            f'state "{state.name}" goes to "{way.state}", which does not exist{did_you_mean(way.state, flow.states)}',
        )
    if way.counts and not isinstance(flow.states.get(way.counts), Menu | Ask):
        questions = [name for name, known in flow.states.items() if isinstance(known, Menu | Ask)]
        report.add(way.place, f'"{way.counts}" is no question of this flow{did_you_mean(way.counts, questions)}')


def _check_action(state: Do, actions: Actions, report: Report) -> None:
    if state.action not in actions:
        report.add(state.place, f'there is no action "{state.action}"{did_you_mean(state.action, actions)}')
    else:
        outcomes = actions[state.action].outcomes
        _check_handled(state, "outcome", state.outcomes, outcomes, f'action "{state.action}"', report)


def _check_handled(
    state: State, word: str, found: Mapping[str, Target], known: Collection[str], whose: str, report: Report
) -> None:
    for name in sorted(set(known) - set(found)):
        report.add(state.place, f'state "{state.name}" does not handle the {word} "{name}" of {whose}')
    for name in found:
        if name not in known:
            report.add(found[name].place, f'{whose} has no {word} "{name}"{did_you_mean(name, known)}')


def _check_line(flows: Flows, report: Report) -> None:
    line = flows.line
    for name in sorted({line.start} | line.interruptions):
        if name not in flows.flows:
            report.add(line.place, f'flow "{name}" does not exist{did_you_mean(name, [*flows.flows, REPEAT])}')
    for name in sorted({line.start, line.too_many, line.too_long} & set(flows.flows)):
        for end in sorted(flows.flows[name].ends):
            report.add(flows.flows[name].place, f'flow "{name}" must end the call itself, but has the end "{end}"')
    if "*" not in line.ask_keys:
        report.add(line.place, "ask_keys should say what star does in the middle of a number")


# Prompts


def _check_prompts(flows: Flows, catalogues: Catalogues, actions: Actions, report: Report) -> None:
    kinds = _known_values(flows, actions)
    for _, state in points(flows):
        for place, name, is_question in _prompts_of(state):
            prompt = catalogues.prompt(name)
            if prompt is None:
                report.add(place, f'there is no prompt "{name}"{did_you_mean(name, catalogues.names)}')
                continue
            if is_question and not (prompt.silence and prompt.wrong):
                report.add(
                    prompt.place, f'prompt "{name}" asks something: it needs words for "silence" and for "wrong"'
                )
            here = kinds | _option_values(state)
            _check_values(place, prompt, here, report)
        if isinstance(state, Menu) and state.choices:
            _check_option(state, catalogues, actions, report)
    for name in sorted({name for spec in actions.values() for phrases in spec.phrases.values() for name in phrases}):
        if catalogues.prompt(name) is None:
            report.add(
                flows.line.place,
                f'an action speaks the prompt "{name}", which does not exist{did_you_mean(name, catalogues.names)}',
            )


def _prompts_of(state: State) -> Iterator[tuple[Place, str, bool]]:
    for _, way in ways(state):
        if way.say:
            yield way.place, way.say, False
    match state:
        case Menu() | Ask():
            yield state.place, state.prompt, True
        case Say() | Transfer() | HangUp():
            yield state.place, state.prompt, False
        case Do() if state.say:
            yield state.place, state.say, False
        case _:
            pass


def _known_values(flows: Flows, actions: Actions) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {}
    for spec in actions.values():
        for written in spec.outcomes.values():
            for name, kind in written.items():
                kinds.setdefault(name, set()).add(kind)
    for _, state in points(flows):
        if isinstance(state, Ask) and not state.secret:
            kinds.setdefault(state.save, set()).add("digits")
        for _, way in ways(state):
            for name in way.sets:
                kinds.setdefault(name, set()).add("text")
    return kinds


def _option_values(state: State) -> dict[str, set[str]]:
    return {"options": {"phrase"}} if isinstance(state, Menu) and state.choices else {}


def _check_values(place: Place, prompt: Prompt, known: Mapping[str, set[str]], report: Report) -> None:
    for name, kind in prompt.values.items():
        if name not in known:
            report.add(
                place,
                f'prompt "{prompt.name}" speaks "{name}", which nothing in the flows provides{did_you_mean(name, known)}',
            )
        elif not _speakable(kind, known[name]):
            found = " and ".join(sorted(known[name]))
            report.add(prompt.place, f'prompt "{prompt.name}" speaks "{name}" as {kind}, but it is {found}')


def _speakable(kind: str, known: set[str]) -> bool:
    alike = {"date", "full_date"}
    return kind in known or (kind in alike and bool(alike & known))


def _check_option(menu: Menu, catalogues: Catalogues, actions: Actions, report: Report) -> None:
    choices = menu.choices
    lists = {name: items for spec in actions.values() for name, items in spec.items.items()}
    if choices is None:
        return
    prompt = catalogues.prompt(choices.option)
    if choices.of not in lists:
        report.add(menu.place, f'no action provides the choices "{choices.of}"{did_you_mean(choices.of, lists)}')
    elif prompt is None:
        report.add(menu.place, f'there is no prompt "{choices.option}"{did_you_mean(choices.option, catalogues.names)}')
    else:
        known = {name: {kind} for name, kind in {**lists[choices.of].values, "key": "digits"}.items()}
        _check_values(menu.place, prompt, known, report)


# The graph


def _starts(flows: Flows) -> list[Point]:
    return [(flows.line.start, flows.flows[flows.line.start].start)]


def _check_reachable(flows: Flows, ways_on: tuple[Edge, ...], report: Report) -> None:
    found = reachable(_starts(flows), ways_on)
    for flow in flows.flows.values():
        if (flow.name, flow.start) not in found:
            report.add(flow.place, f'flow "{flow.name}" is never run')
            continue
        for state in flow.states.values():
            if (flow.name, state.name) not in found:
                report.add(state.place, f'state "{state.name}" can never be reached')


def _check_silence_ends(flows: Flows, ways_on: tuple[Edge, ...], report: Report) -> None:
    """A caller who only keeps silent must come to an end: silence never leads back to the same question."""
    questions = {point: state for point, state in points(flows) if isinstance(state, Menu | Ask)}
    silent = [edge for edge in ways_on if edge.source not in questions or edge.label == "too_many"]
    for point, question in questions.items():
        onward = [edge.target for edge in silent if edge.source == point]
        if point in reachable(onward, silent):
            report.add(
                question.place,
                f'a silent caller can stay for ever at "{question.name}": its "too_many" leads back to it',
            )


def _check_persons(flows: Flows, ways_on: tuple[Edge, ...], report: Report) -> None:
    """From every question a person is within reach of a key, or of giving up."""
    persons = {point for point, state in points(flows) if isinstance(state, Transfer)}
    for point, state in points(flows):
        if isinstance(state, Menu | Ask) and not persons & reachable([point], ways_on):
            report.add(state.place, f'no key at "{state.name}" leads to a person, now or later')


def _check_confirmed(flows: Flows, ways_on: tuple[Edge, ...], actions: Actions, report: Report) -> None:
    """No order and no charge without a key that confirmed it: cut those ways, and nothing that orders is left."""
    unconfirmed = [edge for edge in ways_on if not (edge.way and edge.way.confirms)]
    found = reachable(_starts(flows), unconfirmed)
    for point, state in points(flows):
        if isinstance(state, Do) and point in found and (actions[state.action].orders or actions[state.action].charges):
            report.add(state.place, f'state "{state.name}" can be reached without a key that "confirms"')
