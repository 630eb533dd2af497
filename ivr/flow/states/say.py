"""`say`: speaks, and goes on."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow.language import EVERY_LANGUAGE, PROMPT, TARGET
from ivr.flow.live_call import LiveCall
from ivr.flow.parts import NOTICES, Target
from ivr.flow.states.base import Look, State
from ivr.yaml_reader import Record, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SayState(State):
    """Speaks a prompt and goes on."""

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

    def enter(self, call: LiveCall) -> None:
        """Speak, and go on."""
        for language in call.languages(every_language=self.every_language):
            spoken = call.speak(self.prompt, language=language)
            if spoken.values.get(NOTICES, True):  # mostly there is nothing to tell
                call.words.append(spoken)
        call.leave("next", self.next)
