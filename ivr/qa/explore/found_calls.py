"""Calls that the search found, and the drafts of call scripts made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from ivr.errors import Place
from ivr.flow.definition import Flows
from ivr.keypad import key_name
from ivr.qa.scripts.script import DEFAULT_AT, Capture, Person
from ivr.qa.scripts.writer import Moment, ScriptDraft, expected_rows
from ivr.simulator.scenario import Scenario
from ivr.simulator.simulator import Simulator

NOWHERE = Place("explored")

Key = tuple[str, str, str, str]
"""(flow, state, transition, language): a cell of the coverage."""
Where = tuple[str, str]
"""(flow, state)"""


@dataclass(frozen=True, slots=True)
class FoundCall:
    """A call that takes a transition no other call took; `covers` are all its transitions, `new` the first-time ones."""

    moments: tuple[Moment, ...]
    person: Person
    covers: frozenset[Key]
    new: frozenset[Key]
    end: str
    written: Mapping[str, object]
    capture: Capture = "keypad"


def written_rows(scenario: Scenario) -> Mapping[str, object]:
    """Return what the calls of a scenario have written, in the form that `expect:` of a script has."""
    tables = {"orders": "refill_order", "payments": "payment", "renewals": "renewal_request"}
    columns = {
        "orders": ("status", "total_cents", "held_reason"),
        "payments": ("status", "amount_cents", "last4"),
        "renewals": ("rx_number", "status"),
    }
    return expected_rows({word: scenario.new_rows(table) for word, table in tables.items()}, columns)


def open_scenario(
    simulator: Simulator, person: Person, capture: Capture = "keypad"
) -> AbstractContextManager[Scenario]:
    """Open a scenario on the day when scripts begin by default."""
    return simulator.open(datetime.fromisoformat(DEFAULT_AT), has_person=person != "nobody", capture=capture)


def drafts(flows: Flows, found: Sequence[FoundCall]) -> list[ScriptDraft]:
    """Return drafts of few calls that together cover everything found, each named after a transition it takes.

    Longer calls are taken first, so that shorter ones whose transitions they cover too are left out.
    """
    uncovered: set[Key] = {key for call in found for key in call.new}
    chosen: list[ScriptDraft] = []
    names: Counter[str] = Counter()
    for call in sorted(found, key=lambda each: -len(each.moments)):
        newly_covered = uncovered & call.covers
        if newly_covered:
            uncovered -= newly_covered
            name = title(flows, sorted(call.new & newly_covered or newly_covered)[0])
            names[name] += 1
            numbered = name if names[name] == 1 else f"{name}, again {names[name]}"
            expect = {"end": call.end, **call.written}
            chosen.append(ScriptDraft(numbered, call.moments, person=call.person, capture=call.capture, expect=expect))
    return chosen


def title(flows: Flows, key: Key) -> str:
    """Return a script's title for a transition, as in "Key 1 at refill how"."""
    flow, name, transition, _ = key
    where = f"{flow} {name}".replace("_", " ")
    state = flows.state(flow, name)
    if state.one_key and len(transition) == 1:
        return f"Key {key_name(transition)} at {where}"
    if state.is_question:
        return f"{'Nothing keyed' if transition == 'too_many' else 'An answer'} at {where}"
    return f"{where} {'ends with' if state.runs else 'comes to'} {transition}".replace("_", " ").capitalize()
