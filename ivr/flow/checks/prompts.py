"""Whether every prompt that the flows speak is there, with values that something provides, of the right kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.errors import Place, Report, did_you_mean
from ivr.flow.definition import OPAQUE, Actions, AnswerKind, Flows
from ivr.flow.graph import all_states
from ivr.flow.parts import PERSON_OFFER, PERSON_OFFERS, Number, length_in_words
from ivr.flow.states import State
from ivr.flow.states.base import Role
from ivr.prompts import PHRASE, Catalogues, Prompt
from ivr.prompts.lint.keys import keys_of
from ivr.prompts.lint.speech import SPEECHES

_ALIKE = {"date", "full_date"}


def check_prompts(
    flows: Flows,
    catalogues: Catalogues,
    actions: Actions,
    report: Report,
    *,
    are_sound: bool = True,
) -> None:
    """Note every prompt that is missing, and every value that cannot be spoken."""
    prompts = _Prompts(catalogues, report, frozenset(name.partition(".")[0] for name in catalogues.names))
    _check_answers(flows, actions, report)
    secrets = _check_secrets(flows, actions, report)
    kinds = known_values(flows, actions)
    for _, state in all_states(flows):
        for use in state.prompts():
            prompt = prompts.find(use.name, use.place, f'there is no prompt "{use.name}"')
            if prompt is None:
                continue
            is_question = use.role is Role.QUESTION
            if is_question and not (prompt.silence and prompt.wrong):
                report.add(
                    prompt.place, f'prompt "{use.name}" asks something: it needs words for "silence" and for "wrong"'
                )
            if is_question:
                _check_helps(state, use.name, catalogues, report)
            here = {**kinds, "options": {PHRASE}} if state.choices else kinds
            if are_sound:  # else what provides it may be what could not be read
                _check_values(use.place, prompt, here, secrets, report)
        _check_option(state, prompts, actions)
    _check_phrases(flows, prompts, actions)
    for name in line_prompts(flows):
        prompt = prompts.find(name, _of_line(flows, name), f'there is no prompt "{name}", which any question may speak')
        if prompt:
            _check_given(prompt, {}, "a question", report)


def _check_helps(state: State, name: str, catalogues: Catalogues, report: Report) -> None:
    """Words after silence or a wrong key hold every fact that the first words held, and leave a person to the line."""
    own_zero = "0" in state.keys
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
            if not own_zero and language in SPEECHES and "0" in keys_of(words, SPEECHES[language]):
                report.add(
                    place,
                    f'"{PERSON_OFFERS["menu"]}" speaks of the key 0 by itself, where a person can be had; leave it out',
                )


def line_prompts(flows: Flows) -> frozenset[str]:
    """Return the prompts that any question may speak: those that offer a person, and say why it was given up."""
    keys = {"menu": flows.line.menu_keys, "ask": flows.line.ask_keys}
    offers = {name for kind, name in PERSON_OFFERS.items() if "0" in keys[kind]}
    return frozenset(offers | set(flows.line.gives_up.values()))


def _of_line(flows: Flows, prompt: str) -> Place:
    """Return where the line names a prompt that any question may speak."""
    reasons = (f"gives_up.{reason}" for reason, named in flows.line.gives_up.items() if named == prompt)
    return flows.line.at(*reasons, "menu_keys.0", "ask_keys.0")


def known_values(flows: Flows, actions: Actions) -> dict[str, set[str]]:
    """Return every value that something in the flows provides, with its kinds."""
    kinds: dict[str, set[str]] = {PERSON_OFFER: {PHRASE}}
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


@dataclass(frozen=True, slots=True)
class _Prompts:
    """Finds prompts, and notes those that are missing."""

    catalogues: Catalogues
    report: Report
    subjects: frozenset[str]
    missing: set[str] = field(default_factory=set)
    """Subjects that no language has, which were told."""

    def find(self, name: str, place: Place, missing: str) -> Prompt | None:
        """Return a prompt; None for one that is missing or has a problem, which is told once."""
        prompt = self.catalogues.prompt(name)
        subject = name.partition(".")[0]
        if name in self.catalogues.flawed or subject in self.catalogues.flawed:
            return None
        if prompt is None and subject not in self.subjects:
            if subject not in self.missing:
                known = did_you_mean(subject, self.subjects)
                self.report.add(place, f'{missing}, for no file of prompts is called "{subject}"{known}')
            self.missing.add(subject)
        elif prompt is None:
            self.report.add(place, f"{missing}{did_you_mean(name, self.catalogues.names)}")
        return prompt


def _asks(flows: Flows) -> list[tuple[State, Number]]:
    """Return the questions for a number that have no problem of their own."""
    found = ((flows.flows[flow].flawed, state) for (flow, _), state in all_states(flows))
    return [(state, state.number) for flawed, state in found if state.number and state.name not in flawed]


def _check_answers(flows: Flows, actions: Actions, report: Report) -> None:
    """An answer is as secret, and as long, as the kind of thing that the actions take it for."""
    kinds = [(name, kind) for spec in actions.values() for name, kind in spec.answers.items()]
    asks = _asks(flows)
    for ask, number in asks:
        taken_for = [kind for name, kind in kinds if name == number.save]
        card = next((kind for kind in taken_for if kind.card), None)
        secret = next((kind for kind in taken_for if kind.secret), None)
        if card and not number.card:
            report.add(ask.at("save"), f'"{number.save}" is {card.name}, which is card data: it needs "card: true"')
        elif secret and not number.secret:
            report.add(ask.at("save"), f'"{number.save}" is {secret.name}, which is secret: it needs "secret: true"')
        alike = [other for _, other in asks if other.save == number.save]
        for kind in taken_for[:1]:
            _check_length(ask.at("digits"), number, alike, kind, report)


def _check_length(place: Place, number: Number, alike: list[Number], kind: AnswerKind, report: Report) -> None:
    """A question takes every length that its answer has; where it may be one of several, they do together."""
    low, high = kind.digits or (number.low, number.high)
    together = [other for other in alike if low <= other.low and other.high <= high] if kind.in_parts else [number]
    taken = {digits for other in together for digits in range(other.low, other.high + 1)}
    if number.low < low or number.high > high or (taken != set(range(low, high + 1)) and number is alike[0]):
        report.add(
            place,
            f'"{number.save}" is {kind.name}, which has {length_in_words(low, high)}, and not {number.length}: '
            f"{_as_digits(low, high)} is what it takes",
        )


def _as_digits(low: int, high: int) -> str:
    return f"digits: {{exactly: {low}}}" if low == high else f"digits: {{min: {low}, max: {high}}}"


def _check_secrets(flows: Flows, actions: Actions, report: Report) -> set[str]:
    """A secret is a secret wherever it is asked for, and what is not card data is dropped by an action."""
    asks = _asks(flows)
    secrets = {number.save for _, number in asks if number.secret}
    dropped = {name for spec in actions.values() for name in spec.forgets}
    provided = known_values(flows, actions)
    for ask, number in asks:
        if number.save not in secrets:
            continue
        if not number.secret or number.save in provided:
            report.add(ask.at("save"), f'"{number.save}" is secret in one place and not in another')
        elif not number.card and number.save not in dropped:
            report.add(ask.at("save"), f'the secret "{number.save}" would be kept: no action says that it forgets it')
    return secrets


def _check_values(
    place: Place, prompt: Prompt, known: Mapping[str, set[str]], secrets: set[str], report: Report
) -> None:
    for name, kind in prompt.values.items():
        if name in secrets:
            report.add(prompt.at(name), f'prompt "{prompt.name}" speaks "{name}", which is secret')
        elif name not in known:
            hint = did_you_mean(name, known)
            report.add(place, f'prompt "{prompt.name}" speaks "{name}", which nothing in the flows provides{hint}')
        else:
            _check_kind(prompt, name, kind, known[name], report)


def _check_kind(prompt: Prompt, name: str, kind: str, known: set[str], report: Report) -> None:
    if kind not in known and not (kind in _ALIKE and _ALIKE & known):
        found = " and ".join(sorted(known))
        report.add(prompt.at(name), f'prompt "{prompt.name}" speaks "{name}" as {kind}, but it is {found}')


def _check_given(prompt: Prompt, given: Mapping[str, str], whose: str, report: Report) -> None:
    """Hold a prompt against the only values it is given."""
    for name, kind in prompt.values.items():
        if name in given:
            _check_kind(prompt, name, kind, {given[name]}, report)
        else:
            hint = did_you_mean(name, given)
            report.add(prompt.at(name), f'prompt "{prompt.name}" speaks "{name}", which {whose} does not provide{hint}')


def _check_option(menu: State, prompts: _Prompts, actions: Actions) -> None:
    lists = {name: items for spec in actions.values() for name, items in spec.items.items()}
    if menu.choices is None or menu.choices.of not in lists:
        return
    prompt = prompts.find(menu.choices.option, menu.choices.at("option"), f'there is no prompt "{menu.choices.option}"')
    if prompt:
        given = {**lists[menu.choices.of].values, "key": "digits"}
        _check_given(prompt, given, f'the choices "{menu.choices.of}"', prompts.report)


def _check_phrases(flows: Flows, prompts: _Prompts, actions: Actions) -> None:
    """Actions hand over prompts as values: they are there, and speak only what they are given."""
    looked_at: dict[str, list[Mapping[str, str]]] = {}
    phrases = [(action, phrases) for action, spec in actions.items() for phrases in spec.phrases.values()]
    for action, name, given in ((action, *phrase) for action, known in phrases for phrase in known.items()):
        if given in looked_at.setdefault(name, []):
            continue
        looked_at[name].append(given)
        missing = f'action "{action}" speaks the prompt "{name}", which does not exist'
        prompt = prompts.find(name, flows.line.place, missing)
        if prompt:
            _check_given(prompt, given, f'the action "{action}"', prompts.report)
