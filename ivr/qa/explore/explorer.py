"""Finds calls that take transitions no script covers, by trying at every question whatever a caller could do.

What is not found in the time given stays missing. The search uses two strategies by turns (see `strategies`): a wide
one, in which every member calls and keys every number there is, and a deep one, which tries few numbers and tells calls
apart by what was done in them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from ivr.qa.explore.found_calls import open_scenario
from ivr.qa.explore.goals import Goals
from ivr.qa.explore.search import Search
from ivr.qa.explore.strategies import Deep, Wide, chosen_names
from ivr.qa.scripts.script import Capture, Person

SHARES: Mapping[tuple[Person, Capture], float] = {
    ("answers", "keypad"): 0.04,
    ("no_answer", "keypad"): 0.08,
    ("busy", "keypad"): 0.12,
    ("nobody", "pay"): 0.32,
    ("nobody", "keypad"): 1.0,
}
"""Who picks up when a caller asks for a person, and who takes cards -> up to which share of the time calls are searched
for with that."""


def explore(goals: Goals, seconds: float) -> None:
    """Search until every goal is found or `seconds` have passed; the calls found are in `goals.found`."""
    chosen, began = chosen_names(goals.flows), time.monotonic()
    for (goals.person, goals.capture), share in SHARES.items():
        if goals.targets:
            goals.begin()
            with open_scenario(goals.simulator, goals.person, goals.capture) as scenario:
                strategies = (Wide(chosen), Deep(goals.flows, chosen))
                Search(goals, strategies, scenario, began + share * seconds).run()
