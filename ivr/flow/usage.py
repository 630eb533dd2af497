"""How the flows use prompts and values: which of them there are, and which languages a call can be in."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.definition import OPAQUE, Actions, Flows
from ivr.flow.graph import all_states
from ivr.flow.parts import CLOSED_OFFERS, HELP_OFFER, NOTICES, PERSON_OFFER, PERSON_OFFERS, REPEAT
from ivr.hours import ALWAYS
from ivr.keypad import STAR_AGAIN
from ivr.prompts import PHRASE


def used_prompts(flows: Flows, actions: Actions) -> frozenset[str]:
    """Return the prompts that states, choices and actions speak, and those that the line adds to questions."""
    states = [state for _, state in all_states(flows)]
    spoken = {use.name for state in states for use in state.prompts()}
    options = {state.choices.option for state in states if state.choices}
    phrases = {name for spec in actions.values() for value_phrases in spec.phrases.values() for name in value_phrases}
    return frozenset(spoken | options | phrases | line_prompts(flows) | set(CLOSED_OFFERS.values()))


def phrases_of(actions: Actions) -> Mapping[str, frozenset[str]]:
    """Return the prompts that each value of kind `phrase` may be: value -> prompts, of all actions together."""
    prompts_by_value: dict[str, frozenset[str]] = {
        PERSON_OFFER: frozenset({PERSON_OFFERS["menu"], CLOSED_OFFERS["menu"]})
    }
    for spec in actions.values():
        for value, phrases in spec.phrases.items():
            prompts_by_value[value] = prompts_by_value.get(value, frozenset()) | frozenset(phrases)
    return prompts_by_value


def used_languages(flows: Flows) -> frozenset[str]:
    """Return the languages that a call can be in: the first one, and those that a target or a called number sets."""
    targets = (target for flow in flows.flows.values() for target in flow.targets)
    set_languages = {target.sets["language"] for target in targets if "language" in target.sets}
    return frozenset(set_languages | set(flows.line.languages.values()) | set(flows.languages[:1]))


def line_prompts(flows: Flows) -> frozenset[str]:
    """Return the prompts that the line itself adds to questions: offers of a person and of help, and the reasons for giving
    up."""
    keys = {"menu": flows.line.menu_keys, "ask": flows.line.ask_keys}
    offered = (PERSON_OFFERS, CLOSED_OFFERS) if flows.hours != ALWAYS else (PERSON_OFFERS,)
    offers = {name for by_kind in offered for kind, name in by_kind.items() if "0" in keys[kind]}
    helps = {HELP_OFFER} if any(shared.get(STAR_AGAIN, REPEAT) != REPEAT for shared in keys.values()) else set()
    return frozenset(offers | helps | set(flows.line.gives_up.values()))


def known_values(flows: Flows, actions: Actions) -> dict[str, set[str]]:
    """Return every value that some part of the flows provides: name -> its kinds."""
    kinds: dict[str, set[str]] = {PERSON_OFFER: {PHRASE}, NOTICES: {"text"}}
    for spec in actions.values():
        for written in spec.outcomes.values():
            for name, kind in written.items():
                kinds.setdefault(name, set()).add(kind)
    for _, state in all_states(flows):
        if state.number and not state.number.secret:
            kinds.setdefault(state.number.save, set()).add(OPAQUE if state.number.stars else "digits")
        for _, target in state.transitions():
            for name in target.sets:
                kinds.setdefault(name, set()).add("text")
    return kinds
