"""Holds a version against what the carrier takes, before any caller meets it.

Every wording is spoken and every state answered, in each language and plural form, with the longest values that are
likely: written by the code that answers calls, and read as strictly as the carrier reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ivr.errors import IvrError, Place, Problem
from ivr.flow.call import Call, Frame
from ivr.flow.definition import ActionSpec, Flows
from ivr.flow.graph import all_states
from ivr.flow.interpreter import said
from ivr.flow.states import State
from ivr.flow.verbs import GoOn, Speak, Variant, Verb
from ivr.line.actions import SPECS
from ivr.line.answer import Answer, as_spoken
from ivr.line.examples import Examples
from ivr.phone.document import CarrierError, read_document
from ivr.phone.transport import Reply
from ivr.prompts import Catalogue, Catalogues, Prompt, Words, joined
from ivr.prompts.recordings.fragments import is_spoken
from ivr.prompts.spoken import Value
from ivr.web.twiml import Renderer

URL = "https://line.example/voice/turn/1/x"
SID = "CA" + "0" * 32
DAY = date(2026, 9, 14)
"""The days made up from it are Wednesdays in September, which are the longest to say."""
PERSON = "+18005550100"
"""A number for a person, where calls have the one that is set."""


class _Anybody:
    """Signs as long as the vault does, and has no key."""

    def sign(self, text: str) -> str:
        return "x" * 22 if text else ""

    def signed(self, text: str, mac: str) -> bool:
        return mac == self.sign(text)


RENDERER = Renderer(_Anybody(), "", PERSON)


def problems(flows: Flows, catalogues: Catalogues, actions: Mapping[str, ActionSpec] = SPECS) -> tuple[Problem, ...]:
    """Return what the carrier would not take, or would say nothing of, each where it is written."""
    trial = _Trial(flows, catalogues, Examples(catalogues, flows.flows, actions, DAY, {}, longest=True))
    found = set(trial.wordings())
    return tuple(sorted(found or set(trial.states())))


@dataclass(frozen=True, slots=True)
class _Wording:
    """The words of a prompt for one occasion, in each plural form."""

    prompt: str
    place: Place
    speaks: tuple[Speak, ...]


_AT_ONCE = 25
"""Wordings spoken in one answer; it has to stay below what the carrier takes at once."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """One version on trial."""

    flows: Flows
    catalogues: Catalogues
    examples: Examples

    def wordings(self) -> Iterator[Problem]:
        """Yield what is wrong with words by themselves."""
        for catalogue in self.catalogues.by_language.values():
            wordings = [
                self._wording(catalogue, prompt, variant, tries, words)
                for prompt in catalogue.prompts.values()
                for variant, tries, words in _occasions(prompt)
            ]
            for first in range(0, len(wordings), _AT_ONCE):
                yield from self._slips(wordings[first : first + _AT_ONCE])

    def _wording(self, catalogue: Catalogue, prompt: Prompt, variant: Variant, tries: int, words: Words) -> _Wording:
        forms = self.examples.counts(prompt, catalogue.language, words)
        speaks = tuple(Speak(prompt.name, catalogue.language, values, variant, tries) for values in forms)
        return _Wording(prompt.name, words.place or prompt.place, speaks)

    def _slips(self, wordings: Sequence[_Wording]) -> Iterator[Problem]:
        """Yield what is wrong with wordings: they are spoken all at once, and apart only where something is wrong."""
        together = tuple(speak for wording in wordings for speak in wording.speaks)
        if not self._slip(GoOn(together), together[0].language, each=True):
            return
        for wording in wordings:
            found = (self._slip(GoOn((speak,)), speak.language) for speak in wording.speaks)
            if slip := next(filter(None, found), ""):
                yield Problem(wording.place, f'"{wording.prompt}" {slip}')

    def states(self) -> Iterator[Problem]:
        """Yield what is wrong with whole answers, though the words in them are right."""
        for (flow, name), state in all_states(self.flows):
            values = self._values(state)
            for language in self.flows.languages:
                verb = said(self.flows, Call(language, (Frame(flow, name),), values))
                slip = self._slip(verb, language) if verb else ""
                if slip:
                    yield Problem(state.place, f'state "{name}" {slip}')

    def _values(self, state: State) -> dict[str, Value]:
        spoken = [prompt for use in state.prompts() if (prompt := self.catalogues.prompt(use.name))]
        values = {name: value for prompt in spoken for name, value in self.examples.values(prompt).items()}
        if state.choices and (option := self.catalogues.prompt(state.choices.option)):
            values[state.choices.of] = self.examples.choices(option)
        return values

    def _slip(self, verb: Verb, language: str, *, each: bool = False) -> str:
        """Return why an answer cannot be given; nothing when it can. With `each`, all of its words have to be heard."""
        try:
            answer = Answer(SID, 2, language, verb, as_spoken(self.catalogues, verb.words))
            body = RENDERER.answer(answer)
        except (IvrError, KeyError, ValueError, TypeError) as error:
            return f"cannot be spoken: {error}"
        try:
            document = read_document(URL, Reply(200, "text/xml", body))
        except CarrierError as error:
            return f"is refused by the carrier: {error.reason}"
        if document.warnings:
            return f"is not as the carrier takes it: {document.warnings[0].reason}"
        silent = (not is_spoken(joined(said.pieces)) for said in answer.words)
        if verb.words and (any(silent) if each else all(silent)):
            return "says nothing that a voice can speak; write words, or take it out"
        return ""


def _occasions(prompt: Prompt) -> Iterator[tuple[Variant, int, Words]]:
    """Yield all words of a prompt: for the first time, for each silence and for each wrong key."""
    yield "say", 1, prompt.say
    for tries, words in enumerate(prompt.silence, 1):
        yield "silence", tries, words
    for tries, words in enumerate(prompt.wrong, 1):
        yield "wrong", tries, words
