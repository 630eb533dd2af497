"""Whether every prompt that the flows speak is there, with values that something provides, of the right kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ivr.errors import Place, Report, did_you_mean
from ivr.flow.definition import (
    KEPT,
    PERSON_OFFER,
    PERSON_OFFERS,
    ActionSpec,
    AnswerKind,
    Ask,
    Do,
    Flows,
    HangUp,
    Menu,
    Say,
    State,
    Transfer,
    ways,
)
from ivr.flow.graph import points
from ivr.prompts import PHRASE, Catalogues, Prompt
from ivr.prompts.lint.keys import keys_of
from ivr.prompts.lint.speech import SPEECHES

Actions = Mapping[str, ActionSpec]
_ALIKE = {"date", "full_date"}


def check(
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
    for _, state in points(flows):
        for place, name, is_question in prompts_of(state):
            prompt = prompts.find(name, place, f'there is no prompt "{name}"')
            if prompt is None:
                continue
            if is_question and not (prompt.silence and prompt.wrong):
                report.add(
                    prompt.place, f'prompt "{name}" asks something: it needs words for "silence" and for "wrong"'
                )
            if is_question:
                _check_helps(state, name, catalogues, report)
            here = {**kinds, "options": {PHRASE}} if isinstance(state, Menu) and state.choices else kinds
            if are_sound:  # else what provides it may be what could not be read
                _check_values(place, prompt, here, secrets, report)
        if isinstance(state, Menu) and state.choices:
            _check_option(state, prompts, actions)
    _check_phrases(flows, prompts, actions)
    for name in line_prompts(flows):
        prompt = prompts.find(name, _of_line(flows, name), f'there is no prompt "{name}", which any question may speak')
        if prompt:
            _check_given(prompt, {}, "a question", report)


def _check_helps(state: State, name: str, catalogues: Catalogues, report: Report) -> None:
    """Words after silence or a wrong key hold every fact that the first words held, and leave a person to the line."""
    own_zero = isinstance(state, Menu) and "0" in state.keys
    for language, prompt in (
        (lang, c.prompts[name]) for lang, c in catalogues.by_language.items() if name in c.prompts
    ):
        facts = {slot.name for slot in prompt.say.slots} - {PERSON_OFFER}
        for words in (prompt.say, *prompt.silence, *prompt.wrong):
            place, missing = words.place or prompt.place, facts - {slot.name for slot in words.slots} - {words.by}
            if missing:
                told = " and ".join(f"{{{name}}}" for name in sorted(missing))
                report.add(
                    place, f'"{prompt.name}" leaves out {told} here, which its first words tell: put it in "facts"'
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


def prompts_of(state: State) -> Iterator[tuple[Place, str, bool]]:
    """Yield the prompts a state speaks, on its ways out too: where it says so, the name, and whether it asks."""
    for _, way in ways(state):
        if way.say:
            yield way.at("say"), way.say, False
    yield from own_prompts(state)


def own_prompts(state: State) -> Iterator[tuple[Place, str, bool]]:
    """Yield the prompts a state speaks before it is left."""
    match state:
        case Menu(first=first) if first:
            yield state.at("first"), first, False
            yield state.at("menu"), state.prompt, True
        case Menu() | Ask():
            yield state.at("menu", "ask"), state.prompt, True
        case Say() | Transfer() | HangUp():
            yield state.at("say", "transfer", "hang_up"), state.prompt, False
        case Do() if state.say:
            yield state.at("say"), state.say, False
        case _:
            pass


def known_values(flows: Flows, actions: Actions) -> dict[str, set[str]]:
    """Return every value that something in the flows provides, with its kinds."""
    kinds: dict[str, set[str]] = {PERSON_OFFER: {PHRASE}}
    for spec in actions.values():
        for written in spec.outcomes.values():
            for name, kind in written.items():
                kinds.setdefault(name, set()).add(kind)
    for _, state in points(flows):
        if isinstance(state, Ask) and not state.secret:
            kinds.setdefault(state.save, set()).add(KEPT if state.stars else "digits")
        for _, way in ways(state):
            for name in way.sets:
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


def _asks(flows: Flows) -> list[Ask]:
    """Return the questions for a number that have no problem of their own."""
    found = ((flows.flows[flow].flawed, state) for (flow, _), state in points(flows))
    return [state for flawed, state in found if isinstance(state, Ask) and state.name not in flawed]


def _check_answers(flows: Flows, actions: Actions, report: Report) -> None:
    """An answer is as secret, and as long, as the kind of thing that the actions take it for."""
    kinds = [(name, kind) for spec in actions.values() for name, kind in spec.answers.items()]
    for ask in _asks(flows):
        taken_for = [kind for name, kind in kinds if name == ask.save]
        card = next((kind for kind in taken_for if kind.card), None)
        secret = next((kind for kind in taken_for if kind.secret), None)
        if card and not ask.card:
            report.add(ask.at("save"), f'"{ask.save}" is {card.name}, which is card data: it needs "card: true"')
        elif secret and not ask.secret:
            report.add(ask.at("save"), f'"{ask.save}" is {secret.name}, which is secret: it needs "secret: true"')
        alike = [other for other in _asks(flows) if other.save == ask.save]
        for kind in taken_for[:1]:
            _check_length(ask, alike, kind, report)


def _check_length(ask: Ask, alike: list[Ask], kind: AnswerKind, report: Report) -> None:
    """A question takes every length that its answer has; where it may be one of several, they do together."""
    low, high = kind.digits or (ask.low, ask.high)
    together = [other for other in alike if low <= other.low and other.high <= high] if kind.in_parts else [ask]
    taken = {digits for other in together for digits in range(other.low, other.high + 1)}
    if ask.low < low or ask.high > high or (taken != set(range(low, high + 1)) and ask is alike[0]):
        report.add(
            ask.at("digits"),
            f'"{ask.save}" is {kind.name}, which has {_length(low, high)}, and not {_length(ask.low, ask.high)}: '
            f"{_as_digits(low, high)} is what it takes",
        )


def _length(low: int, high: int) -> str:
    return f"{low} digits" if low == high else f"{low} to {high} digits"


def _as_digits(low: int, high: int) -> str:
    return f"digits: {{exactly: {low}}}" if low == high else f"digits: {{min: {low}, max: {high}}}"


def _check_secrets(flows: Flows, actions: Actions, report: Report) -> set[str]:
    """A secret is a secret wherever it is asked for, and what is not card data is dropped by an action."""
    asks = _asks(flows)
    secrets = {ask.save for ask in asks if ask.secret}
    dropped = {name for spec in actions.values() for name in spec.forgets}
    provided = known_values(flows, actions)
    for ask in asks:
        if ask.save not in secrets:
            continue
        if not ask.secret or ask.save in provided:
            report.add(ask.at("save"), f'"{ask.save}" is secret in one place and not in another')
        elif not ask.card and ask.save not in dropped:
            report.add(ask.at("save"), f'the secret "{ask.save}" would be kept: no action says that it forgets it')
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


def _check_option(menu: Menu, prompts: _Prompts, actions: Actions) -> None:
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
