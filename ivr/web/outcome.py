"""What became of a request for a turn, which its view leaves in Flask's `g` for whoever counts."""

from __future__ import annotations

from enum import StrEnum

from flask import g

from ivr.flow.call import Failed
from ivr.line.service import TurnTaken
from ivr.line.turn import Busy, TurnReply


class TurnOutcome(StrEnum):
    """What a request for a turn was answered with."""

    ANSWERED = "answered"
    REPEATED = "repeated"
    """It had been answered before."""
    BUSY = "busy"
    """Another worker is answering it: the carrier is to ask again."""
    APOLOGY = "apology"
    """Something failed in the turn, and the question is asked again."""
    AWAY = "away"
    """The database does not answer."""
    UNKNOWN = "unknown"
    """The call is over, or its state cannot be opened."""
    FAILED = "failed"
    """Something failed outside the turn, and the caller is led to a person."""
    REFUSED = "refused"
    """It is not the carrier's, not this call's, or not to be understood."""


def leave_outcome(outcome: TurnOutcome, taken: TurnTaken | None = None) -> None:
    """Leave the outcome of this request, and the turn that was taken for it."""
    g.turn_left = outcome, taken


def leave_reply(reply: TurnReply | Busy) -> None:
    """Leave the outcome of a request that was replied to."""
    if isinstance(reply, Busy):
        leave_outcome(TurnOutcome.BUSY)
    elif reply.taken is None:
        leave_outcome(TurnOutcome.REPEATED)
    else:
        failed = isinstance(reply.taken.event, Failed)
        leave_outcome(TurnOutcome.APOLOGY if failed else TurnOutcome.ANSWERED, reply.taken)


def turn_left() -> tuple[TurnOutcome, TurnTaken | None]:
    """Return the outcome of this request, and the turn that was taken for it; without any, it was refused."""
    left: tuple[TurnOutcome, TurnTaken | None] = g.get("turn_left", (TurnOutcome.REFUSED, None))
    return left
