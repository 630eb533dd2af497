"""What happened in a call, turn by turn, by the names of states and prompts.

Health data stays in the pharmacy's tables: values of prompts are not kept at all, and of what was keyed only that which
chose something. What was keyed at a question for a number is dots, whatever the question. At a menu a key stands that
the menu offers, since the names of the states that follow tell it anyhow; any other is a dot.

And since a card may be keyed at a menu, one digit a turn, no more than five digits of sixteen keys in a row stand in
clear, wherever they were keyed: less than the six that tell a card's bank. Beyond those five, keys that follow one
another as those of a number do leave no names either.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from ivr.flow.call import Call, Event, Keys, TraceStep
from ivr.flow.definition import Flows
from ivr.flow.states import State
from ivr.flow.verbs import Speak
from ivr.secret import DOT

CARD_KEYS = 16
"""Keys of the longest card number that is taken."""
MOST_SHOWN = 5
"""Digits of so many keys in a row that may stand in clear."""
NUMBER_GOES_ON = timedelta(seconds=4)
"""As long as the line itself waits for another key of a number."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What one turn leaves behind: the event, the way through the flow and the prompts spoken, the latter two as JSON."""

    event: str
    trace: str
    said: str
    shown: str
    """For each of the call's last keys, whether it is a digit that stands in clear: `1` or `0`; kept with the call."""


def entry(
    event: Event, asked: State | None, trace: Sequence[TraceStep], said: Sequence[Speak], shown: str, pause: timedelta
) -> JournalEntry:
    """Return the entry of one turn, written with the call's new state: `asked` was answered, `pause` after it was."""
    name, keys = type(event).__name__.lower(), event.keys.reveal() if isinstance(event, Keys) else ""
    masked, masked_trace, shown = mask(keys, trace, shown, is_menu=bool(asked and asked.one_key), pause=pause)
    return JournalEntry(
        f"{name} {masked}" if keys else name,
        json.dumps([[trace_step.flow, trace_step.state, trace_step.branch] for trace_step in masked_trace]),
        json.dumps([[speak.prompt, speak.variant, speak.tries] for speak in said if masked_trace or not trace]),
        shown,
    )


def mask(
    keys: str, trace: Sequence[TraceStep], shown: str, *, is_menu: bool, pause: timedelta
) -> tuple[str, Sequence[TraceStep], str]:
    """Return keys and the way they led as they may be written down, and what stands in clear of the last keys then."""
    key, answer = keys[:1], trace[0].branch if trace else ""
    stands = is_menu and answer in (key, "choice")
    told = answer.isdigit() or (stands and key.isdigit())
    if told and shown.count("1") >= MOST_SHOWN:
        stands = told = False
        hidden = replace(trace[0], branch=DOT if answer.isdigit() else answer)
        trace = [hidden, *trace[1:]] if pause > NUMBER_GOES_ON else []
    masked = (key if stands else DOT * len(key)) + DOT * len(keys[1:])
    shown += ("1" if told else "0") * len(key) + "0" * len(keys[1:])
    return masked, trace, shown[1 - CARD_KEYS :]


def asked(flows: Flows, call: Call) -> State | None:
    """Return the question that a call waits at; None before the first."""
    return flows.state(call.top.flow, call.top.state) if call.frames else None
