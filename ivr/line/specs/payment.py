"""A placed order is paid, or given up."""

from __future__ import annotations

from ivr.flow.definition import ActionSpec
from ivr.line.specs.spec import spec

AMOUNT = ("amounts", "total")
"""The values that say how much is charged."""

SPECS: dict[str, ActionSpec] = {
    "settle_order": spec(
        *("paid", "declined", "waiting", "held", "slow"), reads=("order_id",), charges=AMOUNT, outside=True
    ),
    "pay_with_other_card": spec("pending", "settled", reads=("order_id", "card"), charges=AMOUNT),
    "cancel_unpaid": spec("cancelled", "waiting", "settled", reads=("order_id",)),
}
