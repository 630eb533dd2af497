"""What the flow may count on of each action: its outcomes, the values it needs and gives.

Apart from the functions in `ivr.line.actions`, module by module of the same name, so that flows are checked without
loading a database.
"""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow.definition import ActionSpec
from ivr.line.specs import (
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

__all__ = ["SPECS"]

SPECS: Mapping[str, ActionSpec] = {
    **identify.SPECS,
    **proof.SPECS,
    **dropped.SPECS,
    **refill.SPECS,
    **prescription.SPECS,
    **address.SPECS,
    **new_address.SPECS,
    **spelling.SPECS,
    **accept_address.SPECS,
    **cards.SPECS,
    **placing.SPECS,
    **payment.SPECS,
    **orders.SPECS,
    **transfers.SPECS,
}
