"""How the flows use prompts: which are spoken at all, and which keys each question takes."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.definition import PERSON_OFFER, PERSON_OFFERS, ActionSpec, Flows, Menu, ways
from ivr.flow.graph import points
from ivr.flow.spoken import line_prompts, prompts_of


def used_prompts(flows: Flows, actions: Mapping[str, ActionSpec]) -> frozenset[str]:
    """Return the prompts that states, choices and actions speak."""
    states = [state for _, state in points(flows)]
    spoken = {name for state in states for _, name, _ in prompts_of(state)}
    options = {state.choices.option for state in states if isinstance(state, Menu) and state.choices}
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
    sets = {way.sets["language"] for _, state in points(flows) for _, way in ways(state) if "language" in way.sets}
    return frozenset(sets | set(flows.line.languages.values()) | set(flows.languages[:1]))
