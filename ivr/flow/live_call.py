"""A call while it is being advanced, as its states see it: what is known, and how to speak, move on, or wait."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from ivr.flow.call import Call, TraceStep
from ivr.flow.parts import CLOSED_OFFERS, NOTICES, PERSON_OFFER, PERSON_OFFERS, Line, Target
from ivr.flow.tempo import Tempo
from ivr.flow.verbs import Speak, Variant, Verb
from ivr.prompts import phrase
from ivr.prompts.spoken import Value


class LiveCall(ABC):
    """The call while one event is handled: a mutable copy, thrown away once it waits for the caller again.

    A state changes it and then calls exactly one method that decides what is next: `leave`, `begin`, `interrupt`,
    `give_up`, `act` or `close`.
    """

    def __init__(
        self, line: Line, languages: tuple[str, ...], prompt_values: Mapping[str, frozenset[str]], call: Call
    ) -> None:
        self.line = line
        self._all_languages = languages
        self._prompt_values = prompt_values
        self.language = call.language
        self.frames = list(call.frames)
        self.values = dict(call.values)
        self.transient_secrets = dict(call.transient_secrets)
        self.words = list(call.words)
        """Will be spoken before whatever comes next."""
        self.heard = list(call.heard)
        """Were spoken before the words, in turns that asked nothing, since the caller's last answer."""
        self.broken_into = list(call.broken_into)
        """Were spoken before the question that a flow has broken into."""
        self.own_tempo = call.own_tempo
        self.members_tempo = call.members_tempo
        self.has_person = call.has_person
        self.person_closed = call.person_closed
        self.notices = call.notices
        self.after_keys = call.after_keys
        self.after_zero = call.after_zero
        self.after_star = call.after_star
        self.too_soon = False
        """Whether this turn's keys, or pound alone, came before any of the question's words could be heard."""
        self.repeats = False
        """Whether this turn's answer is a repeat that star asked for."""
        self.trace: list[TraceStep] = []
        self.verb: Verb | None = None
        self.action: str | None = None

    # What a state may do, besides changing the values above

    @abstractmethod
    def leave(self, label: str, target: Target) -> None:
        """Leave the state by one of its transitions: `label` names it, `target` says where it leads."""

    @abstractmethod
    def begin(self, flow: str) -> None:
        """Run a flow; when it ends, the call goes on from this state."""

    @abstractmethod
    def interrupt(self, flow: str, words: Sequence[Speak] = ()) -> None:
        """Break into the current question with a flow, after some words.

        When the flow ends, the question is asked again with all that led to it.
        """

    @abstractmethod
    def give_up(self, question: str) -> None:
        """Leave a question that was missed too often. The words that say why are in `words` already."""

    def act(self, action: str) -> None:
        """Stop so that an action can be run; the state then receives its outcome as a `Done` event."""
        self.action = action

    def close(self, verb: Verb) -> None:
        """End the turn in this state with a verb."""
        self.verb = verb
        self.trace_step()

    def trace_step(self, label: str = "", state: str = "") -> None:
        """Add a step to the trace.

        `label` is how the state was left, "" while it waits; `state` another state of the same flow.
        """
        frame = self.frames[-1]
        self.trace.append(TraceStep(frame.flow, state or frame.state, label))

    @property
    def tempo(self) -> Tempo:
        """How fast is spoken, and how long is waited."""
        return self.own_tempo.or_else(self.members_tempo)

    def count(self, question: str, kind: str) -> int:
        """Count one more try of a kind at a question of this flow, and return how many there have been."""
        frame = self.frames[-1]
        tries = frame.counts.get(f"{question}.{kind}", 0) + 1
        self.frames[-1] = replace(frame, counts={**frame.counts, f"{question}.{kind}": tries})
        return tries

    def hear_announcement(self) -> None:
        """Note that the words have been spoken. The last ones announced what was done then; star repeats the others."""
        self.heard += [speak for speak in self.words[:-1] if speak not in self.heard]
        self.words = []

    def go_on_in(self, language: str) -> None:
        """Speak a language from here on, also what is repeated; one which this call cannot be in changes nothing."""
        if language == self.language or language not in self._all_languages:
            return
        for words in (self.words, self.heard, self.broken_into):
            words[:] = [replace(one, language=language) if one.language == self.language else one for one in words]
        self.language = language

    def can_take(self, target: Target) -> bool:
        """Tell whether a target is open: not one that sets a language which this call cannot be in."""
        return target.sets.get("language", self.language) in (self.language, *self._all_languages)

    def languages(self, *, every_language: bool) -> list[str]:
        """Return the languages to speak in, the caller's first."""
        others = [one for one in self._all_languages if one != self.language and every_language]
        return [self.language, *others]

    def person_offer(self, question: Literal["menu", "ask"]) -> str:
        """Return the prompt that offers a person in a question, now or at other hours; "" where none can be had."""
        if self.has_person:
            return PERSON_OFFERS[question]
        closed_offer = CLOSED_OFFERS[question] if self.person_closed else ""
        return closed_offer if closed_offer in self._prompt_values else ""  # an older version may lack it

    def speak(
        self,
        prompt: str,
        variant: Variant = "say",
        tries: int = 1,
        language: str = "",
        extra: Mapping[str, Value] | None = None,
    ) -> Speak:
        """Return a prompt to speak, with the values that it needs.

        The values are those of the call and `extra`; the language is the call's unless another is given.
        """
        offer = self.person_offer("menu")
        notices = self.notices.get(language or self.language, "")
        known_values = {NOTICES: notices, **self.values, **(extra or {}), PERSON_OFFER: phrase(offer) if offer else ()}
        values = {name: known_values[name] for name in self._prompt_values[prompt] if name in known_values}
        return Speak(prompt, language or self.language, values, variant, tries)
