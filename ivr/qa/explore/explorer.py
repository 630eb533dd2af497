"""Finds calls nobody has written down: goes on from every point of a call in every way a caller, or the world, can.

What is looked for are the ways out of states that are not covered yet; what is not found in the time given stays
missing. It is looked for wide and deep by turns: everybody calls, and keys whatever there is to key; and whoever calls,
what was done in the call so far tells it from others, and a few answers do.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from ivr.qa.explore.found_calls import opened
from ivr.qa.explore.goals import Goals
from ivr.qa.explore.search import Search
from ivr.qa.explore.strategies import Deep, Wide, chosen_names
from ivr.qa.scripts.script import Person

SHARES: Mapping[Person, float] = {"answers": 0.04, "no_answer": 0.08, "nobody": 1.0}
"""Who picks up when a person is asked for, and up to which share of the time that is looked at."""


def explore(goals: Goals, seconds: float) -> None:
    """Look until everything is found, or the time is up."""
    chosen, began = chosen_names(goals.flows), time.monotonic()
    for goals.person, share in SHARES.items():
        if goals.targets:
            goals.begin()
            with opened(goals.simulator, goals.person) as scenario:
                searches = (Wide(chosen), Deep(goals.flows, chosen))
                Search(goals, searches, scenario, began + share * seconds).look()
