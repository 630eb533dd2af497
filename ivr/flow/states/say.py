"""`say`: speaks, and goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ivr.flow.language import EVERY_LANGUAGE, PROMPT, TARGET
from ivr.flow.parts import Target
from ivr.flow.reading import StateReader
from ivr.flow.states.base import LiveCall, Look, State
from ivr.yaml_reader import Record, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Say(State):
    """Speak, and go on."""

    word = "say"
    noun = "message"
    look = Look("#cffafe", "#0e7490", (">", "]"), corner=3)
    record = Record(
        "say",
        {"say": field(PROMPT), "next": field(TARGET), "every_language": EVERY_LANGUAGE},
        "Speak, and go on.",
    )

    prompt: str
    next: Target

    @classmethod
    def read(cls, node: StateReader) -> Self | None:
        """Return a message."""
        prompt, target, every = node.text("say"), node.target("next"), node.flag("every_language")
        if not (prompt and target):
            return None
        return cls(node.place, name=node.name, prompt=prompt, next=target, every_language=every, places=node.places)

    def enter(self, call: LiveCall) -> None:
        """Speak, and go on."""
        for language in call.languages(every_language=self.every_language):
            call.words.append(call.speak(self.prompt, language=language))
        call.leave(self, "next", self.next)
