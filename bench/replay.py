"""How long 300 scripted calls of 25 turns take in one process: `python bench/replay.py`.

Each call goes through the web layer (TwiML written, signed URLs, TwiML read by the handset) and the database, on its
own copy of the demo pharmacy. To reach: 15 s on one core.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import statistics
import sys
import time

from ivr import logs
from ivr.errors import Report
from ivr.qa.replay.player import play
from ivr.qa.scripts.reader import read_scripts
from ivr.settings import Settings
from ivr.simulator.simulator import Simulator

CALLS = 300
TURNS = 25
TO_REACH = 15.0

# Refills three prescriptions by number, with a wrong key and a silence on the way; pays with the card on file.
CALL = """
call: Twenty-five turns
steps:
  - hears: main.language
  - presses: '1'
  - hears: main.menu
  - presses: '6'
  - hears: main.menu (wrong 1)
  - presses: '1'
  - hears: identify.member_number
  - waits: silence
  - hears: identify.member_number (silence 1)
  - presses: '41200017#'
  - hears: identify.zip
  - presses: '94550'
  - hears: refill.quick
  - presses: '3'
  - hears: refill.number
  - presses: '7304112#'
  - hears: prescription.supply
  - presses: '1'
  - hears: prescription.added
  - presses: '1'
  - presses: '7304249#'
  - hears: prescription.added
  - presses: '1'
  - presses: '7304386#'
  - hears: prescription.supply
  - presses: '1'
  - hears: refill.more
  - presses: '1'
  - presses: '7304523#'
  - hears: prescription.too_soon
  - presses: '*'
  - presses: '9'
  - presses: '9'
  - hears: checkout.ship_to
  - presses: '1'
  - hears: card.on_file
  - presses: '1'
  - hears: checkout.confirm
  - presses: '*'
  - hears: order.line
  - presses: '7'
  - hears: checkout.placed
  - presses: '9'
  - hears: main.goodbye
expect:
  end: goodbye
  orders: [{status: placed}]
  payments: [{status: authorized}]
"""


def main() -> None:
    logs.configure(open(os.devnull, "w"))  # noqa: SIM115, PTH123 - as long as this process
    report = Report()
    (script,) = read_scripts("bench.yaml", CALL, report)
    began = time.perf_counter()
    simulator = Simulator(Settings())
    first = play(script, simulator, "en")
    ready = time.perf_counter() - began
    if not first.passed:
        sys.exit("\n".join(map(str, (*first.problems, *first.transcript))))
    profile = cProfile.Profile() if "--profile" in sys.argv else None
    if profile:
        profile.enable()
    began, cpu = time.perf_counter(), time.process_time()
    played = [play(script, simulator, "en") for _ in range(CALLS)]
    took, worked = time.perf_counter() - began, time.process_time() - cpu
    if profile:
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)
    turns = sum(len(one.turns) for one in played)
    assert all(one.passed for one in played)
    print(f"ready in {ready:.1f} s (the line, and the demo pharmacy of the day)")
    print(
        f"{CALLS} calls, {turns / CALLS:.0f} turns each: {took:.1f} s, {worked:.1f} s of one core (to reach: {TO_REACH:.0f} s)"
    )
    print(
        f"{worked / turns * 1000:.2f} ms a turn, {statistics.median(one.took for one in played) * 1000:.0f} ms a call"
    )


if __name__ == "__main__":
    main()
