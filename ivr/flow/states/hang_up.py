"""`hang_up`: says goodbye and ends the call."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow import verbs
from ivr.flow.language import PROMPT
from ivr.flow.live_call import LiveCall
from ivr.flow.states.base import Look, State
from ivr.yaml_reader import Record, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpState(State):
    """Says goodbye and ends the call."""

    word = "hang_up"
    noun = "goodbye"
    says = "the last words"
    ending = "reached"
    closes = True
    look = Look("#fee2e2", "#b91c1c", ("([", "])"), corner=16)
    record = Record("hang_up", {"hang_up": field(PROMPT)}, "Say goodbye and end the call.")

    prompt: str

    def enter(self, call: LiveCall) -> None:
        """Say goodbye, and end the call."""
        call.words.append(call.speak(self.prompt))
        call.close(verbs.HangUp(tuple(call.words)))
