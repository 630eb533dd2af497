"""`hang_up`: says goodbye and ends the call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ivr.flow import verbs
from ivr.flow.language import PROMPT
from ivr.flow.reading import StateReader
from ivr.flow.states.base import LiveCall, Look, State
from ivr.yaml_reader import Record, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp(State):
    """Say goodbye and end the call."""

    word = "hang_up"
    noun = "goodbye"
    says = "the last words"
    ending = "reached"
    look = Look("#fee2e2", "#b91c1c", ("([", "])"), corner=16)
    record = Record("hang_up", {"hang_up": field(PROMPT)}, "Say goodbye and end the call.")

    prompt: str

    @classmethod
    def read(cls, node: StateReader) -> Self | None:
        """Return a goodbye."""
        prompt = node.text("hang_up")
        return cls(node.place, name=node.name, prompt=prompt, places=node.places) if prompt else None

    @property
    def ends_turn(self) -> bool:
        """Whether the call ends: it does."""
        return True

    def enter(self, call: LiveCall) -> None:
        """Say goodbye."""
        call.words.append(call.speak(self.prompt))
        call.close(self, verbs.HangUp(tuple(call.words)))
