"""How the flows use prompts: which are spoken at all, and which keys each question takes."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.checks.prompts import line_prompts
from ivr.flow.definition import ActionSpec, Flows
from ivr.flow.graph import all_states
from ivr.flow.parts import PERSON_OFFER, PERSON_OFFERS


def used_prompts(flows: Flows, actions: Mapping[str, ActionSpec]) -> frozenset[str]:
    """Return the prompts that states, choices and actions speak."""
    states = [state for _, state in all_states(flows)]
    spoken = {use.name for state in states for use in state.prompts()}
    options = {state.choices.option for state in states if state.choices}
    phrases = {name for spec in actions.values() for known in spec.phrases.values() for name in known}
    return frozenset(spoken | options | phrases | line_prompts(flows))


def phrases_of(actions: Mapping[str, ActionSpec]) -> Mapping[str, frozenset[str]]:
    """Return the prompts that each value of kind `phrase` may be, whichever action writes it."""
    found: dict[str, frozenset[str]] = {PERSON_OFFER: frozenset({PERSON_OFFERS["menu"]})}
    for spec in actions.values():
        for value, phrases in spec.phrases.items():
            found[value] = found.get(value, frozenset()) | frozenset(phrases)
    return found


def used_languages(flows: Flows) -> frozenset[str]:
    """Return the languages that a call can be in: its first, and those a key or an outcome sets."""
    targets = (target for flow in flows.flows.values() for target in flow.targets)
    sets = {target.sets["language"] for target in targets if "language" in target.sets}
    return frozenset(sets | set(flows.line.languages.values()) | set(flows.languages[:1]))
