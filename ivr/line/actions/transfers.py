"""Action that tells of a transfer of a prescription from a pharmacy outside the plan."""

from __future__ import annotations

from ivr.flow.call import Done
from ivr.line.action import action, done
from ivr.line.service import Context
from ivr.line.values import day
from ivr.pharmacy.prescriptions import latest_transfer as find_transfer

STATES = ("requested", "confirmed", "rejected")

DATES = {"since": "date", "by": "date"}

SAID = {"requested": ("since", "by"), "confirmed": ("since",), "rejected": ("since",)}


@action("none", *STATES, on=dict.fromkeys(STATES, DATES), tells=SAID)
def latest_transfer(context: Context, member_id: int) -> Done:
    """Find the member's latest transfer; the outcome is its status."""
    transfer = find_transfer(context.connection, member_id, context.services.rules)
    if transfer is None:
        return done("none")
    return done(transfer.status, since=day(transfer.requested_on), by=day(transfer.by))
