"""Journal entries: what happened in each turn of a call, by the names of states and prompts.

The journal holds no health data, which stays in the pharmacy's tables, and no number that a caller keyed:

- The values that prompts spoke are not written at all.
- Keys at a question for a number are written as dots, whatever the question.
- At a menu, a key that the menu offers is written in clear, since the states that follow reveal it anyhow; any other
  key is a dot.
- A caller may key a card number at a menu, one digit a turn. So of any sixteen keys in a row no more than five digits
  are in clear, wherever they were keyed: fewer than the six that identify a card's bank. A further key in clear is
  masked, and if it came as soon after the one before as the digits of a number do, the turn's trace and prompts are
  left out too.
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
"""The length of the longest card number that is accepted."""
MOST_SHOWN = 5
"""How many digits of `CARD_KEYS` keys in a row may be in clear."""
NUMBER_GOES_ON = timedelta(seconds=4)
"""The longest pause between two digits of one number: as long as the line itself waits for the next key."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """The journal entry of one turn: the event and its masked keys, the trace and the spoken prompts (both JSON)."""

    event: str
    trace: str
    said: str
    shown: str
    """One character for each of the call's last 15 keys: `1` for a digit in clear, `0` for any other. Stored with the
    call."""


def make_entry(
    event: Event,
    question: State | None,
    trace: Sequence[TraceStep],
    prompts: Sequence[Speak],
    shown: str,
    pause: timedelta,
) -> JournalEntry:
    """Return the journal entry of one turn.

    `question` is what the event answered, `prompts` are those that the reply speaks, `shown` tells which of the keys
    before are in clear, and `pause` is the time since the turn before.
    """
    name, keys = type(event).__name__.lower(), event.keys.reveal() if isinstance(event, Keys) else ""
    masked, masked_trace, shown = mask(keys, trace, shown, is_menu=bool(question and question.one_key), pause=pause)
    return JournalEntry(
        f"{name} {masked}" if keys else name,
        json.dumps([[trace_step.flow, trace_step.state, trace_step.branch] for trace_step in masked_trace]),
        json.dumps([[speak.prompt, speak.variant, speak.tries] for speak in prompts if masked_trace or not trace]),
        shown,
    )


def mask(
    keys: str, trace: Sequence[TraceStep], shown: str, *, is_menu: bool, pause: timedelta
) -> tuple[str, Sequence[TraceStep], str]:
    """Return the keys and the trace as they may be written down, and the new `shown` (see `JournalEntry`)."""
    key, branch_taken = keys[:1], trace[0].branch if trace else ""
    in_clear = is_menu and branch_taken in (key, "choice")
    digit_in_clear = branch_taken.isdigit() or (in_clear and key.isdigit())
    if digit_in_clear and shown.count("1") >= MOST_SHOWN:
        in_clear = digit_in_clear = False
        masked_step = replace(trace[0], branch=DOT if branch_taken.isdigit() else branch_taken)
        trace = [masked_step, *trace[1:]] if pause > NUMBER_GOES_ON else []
    masked = (key if in_clear else DOT * len(key)) + DOT * len(keys[1:])
    shown += ("1" if digit_in_clear else "0") * len(key) + "0" * len(keys[1:])
    return masked, trace, shown[1 - CARD_KEYS :]


def current_question(flows: Flows, call: Call) -> State | None:
    """Return the question that a call waits at; None before its first turn."""
    return flows.state(call.top.flow, call.top.state) if call.frames else None
