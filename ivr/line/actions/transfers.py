"""Action that tells of a transfer of a prescription from a pharmacy outside the plan."""

from __future__ import annotations

from ivr.flow.call import Done
from ivr.line.action import action, done
from ivr.line.service import Context
from ivr.line.values import day
from ivr.pharmacy.prescriptions import transfers_of

STATES = ("requested", "confirmed", "rejected")

DATES = {"since": "date", "by": "date"}

SAID = {"requested": ("since", "by"), "confirmed": ("since",), "rejected": ("since",)}


@action("none", *STATES, on=dict.fromkeys(STATES, DATES), tells=SAID)
def latest_transfer(context: Context, member_id: int) -> Done:
    """Find the member's latest transfer; the outcome is its status. For flows of an earlier release."""
    transfers = transfers_of(context.connection, member_id, context.services.rules)
    if not transfers:
        return done("none")
    transfer = transfers[0]
    return done(transfer.status, since=day(transfer.requested_on), by=day(transfer.by))
