"""Checks that the carrier accepts everything a version can say, before it is published.

Every wording of every prompt and the answer of every state are checked, in each language and plural form, with the
longest values that are likely. They are rendered by the code that answers calls, and parsed as strictly as the carrier
parses them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from ivr.errors import IvrError, Place, Problem
from ivr.flow.call import Call, Frame
from ivr.flow.definition import ActionSpec, Flows
from ivr.flow.graph import all_states
from ivr.flow.interpreter import opening_verb
from ivr.flow.states import State
from ivr.flow.tempo import USUAL_TEMPO, Tempo
from ivr.flow.verbs import GoOn, Speak, Variant, Verb
from ivr.line.actions import SPECS
from ivr.line.answer import spoken_answer
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
"""The example dates are made from it: Wednesdays in September, which are the longest to say."""
SLOW = Tempo(speech_rate=50)
"""The tempo at which whole answers are checked: they are longest at it, and otherwise the same as at any other."""
PERSON = "+18005550100"
"""Stands for the number that callers are connected to when they ask for a person."""


class _KeylessSigner:
    """Makes signatures as long as the vault's, without a key."""

    def sign(self, text: str) -> str:
        return "x" * 22 if text else ""

    def signed(self, text: str, mac: str) -> bool:
        return mac == self.sign(text)


RENDERER = Renderer(_KeylessSigner(), "", PERSON)


def problems(flows: Flows, catalogues: Catalogues, actions: Mapping[str, ActionSpec] = SPECS) -> tuple[Problem, ...]:
    """Return problems, with their places, for everything that the carrier would refuse or would speak as silence."""
    check = _VersionCheck(flows, catalogues, Examples(catalogues, flows.flows, actions, DAY, {}, longest=True))
    problems_of_words = set(check.wordings())
    return tuple(sorted(problems_of_words or set(check.states())))


@dataclass(frozen=True, slots=True)
class _Wording:
    """The words of a prompt for one occasion (first time, silence, wrong key), in each plural form."""

    prompt: str
    place: Place
    speaks: tuple[Speak, ...]


_WORDINGS_PER_ANSWER = 25
"""How many wordings are checked in one answer, which has to stay below the carrier's limit of size."""


@dataclass(frozen=True, slots=True)
class _VersionCheck:
    """The check of one version."""

    flows: Flows
    catalogues: Catalogues
    examples: Examples

    def wordings(self) -> Iterator[Problem]:
        """Yield the problems of wordings, each spoken by itself."""
        for catalogue in self.catalogues.by_language.values():
            wordings = [
                self._wording(catalogue, prompt, variant, tries, words)
                for prompt in catalogue.prompts.values()
                for variant, tries, words in _occasions(prompt)
            ]
            for first in range(0, len(wordings), _WORDINGS_PER_ANSWER):
                yield from self._problems_of(wordings[first : first + _WORDINGS_PER_ANSWER])

    def _wording(self, catalogue: Catalogue, prompt: Prompt, variant: Variant, tries: int, words: Words) -> _Wording:
        forms = self.examples.counts(prompt, catalogue.language, words)
        speaks = tuple(Speak(prompt.name, catalogue.language, values, variant, tries) for values in forms)
        return _Wording(prompt.name, words.place or prompt.place, speaks)

    def _problems_of(self, wordings: Sequence[_Wording]) -> Iterator[Problem]:
        """Yield the problems of wordings. They are checked together first, and one by one only if that fails."""
        together = tuple(speak for wording in wordings for speak in wording.speaks)
        if not self._refusal(GoOn(together), together[0].language, each=True):
            return
        for wording in wordings:
            reasons = (self._refusal(GoOn((speak,)), speak.language) for speak in wording.speaks)
            if reason := next(filter(None, reasons), ""):
                yield Problem(wording.place, f'"{wording.prompt}" {reason}')

    def states(self) -> Iterator[Problem]:
        """Yield the problems of the answers of states."""
        for (flow, name), state in all_states(self.flows):
            values = self._values(state)
            for language in self.flows.languages:
                verb = opening_verb(self.flows, Call(language, (Frame(flow, name),), values))
                reason = self._refusal(verb, language, SLOW) if verb else ""
                if reason:
                    yield Problem(state.place, f'state "{name}" {reason}')

    def _values(self, state: State) -> dict[str, Value]:
        spoken = [prompt for use in state.prompts() if (prompt := self.catalogues.prompt(use.name))]
        values = {name: value for prompt in spoken for name, value in self.examples.values(prompt).items()}
        if state.choices and (option := self.catalogues.prompt(state.choices.option)):
            values[state.choices.of] = self.examples.choices(option)
        return values

    def _refusal(self, verb: Verb, language: str, tempo: Tempo = USUAL_TEMPO, *, each: bool = False) -> str:
        """Return why the carrier refuses an answer, or "". With `each`, every one of its wordings must be audible."""
        try:
            answer = spoken_answer(SID, 2, language, verb, self.catalogues, tempo)
            body = RENDERER.answer(answer)
        except (IvrError, KeyError, ValueError, TypeError) as error:
            return f"cannot be spoken: {error}"
        try:
            document = read_document(URL, Reply(200, "text/xml", body))
        except CarrierError as error:
            return f"is refused by the carrier: {error.reason}"
        if document.warnings:
            return f"is not as the carrier takes it: {document.warnings[0].reason}"
        silent = (not is_spoken(joined(spoken.pieces)) for spoken in (*answer.words, *chain(*answer.card_words)))
        if verb.words and (any(silent) if each else all(silent)):
            return "says nothing that a voice can speak; write words, or take it out"
        return ""


def _occasions(prompt: Prompt) -> Iterator[tuple[Variant, int, Words]]:
    """Yield all words of a prompt with their occasion: the first time, each silence and each wrong key."""
    yield "say", 1, prompt.say
    for tries, words in enumerate(prompt.silence, 1):
        yield "silence", tries, words
    for tries, words in enumerate(prompt.wrong, 1):
        yield "wrong", tries, words
