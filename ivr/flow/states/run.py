"""`run`: runs another flow, and goes on by the end it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ivr.flow.language import FLOW_NAME, TARGETS
from ivr.flow.reading import StateReader
from ivr.flow.states.base import LiveCall, Look, State
from ivr.yaml_reader import Record, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(State):
    """Run another flow and go on by the end it comes to."""

    word = "run"
    noun = "run of a flow"
    heading = "another flow"
    outcome_word = "end"
    look = Look("#fef3c7", "#b45309", ("[[", "]]"))
    record = Record("run", {"run": field(FLOW_NAME), "ends": field(TARGETS)}, "Run another flow, and go on by its end.")

    runs: str

    @classmethod
    def read(cls, node: StateReader) -> Self | None:
        """Return a run of a flow."""
        flow, ends = node.text("run"), node.targets("ends")
        return cls(node.place, name=node.name, runs=flow, outcomes=ends, places=node.places) if flow else None

    def enter(self, call: LiveCall) -> None:
        """Begin the flow."""
        call.visit(self)
        call.begin(self.runs)
