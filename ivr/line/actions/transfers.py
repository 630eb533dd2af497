"""Asking about a transfer from a pharmacy outside the plan."""

from __future__ import annotations

from ivr.flow.call import Done
from ivr.line.action import action
from ivr.line.actions.kinds import day, number
from ivr.line.service import Context
from ivr.pharmacy.prescriptions import latest_transfer as find_transfer
from ivr.prompts.spoken import Values

STATES = ("requested", "confirmed", "rejected")

DATES = {"since": "date", "by": "date"}

SAID = {"requested": ("since", "by"), "confirmed": ("since",), "rejected": ("since",)}


@action("none", *STATES, reads=("member_id",), on=dict.fromkeys(STATES, DATES), tells=SAID)
def latest_transfer(context: Context, values: Values) -> Done:
    """Find the member's latest transfer; the outcome is its state."""
    transfer = find_transfer(context.connection, number(values, "member_id"), context.line.rules)
    if transfer is None:
        return Done("none")
    return Done(transfer.status, {"since": day(transfer.requested_on), "by": day(transfer.by)})
