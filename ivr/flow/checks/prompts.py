"""Checks that every prompt the flows speak exists, and that something provides its values, of the right kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.errors import Place, Report, did_you_mean
from ivr.flow.checks.answers import secret_values
from ivr.flow.definition import Actions, Flows
from ivr.flow.graph import all_states
from ivr.flow.parts import HELP_OFFER, PERSON_OFFER, PERSON_OFFERS
from ivr.flow.states import State
from ivr.flow.states.base import PromptUse, Role
from ivr.flow.usage import known_values, line_prompts
from ivr.languages import LANGUAGES
from ivr.prompts import PHRASE, Catalogues, Prompt
from ivr.prompts.lint.keys import keys_of

_ALIKE = {"date", "full_date"}
"""Kinds that can stand in for one another: two ways to say a day."""
_AS_TEXT = {"medicine"}
"""Kinds that may also be spoken as they stand, as versions from before these kinds do."""


def check_prompts(
    flows: Flows,
    catalogues: Catalogues,
    actions: Actions,
    report: Report,
    *,
    are_sound: bool = True,
) -> None:
    """Report every prompt that is missing, and every value that cannot be spoken.

    With `are_sound=False` some flows could not be read, so a value without a source is not reported.
    """
    prompts = _Prompts(catalogues, report, frozenset(name.partition(".")[0] for name in catalogues.names))
    secrets = secret_values(flows)
    kinds = known_values(flows, actions)
    for _, state in all_states(flows):
        for use in state.prompts():
            prompt = prompts.find(use.name, use.place, f'there is no prompt "{use.name}"')
            if prompt is None:
                continue
            is_question = use.role in (Role.QUESTION, Role.CARD_STEP)
            if is_question and not (prompt.silence and prompt.wrong):
                report.add(
                    prompt.place, f'prompt "{use.name}" asks something: it needs words for "silence" and for "wrong"'
                )
            if is_question:
                _check_helps(state, use, catalogues, report)
            available = {**kinds, "options": {PHRASE}} if state.choices else kinds
            if are_sound:  # otherwise the part that could not be read may provide it
                _check_values(use.place, prompt, available, secrets, report)
        _check_option(state, prompts, actions)
    _check_phrases(flows, prompts, actions)
    for name in line_prompts(flows):
        prompt = prompts.find(
            name, _place_in_line(flows, name), f'there is no prompt "{name}", which any question may speak'
        )
        if prompt:
            _check_given(prompt, {}, "a question", report)


def _check_helps(state: State, use: PromptUse, catalogues: Catalogues, report: Report) -> None:
    """Report words after silence or a wrong key that leave out a fact of the first words, or speak of the 0 key."""
    own_zero, name = "0" in state.keys or use.role is Role.CARD_STEP, use.name
    for language, prompt in (
        (lang, c.prompts[name]) for lang, c in catalogues.by_language.items() if name in c.prompts
    ):
        facts = {slot.name for slot in prompt.say.slots} - {PERSON_OFFER}
        for words in (prompt.say, *prompt.silence, *prompt.wrong):
            place, missing = words.place or prompt.place, facts - {slot.name for slot in words.slots} - {words.by}
            if missing:
                left_out = " and ".join(f"{{{name}}}" for name in sorted(missing))
                report.add(
                    place,
                    f'"{prompt.name}" leaves out {left_out} here, which its first words tell: put it in "facts"',
                )
            if not own_zero and "0" in keys_of(words, LANGUAGES[language].speech):
                report.add(
                    place,
                    f'"{PERSON_OFFERS["menu"]}" speaks of the key 0 by itself, where a person can be had; leave it out',
                )


def _place_in_line(flows: Flows, prompt: str) -> Place:
    """Return the place where the line names one of its prompts."""
    reasons = (f"gives_up.{reason}" for reason, named in flows.line.gives_up.items() if named == prompt)
    key = "star_again" if prompt == HELP_OFFER else "0"
    return flows.line.at(*reasons, f"menu_keys.{key}", f"ask_keys.{key}")


@dataclass(frozen=True, slots=True)
class _Prompts:
    """Finds prompts, and reports those that are missing."""

    catalogues: Catalogues
    report: Report
    subjects: frozenset[str]
    """The first parts of all prompt names: `order` for `order.facts`. Each is a file of prompts."""
    missing: set[str] = field(default_factory=set)
    """Subjects that no language has and that were reported."""

    def find(self, name: str, place: Place, missing: str) -> Prompt | None:
        """Return a prompt; None when it is missing, which is reported once, or has a problem of its own."""
        prompt = self.catalogues.prompt(name)
        subject = name.partition(".")[0]
        if name in self.catalogues.flawed or subject in self.catalogues.flawed:
            return None
        if prompt is None and subject not in self.subjects:
            if subject not in self.missing:
                hint = did_you_mean(subject, self.subjects)
                self.report.add(place, f'{missing}, for no file of prompts is called "{subject}"{hint}')
            self.missing.add(subject)
        elif prompt is None:
            self.report.add(place, f"{missing}{did_you_mean(name, self.catalogues.names)}")
        return prompt


def _check_values(
    place: Place, prompt: Prompt, provided: Mapping[str, set[str]], secrets: set[str], report: Report
) -> None:
    """Report the values of a prompt that are secret, that nothing provides, or that have another kind."""
    for name, kind in prompt.values.items():
        if name in secrets:
            report.add(prompt.at(name), f'prompt "{prompt.name}" speaks "{name}", which is secret')
        elif name not in provided:
            hint = did_you_mean(name, provided)
            report.add(place, f'prompt "{prompt.name}" speaks "{name}", which nothing in the flows provides{hint}')
        else:
            _check_kind(prompt, name, kind, provided[name], report)


def _check_kind(prompt: Prompt, name: str, kind: str, kinds: set[str], report: Report) -> None:
    is_alike = (kind in _ALIKE and _ALIKE & kinds) or (kind == "text" and _AS_TEXT & kinds)
    if kind not in kinds and not is_alike:
        names = " and ".join(sorted(kinds))
        report.add(prompt.at(name), f'prompt "{prompt.name}" speaks "{name}" as {kind}, but it is {names}')


def _check_given(prompt: Prompt, given: Mapping[str, str], whose: str, report: Report) -> None:
    """Report the values of a prompt that it is not given, or given with another kind. `given` is name -> kind."""
    for name, kind in prompt.values.items():
        if name in given:
            _check_kind(prompt, name, kind, {given[name]}, report)
        else:
            hint = did_you_mean(name, given)
            report.add(prompt.at(name), f'prompt "{prompt.name}" speaks "{name}", which {whose} does not provide{hint}')


def _check_option(menu: State, prompts: _Prompts, actions: Actions) -> None:
    """Report the prompt for a menu's choices when it is missing or speaks what a choice does not have."""
    lists = {name: items for spec in actions.values() for name, items in spec.items.items()}
    if menu.choices is None or menu.choices.of not in lists:
        return
    prompt = prompts.find(menu.choices.option, menu.choices.at("option"), f'there is no prompt "{menu.choices.option}"')
    if prompt:
        given = {**lists[menu.choices.of].values, "key": "digits"}
        _check_given(prompt, given, f'the choices "{menu.choices.of}"', prompts.report)


def _check_phrases(flows: Flows, prompts: _Prompts, actions: Actions) -> None:
    """Report prompts that a flow's actions hand over as values and that are missing, or speak values they lack."""
    run = {state.action for _, state in all_states(flows)}
    checked: dict[str, list[Mapping[str, str]]] = {}
    phrases = [
        (action, phrases) for action, spec in actions.items() if action in run for phrases in spec.phrases.values()
    ]
    for action, name, given in ((action, *phrase) for action, known in phrases for phrase in known.items()):
        if given in checked.setdefault(name, []):
            continue
        checked[name].append(given)
        missing = f'action "{action}" speaks the prompt "{name}", which does not exist'
        prompt = prompts.find(name, flows.line.place, missing)
        if prompt:
            _check_given(prompt, given, f'the action "{action}"', prompts.report)
