"""Checks that the words of each question speak of each of its keys once, and of no other key.

Each wording is checked by itself: the first words, those after each silence and each wrong key, in each plural form;
for a caller may hear only that one. Star is needed only in the last words of a kind, and 0 is spoken by the line
itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivr.errors import Place, Report
from ivr.flow.checks.option_words import check_languages, check_options, check_targets
from ivr.flow.checks.wordings import OPTIONS, AskedQuestion, HeardKey, QuestionWords, Wording, locate_key
from ivr.flow.definition import Actions, Flows
from ivr.flow.graph import all_states
from ivr.flow.parts import CLOSED_OFFERS, HELP_OFFER, PERSON_OFFER, PERSON_OFFERS, Number
from ivr.flow.states import State
from ivr.flow.states.base import Role
from ivr.flow.usage import line_prompts, phrases_of
from ivr.keypad import key_name
from ivr.languages import LANGUAGES
from ivr.prompts import Catalogue, Catalogues
from ivr.prompts.catalogue import SourceWords
from ivr.prompts.lint.keys import CHOICE, Slip, name_of, spoken_keys


def check_key_words(
    flows: Flows, catalogues: Catalogues, actions: Actions, report: Report, foreign: frozenset[Place] = frozenset()
) -> None:
    """Report every key that is spoken but not taken, taken but not spoken, spoken twice, or for two things.

    Words at the places in `foreign` are in another language than their catalogue. That is reported elsewhere, and they
    are not checked here.
    """
    _check_offers(flows, catalogues, report)
    _check_statements(flows, catalogues, foreign, report)
    _check_card_steps(flows, catalogues, foreign, report)
    for question, words_by_language in _questions_with_words(flows, catalogues, actions):
        if any(foreign & words.places for words in words_by_language):
            continue
        if question.state.number:
            for words in words_by_language:
                _check_number(words, question.state.number, report)
        else:
            _check_question(question.state, words_by_language, catalogues, report)


def _check_question(
    menu: State, words_by_language: list[QuestionWords], catalogues: Catalogues, report: Report
) -> None:
    """Report what is wrong with the words of a menu; what compares wordings only when each is right by itself."""
    before = len(report.problems)
    for words in words_by_language:
        _check_menu(words, menu, words_by_language if menu.every_language else [words], report)
    check_languages(words_by_language, menu, catalogues, report)
    for words in words_by_language if len(report.problems) == before else ():  # otherwise it would be reported twice
        check_options(words, report)
    if words_by_language and len(report.problems) == before:
        check_targets(words_by_language[0], menu, report)
    _check_choice(menu, catalogues, report)


def _check_offers(flows: Flows, catalogues: Catalogues, report: Report) -> None:
    """Report a prompt that offers a person on another key than 0, or help on another than star.

    In a number, the words for a person have to name pound, too.
    """
    spoken = line_prompts(flows)
    offers = (
        (PERSON_OFFERS["menu"], "a person", {"0"}),
        (PERSON_OFFERS["ask"], "a person", {"0", "pound"}),
        (CLOSED_OFFERS["menu"], "a person", {"0"}),
        (CLOSED_OFFERS["ask"], "a person", {"0", "pound"}),
        (HELP_OFFER, "help", {"star"}),
    )
    for name, what, expected_keys in (offer for offer in offers if offer[0] in spoken):
        for catalogue in (c for c in catalogues.by_language.values() if name in c.prompts):
            speech = LANGUAGES[catalogue.language].speech
            for source in (source for sources in catalogue.prompts[name].say.sources.values() for source in sources):
                spoken_words = spoken_keys(source.text, speech)
                keys = {word.key for word in spoken_words.keys} | (spoken_words.named & expected_keys)
                if keys != expected_keys:
                    expected = " and ".join(f'"{name_of(key, speech)}"' for key in sorted(expected_keys))
                    report.add(source.at(0), f"should offer {what} on the key {expected}, and speak of no other key")


def _check_statements(flows: Flows, catalogues: Catalogues, foreign: frozenset[Place], report: Report) -> None:
    """Report each key that is offered where nothing is asked, by a message or a notice.

    Pressing it would do nothing, or answer the next question. Words that are spoken only right before a question may
    offer its keys.
    """
    asked_next = _keys_asked_next(flows)
    notices = {name for catalogue in catalogues.by_language.values() for name in catalogue.notices}
    for name in sorted(_statement_prompts(flows) | notices):
        for catalogue in (c for c in catalogues.by_language.values() if name in c.prompts):
            sources = (source for sources in catalogue.prompts[name].say.sources.values() for source in sources)
            for source in (source for source in sources if source.place not in foreign):
                for word in spoken_keys(source.text, LANGUAGES[catalogue.language].speech).keys:
                    if word.key in asked_next.get(name, ()):
                        continue
                    key = locate_key(source, word)
                    report.add(key.place, f'offers the key "{key.written}", but nothing is asked here: leave it out')


def _check_card_steps(flows: Flows, catalogues: Catalogues, foreign: frozenset[Place], report: Report) -> None:
    """Report words about a card step that speak of pound or zero, which do nothing there, or leave star out.

    Star ends the card step: the words before it have to say so, and the last words after a silence or something wrong.
    """
    steps = [state for _, state in all_states(flows) if state.card_label]
    asking = {use.name for state in steps for use in state.prompts() if use.role is Role.CARD_STEP}
    before = {state.prompt for state in steps}
    for catalogue in catalogues.by_language.values():
        for name in sorted((asking | before) & catalogue.prompts.keys()):
            prompt = catalogue.prompts[name]
            last = (*prompt.silence[-1:], *prompt.wrong[-1:]) if name in asking else (prompt.say,)
            for words in (prompt.say, *prompt.silence, *prompt.wrong):
                for source in (one for form in words.sources.values() for one in form if one.place not in foreign):
                    _check_card_step(source, catalogue, is_last=words in last, is_asking=name in asking, report=report)


def _check_card_step(
    source: SourceWords, catalogue: Catalogue, *, is_last: bool, is_asking: bool, report: Report
) -> None:
    speech = LANGUAGES[catalogue.language].speech
    named, zero = spoken_keys(source.text, speech).named, name_of("0", speech)
    presses_zero = re.search(rf"{speech.press.pattern}\W+{zero}\s*(?:[.,;!?]|$)", source.text, re.IGNORECASE)
    for key in ([zero] if presses_zero else []) + ([name_of("pound", speech)] if "pound" in named else []):
        if is_asking:
            report.add(source.at(0), f'speaks of the key "{key}", which does nothing in a card step')
    if is_last and "star" not in named:
        report.add(source.at(0), f'never says that "{name_of("star", speech)}" ends the card step')


def _statement_prompts(flows: Flows) -> set[str]:
    """Return the prompts that are only spoken without asking anything."""
    uses = [use for _, state in all_states(flows) for use in state.prompts()]
    statements = {use.name for use in uses if use.role in (Role.STATEMENT, Role.ON_THE_WAY)}
    return statements - {use.name for use in uses if use.role is Role.QUESTION}


def _keys_asked_next(flows: Flows) -> Mapping[str, frozenset[str]]:
    """Return the keys that the question right after a message takes, by the message's prompt."""
    keys: dict[str, frozenset[str]] = {}
    for (flow, _), state in all_states(flows):
        for use in state.prompts():
            following = (
                flows.flows[flow].states.get(state.next.state) if state.next and use.name == state.prompt else None
            )
            taken = frozenset(map(key_name, following.keys)) if following else frozenset()
            keys[use.name] = keys.get(use.name, taken) & taken
    return keys


def _questions_with_words(
    flows: Flows, catalogues: Catalogues, actions: Actions
) -> Iterator[tuple[AskedQuestion, list[QuestionWords]]]:
    """Yield each question with its words in each language."""
    phrases = {value: names for value, names in phrases_of(actions).items() if value != PERSON_OFFER}
    lists = {name: items.most for spec in actions.values() for name, items in spec.items.items()}
    for (flow, name), state in all_states(flows):
        if not state.is_question or name in flows.flows[flow].flawed:
            continue
        most = lists.get(state.choices.of, 0) if state.choices else 0
        choices = frozenset(str(number) for number in range(1, most + 1))
        universal = flows.line.ask_keys if state.number else flows.line.menu_keys
        everywhere = {"star", *map(key_name, universal)}  # a line without a star key is reported by `checker`
        question = AskedQuestion(
            f"{flow}.{name}", state, frozenset(map(key_name, state.keys)), choices, frozenset(everywhere)
        )
        words_by_language = [
            QuestionWords(question, catalogue, phrases)
            for catalogue in catalogues.by_language.values()
            if state.prompt in catalogue.prompts
        ]
        is_whole = len(words_by_language) == len(catalogues.by_language) and all(
            words.wordings for words in words_by_language
        )
        if is_whole or not state.every_language:
            yield question, words_by_language


def _check_number(words: QuestionWords, number: Number, report: Report) -> None:
    """Report a number of no fixed length whose words do not name pound, and one of fixed length whose words do."""
    ends_itself = number.low == number.high and not words.question.state.pound
    for wording in words.wordings:
        needed = _star_if_due(words, wording) | (frozenset() if ends_itself else {"pound"})
        _report_unspoken(words, wording, needed - wording.named, report)
        for heard in wording.own if ends_itself else ():
            if heard.key == "pound":
                report.add(
                    heard.place,
                    f'speaks of the key "{heard.written}", but "{words.question.name}" takes {number.low} digits and '
                    "goes on by itself: leave the key out",
                )


def _check_menu(words: QuestionWords, menu: State, all_words: list[QuestionWords], report: Report) -> None:
    """Report misspelt keys, keys that do not fit the menu, and choices that are not spoken."""
    for wording in words.wordings:
        for place, slip in wording.slips:
            report.add(place, _slip_message(slip))
        others = [similar for other in all_words if other is not words for similar in other.like(wording)]
        if not any(similar.slips for similar in (wording, *others)):  # a misspelt key may be the one that is missing
            _check_menu_keys(words, wording, others, report)
        if menu.choices and not wording.speaks_choices:
            report.add(
                wording.place,
                f'"{words.question.name}" offers choices, which these words do not speak: write {{{OPTIONS}:phrase}} '
                "where they belong",
            )


def _slip_message(slip: Slip) -> str:
    what = "is no key that can be pressed" if slip.of_key else "stands before a key"
    return f'"{slip.written}" {what}' + (f' (did you mean "{slip.meant}"?)' if slip.meant else "")


def _check_menu_keys(words: QuestionWords, wording: Wording, others: list[Wording], report: Report) -> None:
    """Report the keys that these words speak of and the menu does not take, and those that it takes unspoken."""
    name = words.question.name
    spoken = wording.keys.union(wording.named, *(other.keys for other in others))
    missing = (words.question.own | _star_if_due(words, wording)) - spoken
    unknown = [heard for heard in (*wording.own, *wording.inside) if not words.question.takes(heard)]
    spoken_twice = _spoken_twice(wording)
    if len(missing) == len(spoken_twice) == 1:
        report.add(
            spoken_twice[0].place,
            f'speaks of the key "{spoken_twice[0].written}" a second time, and never of '
            f'"{words.spoken_name(min(missing))}", which "{name}" takes as well',
        )
        return
    for heard in spoken_twice:
        report.add(heard.place, f'speaks of the key "{heard.written}" a second time; each key is for one thing')
    if len(missing) == len(unknown) == 1 and unknown[0] in wording.own:
        report.add(
            unknown[0].place,
            f'speaks of the key "{unknown[0].written}", which "{name}" does not take; it takes '
            f'"{words.spoken_name(min(missing))}", which is not spoken here: change the words, or the key in the flow',
        )
        return
    for heard in unknown:
        report.add(
            heard.place,
            f'speaks of the key "{heard.written}", which "{name}" does not take: change the words, or add the key to the '
            "flow",
        )
    _report_unspoken(words, wording, missing, report)


def _report_unspoken(words: QuestionWords, wording: Wording, keys: frozenset[str], report: Report) -> None:
    """Report keys that the question takes and some words do not name."""
    if keys:
        names = " and ".join(f'"{words.spoken_name(key)}"' for key in sorted(keys))
        which, what = ("key", "it is") if len(keys) == 1 else ("keys", "each is")
        report.add(
            wording.place,
            f'these words never say the {which} {names}, which "{words.question.name}" takes: say what {what} for, then the '
            "key",
        )


def _star_if_due(words: QuestionWords, wording: Wording) -> frozenset[str]:
    """Return star where these words have to name it: only in the last ones, for it means the same in every question."""
    number = words.question.state.number
    is_due = wording.is_last and wording.kind != "say" and not (number and number.stars)
    return words.question.universal & {"star"} if is_due else frozenset()


def _spoken_twice(wording: Wording) -> list[HeardKey]:
    """Return the keys that were spoken earlier in the same words."""
    seen = {heard.key for heard in wording.inside} - {CHOICE}
    repeated = []
    for heard in wording.own:
        if heard.key in seen:
            repeated.append(heard)
        seen |= {heard.key} - {CHOICE}
    return repeated


def _check_choice(menu: State, catalogues: Catalogues, report: Report) -> None:
    """Report a prompt for a choice that does not say the choice's key."""
    name = menu.choices.option if menu.choices else ""
    for prompt in (c.prompts[name] for c in catalogues.by_language.values() if name in c.prompts):
        for parts in prompt.say.forms.values():
            if parts and all(isinstance(part, str) or part.name != "key" for part in parts):
                message = (
                    f'"{name}" is said of each choice, and never says its key: write {{key:digits}} where it belongs'
                )
                report.add(prompt.say.place or prompt.place, message)
