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


def leave_outcome(outcome: TurnOutcome) -> None:
    """Leave the outcome of this request."""
    g.turn_outcome = outcome


def leave_reply(reply: TurnReply | Busy) -> None:
    """Leave the outcome of a reply, and the turn that was taken for it."""
    if isinstance(reply, Busy):
        leave_outcome(TurnOutcome.BUSY)
    elif reply.taken is None:
        leave_outcome(TurnOutcome.REPEATED)
    else:
        leave_outcome(TurnOutcome.APOLOGY if isinstance(reply.taken.event, Failed) else TurnOutcome.ANSWERED)
        g.turn_taken = reply.taken


def outcome_left() -> TurnOutcome:
    """Return the outcome of this request; one that no view was asked for was refused."""
    outcome: TurnOutcome = g.get("turn_outcome", TurnOutcome.REFUSED)
    return outcome


def turn_left() -> TurnTaken | None:
    """Return the turn that was taken for this request, if one was."""
    taken: TurnTaken | None = g.get("turn_taken")
    return taken
