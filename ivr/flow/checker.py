"""What must hold of the flows, the prompts and the actions together. Problems go to a report, each at its place.

Names come first: where everything leads, and that every outcome is handled. When all of them lead somewhere, the
flows are one graph, and what is said of all calls is proved on it; each failure is told with a way that shows it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ivr.errors import Report, did_you_mean
from ivr.flow import proofs, spoken, turns, written
from ivr.flow.definition import (
    MOST_AT_ONCE,
    REPEAT,
    ActionSpec,
    Ask,
    Do,
    Flow,
    Flows,
    Menu,
    Run,
    State,
    Target,
    ways,
)
from ivr.flow.graph import Graph, TangledError
from ivr.keypad import key_name
from ivr.prompts import Catalogues

Actions = Mapping[str, ActionSpec]


@dataclass(frozen=True, slots=True)
class Sound:
    """What was read without problems; what was not is looked at for no more than it can show."""

    flows: bool = True
    words: bool = True


def check(flows: Flows, catalogues: Catalogues, actions: Actions, report: Report, sound: Sound) -> None:
    """Note every problem; the graph is looked at only when every name leads somewhere."""
    before = len(report.problems)
    for flow in flows.flows.values():
        _check_names(flow, flows, actions, report)
    _check_line(flows, report)
    if not sound.flows:
        return
    spoken.check(flows, catalogues, actions, report, words_are_sound=sound.words)
    if len(report.problems) > before or _runs_itself(flows, report):
        return
    try:
        graph = Graph(flows)
    except TangledError as error:
        report.add(flows.line.place, str(error))
        return
    proofs.check(graph, catalogues, actions, report, words_are_sound=sound.words)
    written.check(graph, catalogues, actions, report)
    turns.check(graph, actions, report)


def _check_names(flow: Flow, flows: Flows, actions: Actions, report: Report) -> None:
    if flow.start not in flow.names:
        report.add(
            flow.place,
            f'flow "{flow.name}" starts at "{flow.start}", which does not exist{did_you_mean(flow.start, flow.names)}',
        )
    for state in flow.states.values():
        for label, way in ways(state):
            _check_way(flow, state, label, way, flows.languages, report)
        if state.name in flow.flawed:  # what it lacks may be what could not be read
            continue
        match state:
            case Do():
                _check_action(state, actions, report)
            case Run() if state.flow not in flows.flows:
                hint = did_you_mean(state.flow, flows.flows)
                report.add(state.place, f'state "{state.name}" runs flow "{state.flow}", which does not exist{hint}')
            case Run() if not flows.flows[state.flow].flawed:
                _check_handled(state, "end", state.ends, flows.flows[state.flow].ends, f'flow "{state.flow}"', report)
            case Menu():
                _check_choices(state, actions, report)
            case _:
                pass


def _check_way(flow: Flow, state: State, label: str, way: Target, languages: tuple[str, ...], report: Report) -> None:
    if way.state and way.state not in flow.names:
        hint = did_you_mean(way.state, flow.names)
        report.add(way.place, f'state "{state.name}" goes to "{way.state}", which does not exist{hint}')
    if way.counts and way.counts not in flow.flawed and not isinstance(flow.states.get(way.counts), Menu | Ask):
        questions = [name for name, known in flow.states.items() if isinstance(known, Menu | Ask)]
        report.add(way.place, f'"{way.counts}" is no question of this flow{did_you_mean(way.counts, questions)}')
    if way.confirms and not (isinstance(state, Menu) and label in state.keys):
        report.add(way.place, f'"confirms" is for a key of a menu, not for "{label}" of "{state.name}"')
    elif way.confirms and not label.isdigit():
        report.add(way.place, f'"confirms" is for a digit, not for {key_name(label)}, which means something everywhere')
    language = way.sets.get("language", "")
    if language and language not in languages:
        report.add(way.place, f'no prompts are written in the language "{language}"{did_you_mean(language, languages)}')


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


def _check_choices(menu: Menu, actions: Actions, report: Report) -> None:
    lists = {name: items for spec in actions.values() for name, items in spec.items.items()}
    if menu.choices is None:
        return
    if menu.choices.of not in lists:
        hint = did_you_mean(menu.choices.of, lists)
        report.add(menu.place, f'no action provides the choices "{menu.choices.of}"{hint}')
        return
    most = lists[menu.choices.of].most
    if most > MOST_AT_ONCE:
        report.add(
            menu.place,
            f'"{menu.name}" may offer {most} choices; at most {MOST_AT_ONCE} can be kept in mind, and a further key '
            "should lead to the rest",
        )
    for key in sorted(menu.keys):
        if key.isdigit() and 1 <= int(key) <= most and most < len("123456789"):
            report.add(
                menu.keys[key].place, f'key {key} of "{menu.name}" is also that of a choice: they go up to {most}'
            )


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
    for number, language in line.languages.items():
        if language not in flows.languages:
            hint = did_you_mean(language, flows.languages)
            report.add(line.place, f'calls to "{number}" begin in "{language}", which no prompts are written in{hint}')


def _runs_itself(flows: Flows, report: Report) -> bool:
    """A flow that runs itself would go ever deeper; note each circle of flows once."""
    runs = {
        flow.name: [state.flow for state in flow.states.values() if isinstance(state, Run)]
        for flow in flows.flows.values()
    }
    circles: dict[frozenset[str], list[str]] = {}
    for name in runs:
        circle = _way_back(name, runs)
        if circle:
            circles.setdefault(frozenset(circle), circle)
    for circle in circles.values():
        report.add(flows.flows[circle[0]].place, f'flow "{circle[0]}" runs itself: {" → ".join(circle)}')
    return bool(circles)


def _way_back(name: str, runs: Mapping[str, list[str]]) -> list[str]:
    ways_on = [[name, run] for run in runs[name]]
    seen: set[str] = set()
    for way in ways_on:  # grows while it is gone through, shortest ways first
        if way[-1] == name:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways_on.extend([*way, run] for run in runs[way[-1]])
    return []
