"""`ivr`, whose sandbox fails at random as a real processor may: slow, away, or declining a good card.

python bench/unreliable_ivr.py serve --port 8000
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from ivr.cli import main
from ivr.line import build
from ivr.payment.gateway import Reason
from ivr.payment.sandbox import Fault, Sandbox

SLOW, AWAY, DECLINES = 0.08, 0.08, 0.02


def unreliable(operation: str) -> Fault | Reason | None:
    """Be slow (it was done, the answer is lost), away (it was not), or decline what is to be charged."""
    fault = random.choices([Fault.SLOW, Fault.DOWN, None], [SLOW, AWAY, 1 - SLOW - AWAY])[0]
    declines = operation == "authorize" and random.random() < DECLINES
    return Reason.DECLINED if declines and fault is None else fault


def run(words: Sequence[str], settings: Mapping[str, str], log: Path) -> None:
    """Run a command in a process of its own, which has loaded this module already."""
    os.environ.update(settings)
    with log.open("a") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    main(list(words))


build.Sandbox = partial(Sandbox, unreliable)  # type: ignore[assignment,misc] # `ivr` makes it itself, in every worker

if __name__ == "__main__":
    sys.exit(main())
