"""What happened in a call, turn by turn, by the names of states and prompts.

Keys of secret questions are kept as dots, values of prompts not at all: health data stays in the pharmacy's tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ivr.flow.call import Call, Event, Keys, Visit
from ivr.flow.definition import Ask, Flows
from ivr.flow.verbs import Speak

DOT = "•"

CARD_LIKE = 12
"""Digits from which on a number may be (part of) a card's, keyed at the wrong question."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one turn leaves behind: the event, the way through the flow and the prompts spoken, the latter two as JSON."""

    event: str
    trail: str
    said: str


def entry(event: str, trail: Iterable[Visit], said: Iterable[Speak]) -> Entry:
    """Return the entry of one turn; it is written together with the call's new state."""
    return Entry(
        event,
        json.dumps([[visit.flow, visit.state, visit.branch] for visit in trail]),
        json.dumps([[speak.prompt, speak.variant, speak.tries] for speak in said]),
    )


def describe(event: Event, flows: Flows, call: Call) -> str:
    """Return an event as it may be written down: its name, and the keys unless the question is secret."""
    name = type(event).__name__.lower()
    if not isinstance(event, Keys):
        return name
    question = flows.state(call.top.flow, call.top.state) if call.frames else None
    keys = event.keys.reveal()
    hidden = len(keys) >= CARD_LIKE or (isinstance(question, Ask) and question.secret)
    return f"keys {DOT * len(keys) if hidden else keys}"
