"""`run`: runs another flow, and goes on by the end that it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ivr.flow.language import FLOW_NAME, TARGETS
from ivr.flow.live_call import LiveCall
from ivr.flow.states.base import Look, State
from ivr.yaml_reader import Record, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState(State):
    """Runs another flow, and goes on by the end that it comes to."""

    word = "run"
    noun = "run of a flow"
    heading = "another flow"
    outcome_word = "end"
    look = Look("#fef3c7", "#b45309", ("[[", "]]"))
    named: ClassVar = {"run": "runs", "ends": "outcomes"}
    record = Record("run", {"run": field(FLOW_NAME), "ends": field(TARGETS)}, "Run another flow, and go on by its end.")

    runs: str

    def enter(self, call: LiveCall) -> None:
        """Begin the other flow."""
        call.trace_step()
        call.begin(self.runs)
