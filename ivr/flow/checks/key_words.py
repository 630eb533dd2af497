"""Whether the words of each question speak of its keys, of each once, and of no other.

Each wording is looked at by itself: the first words, those after each silence and after each wrong key, in each plural
form, for a caller may hear only that one. Star need only stand in the last of its kind; 0 is spoken by the line itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from ivr.errors import Place, Report
from ivr.flow.checks.option_words import check_languages, check_options, check_ways
from ivr.flow.checks.wordings import OPTIONS, Asked, HeardKey, QuestionWords, Wording, heard_at
from ivr.flow.definition import Actions, Flows
from ivr.flow.graph import all_states
from ivr.flow.parts import PERSON_OFFER, PERSON_OFFERS, Number
from ivr.flow.states import State
from ivr.flow.states.base import Role
from ivr.flow.usage import phrases_of
from ivr.keypad import key_name
from ivr.prompts import Catalogues
from ivr.prompts.lint.keys import CHOICE, Slip, name_of, spoken_keys
from ivr.prompts.lint.speech import SPEECHES


def check_key_words(
    flows: Flows, catalogues: Catalogues, actions: Actions, report: Report, foreign: frozenset[Place] = frozenset()
) -> None:
    """Note every key that is spoken and not taken, taken and not spoken, spoken twice, or for something else.

    Words at the `foreign` places are in another language than their catalogue: they are told of, and not looked at.
    """
    _check_offers(flows, catalogues, report)
    _check_told(flows, catalogues, foreign, report)
    for asked, said in _questions(flows, catalogues, actions):
        if any(foreign & one.places for one in said):
            continue
        if asked.state.number:
            for one in said:
                _check_number(one, asked.state.number, report)
        else:
            _check_question(asked.state, said, catalogues, report)


def _check_question(menu: State, said: list[QuestionWords], catalogues: Catalogues, report: Report) -> None:
    before = len(report.problems)
    for one in said:
        _check_menu(one, menu, said if menu.every_language else [one], report)
    check_languages(said, menu, catalogues, report)
    for one in said if len(report.problems) == before else ():  # else it would be told twice
        check_options(one, report)
    if said and len(report.problems) == before:
        check_ways(said[0], menu, report)
    _check_choice(menu, catalogues, report)


def _check_offers(flows: Flows, catalogues: Catalogues, report: Report) -> None:
    """What the line adds to questions where a person can be had speaks of 0, in a number with pound, and of no other key."""
    for kind, name in PERSON_OFFERS.items():
        takes = {"0", "pound"} if kind == "ask" else {"0"}
        for catalogue in (c for c in catalogues.by_language.values() if c.language in SPEECHES and name in c.prompts):
            speech = SPEECHES[catalogue.language]
            for source in (source for sources in catalogue.prompts[name].say.sources.values() for source in sources):
                found = spoken_keys(source.text, speech)
                keys = {word.key for word in found.keys} | (found.named & takes)
                if keys != takes and "0" in (flows.line.menu_keys if kind == "menu" else flows.line.ask_keys):
                    expected = " and ".join(f'"{name_of(key, speech)}"' for key in sorted(takes))
                    report.add(source.at(0), f"should offer a person on the key {expected}, and speak of no other key")


def _check_told(flows: Flows, catalogues: Catalogues, foreign: frozenset[Place], report: Report) -> None:
    """Words after which nothing is asked offer no key: it would be pressed in vain, or answer the next question."""
    for name in sorted(_told_only(flows)):
        for catalogue in (c for c in catalogues.by_language.values() if c.language in SPEECHES and name in c.prompts):
            sources = (source for sources in catalogue.prompts[name].say.sources.values() for source in sources)
            for source in (source for source in sources if source.place not in foreign):
                for word in spoken_keys(source.text, SPEECHES[catalogue.language]).keys:
                    heard = heard_at(source, word)
                    report.add(
                        heard.place, f'offers the key "{heard.written}", but nothing is asked here: leave it out'
                    )


def _told_only(flows: Flows) -> set[str]:
    """Return the prompts that are said on the way, and of no question."""
    uses = [use for _, state in all_states(flows) for use in state.prompts()]
    said = {use.name for use in uses if use.role in (Role.STATEMENT, Role.ON_THE_WAY)}
    return said - {use.name for use in uses if use.role is Role.QUESTION}


def _questions(flows: Flows, catalogues: Catalogues, actions: Actions) -> Iterator[tuple[Asked, list[QuestionWords]]]:
    """Yield each question, with its words in each language whose key words are known."""
    phrases = {value: names for value, names in phrases_of(actions).items() if value != PERSON_OFFER}
    lists = {name: items.most for spec in actions.values() for name, items in spec.items.items()}
    for (flow, name), state in all_states(flows):
        if not state.is_question or name in flows.flows[flow].flawed:
            continue
        most = lists.get(state.choices.of, 0) if state.choices else 0
        choices = frozenset(str(number) for number in range(1, most + 1))
        universal = flows.line.ask_keys if state.number else flows.line.menu_keys
        everywhere = {"star", *map(key_name, universal)}  # what it lacks is told of the line itself
        asked = Asked(f"{flow}.{name}", state, frozenset(map(key_name, state.keys)), choices, frozenset(everywhere))
        said = [
            QuestionWords(asked, catalogue, phrases)
            for catalogue in catalogues.by_language.values()
            if catalogue.language in SPEECHES and state.prompt in catalogue.prompts
        ]
        is_whole = len(said) == len(catalogues.by_language) and all(one.wordings for one in said)
        if is_whole or not state.every_language:
            yield asked, said


def _check_number(said: QuestionWords, number: Number, report: Report) -> None:
    """A number of no fixed length is ended with pound, and says so; star begins it anew."""
    ends_itself = number.low == number.high and not said.asked.state.pound
    for wording in said.wordings:
        needed = _star(said, wording) | (frozenset() if ends_itself else {"pound"})
        _note_unspoken(said, wording, needed - wording.named, report)
        for heard in wording.own if ends_itself else ():
            if heard.key == "pound":
                report.add(
                    heard.place,
                    f'speaks of the key "{heard.written}", but "{said.asked.name}" takes {number.low} digits and goes on by '
                    "itself: leave the key out",
                )


def _check_menu(said: QuestionWords, menu: State, together: list[QuestionWords], report: Report) -> None:
    for wording in said.wordings:
        for place, slip in wording.slips:
            report.add(place, _told(slip))
        others = [one for other in together if other is not said for one in other.like(wording)]
        if not any(one.slips for one in (wording, *others)):  # else it may be what is missing
            _check_keys(said, wording, others, report)
        if menu.choices and not wording.speaks_choices:
            report.add(
                wording.place,
                f'"{said.asked.name}" offers choices, which these words do not speak: write {{{OPTIONS}:phrase}} where '
                "they belong",
            )


def _told(slip: Slip) -> str:
    what = "is no key that can be pressed" if slip.of_key else "stands before a key"
    return f'"{slip.found}" {what}' + (f' (did you mean "{slip.meant}"?)' if slip.meant else "")


def _check_keys(said: QuestionWords, wording: Wording, others: list[Wording], report: Report) -> None:
    """Note the keys that these words speak of and the menu does not take, and the other way round."""
    name = said.asked.name
    spoken = wording.keys.union(wording.named, *(one.keys for one in others))
    missing = (said.asked.own | _star(said, wording)) - spoken
    unknown = [heard for heard in (*wording.own, *wording.inside) if not said.asked.takes(heard)]
    twice = _twice(wording)
    if len(missing) == len(twice) == 1:
        report.add(
            twice[0].place,
            f'speaks of the key "{twice[0].written}" a second time, and never of "{said.spoken(min(missing))}", which '
            f'"{name}" takes as well',
        )
        return
    for heard in twice:
        report.add(heard.place, f'speaks of the key "{heard.written}" a second time; each key is for one thing')
    if len(missing) == len(unknown) == 1 and unknown[0] in wording.own:
        report.add(
            unknown[0].place,
            f'speaks of the key "{unknown[0].written}", which "{name}" does not take; it takes '
            f'"{said.spoken(min(missing))}", which is not spoken here: change the words, or the key in the flow',
        )
        return
    for heard in unknown:
        report.add(
            heard.place,
            f'speaks of the key "{heard.written}", which "{name}" does not take: change the words, or add the key to the '
            "flow",
        )
    _note_unspoken(said, wording, missing, report)


def _note_unspoken(said: QuestionWords, wording: Wording, keys: frozenset[str], report: Report) -> None:
    if keys:
        names = " and ".join(f'"{said.spoken(key)}"' for key in sorted(keys))
        which, what = ("key", "it is") if len(keys) == 1 else ("keys", "each is")
        report.add(
            wording.place,
            f'these words never say the {which} {names}, which "{said.asked.name}" takes: say what {what} for, then the '
            "key",
        )


def _star(said: QuestionWords, wording: Wording) -> frozenset[str]:
    """Star means the same everywhere, so it is enough to hear of it last, after silence and after a wrong key."""
    number = said.asked.state.number
    is_due = wording.is_last and wording.kind != "say" and not (number and number.stars)
    return said.asked.universal & {"star"} if is_due else frozenset()


def _twice(wording: Wording) -> list[HeardKey]:
    """Return the keys that are spoken where they have been spoken before."""
    seen = {heard.key for heard in wording.inside} - {CHOICE}
    found = []
    for heard in wording.own:
        if heard.key in seen:
            found.append(heard)
        seen |= {heard.key} - {CHOICE}
    return found


def _check_choice(menu: State, catalogues: Catalogues, report: Report) -> None:
    """Each choice speaks its own key."""
    name = menu.choices.option if menu.choices else ""
    for prompt in (c.prompts[name] for c in catalogues.by_language.values() if name in c.prompts):
        for parts in prompt.say.forms.values():
            if parts and all(isinstance(part, str) or part.name != "key" for part in parts):
                message = (
                    f'"{name}" is said of each choice, and never says its key: write {{key:digits}} where it belongs'
                )
                report.add(prompt.say.place or prompt.place, message)
