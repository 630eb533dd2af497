"""The fields that the carrier sends after it has dialled a number."""

from __future__ import annotations

from typing import Literal

DialOutcome = Literal["completed", "busy", "no-answer", "failed", "canceled"]

TALK_SECONDS = 60
"""How long a simulated conversation lasts after the caller was connected to somebody."""


def dial_fields(outcome: DialOutcome, call_sid: str) -> dict[str, str]:
    """Return the fields with the outcome of a dialled call, which has a call id of its own."""
    is_completed = outcome == "completed"
    return {
        "DialCallStatus": outcome,
        "DialCallSid": "CA" + call_sid[:1:-1],
        "DialBridged": "true" if is_completed else "false",
        **({"DialCallDuration": str(TALK_SECONDS)} if is_completed else {}),
    }
