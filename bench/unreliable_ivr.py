"""`ivr`, whose sandbox fails at random as a real processor may: slow, away, or declining a good card.

    python bench/unreliable_ivr.py serve --port 8000
"""

from __future__ import annotations

import random
from functools import partial

from ivr.cli import main
from ivr.line import build
from ivr.payment.gateway import Reason
from ivr.payment.sandbox import Fault, Sandbox

SLOW, AWAY, DECLINES = 0.08, 0.08, 0.02


def unreliable(operation: str) -> Fault | Reason | None:
    """Be slow (it was done, the answer is lost), away (it was not), or decline what is to be charged."""
    faults = [Fault.SLOW, Fault.DOWN, None]
    chosen = random.choices(faults, [SLOW, AWAY, 1 - SLOW - AWAY])[0]
    declines = operation == "authorize" and random.random() < DECLINES
    return Reason.DECLINED if declines and chosen is None else chosen


build.Sandbox = partial(Sandbox, unreliable)  # type: ignore[assignment,misc] # made by `ivr` itself, in every worker

if __name__ == "__main__":
    main()
