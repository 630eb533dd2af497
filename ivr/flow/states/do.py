"""`do`: runs a named action, and goes on by its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ivr.flow.call import Done, Event
from ivr.flow.language import TARGETS
from ivr.flow.live_call import LiveCall
from ivr.flow.states.base import Look, Role, State
from ivr.flow.tempo import USUAL_TEMPO
from ivr.flow.verbs import GoOn
from ivr.yaml_reader import Record, Text, field


@dataclass(frozen=True, slots=True, kw_only=True)
class DoState(State):
    """Runs a named action. With words to say first, these end the turn, and the action runs in the next one."""

    word = "do"
    noun = "action"
    role = Role.ANNOUNCEMENT
    says = "what is said first"
    look = Look("#f3f4f6", "#4b5563", ("[", "]"))
    named: ClassVar = {"do": "action", "say": "prompt"}
    record = Record(
        "do",
        {
            "do": field(Text("The name of an action.")),
            "say": field(Text("A prompt spoken first; the action then has a turn of its own."), required=False),
            "outcomes": field(TARGETS),
        },
        "Run an action, and go on by what it comes to.",
    )

    action: str

    def enter(self, call: LiveCall) -> None:
        """Run the action, or first say what is being done."""
        if self.prompt:
            call.words.append(call.speak(self.prompt))
            call.close(GoOn(tuple(call.words)))
        else:
            call.act(self.action)

    def take(self, event: Event, call: LiveCall) -> None:
        """Handle the action's outcome; any other event means that the carrier came back, and the action is run."""
        if not isinstance(event, Done):
            call.hear_announcement()
            call.act(self.action)
            return
        if event.keeps is not None:
            call.values = {name: value for name, value in call.values.items() if name in event.keeps}
            call.members_tempo = USUAL_TEMPO
        call.values.update(event.values)
        for name in event.forgets:
            call.values.pop(name, None)
        call.own_tempo = event.own_tempo.or_else(call.own_tempo)
        call.members_tempo = event.members_tempo or call.members_tempo
        if isinstance(language := event.values.get("language"), str):
            call.go_on_in(language)
        call.leave(event.outcome, self.outcomes[event.outcome])
