"""Everything the flow can ask for, in one table: name -> the function that does it. `ivr.line.specs` has what it promises.

An action reads the call's values, may use the turn's transaction, and comes to one of its outcomes. One that asks
the outside world is an `Outside`, in three parts, so that nothing is held while it waits.
"""

from __future__ import annotations

from collections.abc import Mapping

from ivr.line.actions import (
    accept_address,
    address,
    cards,
    dropped,
    identify,
    new_address,
    orders,
    payment,
    placing,
    prescription,
    proof,
    refill,
    spelling,
    transfers,
)
from ivr.line.actions.kinds import Action, Inside, Outside

__all__ = ["ACTIONS", "Action", "Inside", "Outside"]

ACTIONS: Mapping[str, Action] = {
    **identify.ACTIONS,
    **proof.ACTIONS,
    **dropped.ACTIONS,
    **refill.ACTIONS,
    **prescription.ACTIONS,
    **address.ACTIONS,
    **new_address.ACTIONS,
    **spelling.ACTIONS,
    **accept_address.ACTIONS,
    **cards.ACTIONS,
    **placing.ACTIONS,
    **payment.ACTIONS,
    **orders.ACTIONS,
    **transfers.ACTIONS,
}
