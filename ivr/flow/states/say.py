"""`say`: speaks, and goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.flow.language import EVERY_LANGUAGE, PROMPT, TARGET
from ivr.flow.live_call import LiveCall
from ivr.flow.parts import NOTICES, Target
from ivr.flow.states.base import Look, State
from ivr.yaml_reader import Flag, Record, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SayState(State):
    """Speaks a prompt and goes on."""

    word = "say"
    noun = "message"
    look = Look("#cffafe", "#0e7490", (">", "]"), corner=3)
    record = Record(
        "say",
        {
            "say": field(PROMPT),
            "next": field(TARGET),
            "every_language": EVERY_LANGUAGE,
            "other_languages": field(Flag("Spoken in every language but the caller's."), required=False),
        },
        "Speak, and go on.",
    )

    prompt: str
    next: Target
    other_languages: bool = False

    def enter(self, call: LiveCall) -> None:
        """Speak, and go on."""
        languages = call.languages(every_language=self.every_language or self.other_languages)
        for language in languages[self.other_languages :]:
            spoken = call.speak(self.prompt, language=language)
            if spoken.values.get(NOTICES, True):  # mostly there is nothing to tell
                call.words.append(spoken)
        call.leave("next", self.next)

    def details(self) -> Mapping[str, str]:
        """Return whether it is spoken to those who have another language."""
        return {"the languages": "every other language" if self.other_languages else ""}
