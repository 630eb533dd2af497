"""`transfer`: connects the caller to a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ivr.flow.call import Dialled, Event
from ivr.flow.language import PROMPT, TARGET
from ivr.flow.live_call import LiveCall
from ivr.flow.reading import StateReader, read_targets
from ivr.flow.states.base import Look, Role, State
from ivr.flow.verbs import Dial, HangUp
from ivr.yaml_reader import Record, field

LIKE = {"closed": "nobody", "busy": "no_answer"}
"""An outcome that a flow may leave out -> the one whose target it has then, as in versions older than the hours."""
OUTCOMES = Record(
    "transfer_outcomes",
    {name: field(TARGET, required=name not in LIKE) for name in ("nobody", "closed", "busy", "no_answer")},
)
"""The outcomes of a transfer: no number is set (`nobody`), it is out of hours (`closed`), the line is engaged (`busy`),
or nobody answers (`no_answer`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferState(State):
    """Connects the caller to a person."""

    word = "transfer"
    noun = "transfer"
    heading = "to a person"
    role = Role.ANNOUNCEMENT
    ending = "answered"
    ends_on = "dialled answered"
    at_once = frozenset({"nobody", "closed"})
    reaches_person = True
    closes = True
    look = Look("#dcfce7", "#15803d", ("([", "])"), corner=16)
    record = Record(
        "transfer", {"transfer": field(PROMPT), "outcomes": field(OUTCOMES)}, "Connect the caller to a person."
    )

    prompt: str

    @classmethod
    def complete(cls, parts: dict[str, Any], node: StateReader) -> dict[str, Any]:
        """Return the parts with the targets for when nobody is reached."""
        written = node.fields.get("outcomes")
        fields = written.shaped(node.report, "outcomes", OUTCOMES) if written else {}
        return {**parts, "outcomes": read_targets(fields, node.report)}

    def enter(self, call: LiveCall) -> None:
        """Announce the transfer, and dial."""
        call.words.append(call.speak(self.prompt))
        call.close(Dial(tuple(call.words)))

    def take(self, event: Event, call: LiveCall) -> None:
        """End the call after the caller spoke to somebody; go on when nobody was reached."""
        if not isinstance(event, Dialled):
            State.take(self, event, call)
        elif event.outcome == "answered":
            call.words, call.heard = [], []
            call.close(HangUp(()))
        else:
            if event.outcome in self.at_once:  # nothing was spoken; the last words announced a person
                call.words.pop()
            else:
                call.hear_announcement()
            label = event.outcome if event.outcome in self.outcomes else LIKE[event.outcome]
            call.leave(label, self.outcomes[label])
