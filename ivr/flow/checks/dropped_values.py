"""Whether callers are told what the actions find out: a value that is dropped in every language is missed by nobody else.

Each phrase and each choice speaks all that it is given, and every value that can be spoken is spoken by some prompt.
What a yes is to is proved apart, in `facts`.
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


def check_dropped_values(flows: Flows, catalogues: Catalogues, actions: Actions, report: Report) -> None:
    """Note each value that some prompt should tell, and none does in any language."""
    for name, given in {**_phrases(actions), **_choices(flows, actions)}.items():
        spoken = _spoken(catalogues, name)
        if spoken is None or spoken - given.keys() - {"key"}:  # renamed: told of elsewhere
            continue
        for value in sorted(given.keys() - spoken):
            report.add(
                _place(catalogues, name),
                f'"{name}" does not say {{{value}:{given[value]}}} in any language, which callers need to hear: put it back',
            )
    reported: set[str] = set()
    for do, outcome, value in _not_told(flows, catalogues, actions):
        reported.add(value)
        report.add(
            do.outcomes[outcome].place,
            f'callers are not told {{{value}}} when "{do.action}" comes to "{outcome}": put it back into the words that '
            "this leads to",
        )
    for place, value, action in _never_spoken(flows, catalogues, actions, reported):
        report.add(
            place,
            f'no prompt says {{{value}}}, which "{action}" finds out for callers to hear: put it back where it was',
        )


def _phrases(actions: Actions) -> dict[str, PhraseValues]:
    """Return the phrases outside of what a yes is to, each with what it is always given."""
    facts = _parts_of_facts(actions)
    found: dict[str, PhraseValues] = {}
    for phrases in (known for spec in actions.values() for value, known in spec.phrases.items() if value not in facts):
        for name, given in phrases.items():
            before = found.get(name, given)
            found[name] = {value: kind for value, kind in given.items() if value in before}
    return found


def _parts_of_facts(actions: Actions) -> set[str]:
    """Return the facts that are agreed to, and the values inside of these at any depth."""
    found = [fact for spec in actions.values() for fact in spec.facts]
    for name in found:  # grows while it is gone through
        inside = (given for spec in actions.values() for given in spec.phrases.get(name, {}).values())
        found += [value for given in inside for value, kind in given.items() if kind == PHRASE and value not in found]
    return set(found)


def _choices(flows: Flows, actions: Actions) -> dict[str, PhraseValues]:
    lists = {name: items.values for spec in actions.values() for name, items in spec.items.items()}
    return {
        state.choices.option: lists[state.choices.of]
        for _, state in all_states(flows)
        if state.choices and state.choices.of in lists
    }


def _not_told(flows: Flows, catalogues: Catalogues, actions: Actions) -> Iterator[tuple[State, str, str]]:
    """Yield what an action says that callers are told, and no prompt tells on the way to the next question or action."""
    for (flow, _), state in all_states(flows):
        spec = actions.get(state.action)
        if spec is None:
            continue
        for outcome in sorted(spec.tells.keys() & state.outcomes.keys()):
            names = list(_said_next(flows.flows[flow].states, state.outcomes[outcome]))
            spoken = frozenset().union(*(_spoken(catalogues, name) or frozenset() for name in names))
            for value in sorted(spec.tells[outcome] - spoken) if names else ():
                yield state, outcome, value


def _said_next(states: Mapping[str, State], target: Target) -> Iterator[str]:
    """Yield the prompts that are said on a way and in the state it leads to; after a statement, also what follows."""
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


def _never_spoken(
    flows: Flows, catalogues: Catalogues, actions: Actions, reported: set[str]
) -> Iterator[tuple[Place, str, str]]:
    """Yield each value that an action writes to be spoken and no prompt of the flows speaks, with the first such state."""
    states = [state for _, state in all_states(flows)]
    names = {use.name for state in states for use in state.prompts()}
    spoken = frozenset().union(*(_spoken(catalogues, name) or frozenset() for name in names))
    for state in states:
        spec = actions.get(state.action)
        for written in spec.outcomes.values() if spec else ():
            for value, kind in written.items():
                if kind not in (OPAQUE, LIST) and value not in spoken | reported:
                    reported.add(value)
                    yield state.place, value, state.action


def _spoken(catalogues: Catalogues, name: str) -> frozenset[str] | None:
    """Return the values that a prompt speaks in some language; None where it is not there, which is told elsewhere."""
    prompts = [c.prompts[name] for c in catalogues.by_language.values() if name in c.prompts]
    return frozenset().union(*(prompt.values for prompt in prompts)) if prompts else None


def _place(catalogues: Catalogues, name: str) -> Place:
    prompt = catalogues.prompt(name)
    return (prompt.say.place or prompt.place) if prompt else Place("prompts")
