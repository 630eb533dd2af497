"""Checks that prompts say what actions find out. A value left out in every language would be noticed by nobody else.

Each phrase and each choice must speak every value that it is given; what an action promises to tell (`tells`) must be
spoken before the next question or action; and every value that can be spoken must be in some prompt. The facts of an
order that a caller agrees to are checked in `facts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.errors import Place, Report
from ivr.flow.definition import LIST, OPAQUE, Actions, Flows
from ivr.flow.graph import all_states
from ivr.flow.parts import Target
from ivr.flow.states import State
from ivr.prompts import PHRASE, Catalogues

PhraseValues = Mapping[str, str]
"""The values that a phrase or a choice is given: name -> kind."""


def check_dropped_values(flows: Flows, catalogues: Catalogues, actions: Actions, report: Report) -> None:
    """Report each value that callers should hear and that no prompt says in any language."""
    for name, given in {**_phrase_values(actions), **_choice_values(flows, actions)}.items():
        spoken = _values_spoken(catalogues, name)
        if spoken is None or spoken - given.keys() - {"key"}:  # it speaks values it is not given: reported by `prompts`
            continue
        for value in sorted(given.keys() - spoken):
            report.add(
                _place(catalogues, name),
                f'"{name}" does not say {{{value}:{given[value]}}} in any language, which callers need to hear: put it back',
            )
    reported: set[str] = set()
    for do, outcome, value in _untold_outcome_values(flows, catalogues, actions):
        reported.add(value)
        report.add(
            do.outcomes[outcome].place,
            f'callers are not told {{{value}}} when "{do.action}" comes to "{outcome}": put it back into the words that '
            "this leads to",
        )
    for place, value, action in _unspoken_values(flows, catalogues, actions, reported):
        report.add(
            place,
            f'no prompt says {{{value}}}, which "{action}" finds out for callers to hear: put it back where it was',
        )


def _phrase_values(actions: Actions) -> dict[str, PhraseValues]:
    """Return the phrases that are not part of facts, each with the values that it is given in every use."""
    facts = _parts_of_facts(actions)
    values_of: dict[str, PhraseValues] = {}
    for phrases in (
        phrases_of for spec in actions.values() for value, phrases_of in spec.phrases.items() if value not in facts
    ):
        for name, given in phrases.items():
            always_given = values_of.get(name, given)
            values_of[name] = {value: kind for value, kind in given.items() if value in always_given}
    return values_of


def _parts_of_facts(actions: Actions) -> set[str]:
    """Return the names of all facts, and of the values inside those that are phrases, at any depth."""
    names = [fact for spec in actions.values() for fact in spec.facts]
    for name in names:  # the list grows during the loop
        givens = (given for spec in actions.values() for given in spec.phrases.get(name, {}).values())
        names += [value for given in givens for value, kind in given.items() if kind == PHRASE and value not in names]
    return set(names)


def _choice_values(flows: Flows, actions: Actions) -> dict[str, PhraseValues]:
    lists = {name: items.values for spec in actions.values() for name, items in spec.items.items()}
    return {
        state.choices.option: lists[state.choices.of]
        for _, state in all_states(flows)
        if state.choices and state.choices.of in lists
    }


def _untold_outcome_values(flows: Flows, catalogues: Catalogues, actions: Actions) -> Iterator[tuple[State, str, str]]:
    """Yield (state, outcome, value) for each value that an action promises to tell with an outcome, and no prompt says.

    Only the prompts between the action and the next question or action count.
    """
    for (flow, _), state in all_states(flows):
        spec = actions.get(state.action)
        if spec is None:
            continue
        for outcome in sorted(spec.tells.keys() & state.outcomes.keys()):
            names = list(_prompts_spoken_next(flows.flows[flow].states, state.outcomes[outcome]))
            spoken = frozenset().union(*(_values_spoken(catalogues, name) or frozenset() for name in names))
            for value in sorted(spec.tells[outcome] - spoken) if names else ():
                yield state, outcome, value


def _prompts_spoken_next(states: Mapping[str, State], target: Target) -> Iterator[str]:
    """Yield the prompts spoken on the way to a target and in its state; after a statement, also what follows it."""
    seen: set[str] = set()
    while True:
        if target.say:
            yield target.say
        state = states.get(target.state)
        if state is None or state.name in seen or state.action:
            return
        seen.add(state.name)
        yield from (name for name in (state.first, state.prompt) if name)
        if state.ends_turn or state.next is None:
            return
        target = state.next


def _unspoken_values(
    flows: Flows, catalogues: Catalogues, actions: Actions, reported: set[str]
) -> Iterator[tuple[Place, str, str]]:
    """Yield (place, value, action) for values that an action writes to be spoken and no prompt speaks."""
    states = [state for _, state in all_states(flows)]
    names = {use.name for state in states for use in state.prompts()}
    spoken = frozenset().union(*(_values_spoken(catalogues, name) or frozenset() for name in names))
    for state in states:
        spec = actions.get(state.action)
        for written in spec.outcomes.values() if spec else ():
            for value, kind in written.items():
                if kind not in (OPAQUE, LIST) and value not in spoken | reported:
                    reported.add(value)
                    yield state.place, value, state.action


def _values_spoken(catalogues: Catalogues, name: str) -> frozenset[str] | None:
    """Return the values that a prompt speaks in any language; None when there is no such prompt."""
    prompts = [c.prompts[name] for c in catalogues.by_language.values() if name in c.prompts]
    return frozenset().union(*(prompt.values for prompt in prompts)) if prompts else None


def _place(catalogues: Catalogues, name: str) -> Place:
    prompt = catalogues.prompt(name)
    return (prompt.say.place or prompt.place) if prompt else Place("prompts")
