"""What must hold of the flows, the prompts and the actions together. Problems go to a report, each at its place.

Names come first: where everything leads, and that every outcome is handled. When all of them lead somewhere, the
flows are one graph, and what is said of all calls is proved on it; each failure is told with a way that shows it.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from ivr.errors import Place, Report, did_you_mean
from ivr.flow.checks.prompts import check_prompts
from ivr.flow.checks.proofs import check_proofs
from ivr.flow.checks.turn_length import check_turn_length
from ivr.flow.checks.values import check_values
from ivr.flow.definition import MOST_AT_ONCE, Actions, Flow, Flows
from ivr.flow.graph import Graph, TangledError, all_states, circle
from ivr.flow.parts import REPEAT, Target
from ivr.flow.states import State
from ivr.keypad import key_name
from ivr.prompts import Catalogues


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
    _check_flow_names(flows, report)
    check_prompts(flows, catalogues, actions, report, are_sound=sound.flows)
    if not sound.flows or len(report.problems) > before or _runs_itself(flows, report):
        return
    try:
        graph = Graph(flows)
    except TangledError as error:
        report.add(flows.line.place, str(error))
        return
    check_proofs(graph, catalogues, actions, report, words_are_sound=sound.words)
    check_values(graph, catalogues, actions, report)
    check_turn_length(graph, actions, report)


def _check_names(flow: Flow, flows: Flows, actions: Actions, report: Report) -> None:
    _check_states(flow, report)
    for state in flow.states.values():
        for label, target in state.transitions():
            _check_target(flow, state, label, target, flows.languages, report)
            _check_sets(target, flows, actions, report)
        if state.name in flow.flawed:  # what it lacks may be what could not be read
            continue
        if state.action:
            _check_action(state, actions, report)
        run = flows.flows.get(state.runs)
        if run and _is_sound(run):
            _check_handled(state, run.ends, f'flow "{state.runs}"', report)
        _check_choices(state, actions, report)


def _check_flow_names(flows: Flows, report: Report) -> None:
    """Tell each name of a flow that does not exist once: where it is run first, or what the flow is called that is meant."""
    missing: dict[str, list[tuple[Place, str]]] = {}
    for place, name, who in _run_from(flows):
        if name and name != REPEAT and name not in flows.flows:
            missing.setdefault(name, []).append((place, who))
    for name, uses in missing.items():
        meant = next((flow for flow in flows.flows.values() if PurePath(flow.place.file).stem == name), None)
        if meant:
            message = f'this flow is called "{meant.name}", but "{name}" is run, after which its file is called'
            report.add(meant.at("flow"), message)
            continue
        (place, who), *others = uses
        more = f", and {_others(len(others))}" if others else ""
        hint = did_you_mean(name, [*flows.flows, REPEAT])
        report.add(place, f'{who}flow "{name}"{", which" if who else ""} does not exist{more}{hint}')


def _others(number: int) -> str:
    return "another place names it too" if number == 1 else f"{number} other places name it too"


def _run_from(flows: Flows) -> Iterator[tuple[Place, str, str]]:
    """Yield each name of a flow that is run: where, and who runs it, "" for the line."""
    line = flows.line
    for word in ("start", "too_many", "too_long", "failed"):
        yield line.at(word), getattr(line, word), ""
    for word in ("menu_keys", "ask_keys"):
        for key, name in getattr(line, word).items():
            yield line.at(f"{word}.{key_name(key)}"), name, ""
    for _, state in all_states(flows):
        if state.runs:
            yield state.at("run"), state.runs, f'state "{state.name}" runs '


def _is_sound(flow: Flow) -> bool:
    """Tell whether a flow has all its states, so that it has all its ends."""
    targets = {target.state for target in flow.targets} - {""}
    return flow.whole and not flow.flawed and targets <= flow.names


def _check_states(flow: Flow, report: Report) -> None:
    """Tell each name of a state that does not exist once: at the state that is misspelt, or where it is gone to."""
    found = [
        (target.at("next"), target.state, f'state "{state.name}" goes to')
        for state in flow.states.values()
        for _, target in state.transitions()
    ]
    found.append((flow.at("start"), flow.start, f'flow "{flow.name}" starts at'))
    uses: dict[str, list[tuple[Place, str]]] = {}
    for place, name, who in found:
        if name and name not in flow.names and flow.whole:
            uses.setdefault(name, []).append((place, who))
    idle = flow.names - {name for _, name, _ in found}
    lost = [name for name in uses if not difflib.get_close_matches(name, flow.names, n=1)]
    for name, ((place, who), *others) in uses.items():
        meant = difflib.get_close_matches(name, idle, n=1)
        if meant and others and meant[0] in flow.states:
            message = f'nothing leads to the state "{meant[0]}"; is it the "{name}" that {len(others) + 1} lead to?'
            report.add(flow.states[meant[0]].place, message)
        elif name not in lost[1:]:
            more = f", and {_others(len(others))}" if others else ""
            also = " and ".join(f'"{one}"' for one in lost[1:])
            gone = f"; missing too: {also}; was a part of the file lost?"
            hint = gone if name in lost and also else f"{more}{did_you_mean(name, flow.names)}"
            report.add(place, f'{who} "{name}", which does not exist{hint}')


def _check_target(
    flow: Flow, state: State, label: str, target: Target, languages: tuple[str, ...], report: Report
) -> None:
    if target.counts:
        targets = {target.state for target in flow.targets}
        is_told = target.counts in flow.flawed or target.counts in targets - flow.names
        questions = [name for name, known in flow.states.items() if known.is_question]
        if not is_told and target.counts not in questions:
            hint = did_you_mean(target.counts, questions)
            report.add(target.at("counts"), f'"{target.counts}" is no question of this flow{hint}')
    if target.confirms and label not in state.keys:
        report.add(target.at("confirms"), f'"confirms" is for a key of a menu, not for "{label}" of "{state.name}"')
    elif target.confirms and not label.isdigit():
        report.add(
            target.at("confirms"),
            f'"confirms" is for a digit, not for {key_name(label)}, which means something everywhere',
        )
    language = target.sets.get("language", "")
    if language and language not in languages:
        report.add(
            target.at("sets.language"),
            f'no prompts are written in the language "{language}"{did_you_mean(language, languages)}',
        )


def _check_sets(target: Target, flows: Flows, actions: Actions, report: Report) -> None:
    """A value that is set is one that something uses, and what that takes."""
    if not target.sets:
        return
    taken = {name for spec in actions.values() for name in spec.takes}
    used = taken.union(*(spec.reads for spec in actions.values()), *flows.prompt_values.values())
    for name, value in target.sets.items():
        known = frozenset().union(*(spec.takes.get(name, frozenset()) for spec in actions.values()))
        if name not in used | {"language"}:
            hint = did_you_mean(name, taken | {"language"})
            report.add(target.at(f"sets.{name}"), f'nothing uses "{name}", which is set to "{value}" here{hint}')
        elif known and value not in known:
            choices = ", ".join(f'"{one}"' for one in sorted(known))
            report.add(
                target.at(f"sets.{name}"),
                f'"{name}" is one of {choices}, found "{value}"{did_you_mean(value, known)}',
            )


def _check_action(state: State, actions: Actions, report: Report) -> None:
    if state.action not in actions:
        report.add(state.at("do"), f'there is no action "{state.action}"{did_you_mean(state.action, actions)}')
    else:
        _check_handled(state, actions[state.action].outcomes, f'action "{state.action}"', report)


def _check_handled(state: State, known: Collection[str], whose: str, report: Report) -> None:
    found, word = state.outcomes, state.outcome_word
    for name in sorted(set(known) - set(found)):
        report.add(state.place, f'state "{state.name}" does not handle the {word} "{name}" of {whose}')
    for name in found:
        if name not in known:
            report.add(
                state.at(f"outcomes.{name}", f"ends.{name}"),
                f'{whose} has no {word} "{name}"{did_you_mean(name, known)}',
            )


def _check_choices(menu: State, actions: Actions, report: Report) -> None:
    lists = {name: items for spec in actions.values() for name, items in spec.items.items()}
    if menu.choices is None:
        return
    if menu.choices.of not in lists:
        hint = did_you_mean(menu.choices.of, lists)
        report.add(menu.choices.at("of"), f'no action provides the choices "{menu.choices.of}"{hint}')
        return
    most = lists[menu.choices.of].most
    if most > MOST_AT_ONCE:
        report.add(
            menu.choices.at("of"),
            f'"{menu.name}" may offer {most} choices; at most {MOST_AT_ONCE} can be kept in mind, and a further key '
            "should lead to the rest",
        )
    for key in sorted(menu.keys):
        if key.isdigit() and 1 <= int(key) <= most and most < len("123456789"):
            report.add(
                menu.at(f"keys.{key_name(key)}"),
                f'key {key} of "{menu.name}" is also that of a choice: they go up to {most}',
            )


def _check_line(flows: Flows, report: Report) -> None:
    line = flows.line
    for name in sorted({line.start, line.too_many, line.too_long} & set(flows.flows)):
        for end, place in _ends(flows.flows[name]).items():
            report.add(place, f'flow "{name}" must end the call itself, but has the end "{end}"')
    for name, keys, where in (
        ("menu_keys", line.menu_keys, "in a menu"),
        ("ask_keys", line.ask_keys, "in the middle of a number"),
    ):
        if name in line.places and "*" not in keys:
            report.add(line.at(name), f"{name} should say what star does {where}")
        elif name in line.places and keys["*"] != REPEAT:  # every last help says so
            report.add(
                line.at(f"{name}.star"), f'star should "{REPEAT}" {where}, as the words say of it; found "{keys["*"]}"'
            )
    for number, language in line.languages.items():
        if language and language not in flows.languages:
            hint = did_you_mean(language, flows.languages)
            message = f'calls to "{number}" begin in "{language}", which no prompts are written in{hint}'
            report.add(line.at(f"languages.{number}"), message)


def _ends(flow: Flow) -> dict[str, Place]:
    """Return the ends of a flow, each with the first place that leads to it."""
    found: dict[str, Place] = {}
    for target in (target for target in flow.targets if target.end):
        found.setdefault(target.end, target.at("end"))
    return found


def _runs_itself(flows: Flows, report: Report) -> bool:
    """A flow that runs itself would go ever deeper; note each circle of flows once."""
    runs = {flow.name: [state.runs for state in flow.states.values() if state.runs] for flow in flows.flows.values()}
    circles: dict[frozenset[str], tuple[str, ...]] = {}
    for name in runs:
        around = circle(name, lambda flow: ((run, run) for run in runs[flow]))
        if around:
            circles.setdefault(frozenset(around), (name, *around))
    for around in circles.values():
        report.add(_run(flows.flows[around[0]], around[1]), f'flow "{around[0]}" runs itself: {" → ".join(around)}')
    return bool(circles)


def _run(flow: Flow, name: str) -> Place:
    """Return where a flow runs another."""
    return next((state.at("run") for state in flow.states.values() if state.runs == name), flow.place)
