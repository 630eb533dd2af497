"""Checks flows, prompts and actions against one another. Problems go to a report, each with its place.

Names are checked first: that each one exists, and that every outcome is handled. When all names lead somewhere, the
flows form one graph of states, and what must be true of every call is proved on it; a proof that fails is reported with
a path that shows it.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from ivr.errors import Place, Report, did_you_mean
from ivr.flow.checks.answers import check_answers
from ivr.flow.checks.prompts import check_prompts
from ivr.flow.checks.proofs import check_proofs
from ivr.flow.checks.turn_length import check_turn_length
from ivr.flow.checks.values import check_values
from ivr.flow.definition import MOST_AT_ONCE, Actions, Flow, Flows
from ivr.flow.graph import Graph, TangledError, all_states, shortest_cycle
from ivr.flow.parts import REPEAT, Target
from ivr.flow.states import State
from ivr.keypad import STAR_AGAIN, key_name
from ivr.languages import LANGUAGES, reviewed_languages
from ivr.prompts import Catalogues


@dataclass(frozen=True, slots=True)
class ReadCleanly:
    """Whether all flows, and all words, were read without problems.

    What was not is checked only as far as makes sense.
    """

    flows: bool = True
    words: bool = True


def check_flows(
    flows: Flows, catalogues: Catalogues, actions: Actions, report: Report, read_cleanly: ReadCleanly
) -> None:
    """Report every problem. The graph is built only when every name leads somewhere."""
    count_before = len(report.problems)
    for flow in flows.flows.values():
        _check_names(flow, flows, actions, report)
    _check_line(flows, report)
    _check_flow_names(flows, report)
    check_answers(flows, actions, report)
    check_prompts(flows, catalogues, actions, report, are_sound=read_cleanly.flows)
    if not read_cleanly.flows or len(report.problems) > count_before or _runs_itself(flows, report):
        return
    try:
        graph = Graph(flows)
    except TangledError as error:
        report.add(flows.line.place, str(error))
        return
    check_proofs(graph, catalogues, actions, report, words_are_sound=read_cleanly.words)
    check_values(graph, catalogues, actions, report)
    check_turn_length(graph, actions, report)


def _check_names(flow: Flow, flows: Flows, actions: Actions, report: Report) -> None:
    """Report names in a flow that do not exist, and outcomes that are not handled."""
    _check_states(flow, report)
    for state in flow.states.values():
        for label, target in state.transitions():
            _check_target(flow, state, label, target, flows.languages, report)
            _check_sets(target, flows, actions, report)
        if state.name in flow.flawed:  # what seems to be missing may be what could not be read
            continue
        if state.action:
            _check_action(state, actions, report)
        run = flows.flows.get(state.runs)
        if run and _is_sound(run):
            _check_handled(state, run.ends, f'flow "{state.runs}"', report)
        _check_choices(state, actions, report)


def _check_flow_names(flows: Flows, report: Report) -> None:
    """Report each name of a flow that does not exist, once.

    The place is the first use of the name, or the flow whose file has the name and whose `flow:` has another.
    """
    missing: dict[str, list[tuple[Place, str]]] = {}
    for place, name, user in _uses_of_flows(flows):
        if name and name != REPEAT and name not in flows.flows:
            missing.setdefault(name, []).append((place, user))
    for name, uses in missing.items():
        misnamed = next((flow for flow in flows.flows.values() if PurePath(flow.place.file).stem == name), None)
        if misnamed:
            message = f'this flow is called "{misnamed.name}", but "{name}" is run, after which its file is called'
            report.add(misnamed.at("flow"), message)
            continue
        (place, user), *other_uses = uses
        more_uses = f", and {_and_other_places(len(other_uses))}" if other_uses else ""
        hint = did_you_mean(name, [*flows.flows, REPEAT])
        report.add(place, f'{user}flow "{name}"{", which" if user else ""} does not exist{more_uses}{hint}')


def _and_other_places(number: int) -> str:
    return "another place names it too" if number == 1 else f"{number} other places name it too"


def _uses_of_flows(flows: Flows) -> Iterator[tuple[Place, str, str]]:
    """Yield each use of a flow's name: its place, the name, and the words for who runs it ("" for the line)."""
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
    """Tell whether a flow was read in full, so that its ends are known."""
    targets = {target.state for target in flow.targets} - {""}
    return flow.whole and not flow.flawed and targets <= flow.names


def _check_states(flow: Flow, report: Report) -> None:
    """Report each name of a state that does not exist, once.

    The place is the state that seems to be misspelt, or the first use of the name.
    """
    all_uses = [
        (target.at("next"), target.state, f'state "{state.name}" goes to')
        for state in flow.states.values()
        for _, target in state.transitions()
    ]
    all_uses.append((flow.at("start"), flow.start, f'flow "{flow.name}" starts at'))
    uses: dict[str, list[tuple[Place, str]]] = {}
    for place, name, user in all_uses:
        if name and name not in flow.names and flow.whole:
            uses.setdefault(name, []).append((place, user))
    unused = flow.names - {name for _, name, _ in all_uses}
    without_a_match = [name for name in uses if not difflib.get_close_matches(name, flow.names, n=1)]
    for name, ((place, user), *other_uses) in uses.items():
        close_match = difflib.get_close_matches(name, unused, n=1)
        if close_match and other_uses and close_match[0] in flow.states:
            message = (
                f'nothing leads to the state "{close_match[0]}"; is it the "{name}" that {len(other_uses) + 1} lead to?'
            )
            report.add(flow.states[close_match[0]].place, message)
        elif name not in without_a_match[1:]:
            more_uses = f", and {_and_other_places(len(other_uses))}" if other_uses else ""
            also = " and ".join(f'"{other}"' for other in without_a_match[1:])
            all_missing = f"; missing too: {also}; was a part of the file lost?"
            hint = all_missing if name in without_a_match and also else f"{more_uses}{did_you_mean(name, flow.names)}"
            report.add(place, f'{user} "{name}", which does not exist{hint}')


def _check_target(
    flow: Flow, state: State, label: str, target: Target, languages: tuple[str, ...], report: Report
) -> None:
    """Report a target that counts a try at no question, confirms by no digit, or sets a language without prompts."""
    if target.counts:
        targets = {target.state for target in flow.targets}
        is_reported = target.counts in flow.flawed or target.counts in targets - flow.names
        questions = [name for name, other_state in flow.states.items() if other_state.is_question]
        if not is_reported and target.counts not in questions:
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
    """Report a value that is set although nothing uses it, or set to what its user does not take."""
    if not target.sets:
        return
    taken = {name for spec in actions.values() for name in spec.takes}
    used = taken.union(*(spec.reads for spec in actions.values()), *flows.prompt_values.values())
    for name, value in target.sets.items():
        allowed = frozenset().union(*(spec.takes.get(name, frozenset()) for spec in actions.values()))
        if name not in used | {"language"}:
            hint = did_you_mean(name, taken | {"language"})
            report.add(target.at(f"sets.{name}"), f'nothing uses "{name}", which is set to "{value}" here{hint}')
        elif allowed and value not in allowed:
            choices = ", ".join(f'"{choice}"' for choice in sorted(allowed))
            report.add(
                target.at(f"sets.{name}"),
                f'"{name}" is one of {choices}, found "{value}"{did_you_mean(value, allowed)}',
            )


def _check_action(state: State, actions: Actions, report: Report) -> None:
    if state.action not in actions:
        report.add(state.at("do"), f'there is no action "{state.action}"{did_you_mean(state.action, actions)}')
    else:
        _check_handled(state, actions[state.action].outcomes, f'action "{state.action}"', report)


def _check_handled(state: State, expected: Collection[str], owner: str, report: Report) -> None:
    """Report outcomes in `expected` that a state does not handle, and those it handles that do not exist."""
    handled, outcome_word = state.outcomes, state.outcome_word
    for name in sorted(set(expected) - set(handled)):
        report.add(state.place, f'state "{state.name}" does not handle the {outcome_word} "{name}" of {owner}')
    for name in handled:
        if name not in expected:
            report.add(
                state.at(f"outcomes.{name}", f"ends.{name}"),
                f'{owner} has no {outcome_word} "{name}"{did_you_mean(name, expected)}',
            )


def _check_choices(menu: State, actions: Actions, report: Report) -> None:
    """Report choices that no action provides, that are too many, or whose keys the menu uses itself."""
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
    """Report settings of the line that cannot work.

    These are flows that must end the call but return, a star key that does not repeat, and languages without prompts.
    """
    line = flows.line
    for name in sorted({line.start, line.too_many, line.too_long} & set(flows.flows)):
        for end, place in _places_of_ends(flows.flows[name]).items():
            report.add(place, f'flow "{name}" must end the call itself, but has the end "{end}"')
    for name, keys, where in (
        ("menu_keys", line.menu_keys, "in a menu"),
        ("ask_keys", line.ask_keys, "in the middle of a number"),
    ):
        if name in line.places and "*" not in keys:
            report.add(line.at(name), f"{name} should say what star does {where}")
        elif name in line.places and keys["*"] != REPEAT:  # the last help of every question says so
            report.add(
                line.at(f"{name}.star"), f'star should "{REPEAT}" {where}, as the words say of it; found "{keys["*"]}"'
            )
        if keys.get(STAR_AGAIN) == REPEAT:
            report.add(
                line.at(f"{name}.star_again"),
                f'star "{REPEAT}" is what star does anyway; name the flow that star again runs',
            )
    for number, language in line.languages.items():
        if language and language not in flows.languages:
            hint = did_you_mean(language, flows.languages)
            message = f'calls to "{number}" begin in "{language}", which no prompts are written in{hint}'
            report.add(line.at(f"languages.{number}"), message)
        elif number == "default" and not reviewed_languages([language]):
            message = f'calls begin in "{language}", a draft that only calls from this machine hear: name another'
            report.add(line.at("languages.default"), message)
    if flows.languages and not reviewed_languages(flows.languages):
        drafts = " and ".join(LANGUAGES[tag].title for tag in flows.languages)
        report.add(line.place, f"callers would hear nothing: {drafts} can only be heard from this machine, as a draft")


def _places_of_ends(flow: Flow) -> dict[str, Place]:
    """Return the ends of a flow, each with the first place that leads to it."""
    places: dict[str, Place] = {}
    for target in (target for target in flow.targets if target.end):
        places.setdefault(target.end, target.at("end"))
    return places


def _runs_itself(flows: Flows, report: Report) -> bool:
    """Report each circle of flows that run one another, once; return whether there is one.

    Such a flow would go ever deeper.
    """
    runs = {flow.name: [state.runs for state in flow.states.values() if state.runs] for flow in flows.flows.values()}
    cycles: dict[frozenset[str], tuple[str, ...]] = {}
    for name in runs:
        cycle = shortest_cycle(name, lambda flow: ((run, run) for run in runs[flow]))
        if cycle:
            cycles.setdefault(frozenset(cycle), (name, *cycle))
    for cycle in cycles.values():
        report.add(
            _place_of_run(flows.flows[cycle[0]], cycle[1]), f'flow "{cycle[0]}" runs itself: {" → ".join(cycle)}'
        )
    return bool(cycles)


def _place_of_run(flow: Flow, name: str) -> Place:
    """Return where a flow runs another."""
    return next((state.at("run") for state in flow.states.values() if state.runs == name), flow.place)
