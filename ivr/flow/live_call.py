"""A call that is being moved on, as its states see it: what is known, and how to speak, to go on and to wait."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace

from ivr.flow.call import Call, TraceStep
from ivr.flow.parts import PERSON_OFFER, PERSON_OFFERS, Line, Target
from ivr.flow.verbs import Speak, Variant, Verb
from ivr.prompts import phrase
from ivr.prompts.spoken import Value


class LiveCall(ABC):
    """What one event does to a call; mutable, and gone when it waits again."""

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
        """To be spoken before whatever comes next."""
        self.has_person = call.has_person
        self.after_keys = call.after_keys
        self.after_zero = call.after_zero
        self.trace: list[TraceStep] = []
        self.verb: Verb | None = None
        self.action: str | None = None

    # What a state may do, besides changing what is known

    @abstractmethod
    def leave(self, label: str, target: Target) -> None:
        """Go on by a way out of the state."""

    @abstractmethod
    def begin(self, flow: str) -> None:
        """Run a flow on top of the state."""

    @abstractmethod
    def interrupt(self, flow: str) -> None:
        """Break into the question at hand with a flow; it is asked again afterwards."""

    @abstractmethod
    def give_up(self, question: str) -> None:
        """Leave a question that was missed too often; the words that say why are there already."""

    def act(self, action: str) -> None:
        """Have an action run; the state is told what it comes to."""
        self.action = action

    def close(self, verb: Verb) -> None:
        """End the turn in the state."""
        self.verb = verb
        self.trace_step()

    def trace_step(self, label: str = "", state: str = "") -> None:
        """Note that the call came through the state, or another of its flow, and how that was left."""
        frame = self.frames[-1]
        self.trace.append(TraceStep(frame.flow, state or frame.state, label))

    def count(self, question: str, kind: str) -> int:
        """Count a try and return how many there were."""
        frame = self.frames[-1]
        tries = frame.counts.get(f"{question}.{kind}", 0) + 1
        self.frames[-1] = replace(frame, counts={**frame.counts, f"{question}.{kind}": tries})
        return tries

    def languages(self, *, every_language: bool) -> list[str]:
        """Return the languages to speak in, the caller's first."""
        others = sorted(set(self._all_languages) - {self.language}) if every_language else []
        return [self.language, *others]

    def speak(
        self,
        prompt: str,
        variant: Variant = "say",
        tries: int = 1,
        language: str = "",
        extra: Mapping[str, Value] | None = None,
    ) -> Speak:
        """Return words to speak, with the values that they need; in the call's language unless told."""
        person = phrase(PERSON_OFFERS["menu"]) if self.has_person else ()
        known = {**self.values, **(extra or {}), PERSON_OFFER: person}
        values = {name: known[name] for name in self._prompt_values[prompt] if name in known}
        return Speak(prompt, language or self.language, values, variant, tries)
